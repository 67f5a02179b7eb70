"""The command: prepares the folder, lets the shop trade, shows what it came to."""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click
from attrs import define

from fenbu.cli import exits
from fenbu.cli.base import command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.cli.demo.shop import Shop
    from fenbu.cli.demo.trade import Clock, Trade
    from fenbu.engine.kernel import Kernel

HELP = N_("""An enterprise from its first order to its ledger, in a fresh folder, under a minute.

A tea shop is founded, ERP is enabled, and three months of orders, cancellations, returns, invoices and payments
happen through the same actions that you have. It ends with the books, and commands to go on with.""")
ORDERS = 320
FILE = "fenbu.db"


@define
class Done:
    """What a demo has made."""

    folder: Path
    seed: int
    shop: Shop
    trade: Trade
    seconds: float


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
    from fenbu.cli.demo import shop, story
    from fenbu.cli.demo.trade import Clock

    place = _fresh(folder)
    made = shop.make(seed, orders, datetime.now(UTC).astimezone(ZoneInfo(shop.TIME_ZONE)).date())
    clock = Clock(made.opening)
    try:
        with _found(session, place, clock) as kernel:
            done = _trade(session, kernel, clock, place, made, seed)
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
    """Make the enterprise and switch ERP on, saying so."""
    from fenbu.cli import location
    from fenbu.cli.demo import shop, story
    from fenbu.engine.kernel import Kernel

    story.begin(session)
    url = f"sqlite:///{place.absolute() / FILE}"
    kernel = Kernel.init(url, name=shop.NAME, currency=shop.CURRENCY, time_zone=shop.TIME_ZONE, clock=clock)
    location.write(place, FILE)
    story.step(
        session,
        "fenbu init",
        _("{name}: books in {currency}, days in {zone}").format(
            name=shop.NAME, currency=shop.CURRENCY, zone=shop.TIME_ZONE
        ),
    )
    kernel.perform("fenbu.module.enable", {"modules": ["erp"]})
    story.step(session, "fenbu enable erp", _("items, accounts, orders, invoices, the ledger"))
    return kernel


def _trade(session: Session, kernel: Kernel, clock: Clock, place: Path, made: Shop, seed: int) -> Done:
    """Let three months happen, and the present come again."""
    from fenbu.cli.demo import story
    from fenbu.cli.demo.trade import Trade

    started = time.monotonic()
    worker = kernel.worker()
    trade = Trade(kernel, worker, clock, made)
    trade.prepare()
    story.step(
        session,
        "fenbu do",
        _("{items} items with prices, {customers} customers, taxes").format(
            items=len(made.items), customers=len(made.customers)
        ),
    )
    with session.out.progress(_("three months of trade"), len(made.stories)) as shown:
        trade.run(shown.at)
    worker.close()
    clock.let_go()
    kernel.seal_audit()
    done = Done(place, seed, made, trade, time.monotonic() - started)
    story.step(
        session,
        "fenbu do, worker",
        _("{orders} orders from {first} to {last}, in {seconds:.0f} s").format(
            orders=len(trade.orders), first=made.first_day, last=made.last_day, seconds=done.seconds
        ),
    )
    return done
