"""What importing real orders costs: documents a second, memory, and whether the end is as fast as the beginning.

Imports the real orders with ERP alone, or with the supply chain and payments too (``--three``: shelves are filled
first, orders are dispatched and paid at a sandbox), delivers what they set going, and prints the rate of each tenth by
time and by processor time (which other programs on the machine disturb less), statements and commits an order, the
peak of memory, and the size of the store.
Run: ``python benchmarks/bench_importing.py [--whole] [--three] [--database URL] [--no-deliver]``; FENBU_DATA names
the data.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fenbu.engine.importing.report import Progress  # noqa: E402
from fenbu.engine.kernel import Kernel  # noqa: E402
from fenbu.work import Actor  # noqa: E402
from tests.flows import retail, three  # noqa: E402

TENTHS = 10


@frozen
class Mark:
    lines: int
    documents: int
    seconds: float
    cpu: float


def main() -> int:
    told = arguments()
    data = retail.real_data()
    if data is None:
        print(
            "the real orders are not here; FENBU_DATA names the folder that holds online_retail",
            file=sys.stderr,
        )
        return 0
    source = data if told.whole else data / "small"
    with tempfile.TemporaryDirectory(prefix="fenbu-bench-") as folder:
        url = told.database or f"sqlite:///{folder}/fenbu.db"
        if told.three:
            open_three(url, source / "opening_stock.csv", Path(folder))
        else:
            retail.build(url)
        measure(url, source / "orders.csv.gz", Path(folder), deliver=told.deliver)
    return 0


def open_three(url: str, stock: Path, folder: Path) -> None:
    """Found the shop with three modules and fill its shelves."""
    three.build(url)
    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        three.take_cards(kernel, folder / "sandbox.db")
        report = three.stock_up(kernel, stock, folder / "stock.rejects.csv")
    print(f"{report.documents:,} articles stocked in {report.seconds:.0f} s", file=sys.stderr)


def measure(url: str, file: Path, folder: Path, *, deliver: bool) -> None:
    marks = [Mark(0, 0, 0.0, time.process_time())]

    def mark(progress: Progress) -> None:
        if progress.pausing:
            return
        marks.append(Mark(progress.lines, progress.documents, progress.seconds, time.process_time()))
        if sys.stderr.isatty():
            print(f"\r{progress.lines:,} lines, {progress.rate:.0f} documents/s", end="", file=sys.stderr)

    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        options = {"deliver": deliver, "most_waiting": 10**9, "rejects": folder / "rejects.csv"}
        before = kernel.database.statistics.copy()
        report = retail.run(kernel, file, on_progress=mark, **options)
        spent = kernel.database.statistics.since(before)
        first = tenths(marks)
        orders = report.imported["sale"].documents
        started = time.perf_counter()
        again = retail.run(kernel, file, **options)
        second = time.perf_counter() - started
    told = {
        "documents": report.documents,
        "lines": report.lines,
        "seconds": round(report.seconds, 1),
        "documents_a_second": round(report.documents / report.seconds, 1),
        "lines_a_second": round(report.lines / report.seconds),
        "statements_an_order": round(spent.statements / orders, 1),
        "commits_an_order": round(spent.commits / orders, 1),
        "tenths_lines_a_second": [round(rate) for rate, _cpu in first],
        "tenths_lines_a_cpu_second": [round(rate) for _rate, rate in first],
        "last_tenth_to_first": round(first[-1][0] / first[0][0], 2),
        "last_tenth_to_first_cpu": round(first[-1][1] / first[0][1], 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "second_import_seconds": round(second, 1),
        "second_import_imported": sum(tally.documents for tally in again.imported.values()),
        "rejected": report.rejected.documents,
    }
    if (database := folder / "fenbu.db").exists():
        told["database_mb"] = round(database.stat().st_size / 2**20)
    print(json.dumps(told, indent=1))


def tenths(marks: list[Mark]) -> list[tuple[float, float]]:
    """Return lines a second, by the clock and by processor time, of each tenth of the lines (or of each batch)."""
    total, parts = marks[-1].lines, min(TENTHS, len(marks) - 1)
    edges = [min(marks, key=lambda mark: abs(mark.lines - total * part / parts)) for part in range(parts + 1)]
    return [
        (
            (after.lines - before.lines) / (after.seconds - before.seconds),
            (after.lines - before.lines) / (after.cpu - before.cpu),
        )
        for before, after in pairwise(edges)
        if after.lines > before.lines
    ]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--whole", action="store_true", help="all 320,705 lines instead of the first three days"
    )
    parser.add_argument(
        "--three", action="store_true", help="with the supply chain and payments instead of ERP alone"
    )
    parser.add_argument("--database", help="an empty database instead of a SQLite file in a temporary folder")
    parser.add_argument(
        "--no-deliver", dest="deliver", action="store_false", help="leave the deliveries waiting"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
