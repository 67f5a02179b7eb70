"""What enabling modules costs with 5, 50 and 200 of them installed, beside the raw statements that make their tables.

Each has five tables and is a distribution of its own, found by its entry point. One is enabled in a new process, then
all the others at once, in one transaction. The floor is the statements that made the tables, sent again by the raw
driver to a copy of the database as it stood.

Run: ``python -m benchmarks.bench_enabling [--installed 5,50,200] [--only sqlite] [--table]``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import floor
from benchmarks.machine import apart, timing
from benchmarks.reporting import Line, Option, command, numbers
from benchmarks.servers import found, kind, servers
from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import DatabaseServer
from fenbu.testing.dummies import DummyModule, dummies, many
from fenbu.testing.enterprises import OWNER

TABLES = 5
TABLE = f"Enabling modules of {TABLES} tables"


def measure(told: argparse.Namespace) -> Iterator[Line]:
    """Yield two lines for each database and number of modules: the first of them, and all others."""
    with servers(told.only) as here:
        for server in here:
            for installed in told.installed:
                with tempfile.TemporaryDirectory() as folder, dummies(Path(folder) / "site") as modules:
                    made = many(installed, tables=TABLES)
                    modules.install(*made)
                    yield from enabling(server, made)


def enabling(server: DatabaseServer, modules: list[DummyModule]) -> Iterator[Line]:
    """Enable the first, then the others; each beside its floor."""
    url = server.create()
    found(url).close()
    first, *others = (module.name for module in modules)
    for names in ([first], others):
        copy = server.clone(url)
        spent = apart(enabled, url, copy, names)
        cells = {"database": kind(url), "installed": len(modules), "enabled at once": len(names)}
        yield Line(TABLE, cells | spent)
        server.drop(copy)
    server.drop(url)


def enabled(url: str, copy: str, names: list[str]) -> dict[str, Any]:
    """Enable modules in one transaction; return what it cost, and what their tables alone cost."""
    began = time.perf_counter()
    with Kernel.open(url, actor=OWNER) as kernel:
        opened, before = time.perf_counter(), kernel.database.statistics.copy()
        with floor.recorded() as told, timing(url) as took:
            kernel.perform("fenbu.module.enable", {"modules": names})
        asked = kernel.database.statistics.since(before)
    raw = floor.replay(copy, told, floor.makes_tables)
    return {
        "opening s": opened - began,
        "enabling s": took.own,
        "ms a module": took.own / len(names) * 1000,
        "cpu ms a module": took.cpu / len(names) * 1000,
        "statements a module": asked.statements / len(names),
        "raw tables, ms a module": raw.own / len(names) * 1000,
        **took.share_of(raw),
    }


if __name__ == "__main__":
    command(
        __doc__,
        measure,
        Option("installed", [5, 50, 200], [5], "modules installed, by commas", numbers),
    )
