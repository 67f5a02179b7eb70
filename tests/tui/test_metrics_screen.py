"""Metrics of a real enterprise: measured one after another, each with what it means; one that raises hides no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from fenbu.engine import readings
from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModules
from fenbu.values import to_microseconds
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.screens.records import RecordsScreen
from fenbu_tui.widgets.bars import bar, plot, sparkline
from fenbu_tui.widgets.metric_card import MetricCard
from fenbu_tui.widgets.metric_table import MetricTable
from tests.tui.tearoom import TEA, TILL, open_tearoom
from tests.tui.worlds import play, until


@pytest.fixture
def tearoom(database_copy: DatabaseCopy, dummy_modules: DummyModules) -> Iterator[Kernel]:
    dummy_modules.install(TEA, TILL)
    with Kernel.open(database_copy("tea room", open_tearoom)) as kernel:
        yield kernel


def shown(app: FenbuApp) -> dict[str, list[str]]:
    rows = app.screen.query_one(MetricTable).rows
    return {row.key: [cell.text for cell in row.cells] for row in rows}


def card(app: FenbuApp) -> str:
    return str(app.screen.query_one(MetricCard).query_one("#card", Static).content)


def test_numbers_stand_with_their_trend_and_a_metric_that_raises_says_why(tearoom: Kernel) -> None:
    tearoom.perform("tea.pot.brew", {"pot": "P-1"})
    yesterday = to_microseconds(datetime.now(UTC) - timedelta(days=1))
    before = readings.Measured(yesterday, {"tea.brewed": Decimal(0)})
    tearoom.run(lambda work: readings.keep(work, before), tearoom.actor)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: shown(app).get("tea.steam", ["", "…"])[1] != "…")
        assert "the kettle is cold" in shown(app)["tea.steam"][1]
        assert shown(app)["tea.brewed"][:4] == ["Pots brewed", "1", "▁█", "+1"]
        table = app.screen.query_one(MetricTable)
        table.go_to("tea.brewed")
        await pilot.pause()
        assert "Every pot that was ever brewed." in card(app) and "rows: tea.pots" in card(app)
        await pilot.press("slash", *"steam")
        await until(pilot, lambda: list(shown(app)) == ["tea.steam"])
        assert "the kettle is cold" in card(app) and "How hot it is." in card(app)
        await pilot.press("escape")
        table.go_to("tea.brewed")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RecordsScreen))
        await until(pilot, lambda: "P-1" in app.export_screenshot())

    play(EngineWorld(tearoom.database.url), steps, place="metrics", size=(120, 40))


@pytest.mark.parametrize(
    ("share", "drawn"), [(0.0, "    "), (1.0, "████"), (0.5, "██  "), (0.001, "▏   "), (7.0, "████")]
)
def test_a_bar_has_its_width_and_shows_what_is_above_nothing(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn


def test_a_plot_shows_rise_and_fall_from_nothing_on() -> None:
    assert plot([0, 4, 8], 10, 2) == ["  █", "▁██"]
    assert plot([], 10, 2) == ["", ""]
    assert [len(row) for row in plot([float(one) for one in range(1000)], 30, 3)] == [30, 30, 30]


def test_a_sparkline_shows_the_last_of_what_does_not_fit() -> None:
    assert sparkline([0, 0, 0, 0, 1, 1, 5, 7], 2) == "▁█"
    assert sparkline([], 4) == ""
