"""Somebody else keeps the file locked in bursts, past the gate, while people write and a worker delivers."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fenbu.engine.flows import retry
from fenbu.engine.kernel import Kernel
from fenbu.engine.store import sqlite
from fenbu.engine.store.errors import DatabaseBusy
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.enterprises import OWNER
from tests.faults.office import Place
from tests.faults.stories import a_busy_office, count, ordered
from tests.faults.test_disks import until, untroubled

pytestmark = pytest.mark.databases("sqlite")

PEOPLE, ORDERS = 3, 5


HOLD = """
import random, sqlite3, sys, time
file, longest = sys.argv[1], float(sys.argv[2])
chance, other = random.Random(7), sqlite3.connect(file, timeout=30, isolation_level=None)
while True:
    other.execute("BEGIN IMMEDIATE")
    time.sleep(chance.uniform(0, longest))
    other.execute("ROLLBACK")
    time.sleep(chance.uniform(0, longest / 3))
"""
"""Takes the lock again and again, as a tool that knows nothing of the gate would."""


@pytest.fixture
def url(database_copy: DatabaseCopy, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(retry, "BASE_PAUSE", 2_000)
    return database_copy("a busy office", lambda url: a_busy_office(Place(url, Path())))


@pytest.fixture
def storm(url: str, request: pytest.FixtureRequest) -> Iterator[None]:
    """Let another process hold the lock for up to so many seconds at a time."""
    file = url.removeprefix("sqlite:///")
    other = subprocess.Popen([sys.executable, "-c", HOLD, file, str(request.param)])
    yield
    other.kill()
    other.wait()


@pytest.mark.parametrize("storm", [0.05], indirect=True)
@pytest.mark.usefixtures("storm")
def test_in_a_storm_of_locks_everybody_gets_through(url: str) -> None:
    with Kernel.open(url, actor=OWNER) as kernel:
        before, failed = count(kernel, "erp_order"), list[BaseException]()

        def buy() -> None:
            try:
                for _ in range(ORDERS):
                    kernel.perform("erp.order.place", ordered(1))
            except BaseException as error:
                failed.append(error)

        people = [threading.Thread(target=buy) for _ in range(PEOPLE)]
        with kernel.worker().running():
            for one in people:
                one.start()
            for one in people:
                one.join()
            until(lambda: count(kernel, "fenbu_delivery") == 0)
        assert failed == []
        assert count(kernel, "erp_order") == before + PEOPLE * ORDERS
        untroubled(kernel)


@pytest.mark.parametrize("storm", [0.15], indirect=True)
@pytest.mark.usefixtures("storm")
def test_who_loses_patience_is_told_so_and_a_worker_comes_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = [pragma.replace("30000", "1") for pragma in sqlite._PRAGMAS]
    monkeypatch.setattr(sqlite, "_PRAGMAS", impatient)
    monkeypatch.setattr("fenbu.engine.transactions._TRIES", 2)
    with Kernel.open(url, actor=OWNER) as kernel:
        before, placed, told = count(kernel, "erp_order"), 0, list[DatabaseBusy]()
        with kernel.worker().running():
            deadline = time.monotonic() + 60
            while not (placed and told) and time.monotonic() < deadline:
                try:
                    kernel.perform("erp.order.place", ordered(1))
                    placed += 1
                except DatabaseBusy as error:
                    told.append(error)
            until(lambda: count(kernel, "fenbu_delivery") == 0)
        assert told[0].exit_code == 69
        assert "is kept busy by somebody else" in str(told[0])
        assert "try again" in told[0].hint
        assert count(kernel, "erp_order") == before + placed
        untroubled(kernel)
