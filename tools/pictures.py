"""Take the pictures of the terminal UI that the pages show: `python -m tools.pictures` (`make pictures`).

They show the demo's shop on a known evening (`tools.evening`), tell nothing of the machine, and are the same at every
run. ``--size 80x24 --language zh_CN --to FOLDER`` takes other ones, to be looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
from collections.abc import Sequence
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Footer
from textual.worker import WorkerCancelled

from fenbu import i18n
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.places import Place
from fenbu_tui.screens.live import LiveScreen
from tools.constraints import ROOT
from tools.evening import URL, evening

PICTURES = ROOT / "docs" / "pictures"
SIZE = (140, 40)
ORDERS = 60
MOVES = {"modules": ("j", "j")}
"""Keys that are pressed before a picture is taken, by its name."""
CALM = 2
"""Turns in which nothing happens, until a screen is taken to stand."""
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_MADE_BY = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_FAMILY = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"


def places(order: str) -> dict[str, Place]:
    """Return what each picture shows, by its name."""
    return {
        "overview": Place("overview"),
        "modules": Place("modules"),
        "flows": Place("flows"),
        "deliveries": Place("deliveries"),
        "records": Place("records", "erp.orders"),
        "story": Place("story", f"order {order}"),
    }


def take(folder: Path, size: tuple[int, int] = SIZE, language: str = "en") -> list[Path]:
    """Build the shop, and write a picture of each screen into a folder; return the files."""
    with evening(size[0], ORDERS) as order:
        i18n.use(language)
        written = []
        for name, place in places(order).items():
            file = folder / f"{name}.svg"
            file.write_text(asyncio.run(_picture(place, MOVES.get(name, ()), size)), encoding="utf-8")
            written.append(file)
        return written


async def _picture(place: Place, moves: Sequence[str], size: tuple[int, int]) -> str:
    app = FenbuApp(EngineWorld(URL), place)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await pilot.press(*moves)
        await settle(app, pilot)
        return plain(app.export_screenshot(title="fenbu tui"))


def plain(picture: str) -> str:
    """Return a picture that names no host and fetches no font, and whose texts keep their first spaces everywhere."""
    picture = _MADE_BY.sub("", _FONTS.sub("", picture))
    picture = picture.replace("font-family: Fira Code, monospace", f"font-family: {_FAMILY}")
    picture = picture.replace("<svg ", '<svg xml:space="preserve" ', 1)
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


async def settle(app: FenbuApp, pilot: Pilot[None]) -> None:
    """Wait until all that was asked is answered and on the screen."""
    calm = 0
    while calm < CALM:
        if reading := [worker for worker in app.workers if worker.group != "listen"]:
            with contextlib.suppress(WorkerCancelled):  # its screen was made anew, and asks again
                await app.workers.wait_for_complete(reading)
        await pilot.pause()
        calm = 0 if _busy(app) else calm + 1


def _busy(app: FenbuApp) -> bool:
    """Say whether something is being read, or a line of keys being written."""
    if any(worker.group != "listen" for worker in app.workers):
        return True
    if any(isinstance(screen, LiveScreen) and screen.reading for screen in app.screen_stack):
        return True
    return any(not footer.children for footer in app.screen.query(Footer))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pictures; name them."""
    parser = argparse.ArgumentParser(
        "python -m tools.pictures", description="Take pictures of the terminal UI."
    )
    parser.add_argument("--size", default="{}x{}".format(*SIZE), help="columns and lines, 80x24 for one")
    parser.add_argument("--language", default="en")
    parser.add_argument("--to", type=Path, default=PICTURES, help="a folder; docs/pictures unless given")
    given = parser.parse_args(arguments)
    folder = given.to.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    columns, _x, lines = given.size.partition("x")
    for file in take(folder, (int(columns), int(lines)), given.language):
        print(file)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
