"""Deliveries a second with a trivial handler, beside the same rows through the raw driver, in the same run.

One worker in one thread. The handler writes one row: once as a function that the flows call (what the flows alone
cost), once as a module's handler, which is given its event decoded and a work of its own. A subscription that says
what a batch locks is delivered fifty to a transaction on both databases; any other one by one on PostgreSQL.

The floor inserts the effect, deletes the delivery, writes what the screens show and the count, as many to a
transaction; it checks and decides nothing. Then a worker in a process of its own delivers for some seconds while very
many wait: what is asked there is whether it slows down and how much memory it takes. At last, publishing, beside the
same statements sent again by the raw driver. CPU is of this process alone; on a busy machine it says more than the
clock.

Run: ``python -m benchmarks.bench_flows [--events 20000] [--backlog 1000000] [--only sqlite|postgresql] [--table]``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, text

from benchmarks import floor, readers
from benchmarks.machine import Took, apart, timing
from benchmarks.reporting import Line, Option, command
from benchmarks.servers import kind, servers
from fenbu.engine.flows.log import PARTITIONS
from fenbu.engine.flows.pending import Pending
from fenbu.engine.flows.records import BoundSubscription, Received
from fenbu.engine.flows.worker import Worker
from fenbu.engine.kernel import Kernel
from fenbu.engine.store import catalogue
from fenbu.testing.counting import untimed
from fenbu.testing.databases import DatabaseServer, PostgresServer
from fenbu.testing.enterprises import OWNER

BATCH = 50
A_TRANSACTION = 20
"""Events published in one transaction, so that publishing is not measured by its commits."""
REACH = {"sqlite": 5_000, "postgresql": 2_000}
"""What delivering with a trivial handler is to reach, a second."""
MEMORY = 300
"""Below how many MB a worker is to stay while a million deliveries wait."""
WORKED = 5.0
"""How long it works at them, seconds."""
PATIENCE = 3600.0

DELIVERING = "Delivering with a trivial handler, one worker"
BEHIND = "Delivering while very many wait behind, a worker in a process of its own"
PUBLISHING = f"Publishing, {A_TRANSACTION} events a transaction"


def measure(told: argparse.Namespace) -> Iterator[Line]:
    """Yield lines for each kind of database; each thing is measured on a copy of its own."""
    with readers.installed(), servers(told.only) as here:
        for server in here:
            yield from delivering(server, told.events, batches=True)
            if isinstance(server, PostgresServer):
                yield from delivering(server, told.events, batches=False)
            yield behind(server, told.backlog)
            yield publishing(server, told.events)


# --- delivering -------------------------------------------------------------------------------------------


def delivering(server: DatabaseServer, events: int, batches: bool) -> Iterator[Line]:
    """Yield what the flows alone deliver, and with a module's handler, beside their floor."""
    module = "clerk" if batches else "single"
    urls = [waiting(server, module, events) for _copy in range(3)]
    size = BATCH if batches else 1
    raw = least(urls[0], module, size)
    for handler, url in (("a function", urls[1]), ("a module's", urls[2])):
        with Kernel.open(url, actor=OWNER) as kernel:
            worker = kernel.worker() if handler == "a module's" else alone(kernel, module, batches)
            with untimed():
                done, took = drained(worker, url)
            if done != events or (wrong := readers.complaints(kernel)):
                raise RuntimeError(f"{done} of {events} were delivered; {wrong}")
        yield Line(
            DELIVERING,
            {
                "database": kind(url),
                "handler": handler,
                "a transaction": size,
                **took.pace("deliveries", done),
                "cpu µs each": took.cpu / done * 1e6,
                "raw driver/s": done / raw.own,
                **took.share_of(raw),
                "reach/s": REACH[kind(url)],
            },
        )
    for url in urls:
        server.drop(url)


def waiting(server: DatabaseServer, module: str, events: int) -> str:
    """Return the URL of an enterprise in which so many deliveries wait for a module; built once, then copied."""

    def build(url: str) -> None:
        readers.found(url, module)
        with Kernel.open(url, actor=OWNER) as kernel:
            readers.fill(kernel.database, events)

    return server.copy(f"{events} wait for {module}", build)


def alone(kernel: Kernel, module: str, batches: bool) -> Worker:
    """Return a worker that calls a function for each event, without the kernel's works and decoding."""
    effect = text(readers.effect(module).replace("?", ":label"))

    def handle(pending: Pending, received: Received) -> None:
        pending.connection.execute(effect, {"label": received.key})

    one = BoundSubscription(
        name=f"{module}.orders",
        module=module,
        topics={readers.TOPIC: 1},
        handle=handle,
        locks=(lambda _pending, _batch: None) if batches else None,
    )
    known = (one,)
    return Worker(kernel.database, lambda: known, before=_before)


def drained(worker: Worker, url: str, seconds: float | None = None) -> tuple[int, Took]:
    """Deliver all that waits, or for some seconds; return how many, and what it took."""
    with timing(url) as took:
        done = worker.drain(timeout=PATIENCE if seconds is None else seconds).done
    worker.close()
    return done, took


def least(url: str, module: str, size: int) -> Took:
    """Deliver all that waits for a module by the raw driver; return what it took."""
    with Kernel.open(url, actor=OWNER) as kernel, kernel.database.read() as connection:
        subscription = readers.subscription(connection, module)
    with floor.driver(url) as connection:
        raw = floor.Deliveries(connection, url, subscription, readers.effect(module))
        with timing(url) as took:
            for partition in range(PARTITIONS[kind(url)]):
                while raw.deliver(partition, size):
                    pass
    return took


def _before(connection: Connection) -> None:
    catalogue.lock_shared(connection)


# --- with very many waiting -------------------------------------------------------------------------------


def behind(server: DatabaseServer, events: int) -> Line:
    """Return what a worker delivers and how much memory it takes while very many wait, and while none does."""
    url, empty = waiting(server, "clerk", events), waiting(server, "clerk", 1)
    few, many = apart(worked, empty), apart(worked, url)
    cells: dict[str, Any] = {"database": kind(url), "waiting": events}
    cells |= {title: many[title] for title in ("deliveries/s", "by the clock", "cpu µs each", "peak MB")}
    cells |= {"with one waiting MB": few["peak MB"], "reach MB": MEMORY}
    for one in (url, empty):
        server.drop(one)
    return Line(BEHIND, cells)


def worked(url: str) -> dict[str, Any]:
    """Deliver for some seconds."""
    with Kernel.open(url, actor=OWNER) as kernel:
        done, took = drained(kernel.worker(), url, WORKED)
    return {**took.pace("deliveries", done), "cpu µs each": took.cpu / done * 1e6}


# --- publishing -------------------------------------------------------------------------------------------


def publishing(server: DatabaseServer, events: int) -> Line:
    """Return what publishing costs, with one subscription that wants each event."""
    plain, told_on, again = (waiting(server, "clerk", 1) for _copy in range(3))
    took = published(plain, events)
    with floor.recorded() as told:
        published(told_on, events)
    raw = floor.replay(again, told)
    for url in (plain, told_on, again):
        server.drop(url)
    return Line(
        PUBLISHING,
        {
            "database": kind(plain),
            **took.pace("events", events),
            "cpu µs each": took.cpu / events * 1e6,
            "statements each": len(told.statements) / events,
            "raw driver/s": events / raw.own,
            **took.share_of(raw),
        },
    )


def published(url: str, events: int) -> Took:
    """Ring up orders by an action of the till; return what it took."""
    with Kernel.open(url, actor=OWNER) as kernel, timing(url) as took:
        for first in range(0, events, A_TRANSACTION):
            orders = [f"O{number % readers.KEYS}" for number in range(first, first + A_TRANSACTION)]
            kernel.perform("till.orders.ring", {"orders": orders, "note": readers.NOTE})
    return took


if __name__ == "__main__":
    command(
        __doc__,
        measure,
        Option("events", 20_000, 2_000, "events delivered, and published"),
        Option("backlog", 1_000_000, 50_000, "events that wait where very many do"),
    )
