"""Order to cash over four modules, beside the same writes through the raw driver, in the same run.

An order of three lines is placed, its pieces reserved, its money authorised (a sandbox in this process), the goods
released and dispatched, the money captured, invoice and postings written and matched, all of it on the customer's
timeline. It is measured with a worker that delivers what 200 orders have left, and one order at a time, behind
histories of several lengths. A history is grown by such orders on SQLite, from one length to the next, more of them at
once and without waiting for the disk, and carried to PostgreSQL; each thing is measured on a copy.

The floor is what the database alone would cost: the statements that were sent, recorded and sent again by `sqlite3`
or `psycopg` to a copy of the database as it stood, with the same commits; *writes* are those without the reads. It
computes, checks, locks and decides nothing. Those of orders placed one at a time are a floor with *a commit a step*.
CPU is of this process; on a busy machine it says more than the clock.
What the database itself does for an order is counted too, SQLite in instructions and PostgreSQL in blocks that it
looks at: whether that stays the same behind a long history, no noise can hide.

Run: ``python -m benchmarks.bench_order_to_cash [--orders 200] [--history 0,1000,10000] [--only sqlite] [--table]``.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import text

from benchmarks import floor, readers, steps
from benchmarks.carrying import carry
from benchmarks.machine import timing
from benchmarks.reporting import Line, Option, command, numbers
from benchmarks.servers import found, kind, not_waiting, servers, vacuumed
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.counting import untimed
from fenbu.testing.databases import DatabaseServer, SqliteServer
from fenbu.testing.enterprises import OWNER, furnish

MODULES = ("erp", "payments", "scm", "crm")
ITEMS, CUSTOMERS, LINES = 50, 20, 3
COUNTED = 20
"""Orders of which the Python calls are counted; counting makes them several times slower."""
AT_ONCE, GROWN_AT_ONCE = 200, 1000
HOUR = 3600.0
TABLE = "Order to cash, three lines an order"
REACH = "0.33 of raw with a commit a step, 120 statements, 16 commits"
"""What an order in batches is to reach: this share of the raw writes, at most so many statements and commits."""


class Shop:
    """An enterprise with four modules and enough of everything; the same seed buys the same."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self._chance = kernel, random.Random(1)

    def furnish(self, bank: Path) -> None:
        """Enable the modules, enter what is sold to whom, and live through the first three orders."""
        gateways = [
            {"name": "manual", "kind": "manual"},
            {"name": "card", "kind": "sandbox", "file": str(bank)},
        ]
        settings: dict[str, dict[str, Any]] = {
            "payments": {"gateways": gateways, "gateway": "card"},
            "scm": {"dispatch": "auto"},
        }
        furnish(self.kernel, MODULES, settings)
        items, people = [f"I{n}" for n in range(ITEMS)], [f"C{n}" for n in range(CUSTOMERS)]
        accounts = [{"account": one, "name": one, "kind": "person"} for one in people]
        stock = [{"item": one, "quantity": 1_000_000, "unit_cost": "1.50"} for one in items]
        self.kernel.perform("erp.item.register", {"items": [{"item": one} for one in items]})
        self.kernel.perform("erp.account.register", {"accounts": accounts})
        self.kernel.perform("scm.receipt.post", {"lines": stock, "source": "opening"})
        self.kernel.drain()
        self.trade(3)

    def place(self) -> None:
        lines = [
            {"item": f"I{item}", "quantity": self._chance.randint(1, 5), "unit_price": "9.99"}
            for item in self._chance.sample(range(ITEMS), LINES)
        ]
        account = f"C{self._chance.randrange(CUSTOMERS)}"
        self.kernel.perform("erp.order.place", {"account": account, "lines": lines})

    def trade(self, orders: int, at_once: int = AT_ONCE) -> None:
        """Place orders and deliver all that follows, so many before each delivery."""
        for first in range(0, orders, at_once):
            for _order in range(min(at_once, orders - first)):
                self.place()
            self.kernel.drain(timeout=HOUR)

    def closed(self) -> int:
        with self.kernel.database.read() as connection:
            return int(
                connection.execute(text("SELECT count(*) FROM erp_order WHERE state = 'closed'")).scalar_one()
            )


@contextmanager
def counted_calls() -> Iterator[list[int]]:
    """Count the Python functions that the body calls, in all threads that it starts."""
    calls = [0]

    def count(_frame: FrameType, what: str, _told: Any) -> None:
        if what == "call":
            calls[0] += 1

    threading.setprofile(count)
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def measure(told: argparse.Namespace) -> Iterator[Line]:
    """Yield two lines for each length of history and database: orders one at a time, and in batches."""
    with servers(told.only) as here, tempfile.TemporaryDirectory() as folder:
        bank, lite = Path(folder) / "bank.db", SqliteServer(Path(folder))
        lived, done, first = founded(lite, bank), 0, dict[tuple[str, str], dict[str, Any]]()
        for history in sorted(told.history):
            grow(lived, bank, history - done)
            done = history
            for server in here:
                url = behind(server, lived, bank)
                for way, found in ways(server, url, bank, told):
                    before = first.setdefault((kind(url), way), dict(found))
                    for title in ("orders/s", steps.UNIT[kind(url)]):
                        found[f"{title} to the first"] = found[title] / before[title]
                    yield Line(TABLE, {"database": kind(url), "orders": way, "history": history} | found)
                server.drop(url)


def ways(
    server: DatabaseServer, url: str, bank: Path, told: argparse.Namespace
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what an order costs when it is alone, and in batches; the first is the floor with a commit a step."""
    a_commit_a_step = 0.0
    for way, many, at_once in (("one alone", told.alone, 1), ("in batches", told.orders, AT_ONCE)):
        found = beside_raw(server, url, bank, many, at_once)
        a_commit_a_step = a_commit_a_step or found["raw writes, orders/s"]
        found["share of raw, a commit a step"] = found["orders/s"] / a_commit_a_step
        if at_once > 1:
            found["reach"] = REACH
        yield way, found


def behind(server: DatabaseServer, lived: str, bank: Path) -> str:
    """Return the URL of a shop of this kind that has what a shop on SQLite has lived through behind it."""
    if isinstance(server, SqliteServer):
        return server.clone(lived)
    url = founded(server, bank)
    carry(lived, url)
    vacuumed(url)
    with Kernel.open(url, actor=OWNER, clock=Clock()) as kernel:
        if wrong := readers.complaints(kernel):
            raise RuntimeError(f"a history did not arrive whole: {wrong}")
    return url


def founded(server: DatabaseServer, bank: Path) -> str:
    """Return the URL of a furnished shop that has lived through its first orders."""
    url = server.create()
    forget(bank)
    with found(url, clock=Clock()) as kernel:
        Shop(kernel).furnish(bank)
    return url


def grow(url: str, bank: Path, orders: int) -> None:
    """Let a shop on SQLite live through so many orders."""
    with not_waiting(), untimed(), opened(url, bank) as shop:
        shop.trade(orders, GROWN_AT_ONCE)


def beside_raw(server: DatabaseServer, grown: str, bank: Path, orders: int, at_once: int) -> dict[str, Any]:
    """Return what so many orders cost, each way of running them on a copy of its own."""
    measured, recorded_on, everything, writes = (server.clone(grown) for _copy in range(4))
    with opened(measured, bank) as shop:
        found = spent(shop, measured, orders, at_once)
    with opened(recorded_on, bank) as shop, untimed(), floor.recorded() as told:
        shop.trade(orders, at_once)
    found["rows"] = sum(told.rows) / orders
    raw = floor.replay(everything, told, floor.anything)
    found["raw statements, orders/s"] = orders / raw.own
    raw = floor.replay(writes, told)
    found["raw writes, orders/s"] = orders / raw.own
    found |= found.pop("took").share_of(raw)
    found[steps.UNIT[kind(grown)]] = done_by_database(server, grown, bank, min(COUNTED, orders), at_once)
    for url in (measured, recorded_on, everything, writes):
        server.drop(url)
    return found


def done_by_database(server: DatabaseServer, grown: str, bank: Path, orders: int, at_once: int) -> int:
    """Return what the database does for an order: twice as many beside so many, so that opening does not count."""
    done = []
    for rounds in (1, 2):
        url = server.clone(grown)
        with steps.counted(url) as counted, untimed(), opened(url, bank) as shop:
            shop.trade(rounds * orders, min(at_once, orders))
        done.append(counted.count)
        server.drop(url)
    return round((done[1] - done[0]) / orders)


@contextmanager
def opened(url: str, bank: Path) -> Iterator[Shop]:
    """Open a copy, and the bank anew: it would know the payments of another copy by the same numbers."""
    forget(bank)
    with Kernel.open(url, actor=OWNER, clock=Clock()) as kernel:
        yield Shop(kernel)


def forget(bank: Path) -> None:
    """Remove the bank's record with its side files: a log without its database is an error of the disk."""
    for file in bank.parent.glob(f"{bank.name}*"):
        file.unlink()


def spent(shop: Shop, url: str, orders: int, at_once: int) -> dict[str, Any]:
    """Return what so many orders cost, the first three left out."""
    shop.trade(3, at_once)
    statistics, before = shop.kernel.database.statistics.copy(), shop.closed()
    with untimed(), timing(url) as took:
        shop.trade(orders, at_once)
    asked = shop.kernel.database.statistics.since(statistics)
    if shop.closed() - before != orders:
        raise RuntimeError("an order did not come to its end")
    few = min(COUNTED, orders)
    with untimed(), counted_calls() as calls:
        shop.trade(few, at_once)
    return {
        "took": took,
        **took.pace("orders", orders),
        "cpu ms": took.cpu / orders * 1000,
        "statements": asked.statements / orders,
        "commits": asked.commits / orders,
        "python calls": round(calls[0] / few),
    }


if __name__ == "__main__":
    command(
        __doc__,
        measure,
        Option("orders", AT_ONCE, 20, "orders measured in batches"),
        Option("alone", 30, 5, "orders placed and delivered one at a time"),
        Option("history", [0, 1_000, 10_000], [0, 50], "orders before those measured, by commas", numbers),
    )
