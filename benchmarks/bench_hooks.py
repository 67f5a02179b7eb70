"""What asking a hook costs beside raw pluggy and a plain loop, in the same run.

Prints microseconds a call (median of several rounds) with 1, 5 and 200 modules that answer.
Run: ``python benchmarks/bench_hooks.py``.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pluggy
from attrs import define
from sqlalchemy import Connection

from fenbu.engine.hooks import Plugin, dispatcher
from fenbu.engine.store.database import Database
from fenbu.hooks import PROJECT, Hook, hookimpl, hookspec

ROUNDS, CALLS = 7, 2_000


@hookspec(kind="all")
def needs_all(work: Any, table: int) -> int: ...


@hookspec(kind="first")
def needs_first(work: Any, table: int) -> int | None: ...


@hookspec(kind="gather")
def gathers(work: Any, table: int) -> int: ...


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


def microseconds(call: Callable[[], object]) -> float:
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(CALLS):
            call()
        rounds.append((time.perf_counter() - start) / CALLS * 1e6)
    return statistics.median(rounds)


def answering(work: Any, table: int) -> int:
    return table


def declining(work: Any, table: int) -> None:
    return None


def module(number: int, **implementations: Callable[..., object]) -> ModuleType:
    made = ModuleType(f"module_{number}")
    vars(made).update({name: hookimpl(function) for name, function in implementations.items()})
    return made


def measured(work: Work, modules: int) -> dict[str, float]:
    specs = {hook.name: hook for hook in HOOKS}
    found: dict[str, float] = {}
    functions = [answering] * modules
    found["plain loop"] = microseconds(lambda: [function(work, 1) for function in functions])
    raw = pluggy.PluginManager(PROJECT)
    raw.add_hookspecs(SimpleNamespace(**{name: hook.function for name, hook in specs.items()}))
    for number in range(modules):
        raw.register(module(number, needs_all=answering), name=str(number))
    found["pluggy"] = microseconds(lambda: raw.hook.needs_all(work=work, table=1))
    plugins = [
        Plugin(str(number), module(number, needs_all=answering, gathers=answering, needs_first=declining))
        for number in range(modules)
    ]
    asked = dispatcher(specs, plugins)
    for hook in HOOKS:
        found[f"fenbu {hook.kind}"] = microseconds(lambda hook=hook: asked.ask(work, hook, {"table": 1}))  # type: ignore[misc]
    return found


def main() -> None:
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        database = Database.create(f"sqlite:///{Path(folder) / 'bench.db'}")
        with database.write() as connection:
            for modules in (1, 5, 200):
                results[modules] = measured(Work(connection), modules)
        database.dispose()
    if "--json" in sys.argv:
        print(json.dumps({"schema": "fenbu.bench.hooks/1", "microseconds_a_call": results}))
        return
    print("| µs a call | " + " | ".join(f"{n} modules" for n in results) + " | ×pluggy with 5 |")
    print("| --- |" + " ---: |" * (len(results) + 1))
    for name in results[5]:
        row = " | ".join(f"{results[n][name]:.2f}" for n in results)
        print(f"| {name} | {row} | {results[5][name] / results[5]['pluggy']:.2f} |")


if __name__ == "__main__":
    main()
