"""How long a command takes to start, beside Python itself, and with 5, 50 and 200 more modules installed or enabled.

Each command runs several times as a process of its own, with everything compiled; the median is told, by the clock and
by processor time.

Run: ``python -m benchmarks.bench_start [--modules 5,50,200] [--runs 5] [--table]``.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import apart
from benchmarks.reporting import Line, Option, command, numbers
from benchmarks.servers import found
from fenbu.engine.kernel import Kernel
from fenbu.testing.dummies import dummies, many
from fenbu.testing.enterprises import OWNER

OWN = ("erp", "crm", "scm", "hrm", "payments")
BUDGET = 150
"""Milliseconds of processor time in which help and version are to be there."""
BARE, COMMANDS, MODULES = (
    "Python alone",
    "Commands, with fenbu's own modules",
    "With further modules of five tables",
)
OPEN = "from fenbu.engine.kernel import Kernel; Kernel.open({url!r}).close()"


def measure(told: argparse.Namespace) -> Iterator[Line]:
    """Yield a line for each command."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        surroundings = quiet(folder)
        for what, code in (("python -c pass", "pass"), ("import sqlalchemy", "import sqlalchemy")):
            yield Line(BARE, {"process": what} | timed([sys.executable, "-c", code], surroundings, told.runs))
        url = f"sqlite:///{folder / 'fenbu.db'}"
        found(url).close()
        for words in (["--version"], ["--help"]):
            cells = timed(fenbu(*words), surroundings, told.runs) | {"budget, cpu ms": BUDGET}
            yield Line(COMMANDS, {"process": " ".join(["fenbu", *words])} | cells)
        for enabled in ((), OWN):
            apart(enable, url, enabled)
            on = f"{len(enabled)} enabled"
            opening = [sys.executable, "-c", OPEN.format(url=url)]
            yield Line(
                COMMANDS, {"process": f"a kernel opened, {on}"} | timed(opening, surroundings, told.runs)
            )
            looking = fenbu("--database", url, "modules")
            yield Line(
                COMMANDS, {"process": f"fenbu modules, {on}"} | timed(looking, surroundings, told.runs)
            )
        for count in told.modules:
            yield from with_modules(folder / str(count), count, told.runs)


def with_modules(folder: Path, count: int, runs: int) -> Iterator[Line]:
    """Yield what starting costs with so many modules installed, then enabled."""
    with dummies(folder / "site") as modules:
        made = many(count)
        modules.install(*made)
        surroundings = quiet(folder, modules.folder)
        url = f"sqlite:///{folder / 'fenbu.db'}"
        found(url).close()
        for state, names in (("installed", ()), ("enabled", tuple(module.name for module in made))):
            apart(enable, url, names)
            cells = {"modules": count, "they are": state}
            for what, process in (
                ("fenbu --help", fenbu("--help")),
                ("a kernel opened", [sys.executable, "-c", OPEN.format(url=url)]),
                ("fenbu modules", fenbu("--database", url, "modules")),
            ):
                yield Line(MODULES, cells | {"process": what} | timed(process, surroundings, runs))


def enable(url: str, names: Sequence[str]) -> dict[str, Any]:
    """Enable modules, if there are any."""
    if names:
        with Kernel.open(url, actor=OWNER) as kernel:
            kernel.perform("fenbu.module.enable", {"modules": list(names)})
    return {}


def fenbu(*words: str) -> list[str]:
    return [sys.executable, "-m", "fenbu", *words]


def quiet(folder: Path, site: Path | None = None) -> Mapping[str, str]:
    """Return an environment in which code is compiled once and nothing of the developer's own speaks in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FENBU")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    kept |= {"XDG_CACHE_HOME": str(folder / "cache"), "XDG_STATE_HOME": str(folder / "state")}
    if site is not None:
        kept["PYTHONPATH"] = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    return kept


def timed(
    process: Sequence[str], surroundings: Mapping[str, str], runs: int, *, ends: int = 0
) -> dict[str, Any]:
    """Run a process that ends with this code once to warm up, then so many times; return the medians in ms."""
    measured = [once(process, surroundings, ends) for _run in range(runs + 1)][1:]
    walls, busy = zip(*measured, strict=True)
    return {"ms": statistics.median(walls), "cpu ms": statistics.median(busy)}


def once(process: Sequence[str], surroundings: Mapping[str, str], ends: int = 0) -> tuple[float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(process, env=surroundings, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode != ends:
        raise RuntimeError(f"{' '.join(process)} ended with {ended.returncode}: {ended.stderr}")
    busy = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return wall * 1000, busy * 1000


if __name__ == "__main__":
    command(
        __doc__,
        measure,
        Option("modules", [5, 50, 200], [5], "further modules, by commas", numbers),
        Option("runs", 5, 1, "how often each command runs"),
        databases=False,
    )
