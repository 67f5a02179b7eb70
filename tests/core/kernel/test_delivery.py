"""Delivery through the kernel: handlers run as works of their module, and follow it when it comes and goes."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from fenbu.engine.kernel import Kernel
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu.values import to_microseconds


def rows(kernel: Kernel, statement: str) -> list[Any]:
    with kernel.database.read() as connection:
        return list(connection.execute(text(statement)).scalars())


def test_an_event_reaches_its_handler_once(tea_room: Kernel) -> None:
    tea_room.perform("tea.pot.brew", {"pot": "P-1"})
    assert rows(tea_room, "SELECT label FROM tea_note") == []
    assert tea_room.drain().finished
    assert tea_room.drain().done == 0
    assert rows(tea_room, "SELECT label FROM tea_note") == ["P-1"]


def test_a_timer_cancelled_in_the_work_that_set_it_never_rings(tea_room: Kernel) -> None:
    done = tea_room.perform("tea.pot.warm", {"pot": "P-1"})
    assert done.answer == {"cancelled": 1}
    two_hours_on = to_microseconds(datetime.now(UTC) + timedelta(hours=2))
    assert Kernel(tea_room.database, clock=lambda: two_hours_on).drain().finished
    assert rows(tea_room, "SELECT label FROM tea_note") == ["P-1 again"]


def test_who_waits_is_told_of_what_was_published_before_a_timer_was_cancelled(tea_room: Kernel) -> None:
    assert tea_room.perform("tea.pot.warm", {"pot": "P-1"}).keys == ("P-1", "P-1 again")


def test_a_module_enabled_while_a_worker_runs_is_served_without_a_restart(tea_room: Kernel) -> None:
    other = Kernel(tea_room.database)
    with tea_room.worker().running():
        other.perform("fenbu.module.enable", {"modules": ["sugar"]})
        other.perform("tea.pot.brew", {"pot": "P-1"})
        assert other.drain(timeout=60).finished
    assert rows(tea_room, "SELECT label FROM sugar_lump") == ["P-1"]
    assert rows(tea_room, "SELECT label FROM tea_pot") == ["P-1 sugar"]


def test_a_module_enabled_while_four_threads_work_misses_no_hook_and_no_event(tea_room: Kernel) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def serve(waiter: int) -> None:
        number = 0
        try:
            while not stop.is_set():
                number += 1
                tea_room.perform("tea.pot.brew", {"pot": f"P-{waiter}-{number}"})
        except BaseException as error:
            failures.append(error)

    waiters = [threading.Thread(target=serve, args=(waiter,)) for waiter in range(4)]
    for waiter in waiters:
        waiter.start()
    enabling = Kernel(tea_room.database)
    stop.wait(0.3)
    enabling.perform("fenbu.module.enable", {"modules": ["sugar"]})
    before = len(rows(tea_room, "SELECT label FROM tea_pot"))
    deadline = time.monotonic() + 20
    while len(rows(tea_room, "SELECT label FROM tea_pot")) < before + 8 and time.monotonic() < deadline:
        stop.wait(0.05)
    stop.set()
    for waiter in waiters:
        waiter.join()
    assert not failures
    assert tea_room.drain().finished
    sweet = {label.split()[0] for label in rows(tea_room, "SELECT label FROM tea_pot") if "sugar" in label}
    told = rows(tea_room, "SELECT label FROM sugar_lump")
    assert sweet, "nobody worked after the module was enabled"
    assert sorted(told) == sorted(sweet), (
        "a pot asked the new hook and published to the old set, or the reverse"
    )


def test_an_enabled_module_that_is_removed_refuses_what_needs_its_answer(
    tea_room: Kernel, installed: DummyModules
) -> None:
    from fenbu.errors import ModuleUnavailable

    tea_room.perform("fenbu.module.enable", {"modules": ["sugar"]})
    installed.uninstall("sugar")
    restarted = Kernel(tea_room.database)
    with pytest.raises(ModuleUnavailable, match="sugar is enabled but cannot be loaded"):
        restarted.perform("tea.pot.brew", {"pot": "P-1"})
    assert rows(tea_room, "SELECT label FROM tea_pot") == []
    restarted.perform("fenbu.module.disable", {"modules": ["sugar"], "how": "park"})
    restarted.perform("tea.pot.brew", {"pot": "P-2"})
    assert rows(tea_room, "SELECT label FROM tea_pot") == ["P-2"]


def test_a_handler_that_raises_holds_back_its_own_key_only(tea_room: Kernel, installed: DummyModules) -> None:
    installed.install(
        DummyModule(
            name="fussy",
            requires=("tea",),
            tables=("cup",),
            flows="""
from sqlalchemy import text
from fenbu import Permanent
from fenbu_tea.contract import PotBrewed


def taste(work, event: PotBrewed) -> None:
    work.execute(text("INSERT INTO fussy_cup (label) VALUES (:label)"), {"label": event.pot})
    if event.pot == "bitter":
        raise Permanent("too bitter")
""",
            manifest={
                "subscriptions": "(Subscription('fussy.cups', {'tea.pot-brewed/1': 'fenbu_fussy.flows:taste'}),)"
            },
        )
    )
    tea_room.perform("fenbu.module.enable", {"modules": ["fussy"]})
    for pot in ("mild", "bitter", "strong"):
        tea_room.perform("tea.pot.brew", {"pot": pot})
    assert tea_room.drain().finished
    assert sorted(rows(tea_room, "SELECT label FROM fussy_cup")) == ["mild", "strong"]
    assert rows(tea_room, "SELECT key FROM fenbu_delivery WHERE state = 'dead'") == ["bitter"]
