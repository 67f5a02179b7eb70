"""What it costs a module that comes late to read the history it missed, beside the same rows by the raw driver.

A till has rung up so many orders. A module with ``history="catch_up"`` is enabled and a worker delivers until it has
caught up, in a process of its own; its handler writes one row. The floor makes the same deliveries of the log, a
thousand a transaction, and an effect and an acknowledgement of each, fifty a transaction; it does so for a part of
the log, since its pace is the same all along. Afterwards the doctor looks at all of it.

Run: ``python -m benchmarks.bench_catching_up [--events 1000000] [--only sqlite] [--table]``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from benchmarks import floor, readers
from benchmarks.machine import Took, apart, timing
from benchmarks.reporting import Line, Option, command
from benchmarks.servers import kind, servers
from fenbu.engine.flows.log import PARTITIONS
from fenbu.engine.kernel import Kernel
from fenbu.testing.counting import untimed
from fenbu.testing.databases import DatabaseServer
from fenbu.testing.enterprises import OWNER

CHUNK, BATCH = 1000, 50
"""Deliveries made, and done, in one transaction of the floor."""
FLOOR = 100_000
"""Events of which the floor is measured."""
TABLE = "A module that comes late reads its history"
HOURS = 3600 * 6


def measure(told: argparse.Namespace) -> Iterator[Line]:
    """Yield a line for each kind of database."""
    with readers.installed(), servers(told.only) as here:
        for server in here:
            yield Line(TABLE, measured(server, told.events))


def measured(server: DatabaseServer, events: int) -> dict[str, Any]:
    """Enable the module over a log of so many events, and let the raw driver do the same to a copy."""
    url = server.create()
    readers.found(url)
    with Kernel.open(url, actor=OWNER) as kernel:
        readers.fill(kernel.database, events)
    copy = server.clone(url)
    spent = apart(caught_up, url, events)
    few = min(events, FLOOR)
    raw = least(copy, few)
    for one in (url, copy):
        server.drop(one)
    took, many = spent.pop("took"), events / few
    raw = Took(raw.seconds * many, raw.cpu * many, raw.waited * many)
    shares: dict[str, float] = took.share_of(raw)
    return {"database": kind(url), "events": events, **spent, "raw driver/s": events / raw.own, **shares}


def caught_up(url: str, events: int) -> dict[str, Any]:
    """Enable the module and deliver until it has caught up."""
    with Kernel.open(url, actor=OWNER) as kernel:
        before = kernel.database.statistics.copy()
        with timing(url) as enabling:
            kernel.perform("fenbu.module.enable", {"modules": ["late"]})
        with untimed(), timing(url) as reading:
            if not kernel.drain(timeout=HOURS).finished:
                raise RuntimeError("the module has not caught up")
        asked = kernel.database.statistics.since(before)
        with kernel.database.read() as connection:
            heard = connection.execute(text("SELECT count(*) FROM late_heard")).scalar_one()
        if heard != events or (wrong := readers.complaints(kernel)):
            raise RuntimeError(f"{heard} of {events} events were handled; {wrong}")
    return {
        "took": reading,
        "enable s": enabling.own,
        **reading.pace("events", events),
        "cpu µs each": reading.cpu / events * 1e6,
        "statements each": asked.statements / events,
        "events a commit": events / asked.commits,
    }


def least(url: str, events: int) -> Took:
    """Expand, deliver and acknowledge by the raw driver; return what it took."""
    with Kernel.open(url, actor=OWNER) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["late"]})
        with kernel.database.read() as connection:
            subscription = readers.subscription(connection, "late")
            [first] = connection.execute(
                text("SELECT min(seq) FROM fenbu_event WHERE topic = :topic"), {"topic": readers.TOPIC}
            ).one()
    with floor.driver(url) as connection:
        raw = floor.Deliveries(connection, url, subscription, readers.effect("late"))
        done = 0
        with timing(url) as took:
            for after in range(first - 1, first - 1 + events, CHUNK):
                raw.expand(after, min(after + CHUNK, first - 1 + events))
                for partition in range(PARTITIONS[kind(url)]):
                    while now := raw.deliver(partition, BATCH):
                        done += now
    if done != events:
        raise RuntimeError(f"the raw driver delivered {done} of {events}")
    return took


if __name__ == "__main__":
    command(
        __doc__,
        measure,
        Option("events", 1_000_000, 20_000, "events of the log"),
    )
