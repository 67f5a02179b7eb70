"""Where things are not as they should be: each is handled with a sentence, none with a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from fenbu.engine.kernel import Kernel
from fenbu.engine.store.errors import DatabaseFull
from fenbu.errors import NotPermitted
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModule, DummyModules, many
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.late import LateWorld
from fenbu_tui.places import SCREENS, Place
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.screens.unreachable import UnreachableScreen
from fenbu_tui.widgets.module_table import ModuleTable
from fenbu_tui.world.base import Act
from tests.tui.test_gateway import init
from tests.tui.test_shell import written
from tests.tui.worlds import ERP, TEA, FakeWorld, app_on, play, read, run_app, until

SHELL = ("overview", "modules", "rollout", "audit")
"""Screens that this fake world answers."""


@pytest.mark.parametrize("name", SHELL)
def test_every_screen_fits_into_forty_columns(name: str) -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        wide = [widget for widget in app.screen.query("*") if widget.display and widget.region.right > 40]
        assert [widget for widget in wide if type(widget).__name__ != "FooterKey"] == []
        assert app.screen.max_scroll_x == 0

    play(FakeWorld(ERP, TEA), steps, size=(40, 16), place=name)


@pytest.mark.parametrize("name", SHELL)
def test_without_colour_sign_and_word_still_say_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert isinstance(app.screen, LiveScreen)
        if name == "modules":
            shown = app.screen.query_one(ModuleTable)
            drawn = "\n".join(shown.render_line(line).text for line in range(shown.size.height))
            assert "● enabled" in drawn
            assert "○ discovered" in drawn

    play(FakeWorld(ERP, TEA), steps, place=name)


@pytest.mark.parametrize("name", SHELL)
def test_a_dead_database_is_a_screen_that_says_so_wherever_one_is(name: str) -> None:
    world = FakeWorld(ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        world.vanish()
        await until(pilot, lambda: isinstance(app.screen, UnreachableScreen))
        await pilot.press("2", "colon", "u")
        assert isinstance(app.screen, UnreachableScreen)
        world.gone = None
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, LiveScreen))

    play(world, steps, place=name)


def test_a_full_disk_refuses_the_act_with_a_sentence_and_one_can_go_on_looking(
    database_copy: DatabaseCopy, dummy_modules: DummyModules, monkeypatch: pytest.MonkeyPatch
) -> None:
    dummy_modules.install(DummyModule(name="tea"))
    world = EngineWorld(database_copy("initialised", init))
    act = world.switch("enable", ("tea",)).choices[0].act

    def full(*_given: Any, **_named: Any) -> None:
        raise DatabaseFull("fenbu.db")

    monkeypatch.setattr(Kernel, "perform", full)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert isinstance(app.screen, LiveScreen)
        app.screen.act(lambda: act)
        await until(pilot, lambda: bool(app._acts))
        assert app._acts[0].command == "fenbu enable tea"
        assert "no room left on the disk" in app._acts[0].said
        await read(app, pilot)
        assert isinstance(app.screen, LiveScreen)

    play(world, steps)


def test_a_reading_that_is_refused_is_told_and_the_screen_stays() -> None:
    class Forbidden(FakeWorld):
        def audit(self, *_given: Any, **_named: Any) -> Any:
            raise NotPermitted("bob", "fenbu.audit")

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        told = str(app.screen.query_one("#empty", Static).render())
        assert "fenbu.audit" in told

    play(Forbidden(ERP), steps, place="audit")


def test_a_defect_in_what_is_asked_is_told_in_a_line_and_takes_nothing_down() -> None:
    class Broken(FakeWorld):
        def modules(self) -> Any:
            raise ZeroDivisionError("division by zero")

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: any("ZeroDivisionError" in one.message for one in app._notifications))
        await pilot.press("1")
        await read(app, pilot)
        assert isinstance(app.screen, LiveScreen)

    play(Broken(ERP), steps)


def test_a_defect_in_an_act_is_told_in_the_log() -> None:
    def run() -> str:
        raise ZeroDivisionError("division by zero")

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert isinstance(app.screen, LiveScreen)
        app.screen.act(lambda: Act(command="fenbu do tea.cup.brew", run=run))
        await until(pilot, lambda: bool(app._acts))
        assert "ZeroDivisionError" in app._acts[0].said

    play(FakeWorld(ERP), steps)


def test_three_hundred_modules_stand_in_the_list_and_the_last_is_two_keys_away(
    database_copy: DatabaseCopy, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(*many(300, tables=1))
    world = EngineWorld(database_copy("initialised", init))

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        table = app.screen.query_one(ModuleTable)
        await until(pilot, lambda: len(table.rows) >= 300)
        await pilot.press("slash", *"dummy299", "enter")
        await until(pilot, lambda: table.key == "dummy299")

    run_app(FenbuApp(world, Place("modules")), steps)


def test_without_any_module_every_screen_of_the_shell_says_what_would_be_there() -> None:
    fake = FakeWorld()
    fake.told = {
        "problems": (),
        "stages": (),
        "modules": (),
        "next": "install a module: pip install fenbu-erp",
    }

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        for key in (one.key for one in SCREENS if one.name in SHELL):
            await pilot.press(key)
            await read(app, pilot)
            told = "\n".join(str(part.render()) for part in app.screen.query(Static))
            assert any(
                way in told for way in ("pip install fenbu-erp", "will stand here", "fenbu rollout new")
            )

    play(fake, steps)


def test_a_world_that_nobody_has_asked_is_not_opened_to_be_closed() -> None:
    def opening() -> Any:
        raise AssertionError("opened without a question")

    world = LateWorld(opening)
    assert world.wait(0.01) is False
    world.close()


def test_the_world_is_opened_when_the_first_screen_is_painted() -> None:
    painted: list[str] = []

    def opening() -> Any:
        painted.append(str(app.screen.query_one("#frame").border_title))
        assert app.screen.size.width
        return FakeWorld(ERP)

    world = LateWorld(opening)
    app = app_on(world.asked, Place("modules"), painted=world.begin)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: bool(app.screen.query_one(ModuleTable).lines))

    run_app(app, steps)
    assert painted == ["Modules"]


def test_a_command_that_cannot_be_read_is_told_in_its_pane() -> None:
    class Real(FakeWorld):
        def start(self, line: str, width: int) -> Any:
            return EngineWorld("sqlite:///nowhere.db").start(line, width)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("colon", *"show 'erp", "enter")
        await until(pilot, lambda: "quotes" in written(app))
        await pilot.press("escape", "colon", *"tui", "enter")
        await until(pilot, lambda: "for a shell" in written(app))

    play(Real(ERP), steps)
