"""What planning a rollout and applying nothing cost with many modules installed, beside Python's own start.

The plan has all of them, ten a stage, each with a setting; each stage waits for a check. First nothing is on and the
plan goes through all stages; then all stages stand and nothing is to be done. Each command runs several times as a
process of its own; the median is told, by the clock and by processor time. Inside one process the same is told without
the start.

Run: ``python -m benchmarks.bench_rollout [--installed 200] [--runs 5] [--table]``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

from benchmarks.bench_start import BARE, fenbu, quiet, timed
from benchmarks.machine import apart
from benchmarks.reporting import Line, Option, command, numbers
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.file import read
from fenbu.engine.rollout.plan import make
from fenbu.testing.dummies import DummyModule, dummies, many

STAGE = 10
"""Modules a stage."""
COMMANDS = "Commands on a rollout"
INSIDE = "The same inside one process"
PLAN_BUDGET, APPLY_BUDGET = 1000, 500
"""Milliseconds in which a plan, and the word that nothing is to be done, are to be there with 200 modules, beside what
Python, the store and the modules take to be imported."""


def measure(told: argparse.Namespace) -> Iterator[Line]:
    """Yield a line for each command and number of modules."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = timed([sys.executable, "-c", "pass"], quiet(folder), told.runs)
        yield Line(BARE, {"process": "python -c pass"} | bare)
        for installed in told.installed:
            yield from planned(folder / str(installed), installed, told.runs)


def planned(folder: Path, installed: int, runs: int) -> Iterator[Line]:
    """Yield what a plan costs before anything is on, and when all of it is."""
    with dummies(folder / "site") as modules:
        made = [evolve(one, settings="cups: int = 6") for one in many(installed)]
        modules.install(*made)
        surroundings = quiet(folder, modules.folder)
        url = f"sqlite:///{folder / 'fenbu.db'}"
        Kernel.init(url, name="Harbour Tea", currency="GBP", time_zone="Europe/London").close()
        (file := folder / "rollout.toml").write_text(text_of(made), encoding="utf-8")
        last = f"stage{(installed - 1) // STAGE + 1}"
        words = ("--database", url, "plan", str(file), "--through", last)
        cells = {"modules": installed}
        before = timed(fenbu(*words), surroundings, runs, ends=2)
        yield Line(COMMANDS, cells | {"command": "plan of all stages"} | before)
        yield Line(
            INSIDE, cells | {"call": "plan of all stages"} | apart(planning, url, str(file), last, runs)
        )
        took = apart(applying, url, str(file), last)
        yield Line(INSIDE, cells | {"call": "apply of all stages"} | took)
        after = timed(fenbu(*words), surroundings, runs)
        yield Line(COMMANDS, cells | {"command": "plan of nothing"} | after)
        nothing = timed(fenbu("--database", url, "apply", str(file), "--yes"), surroundings, runs)
        yield Line(COMMANDS, cells | {"command": "apply of nothing"} | nothing)
        yield Line(INSIDE, cells | {"call": "plan of nothing"} | apart(planning, url, str(file), last, runs))
        yield Line(
            INSIDE, cells | {"call": "apply of nothing"} | apart(doing_nothing, url, str(file), last, runs)
        )


def planning(url: str, file: str, last: str, runs: int) -> dict[str, Any]:
    """Plan several times; return the medians, the first one apart, which imports what the others find."""
    with Kernel.open(url) as kernel:
        return _times(lambda: make(kernel, read(file), through=last), runs) | {"budget, ms": PLAN_BUDGET}


def doing_nothing(url: str, file: str, last: str, runs: int) -> dict[str, Any]:
    """Apply several times when there is nothing to do; otherwise as `planning`."""
    with Kernel.open(url) as kernel:
        return _times(lambda: apply(kernel, read(file), through=last), runs) | {"budget, ms": APPLY_BUDGET}


def applying(url: str, file: str, last: str) -> dict[str, Any]:
    """Apply all stages once."""
    with Kernel.open(url) as kernel:
        wall, busy = _once(lambda: apply(kernel, read(file), through=last, wait=True))
    return {"ms": wall, "cpu ms": busy}


def _times(body: Callable[[], object], runs: int) -> dict[str, Any]:
    (first, first_busy), *others = [_once(body) for _run in range(runs + 1)]
    walls, busy = zip(*others, strict=True)
    return {
        "first, ms": first,
        "first, cpu ms": first_busy,
        "ms": statistics.median(walls),
        "cpu ms": statistics.median(busy),
    }


def _once(body: Callable[[], object]) -> tuple[float, float]:
    began, before = time.perf_counter(), time.process_time()
    body()
    return (time.perf_counter() - began) * 1000, (time.process_time() - before) * 1000


def text_of(modules: Sequence[DummyModule]) -> str:
    """Return a rollout file with all modules, some a stage."""
    lines = ['name = "many"', "version = 1", 'sponsor = "Ada"', 'owner = "Ada"', 'kernel = ">=1,<2"']
    for module in modules:
        lines += ["", f"[modules.{module.name}]", 'version = ">=1,<2"', "settings = { cups = 8 }"]
    for number, start in enumerate(range(0, len(modules), STAGE), 1):
        names = ", ".join(f'"{module.name}"' for module in modules[start : start + STAGE])
        lines += ["", "[[stages]]", f'name = "stage{number}"', f'title = "Stage {number}"']
        lines += [
            'goal = "They are on."',
            f"modules = [{names}]",
            "[[stages.before]]",
            'check = "fenbu.books"',
        ]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    command(
        __doc__,
        measure,
        Option("installed", [200], [20], "modules installed, by commas", numbers),
        Option("runs", 5, 1, "how often each command runs"),
        databases=False,
    )
