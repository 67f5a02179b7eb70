"""The gateway: the same questions, answered by a real enterprise."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from fenbu.engine import binding
from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModule, DummyModules
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.gateway.glance import TONES
from fenbu_tui.gateway.wording import traced
from fenbu_tui.screens.modules import ModulesScreen
from fenbu_tui.signs import Tone
from fenbu_tui.widgets.module_table import ModuleTable
from fenbu_tui.world.base import Unreachable
from fenbu_tui.world.modules import Picture
from tests.tui.worlds import play, until


def init(url: str) -> None:
    Kernel.init(url, name="Harbour Tea", currency="GBP", time_zone="Europe/London").close()


def standing(picture: Picture, name: str) -> tuple[str, Tone]:
    [line] = [line for line in picture.modules if line.name == name]
    return line.standing.word, line.standing.tone


def test_every_state_of_a_module_has_its_tone() -> None:
    from fenbu.engine.catalog.states import ModuleState

    assert set(TONES) == set(ModuleState)


def test_installed_enabled_and_broken_modules_are_told_with_what_to_do(
    database_copy: DatabaseCopy, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(
        DummyModule(name="tea", provides=("tea.leaves",), tables=("leaf",), manifest={"tier": "'gold'"}),
        DummyModule(name="kettle", files={"manifest.py": 'raise RuntimeError("no water")\n'}),
    )
    url = database_copy("initialised", init)
    with Kernel.open(url) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["tea"]})
    world = EngineWorld(url)
    try:
        picture = world.modules()
    finally:
        world.close()
    assert picture.head.enterprise == "Harbour Tea"
    assert picture.head.at.tzname() in ("GMT", "BST")
    assert standing(picture, "tea") == ("enabled", Tone.GOOD)
    assert standing(picture, "kettle") == ("quarantined", Tone.BAD)
    by_name = {line.name: line for line in picture.modules}
    kettle, tea = by_name["kettle"], by_name["tea"]
    assert "no water" in kettle.problem
    assert (kettle.tier, tea.tier) == ("", "gold")
    assert ("tier", "gold") in tea.facts
    assert "dummy-kettle" in kettle.todo
    [tea] = [line for line in picture.modules if line.name == "tea"]
    assert ("provides", "tea.leaves") in tea.facts
    assert ("tables", "tea_leaf") in tea.facts


def test_a_module_enabled_elsewhere_appears_enabled_on_the_screen(
    database_copy: DatabaseCopy, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(DummyModule(name="tea"))
    url = database_copy("initialised", init)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        def line() -> str:
            assert isinstance(app.screen, ModulesScreen)
            [tea] = [line for line in app.screen.query_one(ModuleTable).lines if line.name == "tea"]
            return tea.standing.word

        await until(pilot, lambda: line() == "discovered")
        with Kernel.open(url) as elsewhere:
            elsewhere.perform("fenbu.module.enable", {"modules": ["tea"]})
        await until(pilot, lambda: line() == "enabled")

    play(EngineWorld(url), steps)


@pytest.mark.databases("sqlite")
def test_a_module_installed_while_the_screen_is_open_appears(
    database_copy: DatabaseCopy, dummy_modules: DummyModules
) -> None:
    url = database_copy("initialised", init)

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        dummy_modules.install(DummyModule(name="coffee"))
        await until(
            pilot, lambda: "coffee" in [line.name for line in app.screen.query_one(ModuleTable).lines]
        )

    play(EngineWorld(url), steps)


@pytest.mark.parametrize("how", ["drain", "park", "waive"])
def test_a_module_that_was_switched_off_as_it_was_wanted_is_in_no_trouble(
    database_copy: DatabaseCopy, dummy_modules: DummyModules, how: str
) -> None:
    dummy_modules.install(DummyModule(name="tea"))
    url = database_copy("initialised", init)
    with Kernel.open(url) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["tea"]})
        kernel.perform("fenbu.module.disable", {"modules": ["tea"], "how": how})
    world = EngineWorld(url)
    try:
        [tea] = [line for line in world.modules().modules if line.name == "tea"]
        assert (tea.standing.word, tea.troubles) == ("disabled", ())
    finally:
        world.close()


def test_a_place_without_a_database_is_unreachable_and_says_what_to_do(tmp_path: Path) -> None:
    world = EngineWorld(f"sqlite:///{tmp_path}/nothing.db")
    with pytest.raises(Unreachable) as caught:
        world.modules()
    assert "nothing.db" in caught.value.reason
    assert "fenbu init" in caught.value.hint


def test_the_screen_goes_on_when_the_database_has_come(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/late.db"

    async def steps(app: FenbuApp, pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: type(app.screen).__name__ == "UnreachableScreen")
        init(url)
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, ModulesScreen))
        await until(pilot, lambda: bool(app.screen.query_one(ModuleTable).rows))

    play(EngineWorld(url), steps)


def test_a_file_that_was_moved_away_is_missed_and_what_is_restored_in_its_place_is_shown(
    tmp_path: Path, dummy_modules: DummyModules
) -> None:
    url, file = f"sqlite:///{tmp_path}/shop.db", tmp_path / "shop.db"
    init(url)
    dummy_modules.install(DummyModule(name="coffee"))
    world = EngineWorld(url)
    try:
        assert standing(world.modules(), "coffee") == ("discovered", Tone.QUIET)
        world.overview()
        world.wait(0)
        file.rename(tmp_path / "away.db")
        with pytest.raises(Unreachable, match="it was deleted or moved"):
            world.wait(0)
        with pytest.raises(Unreachable, match="there is nothing yet"):
            world.head()
        init(url)
        with Kernel.open(url) as kernel:
            kernel.perform("fenbu.module.enable", {"modules": ["coffee"]})
        assert standing(world.modules(), "coffee") == ("enabled", Tone.GOOD)
    finally:
        world.close()


def test_a_traceback_begins_in_the_module_and_names_files_by_their_package() -> None:
    code = Path(sys.path[-1]) / "fenbu_till" / "flows.py"
    told = traced(
        "NoPrice: none\nTraceback (most recent call last):\n"
        f'  File "{Path(binding.__file__)}", line 7, in handle\n    handler(work, event)\n'
        f'  File "{code}", line 26, in charge\n    raise NoPrice("none")\nfenbu_till.NoPrice: none\n'
    )
    assert told.splitlines()[2] == '  File "fenbu_till/flows.py", line 26, in charge'
    assert "handler(work, event)" not in told and told.endswith("fenbu_till.NoPrice: none\n")


def test_a_traceback_of_the_engine_alone_is_told_whole() -> None:
    told = traced(
        f'Traceback (most recent call last):\n  File "{binding.__file__}", line 7, in handle\n    wrong\nE: e'
    )
    assert '  File "fenbu/engine/binding.py", line 7, in handle' in told
