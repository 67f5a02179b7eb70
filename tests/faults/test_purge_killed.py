"""Killed while it is purged or brought back, a module is either whole or in its archive, never between."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import inspect

from fenbu.engine import canonical
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.kernel import Kernel
from fenbu.engine.store import archive
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.enterprises import OWNER
from tests.faults.conftest import Tally
from tests.faults.killing import NEVER, Kill, ended, killed, kills


def build(url: str) -> None:
    """A bureau with some customers; CRM is disabled."""
    with Kernel.init(url, name="Tea", currency="GBP", time_zone="UTC", os_user=OWNER.name) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["crm"]})
        for number in range(3):
            kernel.perform("crm.customer.register", {"name": f"Customer {number}"})
        kernel.drain()
        kernel.perform("fenbu.module.disable", {"modules": ["crm"]})


def purging(url: str, file: str) -> None:
    """Purge CRM and end."""
    with Kernel.open(url, actor=OWNER) as kernel:
        kernel.perform("fenbu.module.purge", {"module": "crm", "archive": file})


def bringing_back(url: str, file: str) -> None:
    """Bring CRM back and end."""
    with Kernel.open(url, actor=OWNER) as kernel:
        kernel.perform("fenbu.module.unarchive", {"archive": file})


def is_purged(url: str) -> bool:
    """Say whether CRM is purged; everything of it must be gone then, and nothing otherwise."""
    with Kernel.open(url, actor=OWNER) as kernel:
        with kernel.database.read() as connection:
            tables = [name for name in inspect(connection).get_table_names() if "crm" in name]
        row = kernel.modules(look_at_all=False).by_name["crm"].row
        assert row is not None
        purged = row.state is ModuleState.PURGED
        assert purged or row.state is ModuleState.DISABLED
        assert bool(tables) is not purged, f"{row.state} with {tables}"
        return purged


def facts(url: str) -> str:
    """Enable CRM and return what it knows."""
    with Kernel.open(url, actor=OWNER) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["crm"]})
        kernel.drain()
        return canonical.text(kernel, ["crm"])


def die_often(copy: DatabaseCopy, folder: Path, times: int) -> int:
    """Purge and bring back through so many deaths each; returns how many there were."""
    before, url = facts(copy("bureau to be purged", build)), copy("bureau to be purged", build)
    died, number = 0, 0
    statements = ended(purging, url, str(folder / "measured")).statements
    back = ended(bringing_back, url, str(folder / "measured")).statements
    for kill in [*kills(3, times, statements * times // 2), NEVER]:
        file = folder / f"{number}.gz"
        number += 1
        died += killed(purging, url, str(file), kill=kill)
        if is_purged(url):
            archive.read(file)
            killed(bringing_back, url, str(file))
            assert not is_purged(url)
        assert not list(folder.glob("*.gz")) or all(archive.read(one).total for one in folder.glob("*.gz"))
    purging(url, str(folder / "last.gz"))
    for kill in [*kills(5, times, back * times // 2), Kill(statement=back - 1), NEVER]:
        died += killed(bringing_back, url, str(folder / "last.gz"), kill=kill)
        if not is_purged(url):
            purging(url, str(folder / f"again{number}.gz"))
            number += 1
    assert is_purged(url)
    bringing_back(url, str(folder / "last.gz"))
    assert facts(url) == before
    return died


@pytest.mark.slow
def test_a_purge_that_is_killed_leaves_all_or_nothing(
    database_copy: DatabaseCopy, tmp_path: Path, tally: Tally
) -> None:
    died = die_often(database_copy, tmp_path, 2)
    assert died >= 2
    tally(died)


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_a_purge_may_be_killed_anywhere(database_copy: DatabaseCopy, tmp_path: Path, tally: Tally) -> None:
    died = die_often(database_copy, tmp_path, 40)
    assert died >= 50
    tally(died)
