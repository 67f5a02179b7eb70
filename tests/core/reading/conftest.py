"""A kiosk with forty sales, for reading page by page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModules, dummies
from tests.core.cli.kiosk import KIOSK

COUNT = 40


def _fill(url: str) -> None:
    with Kernel.init(url, name="Kiosk", currency="GBP", time_zone="Europe/London") as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["kiosk"]})
        for index in range(COUNT):
            line = {"item": "tea", "quantity": str(1 + index % 7), "price": "1.25"}
            note = None if index % 3 == 0 else f"note {index % 4}"
            sale: dict[str, Any] = {
                "number": f"K-{index:03}",
                "customer": f"customer {index % 5}",
                "lines": [line],
            }
            sale |= {"day": f"2026-03-{1 + index % 4:02}", "note": note or "", "gift": index % 2 == 0}
            kernel.perform("kiosk.sale.sell", sale)
        kernel.perform("kiosk.sale.pay", {"number": "K-005"})


@pytest.fixture
def site(tmp_path: Path) -> Iterator[DummyModules]:
    with dummies(tmp_path / "site") as modules:
        modules.install(KIOSK)
        yield modules


@pytest.fixture
def kiosk(site: DummyModules, database_copy: DatabaseCopy) -> Iterator[Kernel]:
    with Kernel.open(database_copy("kiosk with forty sales", _fill)) as kernel:
        yield kernel
