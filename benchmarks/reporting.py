"""What a benchmark says, and how: lines of numbers as JSON while it runs, tables in Markdown at the end.

A benchmark is a command of its own, ``python -m benchmarks.bench_NAME``, which ends in `command`. It yields a `Line`
for each thing measured, with its raw baseline of the same run beside it. What the machine did meanwhile is measured
here, once for all.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from benchmarks.machine import load, loop_ms, machine

KINDS = ("sqlite", "postgresql")


@frozen
class Line:
    """One thing measured: the table it belongs to, what was measured, and the numbers."""

    table: str
    cells: Mapping[str, Any]
    """Texts, numbers or None; of numbers with a fraction three digits are kept."""


@frozen
class Option:
    """An option of a benchmark, with what it is in a run of a few minutes."""

    name: str
    default: Any
    quick: Any
    help: str
    type: Callable[[str], Any] = int


def numbers(told: str) -> list[int]:
    """Read ``0,1000`` as numbers."""
    return [int(one) for one in told.split(",")]


Measure = Callable[[argparse.Namespace], Iterator[Line]]


def command(doc: str, measure: Measure, *options: Option, databases: bool = True) -> None:
    """Run a benchmark as a command: print each line when it is measured, at last what the machine did meanwhile.

    Args:
        doc: Of the benchmark's file; its help.
        measure: Yields the lines; it is given the options by name.
        *options: What it may be told.
        databases: It runs on each kind of database; ``only`` of its options is the kind that is wanted, or None.
    """
    name = Path(sys.argv[0]).stem.removeprefix("bench_")
    told = _options(doc, options, databases)
    began, before = time.monotonic(), (load(), loop_ms())
    said: list[dict[str, Any]] = []

    def say(line: dict[str, Any]) -> None:
        said.append({"bench": name} | line)
        print(json.dumps(said[-1], ensure_ascii=False), flush=True)

    for line in measure(told):
        say({"table": line.table} | {title: _rounded(cell) for title, cell in line.cells.items()})
    say(
        {
            "run": {
                "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "seconds": round(time.monotonic() - began),
                "load": [before[0], load()],
                "loop": [_loop(*before[1]), _loop(*loop_ms())],
                "quick": told.quick,
                "machine": machine(),
            }
        }
    )
    if told.table:
        print(document(said))


def document(said: Iterable[dict[str, Any]]) -> str:
    """Return what benchmarks have said as a document in Markdown, a heading for each and a table below it."""
    benches: dict[str, _Bench] = {}
    for line in said:
        bench = benches.setdefault(line["bench"], _Bench())
        if "run" in line:
            bench.run.update(line["run"])
        else:
            bench.tables.setdefault(line["table"], []).append(
                {title: cell for title, cell in line.items() if title not in ("bench", "table")}
            )
    parts = ["# Benchmarks"]
    if machines := [_machine_told(bench.run["machine"]) for bench in benches.values() if bench.run]:
        parts.append(machines[0])
    for name, bench in benches.items():
        parts.append(f"## {name.replace('_', ' ').capitalize()}")
        parts.append(_run_told(bench.run))
        for title, lines in bench.tables.items():
            parts.append(f"{title}:\n\n{_table(lines)}")
    return "\n\n".join(parts) + "\n"


@frozen
class _Bench:
    tables: dict[str, list[dict[str, Any]]] = field(factory=dict)
    run: dict[str, Any] = field(factory=dict)


def _options(doc: str, options: Iterable[Option], databases: bool) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few and small, for a run of a few minutes")
    parser.add_argument("--table", action="store_true", help="tables in Markdown at the end")
    parser.add_argument(
        "--only", choices=KINDS, help="one kind of database" if databases else argparse.SUPPRESS
    )
    for option in options:
        told = f"{option.help} ({_shown(option.default)}; quick: {_shown(option.quick)})"
        if option.type is bool:
            parser.add_argument(f"--{option.name}", action="store_true", default=None, help=told)
        else:
            parser.add_argument(f"--{option.name}", type=option.type, help=told)
    chosen = parser.parse_args()
    for option in options:
        name = option.name.replace("-", "_")
        if getattr(chosen, name) is None:
            setattr(chosen, name, option.quick if chosen.quick else option.default)
    return chosen


def _shown(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _rounded(cell: Any) -> Any:
    """Keep as many digits as a noisy machine can vouch for."""
    if not isinstance(cell, float):
        return cell
    return round(cell) if abs(cell) >= 100 else round(cell, 1 if abs(cell) >= 10 else 2)


def _table(lines: list[dict[str, Any]]) -> str:
    titles = list(dict.fromkeys(title for line in lines for title in line))
    sides = [
        "---:" if any(isinstance(line.get(title), int | float) for line in lines) else "---"
        for title in titles
    ]
    rows = [titles, sides, *([_cell(line.get(title)) for title in titles] for line in lines)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(cell: Any) -> str:
    if cell is None:
        return ""
    return f"{cell:,}" if isinstance(cell, int | float) else str(cell)


def _machine_told(told: dict[str, Any]) -> str:
    return (
        f"{told['processor']}, {told['cores']} cores; {told['system']}; Python {told['python']}, "
        f"SQLite {told['sqlite']}."
    )


def _run_told(run: dict[str, Any]) -> str:
    if not run:
        return "**It did not come to its end.**"
    (load_before, load_after), (before, after) = run["load"], run["loop"]
    return (
        f"{run['at']}, {run['seconds']:,} s{', quick' if run['quick'] else ''}. Load {load_before} before, "
        f"{load_after} after; the fixed loop took {before['ms']} ms ({before['cpu ms']} of the processor) before, "
        f"{after['ms']} ms ({after['cpu ms']}) after."
    )


def _loop(wall: float, busy: float) -> dict[str, float]:
    return {"ms": wall, "cpu ms": busy}
