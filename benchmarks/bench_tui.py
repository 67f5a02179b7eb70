"""How soon the terminal UI is there, beside a bare Textual app, and how soon it answers while a worker delivers.

The shop of `fenbu demo` trades, then the log of its flows is copied until it is that of so many orders; or a copy of a
database is taken, with as many orders as it has. To be there is measured from the start of a process in a terminal of
its own until things are written there: the frame and what was last seen, in which the enterprise has the name that it
had then; its name of now, which comes with states and problems at a glance; and the figures, for which all modules are
loaded. Processor time is that of the whole process, all threads, until the name of now is there, or the figures. While
a worker in another process delivers a long replay at full speed, screens are read as the terminal UI reads them, and a
key is pressed: acknowledged when the app has taken it, done when it says what was done.

Run: ``python -m benchmarks.bench_tui [--orders 50000] [--demo 200] [--database FILE] [--runs 5] [--table]``.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import pty
import select
import shutil
import signal
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

from benchmarks.bench_start import fenbu, quiet
from benchmarks.machine import timing
from benchmarks.reporting import Line, Option, command
from fenbu.engine.guard.operators import os_user

START = "From the start of a process to what is seen, 140×40"
BUSY = "While a worker delivers at full speed"
BARE = (
    "from textual.app import App\n"
    "from textual.widgets import Static\n"
    "class Bare(App):\n"
    "    def compose(self):\n"
    "        yield Static('bare-is-there')\n"
    "Bare().run()\n"
)
REPLAYED = "crm.timeline"
"""The subscription that is delivered again at full speed."""
FRAME, BEFORE, NOW = "opening the database", "Name-of-before", "Name-of-now"
PATIENCE = 60.0
"""Seconds after which what has not appeared does not."""
Seen = tuple[float, float]
"""Milliseconds since the start, by the clock and of processor time."""
COPIES: Mapping[str, Mapping[str, str]] = {
    "fenbu_event": {"seq": "seq + i * :last", "id": "id || i", "cause": "cause + i * :last", "key": "key || '-' || i"},
    "fenbu_delivered": {"seq": "seq + i * :last"},
    "fenbu_skipped": {"seq": "seq + i * :last"},
    "fenbu_call": {"id": "id || i", "subject": "subject || '-' || i", "key": "key || '-' || i",
                   "cause": "cause + i * :last"},
}  # fmt: skip
"""Tables of the flows, and how a row differs from the one that it is copied from."""


def measure(told: argparse.Namespace) -> Iterator[Line]:
    """Yield a line for each thing that is seen or done."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        surroundings = {**quiet(folder), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        if told.database:
            database = taken(folder, Path(told.database))
        else:
            database = grown(folder, surroundings, told.demo, told.orders)
        yield from starting(database, surroundings, told.runs)
        yield from working(database, surroundings, told.runs)


def grown(folder: Path, surroundings: Mapping[str, str], traded: int, orders: int) -> Path:
    """Let a shop trade so many orders, copy the log of its flows to that of `orders`, and return its database."""
    shop = folder / "shop"
    words = fenbu("demo", "--folder", str(shop), "--orders", str(traded))
    subprocess.run(words, env=surroundings, capture_output=True, check=True)
    database = shop / "fenbu.db"
    with sqlite3.connect(database) as connection:
        last = connection.execute("SELECT max(seq) FROM fenbu_event").fetchone()[0]
        for table, changed in COPIES.items():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            copied = ", ".join(changed.get(column, column) for column in columns)
            connection.execute(
                f"WITH RECURSIVE k (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < :copies)"
                f" INSERT INTO {table} ({', '.join(columns)}) SELECT {copied} FROM k CROSS JOIN {table}",
                {"copies": max(orders // traded - 1, 1), "last": last},
            )
    return database


def taken(folder: Path, database: Path) -> Path:
    """Copy a database of orders, so that it can be worked with, and let this user of the machine own it."""
    copy = folder / "fenbu.db"
    shutil.copy(database, copy)
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute(
            "UPDATE fenbu_operator SET os_user = ? WHERE name = (SELECT operator FROM fenbu_operator_grant"
            " WHERE what = 'owner' LIMIT 1)",
            (os_user(),),
        )
    return copy


# --- being there --------------------------------------------------------------------------------------


def starting(database: Path, surroundings: Mapping[str, str], runs: int) -> Iterator[Line]:
    """Yield how soon a bare app is there, and how soon ours is: at first, and when it was looked at before."""
    bare = [sys.executable, "-c", BARE]
    ours = fenbu("--database", f"sqlite:///{database}", "tui")
    figures = figure(database)
    rename(database, BEFORE)
    seen = beside(bare, ours, (FRAME, BEFORE, figures), surroundings, runs)
    appeared(ours, surroundings, (figures,), leave=True)
    rename(database, NOW)
    again = beside(bare, ours, (FRAME, BEFORE, NOW), surroundings, runs)
    floor = middle([bare for bare, _ours in (*seen, *again)], 0)
    yield Line(
        START, {"what": "a bare Textual app, first text", "orders": None} | floor | {"times bare": 1.0}
    )
    for what, pairs, place, allowed in (
        ("frame with what was last seen", again, 1, 2),
        ("frame, nothing seen before", seen, 0, 2),
        ("live: name, states, lanes, problems", again, 2, 4),
        ("live: the same, nothing seen before", seen, 1, 4),
        ("live: all, with figures", seen, 2, None),
    ):
        times = {
            name: statistics.median(ours[place][kind] / bare[0][kind] for bare, ours in pairs)
            for kind, name in enumerate(("times bare", "times bare, cpu"))
        }
        took = middle([ours for _bare, ours in pairs], place)
        cells = {"what": f"fenbu tui, {what}", "orders": orders_in(database)}
        yield Line(START, cells | took | times | {"allowed": allowed})


def beside(
    bare: Sequence[str],
    ours: Sequence[str],
    texts: Sequence[str],
    surroundings: Mapping[str, str],
    runs: int,
) -> list[tuple[list[Seen], list[Seen]]]:
    """Run both in turn, once to warm up and then so often; return when the texts of each were there."""
    return [
        (appeared(bare, surroundings, ("bare-is-there",)), appeared(ours, surroundings, texts))
        for _run in range(runs + 1)
    ][1:]


def middle(runs: Sequence[Sequence[Seen]], place: int) -> dict[str, float]:
    """Return the medians of when something was seen, by the clock and by processor time."""
    clock, busy = zip(*(one[place] for one in runs), strict=True)
    return {"ms": statistics.median(clock), "cpu ms": statistics.median(busy)}


def rename(database: Path, name: str) -> None:
    """Give the enterprise another name, by which a screen of now is told from one of before."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE fenbu_enterprise SET name = ?", (name,))


def orders_in(database: Path) -> int:
    """Return how many orders' flows are in the log."""
    with closing(sqlite3.connect(database)) as connection:
        told = connection.execute(
            "SELECT count(*) FROM fenbu_event WHERE topic = 'erp.order-placed'"
        ).fetchone()
    return int(told[0])


def figure(database: Path) -> str:
    """Return the title of a figure: it is on the screen when all modules are loaded."""
    from fenbu_tui.gateway.engine import EngineWorld

    world = EngineWorld(f"sqlite:///{database}")
    try:
        return world.overview().figures[0].title
    finally:
        world.close()


def appeared(
    process: Sequence[str], surroundings: Mapping[str, str], texts: Sequence[str], *, leave: bool = False
) -> list[Seen]:
    """Run a process in a terminal until it has written these texts; return when each was there.

    Args:
        process: Its words.
        surroundings: Its environment.
        texts: In the order in which they come.
        leave: End it by its key, so that it remembers; else it is killed.
    """
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
    began = time.perf_counter()
    with subprocess.Popen(
        process, stdin=terminal, stdout=terminal, stderr=terminal, env=surroundings, start_new_session=True
    ) as running:
        os.close(terminal)
        try:
            seen = list(_watched(controller, texts, began, running.pid))
            if leave:
                os.write(controller, b"q")
                _drained(controller)
            return seen
        finally:
            running.send_signal(signal.SIGKILL)
            os.close(controller)


def _watched(controller: int, texts: Sequence[str], began: float, process: int) -> Iterator[Seen]:
    written = b""
    for text in texts:
        while text.encode() not in written:
            ready, _w, _x = select.select([controller], [], [], PATIENCE)
            if not ready:
                raise TimeoutError(f"{text!r} has not appeared; the end of what has: {written[-200:]!r}")
            written += os.read(controller, 65_536)
        yield (time.perf_counter() - began) * 1000, _busy(process)


def _busy(process: int) -> float:
    """Return the processor time of a process so far, in ms."""
    told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _drained(controller: int) -> None:
    """Read on until the terminal is closed at the other end."""
    with suppress(OSError):
        while os.read(controller, 65_536):
            pass


# --- answering ----------------------------------------------------------------------------------------


def working(database: Path, surroundings: Mapping[str, str], runs: int) -> Iterator[Line]:
    """Yield how soon screens are read and keys done, with a worker at work in another process."""
    from fenbu_tui.gateway.engine import EngineWorld

    url = f"sqlite:///{database}"
    world = EngineWorld(url)
    try:
        running = [one.name for one in world.flows().lines if one.running and one.name != REPLAYED]
        with delivering(url, surroundings):
            line = world.deliveries("state:done").lines[0]
            reads: tuple[tuple[str, Callable[[], object]], ...] = (
                ("overview", world.overview),
                ("flow map", world.flows),
                ("a subscription's page", partial(world.flow, REPLAYED)),
                ("newest deliveries", partial(world.deliveries, "")),
                ("a filter that finds nothing", partial(world.deliveries, "nothing-like-it")),
                ("a delivery with its tree", partial(world.delivery, line)),
            )
            for what, ask in reads:
                yield Line(BUSY, {"what": f"read: {what}"} | _asked(ask, runs * 4) | {"allowed": 100})
            for what, allowed, took in asyncio.run(_acting(url, running[0], runs)):
                clock, busy = zip(*took, strict=True)
                cells = {
                    "what": what,
                    "median ms": statistics.median(clock),
                    "cpu ms": statistics.median(busy),
                }
                yield Line(BUSY, cells | {"worst ms": max(clock), "allowed": allowed})
    finally:
        world.close()


def _asked(ask: Callable[[], object], times: int) -> dict[str, float]:
    """Ask so often; return how long it took, in ms: by the clock, and without waiting for a core."""
    took = []
    for _time in range(times):
        with timing() as one:
            ask()
        took.append(one)
    return {
        "median ms": statistics.median(one.seconds for one in took) * 1000,
        "with a core": statistics.median(one.own for one in took) * 1000,
        "cpu ms": statistics.median(one.cpu for one in took) * 1000,
        "worst ms": max(one.seconds for one in took) * 1000,
    }


@contextmanager
def delivering(url: str, surroundings: Mapping[str, str]) -> Iterator[None]:
    """Let a worker deliver the whole history to the timeline again while the body runs."""
    replay = fenbu("--database", url, "flows", "replay", REPLAYED)
    subprocess.run(replay, env=surroundings, capture_output=True, check=True)
    words = fenbu("--database", url, "worker")
    with subprocess.Popen(
        words, env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as worker:
        try:
            time.sleep(2)  # it has begun
            yield
        finally:
            worker.terminate()


async def _acting(url: str, name: str, runs: int) -> list[tuple[str, int, list[Seen]]]:
    """Press the key that pauses a subscription, then the one that resumes; return how soon it was seen to be, in ms."""
    from textual import events

    from fenbu_tui.app import FenbuApp
    from fenbu_tui.gateway.engine import EngineWorld
    from fenbu_tui.places import Place
    from fenbu_tui.widgets.flow_table import FlowTable
    from fenbu_tui.widgets.top_line import TopLine

    app = FenbuApp(EngineWorld(url), place=Place("flows"))
    taken: list[Seen] = []
    done: list[Seen] = []
    seen: list[Seen] = []

    def standing() -> bool | None:
        lines = app.screen.query_one(FlowTable).lines
        return next((line.running for line in lines if line.name == name), None)

    async def until(holds: Callable[[], bool], began: Seen, took: list[Seen]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.002)
        took.append(((time.perf_counter() - began[0]) * 1000, (time.process_time() - began[1]) * 1000))

    async with app.run_test(size=(140, 40)):
        await until(lambda: standing() is True, (0, 0), [])
        for press in range(runs * 2):
            app.screen.query_one(FlowTable).go_to(name)
            before, began = len(app._acts), (time.perf_counter(), time.process_time())
            app.post_message(events.Key("p", "p"))
            await until(lambda: "working" in str(app.screen.query_one(TopLine).render()), began, taken)
            await until(lambda before=before: len(app._acts) > before, began, done)  # type: ignore[misc]
            await until(lambda press=press: standing() is (press % 2 == 1), began, seen)  # type: ignore[misc]
    return [
        ("act: acknowledged", 100, taken),
        ("act: done", 500, done),
        ("act: its effect on the screen", 500, seen),
    ]


if __name__ == "__main__":
    command(
        __doc__ or "",
        measure,
        Option("orders", 50_000, 2_000, "orders whose flows are in the log"),
        Option("demo", 200, 50, "orders that are really traded; the log is copied from theirs"),
        Option("database", "", "", "SQLite file of orders that is copied and measured instead", str),
        Option("runs", 5, 3, "how often each is measured"),
        databases=False,
    )
