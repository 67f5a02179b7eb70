"""Take the pictures of the terminal UI that the pages show: `python -m tools.pictures` (`make pictures`).

The demo's shop trades under a clock that ends on a known evening, in a folder that is thrown away, as the user ``ada``:
so the pictures tell nothing of the machine, and are the same at every run but for the order of what happens at one
moment, where a call and a delivery overtake each other. Durations never are the same, and are told as 0 ms.
``--size 80x24 --language zh_CN --to FOLDER`` takes other ones, to be looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

from textual.pilot import Pilot
from textual.widgets import Footer

from fenbu import i18n
from fenbu.cli.demo import shop
from fenbu.cli.demo.clock import Clock
from fenbu.cli.demo.growth import Growth
from fenbu.cli.demo.stages import STAGES
from fenbu.cli.demo.story import most_told
from fenbu.cli.demo.trade import Trade
from fenbu.cli.running import run
from fenbu.engine.flows import batch
from fenbu.engine.kernel import Kernel
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.places import Place
from tools.constraints import ROOT
from tools.tour import terminal

PICTURES = ROOT / "docs" / "pictures"
SIZE = (140, 40)
ORDERS = 60
EVENING = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
URL = "sqlite:///fenbu.db"
LAST = ((26, "ASM-100"), (24, "TIN-01"), (21, "FIL-01"), (17, "KEE-100"), (16, "CUP-06"), (12, "LSS-100"),
        (9, "TIN-01"), (7, "PUE-050"), (4, "WHI-01"), (3, "DHP-100"), (1, "GAI-01"))  # fmt: skip
"""Minutes before the evening, and what somebody orders then; the last order is not delivered yet."""
BUYER = "P-031"
PLAN = """\
name = "harbour-tea"
version = 1
title = "From orders on paper to one back office"
sponsor = "Managing director"
owner = "Head of operations"
kernel = ">=1,<2"

[modules.erp]
[modules.crm]
[modules.payments]
[modules.scm]
[modules.hrm]
[modules.online_retail]

[[stages]]
name = "information"
goal = "Orders, invoices and customers stand in one place"
title = "Information flow"
modules = ["erp", "crm"]

[[stages]]
name = "capital"
goal = "Orders are paid before they leave"
title = "Capital flow"
modules = ["payments"]

[[stages]]
name = "goods"
goal = "Stock is what the books say"
title = "Goods flow and collaboration"
modules = ["scm", "hrm"]

[[stages.after]]
check = "erp.ledger_balanced"

[[stages.after]]
metric = "erp.orders_today"
must_be = ">= 1"
window = "2 weeks"
samples = 10

[[stages]]
name = "channels"
goal = "Orders come from the web by themselves"
title = "A second shop on the web"
modules = ["online_retail"]
"""
STAGES_APPLIED = 3
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
_MADE_BY = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_FAMILY = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"


class _Still:
    """Stands in for `time` where deliveries are measured."""

    def perf_counter(self) -> float:
        """Return the same seconds at every reading."""
        return 0.0


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
    with terminal(size[0]) as now:
        os.environ.pop("NO_COLOR", None)
        now.set(EVENING - timedelta(hours=1))
        with patch.object(batch, "time", _Still()):
            order = _traded()
        now.set(EVENING)
        i18n.use(language)
        written = []
        for name, place in places(order).items():
            file = folder / f"{name}.svg"
            file.write_text(asyncio.run(_picture(place, size)), encoding="utf-8")
            written.append(file)
        return written


def _traded() -> str:
    """Let the shop grow and trade until this evening; return the order to which most has happened."""
    made = shop.make(1, ORDERS, EVENING.astimezone(ZoneInfo(shop.TIME_ZONE)).date())
    clock = Clock(made.opening)
    with Kernel.init(
        URL, name=shop.NAME, currency=shop.CURRENCY, time_zone=shop.TIME_ZONE, clock=clock
    ) as kernel:
        worker = kernel.worker()
        trade = Trade(kernel, worker, clock, made)
        growth = Growth(kernel, trade, Path())
        for stage, season in zip(STAGES, made.seasons(len(STAGES)), strict=True):
            growth.live(stage, season, lambda _done: None)
        order = most_told(kernel)
        _roll_out()
        lines = [
            {"item": item, "quantity": 6, "unit_cost": "3.00"}
            for item in sorted({item for _minutes, item in LAST})
        ]
        trade.do("scm.receipt.post", lines=lines, supplier="Pier Trading", reference="1204")
        for minutes, item in LAST:
            trade.deliver()
            clock.go_to(EVENING - timedelta(minutes=minutes))
            trade.do("erp.order.place", lines=[{"item": item, "quantity": 1}], channel="web", account=BUYER)
        worker.close()
        kernel.seal_audit()
        return order


def _roll_out() -> None:
    """Say which plan the shop has followed."""
    Path("rollout.toml").write_text(PLAN, encoding="utf-8")
    for _stage in range(STAGES_APPLIED):
        with io.StringIO() as told, contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            if run(["--database", URL, "apply", "-y", "rollout.toml"]):
                raise SystemExit(told.getvalue())


async def _picture(place: Place, size: tuple[int, int]) -> str:
    app = FenbuApp(EngineWorld(URL), place)
    async with app.run_test(size=size) as pilot:
        await _settle(app, pilot)
        return plain(app.export_screenshot(title="fenbu tui"))


def plain(picture: str) -> str:
    """Return a picture that names no host and fetches no font, and whose texts keep their first spaces everywhere."""
    picture = _MADE_BY.sub("", _FONTS.sub("", picture))
    picture = picture.replace("font-family: Fira Code, monospace", f"font-family: {_FAMILY}")
    picture = picture.replace("<svg ", '<svg xml:space="preserve" ', 1)
    return "\n".join(line.rstrip() for line in picture.splitlines()) + "\n"


async def _settle(app: FenbuApp, pilot: Pilot[None]) -> None:
    """Wait until what was being read is on the screen."""
    await pilot.pause()
    while reading := [worker for worker in app.workers if worker.group != "listen"]:
        await app.workers.wait_for_complete(reading)
        await pilot.pause()
    while not (footer := app.screen.query_one(Footer)).children or not footer.is_attached:
        await pilot.pause()
    await pilot.pause()


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
