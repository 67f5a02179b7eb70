"""What importing real orders costs: documents a second, memory, and whether the end is as fast as the beginning.

Imports the real orders with ERP alone, or with the supply chain and payments too (``--three``: shelves are filled
first, orders are dispatched and paid at a sandbox), delivers what they set going, and says the rate of the first and
the last tenth by time and by processor time (which other programs on the machine disturb less), statements and commits
a document, the peak of memory, and what importing the same file again costs, which finds nothing new.

The floor is the same writes, recorded and sent again by the raw driver to a copy of the empty shop, with the same
commits. There is none with ``--whole``: the recording would not fit into memory.

FENBU_DATA names the folder of the data; without them nothing is measured.
Run: ``python -m benchmarks.bench_importing [--whole] [--three] [--no-deliver] [--documents 0] [--only sqlite]``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from attrs import frozen

from benchmarks import floor
from benchmarks.machine import apart, timing
from benchmarks.reporting import Line, Option, command
from benchmarks.servers import kind, servers
from fenbu.engine.importing.report import Progress
from fenbu.engine.kernel import Kernel
from fenbu.work import Actor
from tests.flows import retail, three

TENTHS = 10
TABLE = "Importing real orders"


@frozen
class Mark:
    lines: int
    seconds: float
    cpu: float


def measure(told: argparse.Namespace) -> Iterator[Line]:
    """Yield a line for each kind of database."""
    data = retail.real_data()
    if data is None:
        print("the real orders are not here; FENBU_DATA names their folder", file=sys.stderr)
        return
    source = data if told.whole else data / "small"
    with servers(told.only) as here, tempfile.TemporaryDirectory(prefix="fenbu-bench-") as name:
        folder = Path(name)
        orders = source / "orders.csv.gz"
        if told.documents:
            orders = retail.first_documents(orders, told.documents, folder / "orders.csv")
        for server in here:
            empty = server.create()
            found_shop(empty, source / "opening_stock.csv" if told.three else None, folder)
            copies = [server.clone(empty) for _copy in range(3)]
            modules = "ERP, supply chain, payments" if told.three else "ERP"
            cells: dict[str, Any] = {"database": kind(empty), "modules": modules}
            cells |= apart(imported, copies[0], orders, folder, not told.no_deliver)
            took = cells.pop("took")
            if not told.whole:
                with floor.recorded() as sent:
                    imported(copies[1], orders, folder, not told.no_deliver, again=False)
                raw = floor.replay(copies[2], sent)
                cells["raw writes, documents/s"] = cells["documents"] / raw.own
                cells |= took.share_of(raw)
            yield Line(TABLE, cells)
            for url in (empty, *copies):
                server.drop(url)


def found_shop(url: str, stock: Path | None, folder: Path) -> None:
    """Found the shop with ERP; given a list of stock, with three modules and full shelves."""
    if stock is None:
        retail.build(url)
        return
    three.build(url)
    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        three.take_cards(kernel, folder / "sandbox.db")
        three.stock_up(kernel, stock, folder / "stock.rejects.csv")


def imported(url: str, file: Path, folder: Path, deliver: bool, again: bool = True) -> dict[str, Any]:
    """Import a file, and a second time to see that nothing is new; return what it cost."""
    marks = [Mark(0, 0.0, time.process_time())]

    def mark(progress: Progress) -> None:
        if not progress.pausing:
            marks.append(Mark(progress.lines, progress.seconds, time.process_time()))

    options = {"deliver": deliver, "most_waiting": 10**9, "rejects": folder / "rejects.csv"}
    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        before = kernel.database.statistics.copy()
        with timing(url) as took:
            report = retail.run(kernel, file, on_progress=mark, **options)
        spent = kernel.database.statistics.since(before)
        began = time.perf_counter()
        if again and (
            new := sum(one.documents for one in retail.run(kernel, file, **options).imported.values())
        ):
            raise RuntimeError(f"the second import took {new} documents anew")
        second = time.perf_counter() - began
    (first_rate, first_cpu), *_between, (last_rate, last_cpu) = tenths(marks)
    return {
        "documents": report.documents,
        "took": took,
        **took.pace("documents", report.documents),
        "lines/s": report.lines / took.own,
        "cpu ms a document": took.cpu / report.documents * 1000,
        "statements a document": spent.statements / report.documents,
        "documents a commit": report.documents / spent.commits,
        "last tenth to first": last_rate / first_rate,
        "last to first by cpu": last_cpu / first_cpu,
        "again s": second,
    }


def tenths(marks: list[Mark]) -> list[tuple[float, float]]:
    """Return lines a second, by the clock and by processor time, of each tenth of the lines (or of each batch)."""
    total, parts = marks[-1].lines, min(TENTHS, len(marks) - 1)
    edges = [min(marks, key=lambda mark: abs(mark.lines - total * part / parts)) for part in range(parts + 1)]
    rates = [
        (
            (after.lines - before.lines) / (after.seconds - before.seconds),
            (after.lines - before.lines) / (after.cpu - before.cpu),
        )
        for before, after in pairwise(edges)
        if after.lines > before.lines
    ]
    return rates if len(rates) > 1 else rates * 2


if __name__ == "__main__":
    command(
        __doc__,
        measure,
        Option("documents", 0, 60, "only the first so many documents; 0 is all"),
        Option("whole", False, False, "all 320,705 lines instead of the first three days", bool),
        Option("three", False, False, "with the supply chain and payments instead of ERP alone", bool),
        Option("no-deliver", False, False, "leave the deliveries waiting", bool),
    )
