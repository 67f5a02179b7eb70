"""Deliveries of a real enterprise: found by words, read, repaired, followed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from textual.pilot import Pilot
from textual.widgets import Static

from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModules
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.screens.confirm import ConfirmScreen
from fenbu_tui.screens.deliveries import DeliveriesScreen
from fenbu_tui.screens.delivery import DeliveryScreen
from fenbu_tui.screens.reason import ReasonScreen
from fenbu_tui.widgets.delivery_card import DeliveryCard
from fenbu_tui.widgets.delivery_table import DeliveryTable
from fenbu_tui.widgets.line_pane import LinePane
from fenbu_tui.widgets.trace_table import TraceTable
from fenbu_tui.world.deliveries import DeliveryLine
from tests.tui.tearoom import TEA, TILL, open_tearoom
from tests.tui.worlds import play, read, until

MANY = 10_000
_COPY = """
    WITH RECURSIVE k (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < :many)
    INSERT INTO {table} ({columns}) SELECT {copied} FROM k CROSS JOIN {table} WHERE seq = :first
"""


@pytest.fixture
def tearoom(database_copy: DatabaseCopy, dummy_modules: DummyModules) -> Iterator[Kernel]:
    dummy_modules.install(TEA, TILL)
    with Kernel.open(database_copy("tea room", open_tearoom)) as kernel:
        yield kernel


def copy_first(kernel: Kernel, many: int) -> None:
    """Let what was delivered first have been there many times more, each time with a key of its own."""
    with kernel.database.write() as connection:
        first = connection.execute(text("SELECT min(seq) FROM fenbu_delivered")).scalar()
        last = connection.execute(text("SELECT max(seq) FROM fenbu_event")).scalar()
        for table in ("fenbu_event", "fenbu_delivered"):
            columns = [row[1] for row in connection.execute(text(f"PRAGMA table_info({table})"))]
            changed = {"seq": f"{last} + i", "id": f"id || ({last} + i)", "key": "key || '-' || i"}
            copied = ", ".join(changed.get(column, column) for column in columns)
            names = ", ".join(columns)
            connection.execute(
                text(_COPY.format(table=table, columns=names, copied=copied)), {"many": many, "first": first}
            )


def lines(app: FenbuApp) -> list[DeliveryLine]:
    return list(app.screen.query_one(DeliveryTable).lines)


def told(app: FenbuApp) -> str:
    return str(app.screen.query_one(DeliveryCard).query_one("#card", Static).content)


def tree(app: FenbuApp) -> str:
    return "\n".join(f"{line.branch} {line.text}" for line in app.screen.query_one(TraceTable).lines)


@pytest.mark.databases("sqlite")
def test_the_one_dead_delivery_among_ten_thousand_is_found_understood_and_repaired(tearoom: Kernel) -> None:
    tearoom.perform("tea.pot.brew", {"pot": "P-1"})
    tearoom.drain()
    copy_first(tearoom, MANY // 2)
    tearoom.perform("tea.pot.brew", {"pot": "P-LAPSANG", "leaf": "lapsang"})
    tearoom.drain()
    copy_first(tearoom, MANY // 2)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: bool(lines(app)))
        await pilot.press("slash", *"state", "colon", *"dead", "enter")
        await until(pilot, lambda: [line.key for line in lines(app)] == ["P-LAPSANG"])
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DeliveryScreen) and bool(tree(app)))
        assert "NoPrice: the leaf lapsang has no price" in told(app)
        assert "flows.py" in told(app) and '"leaf": "lapsang"' in told(app)
        assert "till.pots dead ×1" in tree(app)
        tearoom.perform("till.price.set", {"leaf": "lapsang"})
        await pilot.press("r")
        await until(pilot, lambda: "to be handled" in told(app))
        tearoom.drain()
        await until(pilot, lambda: "its effects are in the books" in told(app))
        assert "pot P-LAPSANG costs 4.20" in tree(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DeliveriesScreen) and not lines(app))
        await pilot.press("escape")
        await until(pilot, lambda: len(lines(app)) >= 200)

    play(EngineWorld(tearoom.database.url), steps, place="deliveries")


def test_all_that_failed_alike_are_tried_again_by_one_key(tearoom: Kernel) -> None:
    for number in range(3):
        tearoom.perform("tea.pot.brew", {"pot": f"P-{number}", "leaf": "lapsang"})
    tearoom.drain()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: [line.standing.word for line in lines(app)] == ["dead"] * 3)
        tearoom.perform("till.price.set", {"leaf": "lapsang"})
        await pilot.press("R")
        await until(pilot, lambda: [line.standing.word for line in lines(app)] == ["waiting"] * 3)
        assert not app.screen.query_one(DeliveryTable).line.retried  # type: ignore[union-attr]
        tearoom.drain()
        await until(pilot, lambda: [line.standing.word for line in lines(app)] == ["done"] * 3)

    play(EngineWorld(tearoom.database.url), steps, place="deliveries")


@pytest.mark.databases("sqlite")
def test_one_is_given_up_with_a_reason_after_its_consequences_were_shown(tearoom: Kernel) -> None:
    tearoom.perform("tea.pot.brew", {"pot": "P-1", "leaf": "lapsang"})
    tearoom.perform("tea.pot.brew", {"pot": "P-1"})
    tearoom.drain()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: [line.standing.word for line in lines(app)] == ["held", "dead"])
        await pilot.press("j", "K")
        await until(pilot, lambda: isinstance(app.screen, ReasonScreen))
        await pilot.press("enter")  # without a reason nothing happens
        await pilot.press(*"spilt", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        shown = app.screen.query_one(LinePane).text
        assert "till.pots never learns of tea.pot-brewed about P-1" in shown
        assert app.focused is not None and app.focused.id == "cancel"
        await pilot.press("right", "enter")
        await until(pilot, lambda: isinstance(app.screen, DeliveriesScreen))
        await until(pilot, lambda: [line.standing.word for line in lines(app)] == ["waiting", "skipped"])
        assert lines(app)[1].detail == "spilt"
        await pilot.press("at")
        await until(pilot, lambda: "flows skip" in app.export_screenshot().replace("&#160;", " "))

    play(EngineWorld(tearoom.database.url), steps, place="deliveries")


@pytest.mark.databases("sqlite")
def test_the_list_follows_what_happens_and_leaves_the_reader_where_he_is(tearoom: Kernel) -> None:
    tearoom.perform("tea.pot.brew", {"pot": "P-1"})
    tearoom.perform("tea.pot.brew", {"pot": "P-2"})

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        table = app.screen.query_one(DeliveryTable)
        await until(pilot, lambda: len(lines(app)) == 2)
        tearoom.perform("tea.pot.brew", {"pot": "P-3"})
        await until(pilot, lambda: len(lines(app)) == 3)
        assert (table.cursor, lines(app)[0].key) == (0, "P-3")
        await pilot.press("j")
        tearoom.perform("tea.pot.brew", {"pot": "P-4"})
        await until(pilot, lambda: len(lines(app)) == 4)
        assert (table.cursor, table.line.key) == (2, "P-2")  # type: ignore[union-attr]

    play(EngineWorld(tearoom.database.url), steps, place="deliveries")


@pytest.mark.databases("sqlite")
def test_older_deliveries_are_read_as_one_goes_down(tearoom: Kernel) -> None:
    tearoom.perform("tea.pot.brew", {"pot": "P-1"})
    tearoom.drain()
    copy_first(tearoom, 500)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: len(lines(app)) == 200)
        await pilot.press("G")
        await until(pilot, lambda: len(lines(app)) == 400)
        await pilot.press("G")
        await until(pilot, lambda: len(lines(app)) == 501)
        assert lines(app)[-1].key == "P-1"
        assert "all 501" in str(app.screen.query_one("#list").border_subtitle)

    play(EngineWorld(tearoom.database.url), steps, place="deliveries")


@pytest.mark.databases("sqlite")
def test_a_filter_that_cannot_be_is_answered_by_a_sentence(tearoom: Kernel) -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        empty = app.screen.query_one("#empty", Static)
        assert "Nothing has been published yet" in str(empty.content)
        await pilot.press("slash", *"state", "colon", *"ded")
        await until(pilot, lambda: "nothing is ever in the state 'ded'" in str(empty.content))
        await pilot.press("escape", "o")
        await until(pilot, lambda: "Nothing has been asked of the outside yet" in str(empty.content))
        await pilot.press("slash", *"visa")
        await until(pilot, lambda: "Nothing has “visa”" in str(empty.content))

    play(EngineWorld(tearoom.database.url), steps, place="deliveries", size=(40, 20))


@pytest.mark.databases("sqlite")
def test_beside_the_list_stands_the_delivery_under_the_cursor_where_there_is_room(tearoom: Kernel) -> None:
    tearoom.perform("tea.pot.brew", {"pot": "P-1"})
    tearoom.perform("tea.pot.brew", {"pot": "P-2", "leaf": "lapsang"})
    tearoom.drain()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "lapsang has no price" in told(app))
        await pilot.press("j")
        await until(pilot, lambda: "pot P-1 of keemun was brewed" in told(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DeliveryScreen) and bool(tree(app)))
        assert "pot P-1 costs 4.20" in tree(app)
        await pilot.press("escape")
        await read(app, pilot)
        assert isinstance(app.screen, DeliveriesScreen)

    play(EngineWorld(tearoom.database.url), steps, place="deliveries", size=(140, 40))
