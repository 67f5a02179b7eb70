"""What several tests of screens stand on: snapshots, and a tea house in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModules, dummies
from tests.core.rollout import tea
from tests.tui.golden import FOLDER, Snapshots
from tests.tui.teahouse import Worlds, house, worlds


@pytest.fixture
def snapshots(request: pytest.FixtureRequest) -> Iterator[Snapshots]:
    """Hold what screens show against what is kept; the test fails at its end, with all that differs."""
    kept = Snapshots(FOLDER, renew=request.config.getoption("--renew-snapshots"))
    yield kept
    kept.check()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[DummyModules]:
    """Install the tea house's modules."""
    with dummies(tmp_path / "site") as modules:
        modules.install(*tea.MODULES)
        yield modules


@pytest.fixture
def url(
    site: DummyModules, database_copy: DatabaseCopy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Return the tea house's database, standing in an empty folder."""
    folder = tmp_path / "folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return house(database_copy)


@pytest.fixture
def opens(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worlds]:
    """Open the tea house for an operator."""
    with worlds(url, monkeypatch) as opened:
        yield opened
