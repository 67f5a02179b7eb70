"""What every screen has around it: the command line, the log of acts, undo, memory, language, read-only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets import Button, Footer, Input, RichLog, Static

from fenbu import i18n
from fenbu_tui.app import FenbuApp
from fenbu_tui.memory import Memory
from fenbu_tui.messages import Wished
from fenbu_tui.places import Place
from fenbu_tui.screens.action import ActionScreen
from fenbu_tui.screens.acts import ActsScreen
from fenbu_tui.screens.command import CommandScreen
from fenbu_tui.screens.confirm import ConfirmScreen
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.screens.modules import ModulesScreen
from fenbu_tui.screens.output import OutputScreen
from fenbu_tui.widgets.line_pane import LinePane
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.world.base import Act
from tests.tui.worlds import ERP, KETTLE, TEA, FakeWorld, app_on, play, question, read, run_app, until

MODULES = Place("modules")


def written(app: FenbuApp) -> str:
    """Return what a command has written so far; nothing where none is shown."""
    if not isinstance(app.screen, OutputScreen):
        return ""
    return "\n".join(line.text.rstrip() for line in app.screen.query_one(RichLog).lines)


def acts(app: FenbuApp) -> list[list[str]]:
    assert isinstance(app.screen, ActsScreen)
    return [[cell.text for cell in row.cells[1:]] for row in app.screen.query_one(RowTable).rows]


def brew(done: list[str], what: str = "tea") -> Act:
    """Return an act that brews, and can be taken back."""

    def run() -> str:
        done.append(what)
        return f"{what} is brewed"

    def pour() -> str:
        done.remove(what)
        return f"{what} is poured away"

    return Act(command=f"fenbu brew {what}", run=run, undo=Act(command=f"fenbu pour {what}", run=pour))


async def perform(app: FenbuApp, pilot: Pilot[Any], act: Act) -> None:
    assert isinstance(app.screen, LiveScreen)
    app.screen.act(lambda: act)
    await app.workers.wait_for_complete([one for one in app.workers if one.group == "act"])
    await read(app, pilot)


# --- the command line inside ------------------------------------------------------------------------------


def test_a_command_typed_after_a_colon_runs_and_shows_what_it_writes() -> None:
    world = FakeWorld(ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("colon", *"explain SO-1", "enter")
        await until(pilot, lambda: isinstance(app.screen, OutputScreen) and "that is all" in written(app))
        assert world.started == "explain SO-1"
        assert "explain SO-1 within 94" in written(app)
        await pilot.press("escape", "at")
        assert acts(app) == [["fenbu explain SO-1", "● that is all"]]

    play(world, steps)


def test_a_screens_name_typed_after_a_colon_opens_the_screen() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("colon", *"modules", "enter")
        assert isinstance(app.screen, ModulesScreen)

    play(FakeWorld(ERP), steps)


def test_tab_puts_the_proposals_in_the_place_of_the_last_word_one_after_the_other() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("colon", "e")
        assert app.screen.query_one(Input).content_size.height == 1  # what is typed is in sight
        field, proposals = app.screen.query_one(Input), app.screen.query_one("#proposals", Static)
        await until(pilot, lambda: str(proposals.render()).startswith("enable"))
        assert "The story of an order" in str(proposals.render())
        seen = []
        for _turn in range(3):
            await pilot.press("tab")
            seen.append(field.value)
        assert seen == ["enable", "explain", "enable"]

    play(FakeWorld(ERP), steps)


def test_the_arrow_up_brings_back_what_was_typed_before() -> None:
    memory = Memory()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        for line in ("explain SO-1", "enable crm"):
            await pilot.press("colon", *line, "enter")
            await until(pilot, lambda: isinstance(app.screen, OutputScreen) and "that is all" in written(app))
            await pilot.press("escape")
        await pilot.press("colon", "up", "up")
        assert app.screen.query_one(Input).value == "explain SO-1"
        await pilot.press("down")
        assert app.screen.query_one(Input).value == "enable crm"
        await pilot.press("escape")
        assert not isinstance(app.screen, CommandScreen)

    run_app(app_on(FakeWorld(ERP), MODULES, memory=memory), steps)
    assert memory.history == ["explain SO-1", "enable crm"]


def test_a_command_that_fails_is_told_with_its_exit_code() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("colon", *"fail", "enter")
        await until(pilot, lambda: "exit code 1" in str(app.screen.query_one("Vertical").border_subtitle))
        await pilot.press("c")
        assert app.clipboard == "fenbu fail"
        await pilot.press("y")
        assert app.clipboard.splitlines()[-1] == "that is all"

    play(FakeWorld(ERP), steps)


# --- acts -------------------------------------------------------------------------------------------------


def test_every_act_stands_in_the_log_as_its_command_and_c_copies_it() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await perform(app, pilot, brew([]))
        await pilot.press("at")
        assert acts(app)[0][0] == "fenbu brew tea"
        assert acts(app)[0][1].startswith("● tea is brewed")
        await pilot.press("c")
        assert app.clipboard == "fenbu brew tea"
        await pilot.press("escape")
        assert isinstance(app.screen, ModulesScreen)

    play(FakeWorld(ERP), steps)


def test_before_the_first_act_the_log_says_what_will_stand_there() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("at")
        assert "Nothing was done yet" in str(app.screen.query(Static).first().render())

    play(FakeWorld(ERP), steps)


def test_u_takes_back_the_last_act_and_then_says_that_there_is_none() -> None:
    done: list[str] = []

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await perform(app, pilot, brew(done))
        assert done == ["tea"]
        await pilot.press("u")
        await until(pilot, lambda: not done)
        await pilot.press("u")
        await until(pilot, lambda: any("can be taken back" in one.message for one in app._notifications))
        await pilot.press("at")
        assert [row[0] for row in acts(app)] == ["fenbu brew tea", "fenbu pour tea"]

    play(FakeWorld(ERP), steps)


def test_opened_read_only_nothing_is_done_and_it_says_why() -> None:
    done: list[str] = []
    world = FakeWorld(ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert "read-only" in str(app.screen.query("TopLine").only_one(Static).render())
        await perform(app, pilot, brew(done))
        await pilot.press("at")
        assert "read-only" in acts(app)[0][1]
        await pilot.press("escape", "colon", *"enable crm", "enter")
        await until(pilot, lambda: isinstance(app.screen, OutputScreen) and "read-only" in written(app))

    run_app(app_on(world, MODULES, read_only=True), steps)
    assert (done, world.started) == ([], "")


def test_opened_read_only_a_form_says_why_nothing_is_done_and_keeps_what_was_typed() -> None:
    world = FakeWorld(ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        app.post_message(Wished("tea.cup.brew"))
        await until(pilot, lambda: isinstance(app.screen, ActionScreen))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(app.screen.query_one("#refusal").display))
        assert "read-only" in str(app.screen.query_one("#refusal", Static).render())

    run_app(app_on(world, MODULES, read_only=True), steps)
    assert world.done == []


def test_the_keys_of_a_form_are_told_in_the_language_of_now() -> None:
    before = i18n.language()
    i18n.use("zh_CN")

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        app.post_message(Wished("tea.cup.brew"))
        await until(pilot, lambda: isinstance(app.screen, ActionScreen))
        told = {one.binding.description for one in app.screen.active_bindings.values()}
        assert "取消" in told
        assert "Cancel" not in told

    try:
        run_app(app_on(FakeWorld(ERP), MODULES), steps)
    finally:
        i18n.use(before)


def test_the_palette_begins_any_action_of_any_module_with_its_form() -> None:
    world = FakeWorld(ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("ctrl+p", *"brew")
        await until(pilot, lambda: app.screen.query_one(CommandList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query("Form Input:focus")))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(world.done))
        await pilot.press("at")
        assert acts(app)[0][0].startswith("fenbu do tea.cup.brew")

    play(world, steps)


def test_W_lets_a_worker_deliver_and_tells_when_it_has_ended() -> None:
    world = FakeWorld(ERP)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("W")
        await until(pilot, lambda: bool(app._acts))
        assert world.started == "worker"
        assert [one.command for one in app._acts] == ["fenbu worker"]

    play(world, steps)


# --- questions --------------------------------------------------------------------------------------------


def ask(app: FenbuApp, done: list[str], verb: str = "disable") -> None:
    assert isinstance(app.screen, LiveScreen)
    app.screen.ask(lambda: question(verb, ("tea",), done))


async def until_asked(app: FenbuApp, pilot: Pilot[Any]) -> None:
    await until(
        pilot, lambda: isinstance(app.screen, ConfirmScreen) and bool(app.screen.query("#cancel:focus"))
    )


def test_a_question_tells_consequences_and_command_and_cancel_has_the_focus() -> None:
    done: list[str] = []

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        ask(app, done)
        await until_asked(app, pilot)
        told = "\n".join(str(part.render()) for part in app.screen.query(Static))
        told += app.screen.query_one(LinePane).text
        for part in (
            "3  orders wait for it",
            "every row is kept",
            "Drain  to drain",
            "$ fenbu disable tea drain",
        ):
            assert part in told
        await pilot.press("enter")
        assert isinstance(app.screen, ModulesScreen)

    play(FakeWorld(ERP), steps, size=(80, 24))
    assert done == []


def test_the_arrows_go_from_cancel_to_the_ways_to_go_on_and_each_shows_its_command() -> None:
    done: list[str] = []

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        ask(app, done)
        await until_asked(app, pilot)
        await pilot.press("right", "right")
        assert "fenbu disable tea park" in str(app.screen.query_one(".command", Static).render())
        await pilot.press("enter")
        await until(pilot, lambda: bool(done))

    play(FakeWorld(ERP), steps, size=(80, 24))
    assert done == ["fenbu disable tea park"]


def test_what_must_be_typed_opens_the_ways_to_go_on_only_when_it_stands_there() -> None:
    done: list[str] = []

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        ask(app, done, "purge")
        await until_asked(app, pilot)
        [way] = [button for button in app.screen.query(Button) if button.id != "cancel"]
        assert way.disabled
        app.screen.query_one(Input).focus()
        await pilot.press(*"te", "enter")
        assert way.disabled
        await pilot.press("a", "enter", "enter")
        await until(pilot, lambda: bool(done))

    play(FakeWorld(ERP), steps, size=(80, 24))
    assert done == ["fenbu purge tea purge"]


# --- memory and language ----------------------------------------------------------------------------------


def test_screen_filter_theme_and_commands_are_remembered_until_next_time(tmp_path: Path) -> None:
    file = tmp_path / "fenbu" / "tui.json"

    async def first(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("T", "slash", *"quar", "enter")
        await pilot.press("colon", *"explain SO-1", "enter")
        await until(pilot, lambda: isinstance(app.screen, OutputScreen))

    async def second(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert app.theme == "fenbu-light"
        assert [row.key for row in app.screen.query_one(RowTable).rows] == ["kettle"]
        await pilot.press("colon", "up")
        assert app.screen.query_one(Input).value == "explain SO-1"

    run_app(app_on(FakeWorld(ERP, KETTLE, TEA), MODULES, memory=Memory.read(file)), first)
    run_app(app_on(FakeWorld(ERP, KETTLE, TEA), memory=Memory.read(file)), second)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        '{"theme": 7, "subjects": {"modules": 3}, "screens": [], "history": [1]}',
        '{"screen": "no"}',
    ],
)
def test_a_broken_memory_is_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "tui.json"
    file.write_text(text, encoding="utf-8")
    memory = Memory.read(file)
    assert (memory.theme, memory.subjects, memory.screens, memory.history) == ("", {}, {}, [])

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert isinstance(app.screen, LiveScreen)

    run_app(app_on(FakeWorld(ERP), memory=memory), steps)


def test_memory_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("q")

    run_app(app_on(FakeWorld(ERP), memory=Memory.read(tmp_path / "file" / "tui.json")), steps)


def test_L_switches_the_language_and_the_screen_shows_what_it_showed() -> None:
    memory = Memory()
    before = i18n.language()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("slash", *"quar", "enter", "L")
        await until(pilot, lambda: bool(app.screen.query(RowTable)))
        await read(app, pilot)
        assert i18n.language() == "zh_CN"
        assert [row.key for row in app.screen.query_one(RowTable).rows] == ["kettle"]
        await pilot.press("L")
        await read(app, pilot)
        assert i18n.language() == "en"
        assert len(app.screen_stack) == 2

    try:
        i18n.use("en")
        run_app(app_on(FakeWorld(ERP, KETTLE), MODULES, memory=memory), steps)
    finally:
        i18n.use(before)
    assert (memory.language, memory.instead_of) == ("en", "en")


def test_the_footer_has_room_for_the_keys_of_the_screen() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        shown = [key for key in app.screen.query_one(Footer).children if key.display]
        assert len(shown) <= 7

    play(FakeWorld(ERP), steps, size=(80, 24))
