"""How soon the terminal UI is there, beside a bare Textual app, and how soon it answers while a worker delivers.

The shop of `fenbu demo` trades, then the log of its flows is copied until it is that of so many orders. To be there
is measured from the start of a process in a terminal of its own until the frame, then the enterprise's name, is
written. While a worker in another process delivers a long replay at full speed, screens are read as the terminal UI
reads them, and a key is pressed: acknowledged when the app has taken it, done when it says what was done.

Run: ``python -m benchmarks.bench_tui [--orders 50000] [--demo 200] [--runs 5] [--table]``.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import os
import pty
import select
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
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.bench_start import fenbu, quiet
from benchmarks.reporting import Line, Option, command

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
FRAME, LIVE = "opening the database", "Harbour Tea"
PATIENCE = 60.0
"""Seconds after which what has not appeared does not."""
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
        database = grown(folder, surroundings, told.demo, told.orders)
        yield from starting(database, surroundings, told.orders, told.runs)
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


# --- being there --------------------------------------------------------------------------------------


def starting(database: Path, surroundings: Mapping[str, str], orders: int, runs: int) -> Iterator[Line]:
    """Yield how soon a bare app is there, and how soon ours is."""
    bare = [sys.executable, "-c", BARE]
    ours = fenbu("--database", f"sqlite:///{database}", "tui")
    seen = [
        (appeared(bare, surroundings, ("bare-is-there",)), appeared(ours, surroundings, (FRAME, LIVE)))
        for _run in range(runs + 1)
    ][1:]
    first = statistics.median(one[0] for one, _other in seen)
    yield Line(
        START, {"what": "a bare Textual app, first text", "orders": None, "ms": first, "times bare": 1.0}
    )
    for place, (what, allowed) in enumerate((("fenbu tui, frame", 2), ("fenbu tui, live data", 4))):
        took = statistics.median(other[place] for _one, other in seen)
        cells = {"what": what, "orders": orders, "ms": took, "times bare": took / first, "allowed": allowed}
        yield Line(START, cells)


def appeared(process: Sequence[str], surroundings: Mapping[str, str], texts: Sequence[str]) -> list[float]:
    """Run a process in a terminal until it has written these texts; return after how many milliseconds each was."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
    began = time.perf_counter()
    with subprocess.Popen(
        process, stdin=terminal, stdout=terminal, stderr=terminal, env=surroundings, start_new_session=True
    ) as running:
        os.close(terminal)
        try:
            return list(_watched(controller, texts, began))
        finally:
            running.send_signal(signal.SIGKILL)
            os.close(controller)


def _watched(controller: int, texts: Sequence[str], began: float) -> Iterator[float]:
    written = b""
    for text in texts:
        while text.encode() not in written:
            ready, _w, _x = select.select([controller], [], [], PATIENCE)
            if not ready:
                raise TimeoutError(f"{text!r} has not appeared; the end of what has: {written[-200:]!r}")
            written += os.read(controller, 65_536)
        yield (time.perf_counter() - began) * 1000


# --- answering ----------------------------------------------------------------------------------------


def working(database: Path, surroundings: Mapping[str, str], runs: int) -> Iterator[Line]:
    """Yield how soon screens are read and keys done, with a worker at work in another process."""
    from fenbu_tui.gateway.engine import EngineWorld

    url = f"sqlite:///{database}"
    world = EngineWorld(url)
    try:
        world.flows()
        with delivering(url, surroundings):
            line = world.deliveries("state:done").lines[0]
            reads: tuple[tuple[str, Callable[[], object]], ...] = (
                ("flow map", world.flows),
                ("a subscription's page", partial(world.flow, "payments.orders")),
                ("newest deliveries", partial(world.deliveries, "")),
                ("a filter that finds nothing", partial(world.deliveries, "nothing-like-it")),
                ("a delivery with its tree", partial(world.delivery, line)),
            )
            for what, ask in reads:
                took = [_timed(ask) for _run in range(runs * 4)]
                cells = {"what": f"read: {what}", "median ms": statistics.median(took), "worst ms": max(took)}
                yield Line(BUSY, cells | {"allowed": 100})
            for what, allowed, took in asyncio.run(_acting(url, runs)):
                cells = {"what": what, "median ms": statistics.median(took), "worst ms": max(took)}
                yield Line(BUSY, cells | {"allowed": allowed})
    finally:
        world.close()


def _timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


@contextmanager
def delivering(url: str, surroundings: Mapping[str, str]) -> Iterator[None]:
    """Let a worker deliver the whole history to the timeline again while the body runs."""
    replay = fenbu("--database", url, "flows", "replay", "crm.timeline")
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


async def _acting(url: str, runs: int) -> list[tuple[str, int, list[float]]]:
    """Press the key that pauses, then the one that resumes; return how soon each was taken and done, in ms."""
    from fenbu_tui.app import FenbuApp
    from fenbu_tui.gateway.engine import EngineWorld
    from fenbu_tui.places import Place
    from fenbu_tui.widgets.flow_table import FlowTable

    app = FenbuApp(EngineWorld(url), place=Place("flows"))
    taken: list[float] = []
    done: list[float] = []
    async with app.run_test(size=(140, 40)) as pilot:
        while not app.screen.query_one(FlowTable).rows:
            await pilot.pause(0.01)
        for press in range(runs * 2):
            before, began = len(app._acts), time.perf_counter()
            app.screen.query_one(FlowTable).go_to("hrm.schedule")
            await pilot.press("p")
            taken.append((time.perf_counter() - began) * 1000)
            while len(app._acts) == before:
                await asyncio.sleep(0.002)
            done.append((time.perf_counter() - began) * 1000)
            wanted = press % 2 == 1
            while not any(
                line.name == "hrm.schedule" and line.running == wanted
                for line in app.screen.query_one(FlowTable).lines
            ):
                await asyncio.sleep(0.01)
    return [("act: taken", 100, taken), ("act: done", 500, done)]


if __name__ == "__main__":
    command(
        __doc__ or "",
        measure,
        Option("orders", 50_000, 2_000, "orders whose flows are in the log"),
        Option("demo", 200, 50, "orders that are really traded; the log is copied from theirs"),
        Option("runs", 5, 3, "how often each is measured"),
        databases=False,
    )
