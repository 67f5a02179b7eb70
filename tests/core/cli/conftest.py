"""A kiosk with three sales, on both databases, and the command line to look at it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fenbu.cli.running import run
from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.dummies import DummyModules, dummies
from tests.core.cli.kiosk import KIOSK
from tests.core.cli.running import Fenbu, Ran

LINE = {"item": "tea", "quantity": "2", "price": "1.25"}
SALES = (
    {"number": "K-1", "customer": "Ada", "lines": [LINE], "day": "2026-03-01"},
    {"number": "K-2", "customer": "Bob", "lines": [LINE, LINE], "day": "2026-03-02", "note": "cursed"},
    {
        "number": "K-3",
        "customer": "陈伟",
        "lines": [LINE],
        "currency": "JPY",
        "day": "2026-03-02",
        "gift": True,
    },
)


def _fill(url: str) -> None:
    with Kernel.init(url, name="Kiosk", currency="GBP", time_zone="Europe/London") as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["kiosk"]})
        for sale in SALES:
            kernel.perform("kiosk.sale.sell", sale)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[DummyModules]:
    with dummies(tmp_path / "site") as modules:
        modules.install(KIOSK)
        yield modules


@pytest.fixture
def kiosk_url(site: DummyModules, database_copy: DatabaseCopy) -> str:
    return database_copy("kiosk with three sales", _fill)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fenbu:
    """Run the command line in this process, in a folder without an enterprise, away from any terminal."""
    for name in [name for name in os.environ if name.startswith("FENBU")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def ran(*arguments: str, stdin: str | None = None) -> Ran:
        capsys.readouterr()
        given = io.TextIOWrapper(io.BytesIO((stdin or "").encode()))
        monkeypatch.setattr(sys, "stdin", given)
        code = run(arguments)
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return ran


@pytest.fixture
def fenbu(kiosk_url: str, elsewhere: Fenbu, monkeypatch: pytest.MonkeyPatch) -> Fenbu:
    """Run the command line in this process on the kiosk's database."""
    monkeypatch.setenv("FENBU_DATABASE", kiosk_url)
    return elsewhere
