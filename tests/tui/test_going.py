"""Going from screen to screen: keys, the way back and forth, the first line."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from textual.pilot import Pilot
from textual.widgets._footer import FooterKey

from fenbu_tui.app import FenbuApp
from fenbu_tui.keys import GOING
from fenbu_tui.places import SCREENS, Place, Way, entry
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.widgets.module_table import ModuleTable
from tests.tui.worlds import ERP, KETTLE, TEA, FakeWorld, play, read, until


def test_every_screen_has_a_name_a_key_of_its_own_and_can_be_made() -> None:
    assert len({one.key for one in SCREENS}) == len({one.name for one in SCREENS}) == len(SCREENS)
    for one in SCREENS:
        assert isinstance(one.make(FakeWorld(ERP)), LiveScreen)
        assert entry(one.name) is one
        assert one.key in {key.keys for key in GOING}


def test_the_way_goes_back_and_forth_like_a_browser() -> None:
    way = Way()
    records, orders, story = Place("records"), Place("records", "erp.orders"), Place("story", "SO-1")
    for place in (records, orders, orders, story):
        way.go(place)
    assert [way.step(-1), way.step(-1), way.step(-1)] == [orders, records, None]
    assert [way.step(1), way.step(1), way.step(1)] == [orders, story, None]


def test_going_elsewhere_drops_what_lay_ahead() -> None:
    way = Way()
    for name in ("modules", "flows"):
        way.go(Place(name))
    way.step(-1)
    way.go(Place("audit"))
    assert way.step(1) is None
    assert way.step(-1) == Place("modules")


def test_an_answer_that_asks_on_while_something_is_wanted_is_followed_by_both_in_turn() -> None:
    """An answer's own question goes first; what came meanwhile is asked after it, and nothing is answered twice."""
    asked: list[str] = []
    answered: list[str] = []
    waits = threading.Event()

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        screen = app.screen
        assert isinstance(screen, LiveScreen)

        def ask(name: str) -> str:
            asked.append(name)
            waits.wait(20)
            return name

        def show(name: str) -> None:
            answered.append(name)
            if name == "first":
                screen.read(partial(ask, "onward"), show, slot="tea")

        screen.read(partial(ask, "first"), show, slot="tea")
        screen.read(partial(ask, "meanwhile"), show, slot="tea")
        waits.set()
        await until(pilot, lambda: len(answered) == 3)
        await read(app, pilot)
        assert asked == answered == ["first", "onward", "meanwhile"]

    play(FakeWorld(ERP), steps)


def test_reading_anew_makes_the_keys_of_the_footer_anew_only_where_they_change() -> None:
    world = FakeWorld(ERP, TEA)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        table = app.screen.query_one(ModuleTable)

        def keys() -> list[FooterKey]:
            return list(app.screen.query(FooterKey))

        await until(pilot, lambda: bool(keys()))
        before, told = keys(), [key.description for key in keys()]
        world.change(ERP, KETTLE, TEA)
        await until(pilot, lambda: len(table.lines) == 3)
        await pilot.pause()
        assert all(one is other for one, other in zip(keys(), before, strict=True))

        await pilot.press("j")
        await until(pilot, lambda: [key.description for key in keys()] != told)

    play(world, steps)
