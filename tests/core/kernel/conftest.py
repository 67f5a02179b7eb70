"""A tea room for the kernel's tests: an enterprise with the module tea enabled, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.dummies import DummyModules, dummies
from tests.core.kernel.tea import SUGAR, TEA


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[DummyModules]:
    with dummies(tmp_path / "site") as modules:
        modules.install(TEA, SUGAR)
        yield modules


@pytest.fixture
def tea_room(installed: DummyModules, database_url: str) -> Iterator[Kernel]:
    kernel = Kernel.init(database_url, name="Tea room", currency="GBP", time_zone="Europe/London")
    kernel.perform("fenbu.module.enable", {"modules": ["tea"]})
    yield kernel
    kernel.close()
