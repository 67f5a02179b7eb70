"""Switching modules and setting them, from the list and from a module's own page."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from fenbu.engine.kernel import Kernel
from fenbu.errors import FenbuError
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.screens.confirm import ConfirmScreen
from fenbu_tui.screens.module import ModuleScreen
from fenbu_tui.screens.modules import ModulesScreen
from fenbu_tui.screens.settings import SettingsScreen
from fenbu_tui.widgets.form import Form
from fenbu_tui.widgets.module_card import ModuleCard
from fenbu_tui.widgets.module_table import ModuleTable
from fenbu_tui.world.base import Question
from tests.tui.test_gateway import init
from tests.tui.worlds import ERP, LOYALTY, TEA, FakeWorld, play, read, until


async def choose(app: FenbuApp, pilot: Pilot[Any], *keys: str) -> None:
    """Answer the question that is asked."""
    await until(
        pilot, lambda: isinstance(app.screen, ConfirmScreen) and bool(app.screen.query("#cancel:focus"))
    )
    await pilot.press(*keys)


def offered(app: FenbuApp) -> set[str]:
    return {active.binding.id or "" for active in app.screen.active_bindings.values()}


# --- the screens ------------------------------------------------------------------------------------------


def test_only_what_the_state_of_the_module_allows_is_offered() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert {"module.disable", "module.settings"} <= offered(app)
        assert not {"module.enable", "module.purge"} & offered(app)
        await pilot.press("G")
        assert "module.enable" in offered(app)
        assert not {"module.disable", "module.settings"} & offered(app)

    play(FakeWorld(ERP, TEA), steps)


def test_enabling_asks_first_and_is_done_when_it_is_chosen() -> None:
    world = FakeWorld(TEA)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("e")
        await choose(app, pilot, "escape")
        assert world.done == []
        await pilot.press("e")
        await choose(app, pilot, "right", "enter")
        await until(pilot, lambda: world.done == ["fenbu enable tea enable"])

    play(world, steps)


def test_letters_of_the_filter_switch_nothing() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("slash", "e", "d", "c")
        assert isinstance(app.screen, ModulesScreen)
        assert app.screen.query_one(Input).value == "edc"

    play(FakeWorld(ERP, TEA), steps)


def test_how_far_a_late_module_has_read_stands_as_bar_and_in_numbers() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        told = str(app.screen.query_one(ModuleCard).query_one(Static).render())
        assert "█████░░░░░░░░░░░░░░░  25% loyalty.points has read 1,200 of 4,800 events" in told

    play(FakeWorld(LOYALTY), steps)


def test_enter_opens_all_that_is_known_of_a_module_and_esc_goes_back_to_it_in_the_list() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, ModuleScreen))
        await read(app, pilot)
        told = str(app.screen.query_one("#detail Static", Static).render())
        assert "tea_leaf  3 rows" in told
        assert "2 Modules › tea" in str(app.screen.query_one("TopLine", Static).render())
        await pilot.press("escape")
        assert app.screen.query_one(ModuleTable).key == "tea"

    play(FakeWorld(ERP, TEA), steps)


def test_settings_are_a_form_and_only_what_was_changed_is_set() -> None:
    world = FakeWorld(ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("c")
        await until(pilot, lambda: bool(app.screen.query("Form Input:focus")))
        await pilot.press("end", "backspace", "5", "ctrl+s")
        await until(pilot, lambda: bool(world.done))
        assert world.done == ["fenbu settings set erp {'strength': '5'}"]
        await until(pilot, lambda: isinstance(app.screen, ModulesScreen))

    play(world, steps)


def test_a_setting_that_the_model_does_not_take_is_not_set() -> None:
    world = FakeWorld(ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("c")
        await until(pilot, lambda: bool(app.screen.query("Form Input:focus")))
        await pilot.press("end", "backspace", "0", "ctrl+s")
        assert [one.field for one in app.screen.query_one(Form).problems] == ["strength"]
        assert isinstance(app.screen, SettingsScreen)
        assert world.done == []

    play(world, steps)


# --- the engine -------------------------------------------------------------------------------------------

SETTINGS = """
from pydantic import Field

from fenbu import Settings

class OwnSettings(Settings):
    strength: int = Field(default=3, ge=1, le=9, description="how strong")
    water: str = "soft"
"""


def told(question: Question) -> str:
    return "\n".join(f"{one.number} {one.text}" for one in question.consequences)


@pytest.fixture
def world(database_copy: DatabaseCopy, dummy_modules: DummyModules) -> Any:
    """Return Harbour Tea with a tea module, and a cup that needs it."""
    dummy_modules.install(
        DummyModule(
            name="tea",
            provides=("tea.leaves",),
            tables=("leaf",),
            settings="water: str",
            files={"settings.py": SETTINGS},
        ),
        DummyModule(name="cup", requires=("capability:tea.leaves",)),
    )
    world = EngineWorld(database_copy("initialised", init))
    yield world
    world.close()


def state(world: EngineWorld, name: str) -> str:
    return world.module(name).line.standing.word


def test_a_module_is_enabled_with_what_it_needs_and_the_undo_switches_it_off(world: EngineWorld) -> None:
    question = world.switch("enable", ("cup",))
    assert "enabled too, because it is needed: tea" in told(question)
    [way] = question.choices
    assert way.act.command == "fenbu enable tea cup"
    assert way.act.run() == "tea, cup is on"
    assert state(world, "tea") == state(world, "cup") == "enabled"
    assert way.act.undo is not None
    way.act.undo.run()
    assert state(world, "cup") == "disabled"


def test_what_another_module_needs_cannot_be_disabled_and_the_question_says_so(world: EngineWorld) -> None:
    world.switch("enable", ("cup",)).choices[0].act.run()
    question = world.switch("disable", ("tea",))
    assert question.choices == ()
    assert "it cannot be done" in told(question)
    assert "cup" in told(question)
    assert state(world, "tea") == "enabled"


def test_disabling_offers_to_drain_park_or_waive(world: EngineWorld) -> None:
    world.switch("enable", ("tea",)).choices[0].act.run()
    question = world.switch("disable", ("tea",))
    assert [one.act.command for one in question.choices] == [
        f"fenbu disable tea --how {how}" for how in ("drain", "park", "waive")
    ]
    assert question.choices[1].act.run() == "tea is off; every row is kept"
    assert world.module("tea").line.verbs >= {"enable", "purge"}


def test_purging_shows_what_goes_and_asks_for_the_name(
    world: EngineWorld, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    world.switch("enable", ("tea",)).choices[0].act.run()
    world.switch("disable", ("tea",)).choices[1].act.run()
    question = world.switch("purge", ("tea",))
    assert question.typed == "tea"
    assert "tea_leaf" in told(question)
    assert "fenbu unarchive" in question.choices[0].act.run()
    assert state(world, "tea") == "discovered"
    assert len(list(tmp_path.glob("tea-*.archive.jsonl.gz"))) == 1


def test_a_module_at_length_has_its_tables_with_their_rows_and_its_permissions(world: EngineWorld) -> None:
    world.switch("enable", ("tea",)).choices[0].act.run()
    chapters = dict(world.module("tea").chapters)
    assert ("tea_leaf", "0 rows") in chapters["tables"]


def test_settings_are_read_and_set_through_the_modules_own_model(world: EngineWorld) -> None:
    world.switch("enable", ("tea",)).choices[0].act.run()
    assert world.settings("tea").given == {"strength": 3, "water": "soft"}
    act = world.set("tea", {"strength": 5})
    assert act.command == "fenbu settings set tea.strength 5"
    assert act.run() == "set: tea.strength"
    assert world.settings("tea").given == {"strength": 5, "water": "soft"}
    world.set("tea", {"strength": None}).run()
    assert world.settings("tea").given["strength"] == 3


def test_a_setting_that_is_refused_after_others_were_set_says_which(world: EngineWorld) -> None:
    world.switch("enable", ("tea",)).choices[0].act.run()
    with pytest.raises(FenbuError, match=r"tea.water is set, then: .*tea.strength"):
        world.set("tea", {"water": "hard", "strength": 12}).run()
    assert world.settings("tea").given == {"strength": 3, "water": "hard"}


def test_a_module_enabled_by_hand_appears_on_with_its_keys(
    database_copy: DatabaseCopy, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(DummyModule(name="tea"))
    url = database_copy("initialised", init)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: bool(app.screen.query_one(ModuleTable).rows))
        await pilot.press("slash", *"tea", "enter", "e")
        await choose(app, pilot, "right", "enter")
        await until(pilot, lambda: "module.disable" in offered(app))

    play(EngineWorld(url), steps)
    with Kernel.open(url) as kernel:
        assert "tea" in kernel.assembly.modules
