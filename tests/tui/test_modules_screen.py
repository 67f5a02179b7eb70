"""The list of modules: what it says, how one moves in it, how it follows what others change."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets import Footer, Static

from fenbu_tui.app import FenbuApp
from fenbu_tui.screens.help import HelpScreen
from fenbu_tui.screens.modules import ModulesScreen
from fenbu_tui.widgets.filter_bar import FilterBar
from fenbu_tui.widgets.module_card import ModuleCard
from fenbu_tui.widgets.module_table import ModuleTable
from tests.tui.worlds import ERP, KETTLE, LOYALTY, TEA, FakeWorld, play, until

ALL = (ERP, KETTLE, LOYALTY, TEA)


def table(app: FenbuApp) -> ModuleTable:
    return app.screen.query_one(ModuleTable)


def drawn(app: FenbuApp) -> str:
    """Return the table as it stands on the screen."""
    shown = table(app)
    return "\n".join(shown.render_line(line).text.rstrip() for line in range(shown.size.height)).rstrip()


def card(app: FenbuApp) -> str:
    return str(app.screen.query_one(ModuleCard).query_one(Static).render())


def test_each_module_stands_with_version_state_problem_and_what_to_do() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        lines = drawn(app).splitlines()
        assert lines[0].split("  ")[0].strip() == "module"
        assert "● enabled" in lines[1]
        assert "nothing to do" in lines[1]
        assert "2.0" in lines[2]
        assert "✖ quarantined" in lines[2]
        assert "RuntimeError: no water" in lines[2]
        assert "◐ upgrade pending" in lines[3]
        assert "○ discovered" in lines[4]
        assert "茶叶分级与拼配" in lines[4]

    play(FakeWorld(*ALL), steps, size=(140, 40))


def test_a_high_terminal_shows_what_belongs_to_the_module_under_the_cursor() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "erp_leaf  3 rows" in card(app))
        await pilot.press("j")
        await until(pilot, lambda: "kettle_leaf  3 rows" in card(app))
        assert "erp_leaf" not in card(app)

    play(FakeWorld(ERP, KETTLE), steps, size=(100, 40))


def test_columns_have_what_they_hold_where_there_is_room_for_it() -> None:
    long = evolve(ERP, title="Orders, invoices, the ledger and all that hangs on it")

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert "Orders, invoices, the ledger and all that hangs on it" in drawn(app)

    play(FakeWorld(long), steps, size=(140, 40))


def test_the_tier_that_its_maker_promises_stands_beside_a_modules_state() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        head, erp, kettle = drawn(app).splitlines()[:3]
        assert "tier" in head
        assert "gold" in erp
        assert "–" in kettle
        await pilot.press("slash", *"gold")
        assert [row.key for row in table(app).rows] == ["erp"]

    play(FakeWorld(evolve(ERP, tier="gold"), KETTLE), steps, size=(140, 40))


def test_a_narrow_terminal_keeps_name_state_and_problem() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert "kettle" in drawn(app)
        assert "✖ quarantined" in drawn(app)
        assert "what to do" not in drawn(app)
        assert all(len(line) <= 80 for line in drawn(app).splitlines())

    play(FakeWorld(*ALL), steps, size=(80, 24))


def test_the_card_tells_every_trouble_of_the_module_under_the_cursor_and_the_way_out() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("j")
        assert "(2 times)" in card(app)
        assert "erp_line_price: no water" in card(app)
        assert "→ mend the module kettle, or disable it" in card(app)
        assert "→ mend or reinstall dummy-kettle" in card(app)

    play(FakeWorld(*ALL), steps)


def test_the_first_line_names_enterprise_database_actor_and_worker() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        told = str(app.screen.query("TopLine").only_one(Static).render())
        assert told == "2 Modules ─ Harbour Tea ─ sqlite:///tea.db ─ ada ─ no worker runs, 3 deliveries wait"

    play(FakeWorld(*ALL), steps)


def test_j_k_g_and_G_move_the_cursor_and_stop_at_the_ends() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        places = []
        for key in ("k", "j", "j", "k", "G", "j", "g"):
            await pilot.press(key)
            places.append(table(app).key)
        assert places == ["erp", "kettle", "loyalty", "kettle", "tea", "tea", "erp"]

    play(FakeWorld(*ALL), steps)


def test_a_long_list_scrolls_so_that_the_cursor_stays_in_sight() -> None:
    from attrs import evolve

    many = [evolve(TEA, name=f"tea{number:03}") for number in range(200)]

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("G")
        assert "tea199" in drawn(app)
        await pilot.press("pageup")
        assert str(table(app).key) in drawn(app)
        await pilot.press("g")
        assert "tea000" in drawn(app)

    play(FakeWorld(*many), steps, size=(80, 24))


def test_a_click_puts_the_cursor_on_the_row() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.click(ModuleTable, offset=(3, 3))
        assert table(app).key == "loyalty"

    play(FakeWorld(*ALL), steps)


def test_slash_narrows_with_every_letter_and_esc_shows_all_again() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("slash", *"quar")
        assert [row.key for row in table(app).rows] == ["kettle"]
        assert app.screen.query_one("#frame").border_title == "Modules /quar"
        assert app.screen.query_one("#frame").border_subtitle == "1 of 4"
        await pilot.press("enter")
        assert table(app).has_focus
        assert [row.key for row in table(app).rows] == ["kettle"]
        await pilot.press("escape")
        assert len(table(app).rows) == 4
        assert not app.screen.query_one(FilterBar).display

    play(FakeWorld(*ALL), steps)


def test_an_exclamation_mark_leaves_a_word_out() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("slash", *"e !erp")
        assert [row.key for row in table(app).rows] == ["kettle", "loyalty", "tea"]

    play(FakeWorld(*ALL), steps)


def test_letters_typed_into_the_filter_are_no_commands() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("slash", *"qTj?")
        assert app.screen.query_one(FilterBar).value == "qTj?"
        assert isinstance(app.screen, ModulesScreen)

    play(FakeWorld(*ALL), steps)


def test_a_filter_that_finds_nothing_says_so_and_how_to_clear_it() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("slash", *"zzz")
        empty = app.screen.query_one("#empty", Static)
        assert empty.display
        assert "No module has “zzz”. esc clears the filter." in str(empty.render())

    play(FakeWorld(*ALL), steps)


def test_without_modules_the_screen_says_how_to_get_one() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        empty = app.screen.query_one("#empty", Static)
        assert empty.display
        assert not table(app).display
        assert "pip install fenbu-erp" in str(empty.render())

    play(FakeWorld(), steps)


def test_what_another_process_changes_appears_by_itself_and_the_cursor_stays_on_its_module() -> None:
    world = FakeWorld(ERP, TEA)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("G")
        world.change(ERP, KETTLE, LOYALTY, TEA)
        await until(pilot, lambda: len(table(app).rows) == 4)
        assert table(app).key == "tea"

    play(world, steps)


def test_keys_work_at_once_because_the_list_has_the_focus() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        assert table(app).has_focus

    play(FakeWorld(*ALL), steps)


def test_the_help_names_the_keys_that_work_here_and_any_of_its_keys_closes_it() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        told = "\n".join(str(part.render()) for part in app.screen.query(Static))
        for sentence in ("Go to the next row", "Keep rows that have every word", "next theme", "Leave"):
            assert sentence in told
        assert "Every module that is installed" in told
        await pilot.press("escape")
        assert isinstance(app.screen, ModulesScreen)

    play(FakeWorld(*ALL), steps, size=(80, 24))


def test_T_goes_through_the_themes_and_comes_back() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        seen = [app.theme]
        for _turn in range(3):
            await pilot.press("T")
            seen.append(app.theme)
        assert seen == ["fenbu-dark", "fenbu-light", "fenbu-contrast", "fenbu-dark"]

    play(FakeWorld(*ALL), steps)


def test_the_palette_finds_a_module_by_a_word_of_its_title() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("ctrl+p", *"loyal")
        found = app.screen.query_one(CommandList)
        await until(pilot, lambda: found.option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ModulesScreen))
        assert table(app).key == "loyalty"

    play(FakeWorld(*ALL), steps)


def test_at_most_seven_keys_stand_in_the_footer() -> None:
    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        shown = [key for key in app.screen.query_one(Footer).children if key.display]
        assert 3 <= len(shown) <= 7

    play(FakeWorld(*ALL), steps, size=(80, 24))


def test_q_leaves_and_lets_go_of_the_database() -> None:
    world = FakeWorld(*ALL)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await pilot.press("q")

    play(world, steps)
    assert world.closed
