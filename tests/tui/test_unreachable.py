"""When the database cannot be reached: a screen with the reason, the retry clock and what was last seen."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from fenbu_tui.app import FenbuApp
from fenbu_tui.screens.modules import ModulesScreen
from fenbu_tui.screens.unreachable import UnreachableScreen
from fenbu_tui.widgets.module_table import ModuleTable
from tests.tui.worlds import ERP, GONE, KETTLE, FakeWorld, play, until


def why(app: FenbuApp) -> str:
    return str(app.screen.query_one("#why", Static).render())


def lost(app: FenbuApp) -> bool:
    return isinstance(app.screen, UnreachableScreen)


def test_a_database_that_goes_away_leaves_its_last_picture_and_a_clock() -> None:
    world = FakeWorld(ERP, KETTLE)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        world.vanish()
        await until(pilot, lambda: lost(app))
        await pilot.pause()
        assert GONE.reason in why(app)
        assert GONE.hint in why(app)
        assert "r tries now" in why(app) or "trying now" in why(app)
        assert [row.key for row in app.screen.query_one(ModuleTable).rows] == ["erp", "kettle"]
        assert "last seen 2026-03-02 09:30:00 UTC" in str(app.screen.query_one("#last").border_title)

    play(world, steps)


def test_a_database_that_was_never_there_says_so() -> None:
    world = FakeWorld()
    world.gone = GONE

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: lost(app))
        [told] = app.screen.query("#last > Static").results(Static)
        assert "Nothing has been seen" in str(told.render())

    play(world, steps)


def test_r_tries_at_once_and_the_list_is_back_when_the_database_is() -> None:
    world = FakeWorld(ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        world.vanish()
        await until(pilot, lambda: lost(app))
        world.gone = None
        world.lines = (ERP, KETTLE)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, ModulesScreen))
        await until(pilot, lambda: len(app.screen.query_one(ModuleTable).rows) == 2)

    play(world, steps)


def test_it_tries_by_itself_and_waits_longer_each_time() -> None:
    world = FakeWorld(ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        world.vanish()
        await until(pilot, lambda: lost(app))
        before = world.asked
        await until(pilot, lambda: world.asked > before)  # after one second
        await until(pilot, lambda: "next try in 2 s" in why(app))

    play(world, steps)


def test_one_loss_opens_one_screen_however_often_it_is_noticed() -> None:
    from fenbu_tui.messages import Lost

    world = FakeWorld(ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        world.gone = GONE
        for _time in range(3):
            app.post_message(Lost(GONE))
        await until(pilot, lambda: lost(app))
        await pilot.pause()
        assert sum(isinstance(screen, UnreachableScreen) for screen in app.screen_stack) == 1

    play(world, steps)
