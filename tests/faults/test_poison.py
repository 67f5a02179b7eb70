"""An event that kills the worker's process is found and put aside; everything else goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fenbu.testing.databases import DatabaseCopy
from tests.core.flows.shop import build

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_an_event_that_kills_its_worker_is_dead_after_three_times(
    database_copy: DatabaseCopy, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.faults.poison", database_copy("shop", build), str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-4000:]
    found = json.loads(ran.stdout)
    assert sorted(map(int, found["dead"])) == [13, 27, 41]
    assert found["deaths"] <= 3 * 3 + 6, (
        "each took three deaths, or a few more while it was not the first of its key"
    )
    done = set(found["effects"])
    assert len(done) == len(found["effects"]), "nothing happened twice"
    behind = {seq for bad in (13, 27, 41) for seq in range(bad, 61, 6)}
    assert done == set(range(1, 61)) - behind
