"""The machine and its noise: without them a time says nothing."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from attrs import define
from sqlalchemy.engine import make_url

LOOP = 300_000
"""Rounds of the loop that does nothing but Python; some 20 ms on the machine the design's figures are of."""


@define
class Took:
    """How long something took, in seconds."""

    seconds: float = 0.0
    """By the clock."""
    cpu: float = 0.0
    """Of the processor, by this process alone: what others do meanwhile hardly touches it."""
    waited: float = 0.0
    """Of the seconds, those in which it could have gone on and others had all cores."""

    @property
    def own(self) -> float:
        """Seconds by the clock without those in which others had all cores."""
        return self.seconds - self.waited

    def pace(self, what: str, count: int) -> dict[str, float]:
        """Return how many of something were done in a second of its own, and in one by the clock."""
        return {f"{what}/s": count / self.own, "by the clock": count / self.seconds}

    def share_of(self, other: Took) -> dict[str, float]:
        """Return how fast the other was (a floor) in this one's terms: 0.5 is half as fast."""
        return {"share of raw": other.own / self.own, "by cpu": other.cpu / self.cpu}


@contextmanager
def timing(url: str = "") -> Iterator[Took]:
    """Measure the body, which works in this thread; the numbers are there when it has ended.

    Args:
        url: Of the database that works for it: where a server does, its waiting for a core is waiting too.
    """
    took, began, busy, waited = Took(), time.perf_counter(), time.process_time(), _waited_for_a_core(url)
    yield took
    took.seconds, took.cpu = time.perf_counter() - began, time.process_time() - busy
    took.waited = _waited_for_a_core(url) - waited


def _waited_for_a_core(url: str) -> float:
    """Return for how many seconds this thread, and a server's processes for a database, could run and did not.

    A system that is not Linux does not say; it is 0 there.
    """
    waiting = [Path("/proc/thread-self/schedstat")]
    if url.startswith("postgresql") and (database := make_url(url).database):
        waiting += [
            file.with_name("schedstat")
            for file in Path("/proc").glob("[0-9]*/cmdline")
            if database in _text(file)
        ]
    return sum(int(told.split()[1]) for told in map(_text, waiting) if told) / 1e9


def _text(file: Path) -> str:
    """Return what a file says; nothing when its process has ended."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def machine() -> dict[str, Any]:
    """Name what the times are of."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def load() -> float:
    """Return how many programs want to run, by the last minute's average; one of this process is among them."""
    return round(os.getloadavg()[0], 1)


def loop_ms() -> tuple[float, float]:
    """Return how long a loop that is always the same takes now, in milliseconds by the clock and of the processor.

    Medians of nine. By the clock it says how much others want to run; of the processor, how much slower this machine
    computes than when it is left alone, since cores share what they are made of.
    """
    walls, busy = [], []
    for _round in range(9):
        total = 0
        with timing() as took:
            for number in range(LOOP):
                total += number & 7
        walls.append(took.seconds * 1000)
        busy.append(took.cpu * 1000)
    return round(statistics.median(walls), 1), round(statistics.median(busy), 1)


def peak_memory_mb() -> float:
    """Return the most memory that this process has had, in MiB; not what its parent had before it began."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("this system does not say how much memory a process has had")


def apart(function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """Call a function in a process of its own, so that its memory and its imports are its own.

    Args:
        function: Of a module, by name; what it returns comes back, with ``peak MB`` of its process.
        *arguments: That can be pickled.
    """
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (function, arguments))


def _measured(function: Callable[..., dict[str, Any]], arguments: tuple[Any, ...]) -> dict[str, Any]:
    return function(*arguments) | {"peak MB": peak_memory_mb()}


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()
