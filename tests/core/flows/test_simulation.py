"""The simulation finds nothing wrong, and finds what is planted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.flows.planted import PLANTED, Plant
from tests.core.flows.shop import build
from tests.core.flows.simulation import Wrong, simulation

SEEDS = 60
MANY = 1500
ENOUGH = 150
"""Seeds within which each planted bug must be found; most take fewer than ten."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("simulation") / "template.db"
    build(str(path))
    return path


@pytest.mark.parametrize(
    "seeds", [SEEDS, pytest.param(MANY, marks=[pytest.mark.proof, pytest.mark.timeout(3600)])]
)
def test_no_seed_loses_doubles_or_reorders_anything(template: Path, tmp_path: Path, seeds: int) -> None:
    effects = 0
    for seed in range(seeds):
        with simulation(seed, template, tmp_path) as run:
            effects += run.run()
    assert effects > seeds * 20


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_bug_is_found(
    planted: Plant, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(monkeypatch)
    for seed in range(ENOUGH):
        with simulation(seed, template, tmp_path) as run:
            try:
                run.run()
            except Wrong:
                return
    pytest.fail(f"{ENOUGH} seeds did not find it")
