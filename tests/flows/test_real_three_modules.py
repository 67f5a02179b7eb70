"""Real orders of a real shop over three modules: sold, held, short, dispatched, charged, invoiced, paid out, posted.

What comes of it agrees to the penny and to the piece with what another program has counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, frozen
from sqlalchemy import func, select

from fenbu.engine import exporting
from fenbu.engine.doctor import examine
from fenbu.engine.importing.report import Progress, Report
from fenbu.engine.kernel import Kernel
from fenbu.exporting import Span
from fenbu.testing.clock import Clock
from fenbu.testing.databases import Databases, Kind
from fenbu.work import Actor
from fenbu_payments.sandbox.bank import Bank
from tests.flows import counting, retail, three
from tests.flows.test_import_run import counts
from tests.flows.test_real_orders import by_month
from tests.judging import complaints

DATA = retail.real_data()
pytestmark = pytest.mark.skipif(
    DATA is None, reason="the real orders are not here; FENBU_DATA names the folder that holds online_retail"
)
ZERO = Decimal(0)
PAGE = 4096


@define
class Watch:
    """How an import goes: memory and lines at each report of its progress."""

    marks: list[tuple[int, float, int]] = field(factory=list)

    def __call__(self, progress: Progress) -> None:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        self.marks.append((progress.lines, progress.seconds, pages * PAGE // 2**20))

    def tell(self) -> str:
        """Return peak of memory, and lines a second in the first and the last tenth."""
        lines, seconds, _megabytes = self.marks[-1]
        told = f"{lines:,} lines in {seconds:.0f} s, at most {self.peak} MB"
        if len({mark[0] for mark in self.marks}) < 20:
            return told  # a tenth is less than a batch
        first, last = (min(self.marks, key=lambda m: abs(m[0] - lines * part / 10)) for part in (1, 9))
        rates = first[0] / first[1], (lines - last[0]) / (seconds - last[1])
        return f"{told}; first tenth {rates[0]:.0f} lines/s, last tenth {rates[1]:.0f} ({rates[1] / rates[0]:.0%})"

    @property
    def peak(self) -> int:
        """Most megabytes that were in memory."""
        return max(megabytes for _lines, _seconds, megabytes in self.marks)


@frozen
class Story:
    """The shop with the real orders in it: before the goods came that were short, and after."""

    kernel: Kernel
    file: Path
    bank: Bank
    expected: dict[str, Any]
    opening: Report
    report: Report
    again: Report
    """Of the second reading, after the shop has said what its unknown articles cost."""
    valued: int
    watch: Watch
    at_once: dict[str, Any]
    """What was true when all was imported and delivered for the first time."""
    received: Decimal

    def goods(self, name: str) -> Decimal:
        return Decimal(self.expected[name])

    def amount(self, kind: str) -> Decimal:
        return Decimal(self.expected["by_kind"][kind]["amount"])

    def rows(self, view: str) -> list[dict[str, Any]]:
        return retail.rows(self.kernel, view)

    def sum(self, view: str, column: str) -> Decimal:
        module = view.partition(".")[0]
        with self.kernel.read(module) as work:
            rows = self.kernel.assembly.view(view).query(work).subquery()
            found: Decimal | None = work.execute(select(func.sum(rows.c[column]))).scalar()
        return found or ZERO

    def moved(self, kind: str) -> Decimal:
        """Return how much money the bank's own record says was moved."""
        moved = (self.bank.moved(payment)[kind] for payment in self.bank.payments())
        return sum(moved, ZERO)

    def months(self, kind: str) -> dict[str, Decimal]:
        """Return the amount of a kind of document by month, as it was counted."""
        return {month: amount for month, (_n, amount) in counting.in_months(self.expected, kind).items()}


@frozen
class Input:
    """The files of a run, and what they come to."""

    orders: Path
    stock: Path
    expected: dict[str, Any]


def given(which: str, place: Path) -> Input:
    """Return the whole data, its first days, or some documents of each kind with a list of stock made for them."""
    assert DATA is not None
    if which != "part":
        folder = DATA / "small" if which == "small" else DATA
        expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
        return Input(folder / "orders.csv.gz", folder / "opening_stock.csv", expected)
    orders = counting.some_documents(
        DATA / "small" / "orders.csv.gz",
        place / "orders.csv",
        **{"sale": 25, "return": 8, "stock_adjustment": 8},
    )
    stock = place / "stock.csv"
    opened = counting.stock_for(orders, three.costs(DATA / "small" / "opening_stock.csv"), stock)
    return Input(orders, stock, counting.expected(orders) | opened)


def test_what_is_counted_here_is_what_the_other_program_has_counted() -> None:
    assert DATA is not None
    theirs = json.loads((DATA / "small" / "expected.json").read_text(encoding="utf-8"))
    ours = counting.expected(DATA / "small" / "orders.csv.gz")
    for kind in ("sale", "return", "stock_adjustment"):
        assert counting.in_months(ours, kind) == counting.in_months(theirs, kind)
    assert {name: ours[name] for name in counting.PIECES.values()} == {
        name: theirs[name] for name in counting.PIECES.values()
    }


LONG = [pytest.param(which, marks=pytest.mark.proof) for which in ("small", "whole")]


@pytest.fixture(scope="module", params=["part", *LONG])
def story(
    request: pytest.FixtureRequest,
    databases: Databases,
    database_kind: Kind,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Story]:
    place = tmp_path_factory.mktemp("three")
    server = databases.server(database_kind)
    url = server.copy("three", three.build)
    with (
        Kernel.open(url, actor=Actor(retail.OWNER), clock=Clock()) as kernel,
        Bank(place / "sandbox.db") as bank,
    ):
        three.take_cards(kernel, place / "sandbox.db")
        yield lived(kernel, given(request.param, place), place, bank)
    server.drop(url)


def lived(kernel: Kernel, files: Input, place: Path, bank: Bank) -> Story:
    """Live through the whole story."""
    file, watch = files.orders, Watch()
    rejects = place / "rejects.csv"
    opening = three.stock_up(kernel, files.stock, place / "stock.rejects.csv")
    report = retail.run(kernel, file, rejects=rejects, on_progress=watch)
    print(watch.tell())
    at_once = seen_at_once(kernel)
    valued = three.value_unknown(kernel, rejects)
    again = retail.run(kernel, file, rejects=rejects)
    received = three.receive_what_is_short(kernel, three.costs(files.stock))
    assert kernel.drain(timeout=3000).finished
    return Story(kernel, file, bank, files.expected, opening, report, again, valued, watch, at_once, received)


def seen_at_once(kernel: Kernel) -> dict[str, Any]:
    with kernel.read("erp") as work:
        lines = kernel.assembly.view("erp.order-lines").query(work).subquery()
        placed = tuple(work.execute(select(func.count(), func.sum(lines.c.quantity))).one())
    with kernel.read("scm") as work:
        demands = kernel.assembly.view("scm.order-lines").query(work).subquery()
        sums = [func.sum(demands.c[name]) for name in ("wanted", "dispatched", "short", "reserved")]
        pieces = tuple(work.execute(select(*sums)).one())
    return {
        "by_month": by_month(kernel, "erp.orders"),
        "placed": placed,
        "pieces": pieces,
        "backorders": retail.rows(kernel, "scm.backorders"),
    }


@pytest.mark.slow
@pytest.mark.timeout(14_400)
class TestRealOrdersOverThreeModules:
    def test_the_shelves_were_full_to_the_piece_when_the_books_were_opened(self, story: Story) -> None:
        imported = story.opening.imported
        articles = sum(tally.documents for tally in imported.values())
        assert (articles, story.opening.rejected.documents) == (story.expected["opening_stock_items"], 0)
        receipts = [row for row in story.rows("scm.receipts") if row["source"] == "opening"]
        assert retail.total(receipts, "value") == imported["opening_stock"].amount
        with story.kernel.read("scm") as work:
            lines = story.kernel.assembly.view("scm.receipt-lines").query(work).subquery()
            opened = select(func.sum(lines.c.quantity)).where(
                lines.c.receipt.in_([row["receipt"] for row in receipts])
            )
            assert work.execute(opened).scalar_one() == story.goods("opening_stock_pieces")

    def test_orders_as_placed_agree_at_once(self, story: Story) -> None:
        told = story.expected["by_kind"]["sale"]
        assert story.at_once["by_month"] == counting.in_months(story.expected, "sale")
        assert story.at_once["placed"] == (told["lines"], Decimal(told["quantity"]))

    def test_what_is_refused_are_articles_of_which_nobody_knows_the_cost(self, story: Story) -> None:
        assert story.report.waiting == 0
        assert story.report.dead == 0
        assert "sale" in story.report.imported
        assert story.report.reasons
        assert all("nobody knows what" in reason for reason in story.report.reasons)
        assert story.valued > 0

    def test_read_again_after_they_were_valued_nothing_is_refused(self, story: Story) -> None:
        assert story.again.rejected.documents == 0
        tallies = [story.again.already, story.again.imported]
        for kind, told in story.expected["by_kind"].items():
            left = [tally for (name, _reason), tally in story.again.left.items() if name == kind]
            found = [tally[kind] for tally in tallies if kind in tally] + left
            assert sum(tally.documents for tally in found) == told["documents"]
            assert sum(tally.lines for tally in found) == told["lines"]

    def test_what_is_short_waits_as_backorders_by_name(self, story: Story) -> None:
        wanted, dispatched, short, reserved = story.at_once["pieces"]
        assert wanted == story.goods("goods_sold_pieces")
        assert (dispatched + short, reserved) == (wanted, ZERO)
        backorders = story.at_once["backorders"]
        assert retail.total(backorders, "short") == short > 0
        assert all(row["order"].startswith("SO-") and row["item"] for row in backorders)

    def test_after_one_receipt_everything_is_dispatched(self, story: Story) -> None:
        assert story.sum("scm.order-lines", "dispatched") == story.goods("goods_sold_pieces")
        assert story.sum("scm.order-lines", "short") == ZERO
        assert not story.rows("scm.backorders")

    def test_what_was_invoiced_agrees_by_month(self, story: Story) -> None:
        invoiced = {month: amount for month, (_n, amount) in by_month(story.kernel, "erp.invoices").items()}
        assert invoiced == story.months("sale")

    def test_what_was_credited_agrees_by_month(self, story: Story) -> None:
        credited = {
            month: amount for month, (_n, amount) in by_month(story.kernel, "erp.credit-notes").items()
        }
        assert credited == story.months("return")

    def test_every_order_was_charged_what_it_is_worth_and_once(self, story: Story) -> None:
        assert story.sum("payments.payments", "captured") == story.amount("sale")
        assert {row["state"] for row in story.rows("payments.payments")} == {"captured"}
        assert set(story.bank.done("capture").values()) == {1}
        assert story.moved("capture") == story.amount("sale")
        assert story.moved("payout") == -story.amount("return")

    def test_returns_were_paid_out(self, story: Story) -> None:
        payouts = story.rows("payments.payouts")
        assert {row["state"] for row in payouts} == {"paid"}
        assert retail.total(payouts, "amount") == -story.amount("return")

    def test_stock_on_hand_agrees_to_the_piece(self, story: Story) -> None:
        on_hand = (
            story.goods("opening_stock_pieces")
            + story.received
            - story.goods("goods_sold_pieces")
            + story.goods("goods_returned_pieces")
            + story.goods("goods_adjusted_pieces")
        )
        assert story.sum("scm.stock", "on_hand") == on_hand
        assert story.sum("scm.stock", "reserved") == ZERO

    def test_the_ledger_holds_all_of_it(self, story: Story) -> None:
        balance = {row["chart"]: row for row in story.rows("erp.trial-balance")}
        assert sum(row["debit"] for row in balance.values()) == sum(row["credit"] for row in balance.values())
        journal = story.amount("journal") if "journal" in story.expected["by_kind"] else ZERO
        owed = balance["1100"]["balance"] if "1100" in balance else ZERO
        assert balance["4000"]["balance"] == -story.amount("sale")
        assert balance["4900"]["balance"] == -story.amount("return")
        assert balance["1050"]["balance"] == story.amount("sale") + story.amount("return")
        assert owed == journal
        assert balance["1300"]["balance"] == story.sum("scm.items", "value")

    def test_bean_check_adds_the_exported_books_up_and_agrees(self, story: Story, tmp_path: Path) -> None:
        """With what goods cost, what cards brought and what was paid back."""
        found = exporting.find(story.kernel, "ledger", "beancount")
        assert complaints(exporting.lines(story.kernel, found, Span()), tmp_path) == []

    def test_the_doctor_is_content(self, story: Story) -> None:
        story.kernel.seal_audit()
        sick = {one.check.name: one.finding for one in examine(story.kernel) if one.finding.health != "ok"}
        assert not sick

    def test_memory_stays_flat(self, story: Story) -> None:
        first = story.watch.marks[0][2]
        print(f"{first} MB at the beginning, {story.watch.peak} MB at most")
        assert story.watch.peak - first < 200

    def test_reading_it_all_once_more_changes_nothing(self, story: Story, tmp_path: Path) -> None:
        before = counts(story.kernel)
        report = retail.run(story.kernel, story.file, rejects=tmp_path / "rejects.csv")
        assert (report.imported, report.rejected.documents) == ({}, 0)
        assert counts(story.kernel) == before
