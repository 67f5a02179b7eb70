"""Every screen as it is drawn, at two sizes and in both languages, over a shop that has troubles.

What is kept lies in `snapshots/`, one file a screen, size and language; it is read like the screen itself. Where a
screen has changed on purpose: ``pytest -n 0 tests/tui/test_snapshots.py --renew-snapshots``, then look at the change.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen
from textual.pilot import Pilot

from fenbu import i18n
from fenbu.engine.kernel import Kernel
from fenbu.testing.dummies import dummies
from fenbu_tui import app as shell
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.places import SCREENS, Place
from tests.tui.golden import FOLDER, Snapshots, drawn
from tests.tui.tearoom import TEA, TILL
from tools.evening import EVENING, URL, evening
from tools.pictures import settle

SMALL, LARGE = (80, 24), (140, 40)
EVERY = tuple((size, language) for language in ("en", "zh_CN") for size in (SMALL, LARGE))
FEW = ((LARGE, "en"), (SMALL, "zh_CN"))
"""Size and language of what stands before a screen."""
ORDERS = 8


@frozen
class Scene:
    """What is looked at."""

    screen: str
    subject: str = ""
    keys: tuple[str, ...] = ()
    """Pressed when the screen is there."""
    shots: tuple[tuple[tuple[int, int], str], ...] = EVERY


SCENES = {
    "overview": Scene("overview"),
    "modules": Scene("modules", keys=("g", "j", "j")),
    "module": Scene("modules", keys=("g", "j", "j", "enter")),
    "flows": Scene("flows"),
    "flow": Scene("flows", keys=("G", "enter")),
    "deliveries": Scene("deliveries"),
    "delivery": Scene("deliveries", "state:dead", ("enter",)),
    "lists": Scene("records"),
    "records": Scene("records", "erp.orders"),
    "story": Scene("story", "order SO-00000008"),
    "rollout": Scene("rollout"),
    "stage": Scene("rollout", keys=("G", "enter", "G")),
    "runs": Scene("rollout", keys=("H",), shots=FEW),
    "back": Scene("rollout", keys=("G", "k", "b"), shots=FEW),
    "metrics": Scene("metrics"),
    "audit": Scene("audit"),
    "help": Scene("records", "erp.orders", ("question_mark",), shots=FEW),
    "palette": Scene("modules", keys=("ctrl+p",), shots=FEW),
    "command": Scene("overview", keys=("colon", "e"), shots=FEW),
    "settings": Scene("modules", keys=("g", "j", "j", "c"), shots=FEW),
    "form": Scene("records", "erp.orders", ("n",), shots=FEW),
    "confirm": Scene("modules", keys=("G", "k", "d"), shots=FEW),
    "log": Scene("flows", keys=("p", "p", "at"), shots=FEW),
}
"""A new screen joins by a line."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The demo's shop on its evening, with a tea room inside in which one pot could not be charged."""
    site = tmp_path_factory.mktemp("site")
    with dummies(site) as strangers, evening(SMALL[0], ORDERS):
        strangers.install(TEA, TILL)
        with Kernel.open(URL) as kernel:
            kernel.perform("fenbu.module.enable", {"modules": ["tea", "till"]})
            kernel.perform("till.price.set", {"leaf": "keemun"})
            kernel.perform("tea.pot.brew", {"pot": "P-1"})
            kernel.perform("tea.pot.brew", {"pot": "P-2", "leaf": "lapsang"})
            kernel.drain("P-1")
            kernel.drain("P-2")
        yield Path.cwd()


@pytest.fixture
def here(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in a copy of the shop, whose clock stands too."""
    folder = shutil.copytree(shop, tmp_path / "shop")
    monkeypatch.setattr(shell, "datetime", _Clock)
    with contextlib.chdir(folder):
        yield
    i18n.use("en")


class _Clock:
    """Stands in for `datetime` where acts are written down."""

    @staticmethod
    def now() -> object:
        """Return the evening."""
        return EVENING


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.usefixtures("here")
def test_a_screen_is_drawn_as_it_was_looked_at(name: str, snapshots: Snapshots) -> None:
    asyncio.run(_look(name, SCENES[name], snapshots))


async def _look(name: str, scene: Scene, snapshots: Snapshots) -> None:
    place = Place(scene.screen, scene.subject)
    app = FenbuApp(EngineWorld(URL), place)
    async with app.run_test(size=scene.shots[0][0]) as pilot:
        await settle(app, pilot)
        for size, language in scene.shots:
            if language != i18n.language():
                await _press(app, pilot, "L")
            await pilot.resize_terminal(*size)
            await _press(app, pilot, *scene.keys)
            await settle(app, pilot)
            snapshots.hold(_named(name, size, language), drawn(app))
            if scene.keys:
                app.go(place)
                app.clear_notifications()
                await settle(app, pilot)


async def _press(app: FenbuApp, pilot: Pilot[None], *keys: str) -> None:
    """Press keys, and wait after each until what it set going is there."""
    for key in keys:
        await pilot.press(key)
        await settle(app, pilot)


def _named(scene: str, size: tuple[int, int], language: str) -> str:
    return f"{scene}-{size[0]}x{size[1]}-{language}"


def test_every_screen_has_its_snapshots() -> None:
    assert {scene.screen for scene in SCENES.values()} == {one.name for one in SCREENS}


def test_no_snapshot_is_of_something_that_is_gone() -> None:
    wanted = {f"{_named(name, *shot)}.txt" for name, scene in SCENES.items() for shot in scene.shots}
    assert {file.name for file in FOLDER.iterdir()} == wanted
