"""Killed with SIGKILL at random moments and continued, the flows lose, double and reorder nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fenbu.testing.databases import DatabaseCopy
from tests.core.flows.shop import build
from tests.faults.conftest import Tally

ROOT = Path(__file__).parents[2]


def killed(url: str, folder: Path, *options: str) -> dict[str, Any]:
    """Run the whole in a process of its own, which forks the others; return its figures."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.faults.flow_kills", url, str(folder), *options]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-4000:]
    figures: dict[str, Any] = json.loads(ran.stdout)
    assert figures["children_failed"] == 0, ran.stderr[-4000:]
    return figures


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_what_was_acknowledged_survives_kills_once_and_in_order(
    database_copy: DatabaseCopy, tmp_path: Path, tally: Tally
) -> None:
    figures = killed(database_copy("shop", build), tmp_path / "run", "--kills", "15", "--seed", "1")
    tally(figures["kills"])
    assert figures["wrong"] == []
    assert figures["orders"] >= 30


@pytest.mark.proof
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(6))
def test_hundreds_of_kills_change_nothing(
    database_copy: DatabaseCopy, tmp_path: Path, seed: int, tally: Tally
) -> None:
    figures = killed(database_copy("shop", build), tmp_path / "run", "--kills", "300", "--seed", str(seed))
    assert figures["wrong"] == []
    tally(figures["kills"])


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.databases("sqlite")
def test_an_acknowledgement_in_another_transaction_is_found(
    database_copy: DatabaseCopy, tmp_path: Path
) -> None:
    url = database_copy("shop", build)
    figures = killed(url, tmp_path / "run", "--kills", "40", "--planted")
    assert any("happened twice" in wrong for wrong in figures["wrong"])
