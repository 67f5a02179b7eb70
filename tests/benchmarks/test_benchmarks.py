"""The benchmarks run, and what they say can be read: beside its baseline, with what the machine did meanwhile."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.reporting import document
from tools.constraints import ROOT

RUN = {
    "at": "2026-01-05T09:00:00Z",
    "seconds": 1200,
    "load": [0.3, 1.2],
    "loop": [{"ms": 20.1, "cpu ms": 19.0}, {"ms": 41.5, "cpu ms": 19.2}],
    "quick": False,
    "machine": {"processor": "Abacus", "cores": 2, "system": "Linux", "python": "3.11", "sqlite": "3.40"},
}


def test_lines_become_a_table_under_the_noise_of_their_run() -> None:
    lines: list[dict[str, object]] = [
        {"bench": "hooks", "table": "Asking a hook", "asked": "pluggy", "µs": 4.6},
        {"bench": "hooks", "table": "Asking a hook", "asked": "all", "µs": 1234, "× pluggy": 0.5},
        {"bench": "hooks", "run": RUN},
    ]
    told = document(lines)
    assert "Abacus, 2 cores" in told
    assert "1,200 s. Load 0.3 before, 1.2 after; the fixed loop took 20.1 ms (19.0 of the processor)" in told
    assert told.endswith(
        "Asking a hook:\n\n"
        "| asked | µs | × pluggy |\n| --- | ---: | ---: |\n| pluggy | 4.6 |  |\n| all | 1,234 | 0.5 |\n"
    )


def test_a_benchmark_that_broke_off_says_so_above_its_table() -> None:
    told = document([{"bench": "flows", "table": "Publishing", "events/s": 900}])
    assert "## Flows\n\n**It did not come to its end.**\n\nPublishing:" in told


def test_the_page_names_every_benchmark() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == NAMES


def test_a_benchmark_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    ended = benchmarks("hoops", "--to", str(tmp_path / "bench"))
    assert ended.returncode == 2
    assert f"there is no benchmark hoops; there are {', '.join(NAMES)}" in ended.stderr


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_every_benchmark_comes_to_its_end(tmp_path: Path) -> None:
    """Small ones on both databases: each measures what it says, or raises where the work was not done."""
    ended = benchmarks("--quick", "--to", str(tmp_path / "bench"))
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in (tmp_path / "bench.json").read_text("utf-8").splitlines()]
    assert {line["bench"] for line in lines if "run" in line} == set(NAMES)
    assert "did not come to its end" not in (tmp_path / "bench.md").read_text("utf-8")


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
