"""Real orders of a real shop: what ERP makes of them agrees to the penny with what another program has counted."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from sqlalchemy import String, cast, func, select

from fenbu.engine import exporting
from fenbu.engine.doctor import examine
from fenbu.engine.importing.report import Report, Tally
from fenbu.engine.kernel import Kernel
from fenbu.exporting import Span
from fenbu.testing.databases import Databases, Kind
from fenbu.work import Actor
from tests.flows import retail
from tests.flows.test_import_run import counts
from tests.judging import complaints

DATA = retail.real_data()
pytestmark = pytest.mark.skipif(
    DATA is None, reason="the real orders are not here; FENBU_DATA names the folder that holds online_retail"
)


@frozen
class Imported:
    """A shop with the real orders in it, and what the other program says of them."""

    kernel: Kernel
    file: Path
    report: Report
    expected: dict[str, Any]


@pytest.fixture(scope="module", params=["small", pytest.param("whole", marks=pytest.mark.proof)])
def imported(
    request: pytest.FixtureRequest,
    databases: Databases,
    database_kind: Kind,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Imported]:
    assert DATA is not None
    folder = DATA / "small" if request.param == "small" else DATA
    server = databases.server(database_kind)
    url = server.copy("retail", retail.build)
    rejects = tmp_path_factory.mktemp("real") / "rejects.csv"
    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        report = retail.run(kernel, folder / "orders.csv.gz", rejects=rejects)
        expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
        yield Imported(kernel, folder / "orders.csv.gz", report, expected)
    server.drop(url)


def by_month(kernel: Kernel, view: str, amount: str = "net") -> dict[str, tuple[int, Decimal]]:
    """Return documents and amount of a view by month of their business day."""
    with kernel.read("erp") as work:
        rows = kernel.assembly.view(view).query(work).subquery()
        per = func.substr(cast(rows.c.day, String), 1, 7)
        query = select(per, func.count(), func.sum(rows.c[amount])).group_by(per)
        found: Any = work.execute(query)
        return {month: (documents, total) for month, documents, total in found}


def expected(imported: Imported, kind: str) -> dict[str, tuple[int, Decimal]]:
    return {
        month: (kinds[kind]["documents"], abs(Decimal(kinds[kind]["amount"])))
        for month, kinds in imported.expected["by_month"].items()
        if kind in kinds
    }


@pytest.mark.slow
@pytest.mark.timeout(1800)
class TestRealOrders:
    def test_every_document_is_read_and_none_rejected(self, imported: Imported) -> None:
        report, by_kind = imported.report, imported.expected["by_kind"]
        assert (report.documents, report.lines) == (
            imported.expected["documents"],
            imported.expected["lines"],
        )
        assert report.rejected.documents == 0
        assert report.waiting == 0
        found = defaultdict[str, list[Tally]](list)
        for kind, tally in (
            *report.imported.items(),
            *((kind, one) for (kind, _), one in report.left.items()),
        ):
            found[kind].append(tally)
        for kind, tallies in found.items():
            told = by_kind[kind]
            assert sum(one.documents for one in tallies) == told["documents"]
            assert sum(one.lines for one in tallies) == told["lines"]
            assert sum(one.amount or 0 for one in tallies) == Decimal(told["amount"])
        assert by_kind.keys() == found.keys()

    def test_what_was_ordered_agrees_by_month(self, imported: Imported) -> None:
        assert by_month(imported.kernel, "erp.orders") == expected(imported, "sale")

    def test_what_was_invoiced_agrees_by_month(self, imported: Imported) -> None:
        """An order with goods and services has two invoices, so documents are not compared."""
        invoiced = {
            month: amount for month, (_n, amount) in by_month(imported.kernel, "erp.invoices").items()
        }
        assert invoiced == {month: amount for month, (_n, amount) in expected(imported, "sale").items()}

    def test_what_was_credited_agrees_by_month(self, imported: Imported) -> None:
        assert by_month(imported.kernel, "erp.credit-notes") == expected(imported, "return")

    def test_lines_and_quantities_agree(self, imported: Imported) -> None:
        told = imported.expected["by_kind"]["sale"]
        with imported.kernel.read("erp") as work:
            lines = imported.kernel.assembly.view("erp.order-lines").query(work).subquery()
            found = work.execute(select(func.count(), func.sum(lines.c.quantity))).one()
        assert tuple(found) == (told["lines"], Decimal(told["quantity"]))

    def test_the_ledger_holds_what_was_sold_credited_and_lost(self, imported: Imported) -> None:
        kinds = {kind: Decimal(told["amount"]) for kind, told in imported.expected["by_kind"].items()}
        balance = {row["chart"]: row for row in retail.rows(imported.kernel, "erp.trial-balance")}
        assert sum(row["debit"] for row in balance.values()) == sum(row["credit"] for row in balance.values())
        assert balance["4000"]["balance"] == -kinds["sale"]
        assert balance["4900"]["balance"] == -kinds["return"]
        assert balance["1100"]["balance"] == sum(kinds.values())
        if "journal" in kinds:
            assert balance["6500"]["balance"] == -kinds["journal"]

    def test_bean_check_adds_the_exported_books_up_and_agrees(
        self, imported: Imported, tmp_path: Path
    ) -> None:
        """Every entry of the real orders, added up by a program of other people."""
        found = exporting.find(imported.kernel, "ledger", "beancount")
        books = list(exporting.lines(imported.kernel, found, Span()))
        with imported.kernel.read("erp") as work:
            journal = imported.kernel.assembly.view("erp.journal").query(work).subquery()
            entries = work.execute(select(func.count()).select_from(journal)).scalar_one()
        assert sum(" ^JE-" in line for line in books) == entries > 0
        assert complaints(books, tmp_path) == []

    def test_the_doctor_is_content(self, imported: Imported) -> None:
        imported.kernel.seal_audit()
        sick = {one.check.name: one.finding for one in examine(imported.kernel) if one.finding.health != "ok"}
        assert not sick

    def test_a_second_import_changes_nothing(self, imported: Imported, tmp_path: Path) -> None:
        before = counts(imported.kernel)
        report = retail.run(imported.kernel, imported.file, rejects=tmp_path / "rejects.csv")
        assert not report.imported
        assert report.rejected.documents == 0
        assert report.lines == imported.expected["lines"]
        assert counts(imported.kernel) == before
