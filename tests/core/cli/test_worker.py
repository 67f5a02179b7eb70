"""``fenbu worker`` has its process to itself, and keeps what the flows promise when it loses it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from fenbu.engine.store.database import Database
from fenbu.testing.dummies import DummyModules
from tests.core.cli.running import Fenbu, process

Doomed = Callable[[], int]

DEADLY = """
import os
import signal

from fenbu.engine.flows import retry

from .contracts import SaleMade

retry.BASE_PAUSE = 1000


def ring(work, event: SaleMade) -> None:
    if "DOOMED" in os.environ and event.sale == "K-2":
        os.kill(os.getpid(), signal.SIGKILL)


def send(request): ...


def record(work, request, outcome) -> None: ...
"""
"""The bells, rung by a handler that takes its process with it."""


@pytest.fixture
def doomed(kiosk_url: str, site: DummyModules, tmp_path: Path) -> Doomed:
    """Run ``fenbu worker --once`` as a process that dies of the sale K-2; return how it ended."""
    site.write("kiosk", "flows.py", DEADLY)
    site.forget("kiosk")

    def run() -> int:
        once = ("worker", "--once", "--timeout", "60", "--database", kiosk_url)
        return process(once, folder=tmp_path, site=site.folder, environment={"DOOMED": "1"}).code

    return run


def test_a_worker_counts_the_sale_of_which_the_last_one_died(
    fenbu: Fenbu, doomed: Doomed, kiosk_url: str
) -> None:
    assert doomed() == -signal.SIGKILL
    assert fenbu("worker", "--once").code == 0

    database = Database.open(kiosk_url)
    with database.read() as connection:
        attempts = connection.execute(
            text("SELECT e.key, d.attempts FROM fenbu_delivered d JOIN fenbu_event e USING (seq)")
        )
        assert {tuple(row) for row in attempts} == {("K-1", 0), ("K-2", 1), ("K-3", 0)}
    database.dispose()


@pytest.mark.proof  # three processes; how attempts are counted is tested with the flows
def test_a_sale_that_kills_its_worker_three_times_is_put_aside_and_the_others_are_delivered(
    fenbu: Fenbu, doomed: Doomed
) -> None:
    deaths = [doomed() for _ in range(3)]
    last = fenbu("worker", "--once", "--json")

    assert deaths == [-signal.SIGKILL] * 3
    assert (last.code, last.data["dead"], last.data["waiting"]) == (1, 1, 0)
    (dead,) = fenbu("flows", "dead", "--json").data["rows"]
    assert (dead["subscription"], dead["key"]) == ("kiosk.bells", "K-2")
    assert "3 of 3 times its process ended while this was in hand" in dead["error"]


def test_a_worker_that_can_leave_no_word_says_so_and_works(
    fenbu: Fenbu, kiosk_url: str, tmp_path: Path
) -> None:
    hands = Path(f"{kiosk_url.removeprefix('sqlite:///')}.hands")
    if kiosk_url.startswith("postgresql"):
        hands = tmp_path / "state"
    hands.write_text("a file stands here")
    ran = fenbu("worker", "--once")

    assert "an event that ends this process will not be put aside" in ran.err
    assert "2 deliveries done" in ran.err


@pytest.mark.databases("sqlite")
def test_a_worker_whose_database_is_deleted_ends_with_a_clear_sentence(fenbu: Fenbu, kiosk_url: str) -> None:
    gone = threading.Timer(1.0, Path(kiosk_url.removeprefix("sqlite:///")).unlink)
    gone.start()
    ran = fenbu("worker")
    gone.join()

    assert ran.code == 69
    assert "is not the file that this process opened: it was deleted or moved" in ran.err
    assert "before a file is deleted, moved or restored, stop what works with it" in ran.err
    assert "Traceback" not in ran.err
