"""What a transaction writes last: the handlers of a batch share it, and a failure among them takes only its own."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from fenbu.engine.flows import batch
from fenbu.engine.kernel import Kernel
from fenbu.testing.dummies import DummyModule, DummyModules
from tests.core.kernel.waiter import CLUMSY, waiter


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch ends with its deliveries, however slow the machine."""
    monkeypatch.setattr(batch, "SECONDS", dict.fromkeys(batch.SECONDS, 60.0))


def rows(kernel: Kernel, statement: str) -> list[Any]:
    with kernel.database.read() as connection:
        return list(connection.execute(text(statement)).scalars())


def drunk(kernel: Kernel) -> list[str]:
    return rows(kernel, "SELECT label FROM waiter_drunk ORDER BY label")


def dead(kernel: Kernel) -> list[str]:
    return rows(kernel, "SELECT key FROM fenbu_delivery WHERE state = 'dead'")


def serve(tea_room: Kernel, installed: DummyModules, *pots: str, modules: tuple[DummyModule, ...]) -> None:
    """Brew pots for these modules, in one batch."""
    installed.install(*modules)
    tea_room.perform("fenbu.module.enable", {"modules": [one.name for one in modules]})
    tea_room.drain()
    for pot in pots:
        tea_room.perform("tea.pot.brew", {"pot": pot})
    assert tea_room.drain().finished


def test_who_fails_in_a_batch_leaves_neither_event_nor_gap(tea_room: Kernel, installed: DummyModules) -> None:
    serve(tea_room, installed, "mild", "bitter", "strong", modules=(waiter(),))
    assert {label.split(" ", 1)[0] for label in drunk(tea_room)} == {"C-1", "C-2"}
    assert rows(tea_room, "SELECT next FROM fenbu_number_series WHERE name = 'waiter.cup'") == [3]
    assert dead(tea_room) == ["bitter"]


def test_a_handler_sees_what_others_of_its_batch_have_published(
    tea_room: Kernel, installed: DummyModules
) -> None:
    serve(tea_room, installed, "watched", "watched", modules=(waiter(),))
    waiting = [
        int(label.split()[1]) for label in rows(tea_room, "SELECT label FROM waiter_cup ORDER BY label")
    ]
    assert waiting[1] == waiting[0] + 1


def test_a_hook_that_fails_takes_what_it_published_and_numbered_with_it_and_nothing_else(
    tea_room: Kernel, installed: DummyModules
) -> None:
    serve(tea_room, installed, "mild", "slippery", "strong", modules=(waiter(), CLUMSY))
    cups = [label for label in drunk(tea_room) if label.startswith("C-")]
    assert {label.split()[2] for label in cups} == {"mild", "slippery", "strong"}
    assert {label.split()[0] for label in cups} == {"C-1", "C-2", "C-3"}
    biscuits = [label for label in drunk(tea_room) if label.startswith("biscuit")]
    assert {label.split()[3] for label in biscuits} == {"mild", "strong"}
    assert {label.split()[1] for label in biscuits} == {"1", "2"}


def test_what_is_handled_together_is_done_once_for_each(tea_room: Kernel, installed: DummyModules) -> None:
    serve(tea_room, installed, "mild", "mild", "green", modules=(waiter("drink_all"),))
    assert sorted(label.split()[2] for label in drunk(tea_room)) == ["green", "mild", "mild"]


def test_one_that_fails_among_those_handled_together_fails_alone(
    tea_room: Kernel, installed: DummyModules
) -> None:
    serve(tea_room, installed, "mild", "hot", "green", modules=(waiter("drink_all"),))
    assert sorted(label.split()[2] for label in drunk(tea_room)) == ["green", "mild"]
    assert dead(tea_room) == ["hot"]


def test_what_is_handled_together_may_not_publish(tea_room: Kernel, installed: DummyModules) -> None:
    serve(tea_room, installed, "mild", "mild", modules=(waiter("refill_all"),))
    assert [label.split()[2] for label in drunk(tea_room)] == ["mild", "mild"]
    assert rows(tea_room, "SELECT count(*) FROM fenbu_event WHERE key = 'again'") == [0]


def test_a_batch_costs_as_many_statements_whoever_publishes_in_it(
    tea_room: Kernel, installed: DummyModules
) -> None:
    def statements(pots: int) -> int:
        for _pot in range(pots):
            tea_room.perform("tea.pot.brew", {"pot": "plain"})
        before = tea_room.database.statistics.copy()
        assert tea_room.drain().finished
        return tea_room.database.statistics.since(before).statements

    serve(tea_room, installed, "plain", modules=(waiter("drink_all"),))
    few, many = statements(2), statements(22)
    noting = 1 if tea_room.database.dialect == "sqlite" else 5  # without locks it is a transaction each
    assert many - few <= 20 * noting + 6
