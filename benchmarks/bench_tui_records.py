"""How fast the terminal UI opens a view of a million rows and jumps to its end, beside the raw driver's own pages.

A module made up for this declares a view over one table, ordered by its key or by an indexed column. Asked are the
gateway (what a worker of the screen asks: a page of 150 rows, ready to be drawn) and the app itself, from the key that
is pressed to the row that stands on the screen. The floor is the same page by the raw driver, fetched and not more.
Nothing counts the rows; what the border tells is counted up to ten thousand, apart.

Run: ``python -m benchmarks.bench_tui_records [--rows 1000000] [--runs 7] [--only sqlite] [--table]``.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text
from textual import events
from textual.pilot import Pilot

from benchmarks.reporting import Line, Option, command
from benchmarks.servers import kind, servers
from fenbu.engine.kernel import Kernel
from fenbu.testing.dummies import DummyModule, dummies
from fenbu_tui.app import FenbuApp
from fenbu_tui.gateway.engine import EngineWorld
from fenbu_tui.places import Place
from fenbu_tui.screens.records import PAGE
from fenbu_tui.widgets.record_table import RecordTable
from fenbu_tui.world.records import Asked

Took = tuple[float, float]
"""Milliseconds by the clock, and of processor time."""
BUDGET = 200
"""Milliseconds in which a view is to open and to jump to its end."""
GATEWAY, SCREEN = "A page of a view, ready to be drawn", "From the key to the row on the screen"
_VIEWS = """
from sqlalchemy import select

from fenbu import Column, View

from .tables import Ring

VIEWS = (
    View(
        name="till.rings", title="Rings", query=lambda work: select(Ring.id, Ring.label),
        columns=(Column("id", "Number", "number"), Column("label", "Label")),
        key=("id",), record="id", sorts=("label",),
    ),
)
"""
TILL = DummyModule(
    name="till",
    tables=("ring",),
    manifest={"views": "'fenbu_till.views:VIEWS'"},
    files={"views.py": _VIEWS},
)
_FILL = {
    "sqlite": "INSERT INTO till_ring (id, label) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
    "WHERE i < {rows}) SELECT i, 'ring ' || (i * 7919 % {rows}) FROM n",
    "postgresql": "INSERT INTO till_ring (id, label) SELECT i, 'ring ' || (i * 7919 % {rows}) "
    "FROM generate_series(CAST(1 AS bigint), {rows}) AS n(i)",
}
_FIRST = "SELECT id, label FROM till_ring ORDER BY {by} LIMIT {limit}"


def measure(told: argparse.Namespace) -> Iterator[Line]:
    """Yield the lines for each kind of database."""
    with tempfile.TemporaryDirectory() as name, dummies(Path(name)) as modules, servers(told.only) as here:
        modules.install(TILL)
        for server in here:
            url = server.create()
            fill(url, told.rows)
            yield from asked(url, told.rows, told.runs)
            yield from pressed(url, told.rows, told.runs)
            server.drop(url)


def fill(url: str, rows: int) -> None:
    """Found an enterprise with a till that has rung so often."""
    with Kernel.init(url, name="Bench", currency="GBP", time_zone="Europe/London") as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["till"]})
        with kernel.database.write() as connection:
            connection.execute(text(_FILL[kind(url)].format(rows=rows)))
            connection.execute(text("CREATE INDEX till_ring_label ON till_ring (label, id)"))
            connection.execute(text("ANALYZE"))


def asked(url: str, rows: int, runs: int) -> Iterator[Line]:
    """Yield what pages cost at the gateway, each beside the raw driver's."""
    world = EngineWorld(url)
    with Kernel.open(url) as kernel:
        by_key, by_label = Asked(view="till.rings"), Asked(view="till.rings", sort="label")
        world.sheet("till.rings")
        middle = world.stretch(by_label, last=True, limit=1).rows[0].place
        wanted: tuple[tuple[str, Callable[[], Any], str], ...] = (
            ("the first", lambda: world.stretch(by_key, limit=PAGE), "id"),
            ("the last", lambda: world.stretch(by_key, last=True, limit=PAGE), "id DESC"),
            ("the first by an indexed column", lambda: world.stretch(by_label, limit=PAGE), "label, id"),
            ("the last by it", lambda: world.stretch(by_label, last=True, limit=PAGE), "label DESC, id DESC"),
            (
                "before the last",
                lambda: world.stretch(by_label, before=middle, limit=PAGE),
                "label DESC, id DESC",
            ),
        )
        for what, ask, by in wanted:
            raw, _busy = median(partial(page, kernel, by), runs)
            yield Line(GATEWAY, cells(url, rows, what, median(ask, runs)) | {"raw driver ms": raw})
        counted = median(lambda: world.count(by_key), runs)
        yield Line(GATEWAY, cells(url, rows, "what the border tells, counted to 10,000", counted))
    world.close()


def page(kernel: Kernel, by: str) -> None:
    """Fetch a page as the raw driver has it."""
    with kernel.database.read() as connection:
        connection.exec_driver_sql(_FIRST.format(by=by, limit=PAGE + 1)).fetchall()


def pressed(url: str, rows: int, runs: int) -> Iterator[Line]:
    """Yield how long it takes from a key to what it shows."""
    world = EngineWorld(url)
    took = asyncio.run(played(world, rows, runs))
    for what, times in took.items():
        yield Line(SCREEN, cells(url, rows, what, middle(times)) | {"budget ms": BUDGET})


async def played(world: EngineWorld, rows: int, runs: int) -> dict[str, list[Took]]:
    """Open the view, jump to its end and back, so often, in the app."""
    took: dict[str, list[Took]] = {
        "opening the view": [],
        "jumping to its end": [],
        "back to its beginning": [],
    }
    app = FenbuApp(world, Place("records"))
    async with app.run_test(size=(140, 40)) as pilot:
        await shown(lambda: bool(app.screen.query_one("#views").display))
        table = app.screen.query_one(RecordTable)
        for _run in range(runs):
            began = time.perf_counter(), time.process_time()
            app.go(Place("records", "till.rings"))
            await shown(lambda: bool(app.screen.query_one("#rows").display))
            took["opening the view"].append(since(*began))
            await rest(app, pilot)
            for what, key, wanted in (
                ("jumping to its end", "G", rows),
                ("back to its beginning", "g", 1),
            ):
                began = time.perf_counter(), time.process_time()
                app.post_message(events.Key(key, key))
                await shown(partial(at, table, wanted))
                took[what].append(since(*began))
                await rest(app, pilot)
            app.go(Place("records"))
            await shown(lambda: bool(app.screen.query_one("#views").display))
    return took


async def rest(app: FenbuApp, pilot: Pilot[None]) -> None:
    """Wait until all that followed is read and drawn."""
    await pilot.pause()
    while reading := [one for one in app.workers if one.group in ("read", "head")]:
        await app.workers.wait_for_complete(reading)
        await pilot.pause()


def at(table: RecordTable, wanted: int) -> bool:
    """Say whether the cursor is on this row."""
    return table.key == f'["{wanted}"]'


async def shown(holds: Callable[[], bool]) -> None:
    """Wait until something is on the screen."""
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.001)


def median(ask: Callable[[], Any], runs: int) -> Took:
    """Return the times that asking takes, once it has been asked before."""
    ask()
    times = []
    for _run in range(runs):
        began = time.perf_counter(), time.process_time()
        ask()
        times.append(since(*began))
    return middle(times)


def middle(times: Sequence[Took]) -> Took:
    """Return the median by the clock and by processor time."""
    clock, busy = zip(*times, strict=True)
    return statistics.median(clock), statistics.median(busy)


def since(clock: float, busy: float) -> Took:
    """Return the milliseconds since then."""
    return (time.perf_counter() - clock) * 1000, (time.process_time() - busy) * 1000


def cells(url: str, rows: int, what: str, took: Took) -> dict[str, Any]:
    """Return what stands in every line."""
    return {"database": kind(url), "rows": rows, "what": what, "ms": took[0], "cpu ms": took[1]}


if __name__ == "__main__":
    command(
        __doc__,
        measure,
        Option("rows", 1_000_000, 100_000, "rows of the view"),
        Option("runs", 7, 5, "how often each is asked; the median is told"),
    )
