"""What importing real orders costs: documents a second, memory, and whether the end is as fast as the beginning.

Imports the real orders with ERP alone, delivers what they set going, and prints the rate of each tenth by time and
by processor time (which other programs on the machine disturb less), the peak of memory, and the size of the store.
Run: ``python benchmarks/bench_importing.py [--whole] [--database URL] [--no-deliver]``; FENBU_DATA names the data.
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
from tests.flows import retail  # noqa: E402

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
    file = data / "orders.csv.gz" if told.whole else data / "small" / "orders.csv.gz"
    with tempfile.TemporaryDirectory(prefix="fenbu-bench-") as folder:
        url = told.database or f"sqlite:///{folder}/fenbu.db"
        retail.build(url)
        measure(url, file, Path(folder), deliver=told.deliver)
    return 0


def measure(url: str, file: Path, folder: Path, *, deliver: bool) -> None:
    marks = [Mark(0, 0, 0.0, time.process_time())]

    def mark(progress: Progress) -> None:
        marks.append(Mark(progress.lines, progress.documents, progress.seconds, time.process_time()))
        if sys.stderr.isatty():
            print(f"\r{progress.lines:,} lines, {progress.rate:.0f} documents/s", end="", file=sys.stderr)

    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        options = {"deliver": deliver, "most_waiting": 10**9, "rejects": folder / "rejects.csv"}
        report = retail.run(kernel, file, on_progress=mark, **options)
        first = tenths(marks)
        started = time.perf_counter()
        again = retail.run(kernel, file, **options)
        second = time.perf_counter() - started
    told = {
        "documents": report.documents,
        "lines": report.lines,
        "seconds": round(report.seconds, 1),
        "documents_a_second": round(report.documents / report.seconds, 1),
        "lines_a_second": round(report.lines / report.seconds),
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
    parser.add_argument("--database", help="an empty database instead of a SQLite file in a temporary folder")
    parser.add_argument(
        "--no-deliver", dest="deliver", action="store_false", help="leave the deliveries waiting"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
