"""Order to cash over four modules, beside the same writes through the raw driver, in the same run.

An order of three lines is placed, its pieces reserved, its money authorised (a sandbox in this process), the goods
released and dispatched, the money captured, invoice and postings written and matched, all of it on the customer's
timeline. It is measured with a worker that delivers what 200 orders have left, and one order at a time, behind
histories of several lengths.

The floor is what the database alone would cost: the statements that were sent, recorded and sent again by `sqlite3`
or `psycopg` to a copy of the database as it stood, with the same commits; *writes* are those without the reads. It
computes, checks, locks and decides nothing. CPU is of this process; on a busy machine it says more than the clock.

Run: ``python benchmarks/bench_order_to_cash.py [--orders 200] [--history 0,1000] [--only sqlite] [--table]``.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from attrs import field, frozen
from servers import servers
from sqlalchemy import Engine, event, text

from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.databases import DatabaseServer
from fenbu.testing.enterprises import OWNER, furnish

MODULES = ("erp", "payments", "scm", "crm")
ITEMS, CUSTOMERS, LINES = 50, 20, 3
ALONE = 30
"""Orders that are placed and delivered one at a time."""
COUNTED = 20
"""Orders of which the Python calls are counted; counting makes them several times slower."""
AT_ONCE = 200
WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")


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
            self.kernel.drain()

    def closed(self) -> int:
        with self.kernel.database.read() as connection:
            return int(
                connection.execute(text("SELECT count(*) FROM erp_order WHERE state = 'closed'")).scalar_one()
            )


@frozen
class Recording:
    """What was sent to the database, in order; ``None`` is a commit."""

    sent: list[tuple[str, Any, bool] | None] = field(factory=list)
    rows: list[int] = field(factory=list)
    """Inserted, changed or deleted, by statement, as the driver tells; PostgreSQL's may do several things at once."""


@contextmanager
def recorded() -> Iterator[Recording]:
    """Record what the body sends."""
    told = Recording()

    def sends(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        told.sent.append((statement, parameters, many))

    def sent(_conn: Any, cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().upper().startswith(WRITES):
            told.rows.append(max(0, cursor.rowcount))

    def commits(_conn: Any) -> None:
        told.sent.append(None)

    heard: Sequence[tuple[str, Callable[..., None]]] = (
        ("before_cursor_execute", sends),
        ("after_cursor_execute", sent),
        ("commit", commits),
    )
    for name, hear in heard:
        event.listen(Engine, name, hear)
    try:
        yield told
    finally:
        for name, hear in heard:
            event.remove(Engine, name, hear)


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


def replay(url: str, told: Recording, *, reads: bool) -> float:
    """Send a recording by the raw driver to a copy of where it was made; return the seconds."""
    driver: Any
    if url.startswith("sqlite"):
        import sqlite3

        driver = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        driver.execute("PRAGMA journal_mode = wal")
        driver.execute("PRAGMA synchronous = full")
        begin = "BEGIN IMMEDIATE"
    else:
        import psycopg

        driver = psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True)
        begin = "BEGIN"
    cursor, within = driver.cursor(), False
    started = time.perf_counter()
    for one in told.sent:
        if one is None:
            if within:
                cursor.execute("COMMIT")
            within = False
            continue
        statement, parameters, many = one
        if not (reads or statement.lstrip().upper().startswith(WRITES)):
            continue
        if not within:
            cursor.execute(begin)
            within = True
        (cursor.executemany if many else cursor.execute)(statement, parameters)
        if cursor.description is not None:
            cursor.fetchall()
    took = time.perf_counter() - started
    driver.close()
    return took


def measure(server: DatabaseServer, folder: Path, history: int, orders: int) -> Iterator[dict[str, Any]]:
    """Yield a line for orders in batches, and one for orders one at a time."""
    bank = folder / "bank.db"

    def build(url: str) -> None:
        told = {"name": "Bench", "currency": "GBP", "time_zone": "Europe/London"}
        with Kernel.init(url, **told, os_user=OWNER.name, clock=Clock()) as kernel:
            shop = Shop(kernel)
            shop.furnish(bank)
            shop.trade(history)

    def copy() -> str:
        return server.copy(f"history {history}", build)

    for way, many, at_once in (("in batches", orders, AT_ONCE), ("one alone", ALONE, 1)):
        measured, recorded_on, everything, writes = (copy() for _copy in range(4))
        with opened(measured, bank) as shop:
            found = spent(shop, many, at_once)
        with opened(recorded_on, bank) as shop, recorded() as told:
            shop.trade(many, at_once)
        found["rows"] = round(sum(told.rows) / many, 1)
        for name, url, reads in (("statements", everything, True), ("writes", writes, False)):
            found[f"raw {name}, orders/s"] = round(many / replay(url, told, reads=reads), 1)
        found["share of raw writes"] = round(found["orders/s"] / found["raw writes, orders/s"], 2)
        for url in (measured, recorded_on, everything, writes):
            server.drop(url)
        kind = url.partition(":")[0].partition("+")[0]
        yield {"database": kind, "orders": way, "history": history} | found


@contextmanager
def opened(url: str, bank: Path) -> Iterator[Shop]:
    """Open a copy, and the bank anew: it would know the payments of another copy by the same numbers."""
    bank.unlink(missing_ok=True)
    with Kernel.open(url, actor=OWNER, clock=Clock()) as kernel:
        yield Shop(kernel)


def spent(shop: Shop, orders: int, at_once: int) -> dict[str, Any]:
    """Return what so many orders cost, the first three left out."""
    shop.trade(3, at_once)
    statistics, before = shop.kernel.database.statistics.copy(), shop.closed()
    started, busy = time.perf_counter(), time.process_time()
    shop.trade(orders, at_once)
    took, busy = time.perf_counter() - started, time.process_time() - busy
    asked = shop.kernel.database.statistics.since(statistics)
    if shop.closed() - before != orders:
        raise RuntimeError("an order did not come to its end")
    few = min(COUNTED, orders)
    with counted_calls() as calls:
        shop.trade(few, at_once)
    return {
        "orders/s": round(orders / took, 1),
        "cpu ms": round(busy / orders * 1000, 1),
        "statements": round(asked.statements / orders, 1),
        "commits": round(asked.commits / orders, 1),
        "python calls": round(calls[0] / few),
    }


def table(lines: Sequence[dict[str, Any]]) -> str:
    """Return the lines as a table in Markdown."""
    names = list(lines[0])
    rows = [names, ["---"] * len(names), *([str(line[name]) for name in names] for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=AT_ONCE)
    parser.add_argument(
        "--history", default="0,1000", help="orders before those that are measured; several by commas"
    )
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--table", action="store_true", help="a Markdown table at the end")
    options = parser.parse_args()
    lines = []
    with servers(options.only) as here, tempfile.TemporaryDirectory() as folder:
        for server in here:
            for history in map(int, options.history.split(",")):
                for line in measure(server, Path(folder), history, options.orders):
                    print(json.dumps(line), flush=True)
                    lines.append(line)
    if options.table:
        print(table(lines))


if __name__ == "__main__":
    main()
