"""The flow map of a real enterprise: what moves, what stops, and starts again by a key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from fenbu.engine.flows import map as flow_map
from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModules
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.screens.deliveries import DeliveriesScreen
from fenbu_tui.screens.flow import FlowScreen
from fenbu_tui.screens.flows import FlowsScreen
from fenbu_tui.signs import Tone
from fenbu_tui.widgets.delivery_table import DeliveryTable
from fenbu_tui.widgets.flow_map import FlowMapView
from fenbu_tui.widgets.flow_table import FlowTable
from fenbu_tui.world.flows import FlowLine
from tests.tui.tearoom import TEA, TILL, open_tearoom
from tests.tui.test_gateway import init
from tests.tui.worlds import play, read, until


@pytest.fixture
def tearoom(database_copy: DatabaseCopy, dummy_modules: DummyModules) -> Iterator[Kernel]:
    dummy_modules.install(TEA, TILL)
    with Kernel.open(database_copy("tea room", open_tearoom)) as kernel:
        yield kernel


def pots(app: FenbuApp) -> FlowLine:
    [line] = [line for line in app.screen.query_one(FlowTable).lines if line.name == "till.pots"]
    return line


def arrow(app: FenbuApp) -> str:
    drawn = app.screen.query_one(FlowMapView).chart
    return "".join(piece.text for piece in drawn.rows[drawn.row_of["till.pots"]])


def test_a_paused_subscription_gathers_and_falls_behind_until_it_goes_on(tearoom: Kernel) -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: bool(app.screen.query_one(FlowTable).lines))
        assert "━" in arrow(app)  # goods
        await pilot.press("p")
        await until(pilot, lambda: pots(app).standing.word == "paused")
        assert "┄" in arrow(app)
        for number in range(3):
            tearoom.perform("tea.pot.brew", {"pot": f"P-{number}"})
        await until(pilot, lambda: pots(app).waiting == 3)
        assert (pots(app).oldest, pots(app).lag != "") == ("P-0", True)
        tearoom.drain()
        await read(app, pilot)
        assert pots(app).waiting == 3
        await pilot.press("p")
        await until(pilot, lambda: pots(app).running)
        tearoom.drain()
        await until(pilot, lambda: pots(app).waiting == 0)
        assert (pots(app).lag, pots(app).rate != "") == ("", True)

    play(EngineWorld(tearoom.database.url), steps, place="flows")


@pytest.mark.databases("sqlite")
def test_a_count_that_has_stopped_says_that_there_are_more(
    tearoom: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow_map, "COUNTED", 3)
    for pot in range(4):
        tearoom.perform("tea.pot.brew", {"pot": f"P-{pot}"})
    world = EngineWorld(tearoom.database.url)
    [line] = [one for one in world.flows().lines if one.name == "till.pots"]
    world.close()
    assert (line.told("waiting", "held"), line.told("dead")) == ("3+", "")


def test_what_is_dead_stands_on_the_map_in_the_table_and_on_its_page(tearoom: Kernel) -> None:
    tearoom.perform("tea.pot.brew", {"pot": "P-1"})
    tearoom.perform("tea.pot.brew", {"pot": "P-2", "leaf": "lapsang"})
    tearoom.drain()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: bool(app.screen.query_one(FlowTable).lines))
        assert (pots(app).dead, pots(app).standing.tone) == (1, Tone.BAD)
        assert "✖1" in arrow(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FlowScreen))
        await read(app, pilot)
        told = str(app.screen.query_one("#told", Static).content)
        assert "Charge every pot" in told and "tea.pot-brewed/1" in told and "p95" in told
        first, *others = app.screen.query_one(DeliveryTable).lines
        assert (first.key, first.standing.word, first.detail) == (
            "P-2",
            "dead",
            "NoPrice: the leaf lapsang has no price",
        )
        assert [other.key for other in others] == ["P-1"]
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DeliveriesScreen))
        await read(app, pilot)
        assert {line.key for line in app.screen.query_one(DeliveryTable).lines} == {"P-1", "P-2"}
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: isinstance(app.screen, FlowsScreen))

    play(EngineWorld(tearoom.database.url), steps, place="flows", size=(140, 40))


@pytest.mark.databases("sqlite")
def test_a_click_on_an_arrow_chooses_its_subscription(tearoom: Kernel) -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: bool(app.screen.query_one(FlowTable).lines))
        view, table = app.screen.query_one(FlowMapView), app.screen.query_one(FlowTable)
        await pilot.press("slash", *"nothing like it", "enter")
        assert view.lines == []
        await pilot.press("escape")
        row = view.chart.row_of["till.pots"]
        text = "".join(piece.text for piece in view.chart.rows[row])
        await pilot.click(FlowMapView, offset=(text.index("━"), row))
        assert table.key == "till.pots"

    play(EngineWorld(tearoom.database.url), steps, place="flows")


@pytest.mark.databases("sqlite")
def test_where_nothing_flows_it_is_said_what_would_be_here(database_copy: DatabaseCopy) -> None:
    async def steps(app: FenbuApp, _pilot: Pilot[Any]) -> None:
        said = str(app.screen.query_one("#empty", Static).content)
        assert "Nothing flows yet" in said and app.screen.query_one("#empty").display

    play(EngineWorld(database_copy("initialised", init)), steps, place="flows", size=(40, 20))
