"""An import that is killed again and again, and continued, comes to what an undisturbed one comes to."""

from __future__ import annotations

import difflib
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from fenbu.engine import canonical
from fenbu.engine.kernel import Kernel
from fenbu.engine.store import tables
from fenbu.testing.databases import DatabaseCopy
from fenbu.work import Actor
from tests.faults import killing
from tests.faults.conftest import Tally
from tests.flows import retail


def invoices(folder: Path, documents: int, seed: int) -> Path:
    """Make up a file with all kinds of documents, some of them in each other's way."""
    chance = Random(seed)
    lines: list[str] = []
    for number in range(documents):
        reference = str(536365 + number)
        kind = chance.random()
        customer = chance.choice(("17850.0", "13047.0", ""))
        codes = chance.sample(range(20000, 20040), chance.randint(1, 5))
        if kind < 0.15:
            lines += [retail.line(f"C{reference}", str(code), "-2", "1.25", customer) for code in codes]
        elif kind < 0.25:
            lines.append(retail.line(reference, str(codes[0]), "-3", "0", "", title="damaged"))
        elif kind < 0.3:
            lines.append(retail.line(f"A{reference}", "B", "1", "-100.00", "", title="Adjust bad debt"))
        else:
            lines += [retail.line(reference, str(code), "4", "2.10", customer) for code in codes]
            lines.append(retail.line(reference, "POST", "1", "18.00", customer))
    return retail.write(folder, *lines)


def export(url: str) -> str:
    """Finish what is left, and return the business facts."""
    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        assert kernel.worker().drain().finished
        with kernel.read() as work:
            left = work.execute(select(func.count()).select_from(tables.delivery)).scalar_one()
        assert left == 0
        return canonical.text(kernel)


def difference(one: str, other: str) -> str:
    lines = difflib.unified_diff(
        one.splitlines(), other.splitlines(), "undisturbed", "killed", lineterm="", n=0
    )
    return "\n".join(list(lines)[:40])


@pytest.mark.proof
def test_killed_five_times_and_continued_an_import_ends_the_same(
    database_copy: DatabaseCopy, tmp_path: Path, tally: Tally
) -> None:
    file = invoices(tmp_path, 40, seed=7)
    undisturbed, disturbed = (database_copy("retail", retail.build) for _ in range(2))
    total = killing.ended(retail.imported, undisturbed, file).statements
    died = [
        killing.killed(retail.imported, disturbed, file, kill=kill) for kill in killing.kills(7, 5, total)
    ]
    assert sum(died) >= 4
    killing.killed(retail.imported, disturbed, file)
    assert difference(export(undisturbed), export(disturbed)) == ""
    tally(sum(died))


@pytest.mark.proof
@pytest.mark.timeout(3000)
def test_killed_fifty_times_the_real_orders_end_the_same(
    database_copy: DatabaseCopy, tmp_path: Path, tally: Tally
) -> None:
    data = retail.real_data()
    if data is None:
        pytest.skip("the real orders are not here; FENBU_DATA names the folder that holds online_retail")
    file = tmp_path / "orders.csv.gz"
    file.write_bytes((data / "small" / "orders.csv.gz").read_bytes())
    undisturbed, disturbed = (database_copy("retail", retail.build) for _ in range(2))
    total = killing.ended(retail.imported, undisturbed, file).statements
    died = [
        killing.killed(retail.imported, disturbed, file, kill=kill)
        for kill in killing.kills(20261121, 60, total)
    ]
    print(f"{sum(died)} kills in an import of {total:,} statements")
    assert sum(died) >= 50
    killing.killed(retail.imported, disturbed, file)
    assert difference(export(undisturbed), export(disturbed)) == ""
    tally(sum(died))
