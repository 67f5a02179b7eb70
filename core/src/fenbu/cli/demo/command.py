"""The command: prepares the folder, lets the shop grow and trade, shows what it came to."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from fenbu.cli import exits
from fenbu.cli.base import command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.cli.demo.clock import Clock
    from fenbu.cli.demo.growth import Lived
    from fenbu.cli.demo.shop import Shop
    from fenbu.cli.demo.stages import Stage
    from fenbu.cli.demo.trade import Trade
    from fenbu.engine.kernel import Kernel

HELP = N_("""An enterprise that grows one module at a time, in a fresh folder, under a minute.

A tea shop is founded and trades for three months: first with ERP and CRM, then payments is enabled, then the supply
chain and human resources, while orders go on. Cards are declined, goods run short, customers ask, people are paid: all
through the same actions that you have. It ends with the books, and commands to go on with.""")
ORDERS = 200
FILE = "fenbu.db"
NEEDED = "erp"
"""Without it there is nothing to show."""


@command("demo", help=HELP)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help=N_("Where the enterprise is to lie; a new temporary folder unless given."),
)
@click.option(
    "--keep/--remove", default=True, help=N_("Keep the folder afterwards (as is usual), or remove it.")
)
@click.option(
    "--orders",
    type=click.IntRange(1, 100_000),
    default=ORDERS,
    show_default=True,
    help=N_("How many orders."),
)
@click.option("--seed", type=int, default=1, show_default=True, help=N_("The same seed makes the same shop."))
def demo(session: Session, *, folder: Path | None, keep: bool, orders: int, seed: int) -> int:
    """Make the enterprise, let it trade, show it."""
    from fenbu.cli.demo import shop, story, telling
    from fenbu.cli.demo.clock import Clock
    from fenbu.cli.demo.done import Done

    started = time.monotonic()
    stages, skipped = _stages()
    place = _fresh(folder).absolute()
    made = shop.make(seed, orders, datetime.now(UTC).astimezone(ZoneInfo(shop.TIME_ZONE)).date())
    clock = Clock(made.opening)
    try:
        with _found(session, place, clock) as kernel:
            trade, lived = _grow(session, kernel, clock, place, made, stages)
            telling.skipped(session, skipped)
            done = Done(place, seed, made, trade, lived, skipped, time.monotonic() - started)
            healthy = story.show(session, kernel, done, keep=keep)
    finally:
        if not keep:
            shutil.rmtree(place, ignore_errors=True)
    return exits.DONE if healthy else exits.FAILED


def _fresh(folder: Path | None) -> Path:
    """Return an empty folder.

    Raises:
        BadFile: Something lies in the one that was named.
    """
    from fenbu.errors import BadFile

    if folder is None:
        return Path(tempfile.mkdtemp(prefix="fenbu-demo-"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise BadFile(
                str(folder), _("the folder is not empty"), way_out=_("name a new one with --folder")
            )
    except OSError as error:
        raise BadFile(str(folder), error.strerror or str(error)) from None
    return folder


def _found(session: Session, place: Path, clock: Clock) -> Kernel:
    """Make the enterprise, saying so."""
    from fenbu.cli import location
    from fenbu.cli.demo import shop, telling
    from fenbu.engine.kernel import Kernel

    telling.begin(session)
    kernel = Kernel.init(
        f"sqlite:///{place / FILE}",
        name=shop.NAME,
        currency=shop.CURRENCY,
        time_zone=shop.TIME_ZONE,
        clock=clock,
    )
    location.write(place, FILE)
    telling.founded(session, kernel)
    return kernel


def _grow(
    session: Session, kernel: Kernel, clock: Clock, place: Path, made: Shop, stages: Sequence[Stage]
) -> tuple[Trade, list[Lived]]:
    """Let the shop grow and trade through its stages, and the present come again."""
    from fenbu.cli.demo import telling
    from fenbu.cli.demo.growth import Growth
    from fenbu.cli.demo.trade import Trade

    worker = kernel.worker()
    trade = Trade(kernel, worker, clock, made)
    growth = Growth(kernel, trade, place)
    for number, (stage, season) in enumerate(zip(stages, made.seasons(len(stages)), strict=True), 1):
        telling.announce(session, stage, number, len(stages))
        with session.out.progress(_(stage.name), len(made.stories_of(season))) as shown:
            lived = growth.live(stage, season, shown.at)
        telling.tell(session, kernel, lived)
    worker.close()
    clock.let_go()
    kernel.seal_audit()
    return trade, growth.lived


def _stages() -> tuple[list[Stage], list[str]]:
    """Return the stages that can be lived here, and the modules that are not installed.

    Raises:
        ModuleMissing: Without the first there is nothing to show.
    """
    from fenbu.cli.demo.stages import STAGES, runnable
    from fenbu.cli.errors import ModuleMissing
    from fenbu.engine.catalog.discovery import discover

    here, missing = runnable(STAGES, discover().modules)
    if NEEDED in missing:
        raise ModuleMissing(_("the demo"), NEEDED)
    return here, missing
