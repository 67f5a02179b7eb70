"""Runs the benchmarks one after another, each in a process of its own, and writes down what they say.

Run: ``python -m benchmarks [--quick] [--only sqlite|postgresql] [--to build/bench] [NAME ...]``. The lines go to
``build/bench.json`` (a JSON document a line) and the tables to ``build/bench.md``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.reporting import KINDS, document

HERE = Path(__file__).resolve().parent
NAMES = sorted(file.stem.removeprefix("bench_") for file in HERE.glob("bench_*.py"))


def main() -> int:
    """Run them all; return how many did not come to their end."""
    told = arguments()
    options = [*(["--quick"] if told.quick else []), *(["--only", told.only] if told.only else [])]
    said: list[dict[str, Any]] = []
    failed: list[str] = []
    told.to.parent.mkdir(parents=True, exist_ok=True)
    with told.to.with_suffix(".json").open("w", encoding="utf-8") as file:
        for name in told.names or NAMES:
            print(f"== {name}", file=sys.stderr)
            for line in lines(name, options, failed):
                print(line, file=file, flush=True)
                said.append(json.loads(line))
    told.to.with_suffix(".md").write_text(document(said), encoding="utf-8")
    print(document(said))
    if failed:
        print(f"did not come to their end: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


def lines(name: str, options: list[str], failed: list[str]) -> Iterator[str]:
    """Yield what a benchmark says while it runs; one that fails is named in `failed`, and the others go on."""
    command = [sys.executable, "-m", f"benchmarks.bench_{name}", *options]
    with subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", file=sys.stderr)
            yield line.rstrip("\n")
    if process.returncode:
        failed.append(name)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which; all of {', '.join(NAMES)} unless named"
    )
    parser.add_argument("--quick", action="store_true", help="few and small, for a run of a few minutes")
    parser.add_argument("--only", choices=KINDS, help="one kind of database")
    parser.add_argument(
        "--to", type=Path, default=HERE.parent / "build" / "bench", help="the two files, without their ending"
    )
    told = parser.parse_args()
    if unknown := sorted(set(told.names) - set(NAMES)):
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(NAMES)}")
    return told


if __name__ == "__main__":
    sys.exit(main())
