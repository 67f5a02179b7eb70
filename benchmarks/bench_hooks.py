"""What asking a hook costs beside raw pluggy and a plain loop, in the same run.

Microseconds of the processor a call (the median of several rounds) with 1, 5 and 200 modules that answer.
Run: ``python -m benchmarks.bench_hooks [--calls 2000] [--table]``.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
from attrs import define
from sqlalchemy import Connection

from benchmarks.machine import timing
from benchmarks.reporting import Line, Option, command
from fenbu.engine.hooks import Plugin, dispatcher
from fenbu.engine.store.database import Database
from fenbu.hooks import PROJECT, Hook, hookimpl, hookspec

ROUNDS = 7
MODULES = (1, 5, 200)
TABLE = "Asking a hook, µs of the processor a call"


@hookspec(kind="all")
def needs_all(work: Any, table: int) -> int:
    raise NotImplementedError


@hookspec(kind="first")
def needs_first(work: Any, table: int) -> int | None:
    raise NotImplementedError


@hookspec(kind="gather")
def gathers(work: Any, table: int) -> int:
    raise NotImplementedError


HOOKS: tuple[Hook[..., Any], ...] = (needs_all, needs_first, gathers)


@define
class Work:
    """The least work that can ask, so that only the dispatcher is measured."""

    connection: Connection

    def bound(self, module: str, *, read_only: bool) -> Work:
        return self

    def owned(self) -> Any:
        return nullcontext()

    def note_problem(self, *problem: str) -> None: ...


def measure(told: argparse.Namespace) -> Iterator[Line]:
    """Yield a line for each kind of hook and each baseline."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.create(f"sqlite:///{Path(folder) / 'bench.db'}")
        with database.write() as connection:
            found = {
                modules: measured(Work(connection), modules, max(1, told.calls // modules))
                for modules in MODULES
            }
        database.dispose()
    for name, among_five in found[5].items():
        costs = {f"{modules} module{'s' * (modules > 1)}": found[modules][name] for modules in MODULES}
        yield Line(TABLE, {"asked": name} | costs | {"× pluggy with 5": among_five / found[5]["pluggy"]})


def measured(work: Work, modules: int, calls: int) -> dict[str, float]:
    """Return what each way of asking so many modules costs, in microseconds."""
    specs = {hook.name: hook for hook in HOOKS}
    found: dict[str, float] = {}
    functions = [answering] * modules
    found["plain loop"] = microseconds(lambda: [function(work, 1) for function in functions], calls)
    raw = pluggy.PluginManager(PROJECT)
    declared = ModuleType("declared")
    vars(declared).update({name: hook.function for name, hook in specs.items()})
    raw.add_hookspecs(declared)
    for number in range(modules):
        raw.register(module(number, needs_all=answering), name=str(number))
    found["pluggy"] = microseconds(lambda: raw.hook.needs_all(work=work, table=1), calls)
    plugins = [
        Plugin(str(number), module(number, needs_all=answering, gathers=answering, needs_first=declining))
        for number in range(modules)
    ]
    asked = dispatcher(specs, plugins)
    for hook in HOOKS:
        found[f"fenbu, {hook.kind}"] = microseconds(asking(asked, work, hook), calls)
    return found


def asking(asked: Any, work: Work, hook: Hook[..., Any]) -> Callable[[], object]:
    return lambda: asked.ask(work, hook, {"table": 1})


def microseconds(call: Callable[[], object], calls: int) -> float:
    rounds = []
    for _ in range(ROUNDS):
        with timing() as took:
            for _ in range(calls):
                call()
        rounds.append(took.cpu / calls * 1e6)
    return statistics.median(rounds)


def answering(work: Any, table: int) -> int:
    return table


def declining(work: Any, table: int) -> None:
    return None


def module(number: int, **implementations: Callable[..., object]) -> ModuleType:
    made = ModuleType(f"module_{number}")
    vars(made).update({name: hookimpl(function) for name, function in implementations.items()})
    return made


if __name__ == "__main__":
    command(
        __doc__,
        measure,
        Option("calls", 2_000, 200, "calls in each of seven rounds, fewer with more modules"),
        databases=False,
    )
