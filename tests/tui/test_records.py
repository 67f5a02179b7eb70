"""Records of a module that the terminal UI has never heard of: a kiosk, written by a stranger."""

from __future__ import annotations

import csv
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Footer, Static

from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu.work import Actor
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.screens import records
from fenbu_tui.screens.records import RecordsScreen
from fenbu_tui.widgets.record_card import RecordCard
from fenbu_tui.widgets.record_table import RecordTable
from fenbu_tui.widgets.row_table import RowTable
from fenbu_tui.widgets.view_table import ViewTable
from tests.core.cli.kiosk import KIOSK
from tests.tui.worlds import play, read

pytestmark = pytest.mark.databases("sqlite")

Steps = Callable[["Shop", Pilot[Any]], Awaitable[None]]


def _fill(url: str) -> None:
    with Kernel.init(url, name="Kiosk", currency="GBP", time_zone="Europe/London") as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["kiosk"]})
        for index in range(40):
            line = {"item": "茶" if index % 2 else "tea", "quantity": str(1 + index % 7), "price": "1.25"}
            sale: dict[str, Any] = {
                "number": f"K-{index:03}",
                "customer": f"customer {index % 5}",
                "lines": [line],
            }
            kernel.perform("kiosk.sale.sell", sale | {"note": "=1+1" if index == 3 else "绿茶"})
        kernel.perform("kiosk.sale.pay", {"number": "K-005"})


class Shop:
    """The app on the screen of records, and what one sees there."""

    def __init__(self, app: FenbuApp) -> None:
        self.app = app

    @property
    def page(self) -> str:
        """Name of the screen on top."""
        return type(self.app.screen).__name__

    @property
    def table(self) -> RecordTable:
        return self.app.screen.query_one(RecordTable)

    @property
    def card(self) -> str:
        return str(self.app.screen.query_one(RecordCard).query_one(".facts", Static).render())

    @property
    def title(self) -> str:
        return str(self.app.screen.query_one("#frame").border_title)

    @property
    def told(self) -> str:
        place = self.app.screen.query_one("#told", Static)
        return str(place.render()) if place.display else ""

    def numbers(self) -> list[str]:
        return [json.loads(row.key)[-1] for row in self.table.rows]

    def drawn(self) -> str:
        return "\n".join(strip.text.rstrip() for strip in self.app.screen._compositor.render_strips())


@pytest.fixture
def url(dummy_modules: DummyModules, database_copy: DatabaseCopy) -> str:
    dummy_modules.install(KIOSK)
    return database_copy("kiosk in the terminal", _fill)


@pytest.fixture
def world(url: str) -> Iterator[EngineWorld]:
    opened = EngineWorld(url)
    yield opened
    opened.close()


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page have ten rows and the screen hold twenty-five, so that forty are many."""
    monkeypatch.setattr(records, "PAGE", 10)
    monkeypatch.setattr(records, "MOST", 25)
    monkeypatch.setattr("fenbu_tui.widgets.record_table.NEAR", 3)


def visit(
    world: EngineWorld, steps: Steps, subject: str = "kiosk.sales", size: tuple[int, int] = (80, 24)
) -> None:
    async def run(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await read(app, pilot)
        await steps(Shop(app), pilot)

    play(world, run, size=size, place="records", subject=subject)


async def keys(shop: Shop, pilot: Pilot[Any], *pressed: str) -> None:
    """Press keys; a text after ``=`` is typed letter by letter."""
    for one in pressed:
        letters = [{" ": "space"}.get(letter, letter) for letter in one[1:]]
        await (pilot.press(*letters) if one.startswith("=") else pilot.press(one))
        await read(shop.app, pilot)
    await read(shop.app, pilot)


def test_the_lists_of_all_modules_are_found_by_a_word_and_opened(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        names = [row.key for row in shop.app.screen.query_one(ViewTable).rows]
        assert {"kiosk.sales", "kiosk.days", "fenbu.events"} <= set(names)
        await keys(shop, pilot, "slash", "=kiosk", "enter", "enter")
        assert shop.title == "Sales"
        assert shop.numbers()[:2] == ["K-000", "K-001"]
        await keys(shop, pilot, "left_square_bracket")
        assert shop.title == "Lists /kiosk"

    visit(world, steps, subject="")


def test_a_row_shows_its_values_as_people_write_them_and_wide_characters_align(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        [row] = [line for line in shop.drawn().splitlines() if "K-005" in line]
        assert "● paid" in row
        assert "7.50 GBP" in row
        lines = [line for line in shop.drawn().splitlines() if "K-00" in line]
        from rich.cells import cell_len

        assert {cell_len(line.partition("绿")[0]) for line in lines if "绿" in line} == {
            cell_len(lines[0].partition("绿")[0])
        }

    visit(world, steps)


def test_forty_rows_are_read_in_pages_and_the_end_is_reached_without_the_middle(
    world: EngineWorld, short_pages: None
) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        assert shop.numbers() == [f"K-{index:03}" for index in range(10)]
        await keys(shop, pilot, "G")
        assert shop.numbers() == [f"K-{index:03}" for index in range(30, 40)]
        assert shop.table.key == '["K-039"]'
        await keys(shop, pilot, "pageup")
        assert shop.numbers()[0] == "K-020"
        assert shop.table.key == '["K-030"]'
        await keys(shop, pilot, "g")
        assert shop.table.key == '["K-000"]'
        for _page in range(6):
            await keys(shop, pilot, "pagedown")
        assert shop.table.key == '["K-039"]'
        assert len(shop.numbers()) <= 25

    visit(world, steps)


def test_a_list_is_narrowed_by_words_and_columns_while_one_types(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        await keys(shop, pilot, "slash", "=st:paid")
        assert shop.numbers() == ["K-005"]
        assert shop.title == "Sales /st:paid"
        await keys(shop, pilot, "escape")
        assert len(shop.numbers()) == 40
        await keys(shop, pilot, "slash", "=K-01 !k-015", "enter")
        assert "K-015" not in shop.numbers()
        assert len(shop.numbers()) == 9
        await keys(shop, pilot, "escape", "slash", "=zzz")
        assert "No row has “zzz”. esc clears the filter." in shop.told

    visit(world, steps)


def test_a_list_is_ordered_by_what_has_an_index_and_turned_round(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        await keys(shop, pilot, "s")
        assert "Number ▲" in shop.drawn()
        await keys(shop, pilot, "S")
        assert shop.numbers()[0] == "K-039"
        await pilot.click(RecordTable, offset=(45, 0))
        await keys(shop, pilot)
        assert "Total ▲" in shop.drawn()

    visit(world, steps)


def test_columns_are_chosen_and_the_rest_moves_sideways(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        await keys(shop, pilot, "C", "space", "escape")
        assert "Customer" not in shop.drawn()
        await keys(shop, pilot, "l", "l")
        assert "Number" in shop.drawn()
        assert "Gift" in shop.drawn()

    visit(world, steps)


def test_what_the_state_allows_is_done_at_once(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        await keys(shop, pilot, "a", "enter")
        assert shop.page == "RecordsScreen"
        assert "● paid" in shop.card

    visit(world, steps)


def test_an_act_is_told_as_its_command_and_in_a_sentence(world: EngineWorld) -> None:
    act = world.performing("kiosk.sale.pay", {"number": "K-000"}, "kiosk.sales", '["K-000"]')

    assert act.command == "fenbu do kiosk.sale.pay --number K-000"
    assert act.run() == "Take the money: sale K-000, state paid"
    assert act.undo is None  # nothing leads from paid back to open


def test_what_cannot_be_undone_shows_its_consequences_with_cancel_under_the_cursor(
    world: EngineWorld,
) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        await keys(shop, pilot, "a", "j", "enter")
        assert shop.page == "ActionScreen"
        assert "This cannot be undone." in shop.drawn()
        assert "money goes back" in shop.drawn()
        assert isinstance(shop.app.focused, Button)
        assert shop.app.focused.id == "cancel"
        await keys(shop, pilot, "enter")
        assert "open" in shop.card
        await keys(shop, pilot, "a", "j", "enter", "tab", "enter")
        assert "cancelled" in shop.card

    visit(world, steps)


def test_a_paid_sale_offers_nothing(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        await keys(shop, pilot, "a")
        assert shop.page == "RecordsScreen"

    visit(world, steps, subject="kiosk.sales number=K-005")


def test_a_sale_is_made_in_a_form_of_its_model_and_a_refusal_keeps_what_was_typed(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        await keys(shop, pilot, "n")
        if shop.page == "ChooseScreen":
            await keys(shop, pilot, "enter")
        assert shop.page == "ActionScreen"
        await keys(shop, pilot, "=K-100", "tab", "=安娜", "tab", "=tea", "tab", "=-1")
        assert "must be more" in shop.drawn()
        await keys(shop, pilot, "backspace", "backspace", "=2", "ctrl+s")
        assert shop.page == "RecordsScreen"
        await keys(shop, pilot, "G")
        assert shop.numbers()[-1] == "K-100"
        assert "安娜" in shop.card
        await keys(shop, pilot, "n")
        if shop.page == "ChooseScreen":
            await keys(shop, pilot, "enter")
        await keys(shop, pilot, "=K-101", "escape")
        assert shop.page == "ActionScreen"
        assert "what was typed is lost" in shop.drawn()
        await keys(shop, pilot, "escape")
        assert shop.page == "RecordsScreen"

    visit(world, steps, size=(100, 30))


def test_the_states_are_drawn_with_the_one_where_the_record_stands(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        await keys(shop, pilot, "D")
        assert shop.page == "LookScreen"
        lines = [line.partition("│")[2].strip() for line in shop.drawn().splitlines() if "→" in line]
        assert "● paid ■  ← here" in lines[0]
        assert "cancel → ○ cancelled ■" in lines[1]

    visit(world, steps, subject="kiosk.sales number=K-005")


def test_all_rows_of_the_narrowed_list_are_written_as_csv(world: EngineWorld, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    place = folder / "sales.csv"

    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        await keys(shop, pilot, "x", "ctrl+u", f"={place}", "enter")

    visit(world, steps, subject="kiosk.sales number<K-004")
    with place.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["number"] for row in rows] == ["K-000", "K-001", "K-002", "K-003"]
    assert rows[0]["note"] == "绿茶"
    assert rows[3]["note"] == "'=1+1"
    assert list(folder.iterdir()) == [place]


def test_a_record_leads_to_its_story_and_back(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        await keys(shop, pilot, "t")
        assert "sale K-005" in shop.title
        texts = [row.cells[3].text for row in shop.app.screen.query_one("#happenings", RowTable).rows]
        assert texts[0] == "Sell something"
        assert any("sold for 7.50 GBP" in text for text in texts)
        assert "Take the money" in texts
        await keys(shop, pilot, "enter")
        assert shop.page == "ChooseScreen"
        await keys(shop, pilot, "enter")
        assert shop.title == "Sales /number=K-005"
        await keys(shop, pilot, "left_square_bracket", "left_square_bracket")
        assert shop.numbers() == ["K-005"]

    visit(world, steps, subject="kiosk.sales number=K-005")


def test_at_most_seven_keys_stand_in_the_footer(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        shown = [key for key in shop.app.screen.query_one(Footer).children if key.display]
        assert 3 <= len(shown) <= 8  # seven, and the palette's

    visit(world, steps)


@pytest.mark.parametrize("size", [(40, 20), (140, 40)])
def test_every_list_of_the_kernel_is_drawn_at_every_width(world: EngineWorld, size: tuple[int, int]) -> None:
    names = [line.name for line in world.views() if line.name.startswith("fenbu.")]

    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        from fenbu_tui.places import Place

        for name in names[:4]:
            shop.app.go(Place("records", name))
            await keys(shop, pilot)
            assert all(len(line) <= size[0] for line in shop.drawn().splitlines())
            assert shop.table.rows or "nothing here yet" in shop.told

    visit(world, steps, subject="", size=size)


def test_a_view_that_raises_is_a_sentence_and_the_others_go_on(
    dummy_modules: DummyModules, database_copy: DatabaseCopy
) -> None:
    broken = DummyModule(
        name="kettle",
        tables=("cup",),
        manifest={"views": "'fenbu_kettle.views:VIEWS'"},
        files={
            "views.py": (
                "from fenbu import Column, View\n\n\ndef dry(work):\n    raise RuntimeError('no water')\n\n\n"
                "VIEWS = (View(name='kettle.cups', title='Cups', query=dry, columns=(Column('label', 'Label'),),"
                " key=('label',), record='label'),)\n"
            )
        },
    )
    dummy_modules.install(broken)

    def enable(url: str) -> None:
        with Kernel.init(url, name="Kettle", currency="GBP", time_zone="Europe/London") as kernel:
            kernel.perform("fenbu.module.enable", {"modules": ["kettle"]})

    world = EngineWorld(database_copy("kettle", enable))

    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        assert "kettle.cups cannot be shown: RuntimeError: no water" in shop.told
        assert "whoever makes the module kettle" in shop.told
        await keys(shop, pilot, "v")
        assert len(shop.app.screen.query_one(ViewTable).rows) > 3

    try:
        visit(world, steps, subject="kettle.cups")
    finally:
        world.close()


def test_what_tells_of_a_person_is_masked_where_one_may_not_see_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Kernel.open(url) as kernel:
        kernel.perform("fenbu.operator.add", {"operator": "ben", "grants": ["kiosk.show"]})
    open_ = Kernel.open
    monkeypatch.setattr(Kernel, "open", lambda url, **_told: open_(url, actor=Actor("ben")))
    world = EngineWorld(url)

    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        assert "***" in shop.drawn()
        assert "customer 1" not in shop.drawn()
        await keys(shop, pilot, "slash", "=customer:1")
        assert "the permission kiosk.personal is missing" in shop.told

    try:
        visit(world, steps)
    finally:
        world.close()


def test_the_palette_finds_lists_and_actions(world: EngineWorld) -> None:
    async def steps(shop: Shop, pilot: Pilot[Any]) -> None:
        screen = shop.app.screen
        assert isinstance(screen, RecordsScreen)
        words = [found.words for found in screen.found()]
        assert "Sales by day (kiosk.days)" in words
        assert "Take the money (kiosk.sale.pay)" in words

    visit(world, steps)


def test_the_form_of_an_action_knows_on_which_record_it_acts(world: EngineWorld) -> None:
    wanted = world.wanted("kiosk.sale.pay", "kiosk.sales", '["K-003"]')

    assert wanted.given == {"number": "K-003"}
    assert wanted.fixed == ("number",)
