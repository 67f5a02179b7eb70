"""Snapshots for the tests of screens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tui.golden import FOLDER, Snapshots


@pytest.fixture
def snapshots(request: pytest.FixtureRequest) -> Iterator[Snapshots]:
    """Hold what screens show against what is kept; the test fails at its end, with all that differs."""
    kept = Snapshots(FOLDER, renew=request.config.getoption("--renew-snapshots"))
    yield kept
    kept.check()
