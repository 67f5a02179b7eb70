"""The ledger as Beancount text: every entry as it is, and an outside judge that adds it up and agrees."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fenbu.contracts.hrm import PayrollApproved, PayrollLine
from fenbu.contracts.scm import GoodsReceived
from fenbu.engine import exporting
from fenbu.exporting import Span
from fenbu.testing.clock import Clock
from fenbu_erp import beancount
from fenbu_erp.beancount import account_names
from fenbu_erp.chart import STANDARD
from tests.erp.shop import Shop
from tests.erp.test_from_others import captured, tell
from tests.erp.test_looking import DROP
from tests.judging import complaints

ODD = 'She said "Köln \\ 房租" 🏠\nand\tleft;\r\n* not a title ^link #tag'
TITLES = (
    "现金",
    "🏠",
    "1st bank",
    "Bank & Cash",
    'the "till"',
    "Ömer's\nBank",
    "-",
    "a\u0301rbol",
    "Assets:Bank",
)
RENT = [{"account": "6000", "debit": "900"}, {"account": "@bank", "credit": "900"}]


def written(shop: Shop, **span: str) -> list[str]:
    """Return the lines of the export."""
    days = Span(**{name: date.fromisoformat(day) for name, day in span.items()})
    return list(exporting.lines(shop.kernel, exporting.find(shop.kernel, "ledger", "beancount"), days))


def entries(lines: list[str]) -> list[str]:
    """Return what follows the accounts."""
    return lines[lines.index("", lines.index("") + 1) :]


def busy(shop: Shop) -> None:
    """Let everything that ERP posts happen once: at home and abroad, by hand and told by others."""
    shop.do("opening.post", day="2025-12-31", lines=[{"account": "@bank", "debit": "5000"}])
    shop.account("C3", currency="EUR")
    shop.do("rate.set", currency="EUR", rate="0.85", since="2025-01-01")
    shop.sold(("TEA", 2), ("POST", 1), account="C1", day=date(2026, 1, 2))
    shop.sold(("POT", 1, "20.01"), account="C3", day=date(2026, 1, 3))
    shop.do("receipt.record", account="C1", amount="7")
    shop.do("receipt.record", account="C3", amount="24.01", currency="EUR", exchange_rate="0.9")
    shop.do("credit-note.issue", account="C2", lines=[{"item": "TEA", "quantity": 1}])
    shop.do("journal.post", lines=RENT, text=ODD)
    shop.do("journal.reverse", entry=shop.rows("journal", kind="manual")[0]["entry"], reason="paid twice")
    tell(shop, "payments", captured("", "3", number="CAP-7", fee="0.30"))
    day, worth = date(2026, 1, 4), Decimal("11.50")
    tell(shop, "scm", GoodsReceived(receipt="GR-1", source="supplier", day=day, currency="GBP", value=worth))
    tell(shop, "hrm", payroll())
    shop.deliver()


def payroll() -> PayrollApproved:
    parts = {"gross": "8000", "tax": "1500", "social_security": "800", "employer_share": "900", "net": "5700"}
    lines = [
        PayrollLine(component=name, department="KITCHEN", amount=Decimal(text))
        for name, text in parts.items()
    ]
    return PayrollApproved(
        run="PR-1", period="2026-01", day=date(2026, 1, 5), currency="GBP", lines=tuple(lines)
    )


def test_the_ledger_is_written_with_its_accounts_entries_and_balances(shop: Shop) -> None:
    shop.account("C3", currency="EUR")
    shop.do("rate.set", currency="EUR", rate="0.85", since="2025-01-01")
    shop.sold(("TEA", 2), account="C1", day=date(2026, 1, 2))
    shop.sold(("POT", 1, "20"), account="C3", day=date(2026, 1, 3))
    shop.do("journal.post", lines=RENT, day="2026-01-03", text=ODD)
    shop.do("journal.reverse", entry="JE-00000003", reason="paid twice", day="2026-01-04")
    lines = written(shop)
    assert lines[:7] == [
        'option "title" "Harbour Tea"',
        'option "operating_currency" "GBP"',
        'option "tolerance_multiplier" "0"',
        "",
        "2026-01-02 open Assets:1000-Bank GBP",
        '  number: "1000"',
        '  title: "Bank"',
    ]
    opened = [line.split()[2] for line in lines if " open " in line]
    assert len(opened) == len(STANDARD)
    assert {"Liabilities:2050-Goods-received-not-invoiced", "Equity:3000-Equity", "Income:4000-Revenue"} <= {
        *opened
    }
    assert (
        "\n".join(entries(lines))
        == r"""
2026-01-02 * "invoice INV-00000001" ^JE-00000001
  kind: "invoice"
  reference: "INV-00000001"
  Assets:1100-Receivables  6.00 GBP
    party: "C1"
  Income:4000-Revenue  -5.00 GBP
  Liabilities:2200-Sales-tax  -1.00 GBP

2026-01-03 * "invoice INV-00000002" ^JE-00000002
  kind: "invoice"
  reference: "INV-00000002"
  Assets:1100-Receivables  20.40 GBP
    foreign: 24.00 EUR
    party: "C3"
  Income:4000-Revenue  -17.00 GBP
    foreign: -20.00 EUR
  Liabilities:2200-Sales-tax  -3.40 GBP
    foreign: -4.00 EUR

2026-01-03 * "She said \"Köln \\ 房租\" 🏠\nand\tleft;\r\n* not a title ^link #tag" ^JE-00000003
  kind: "manual"
  Expenses:6000-Operating-expenses  900.00 GBP
  Assets:1000-Bank  -900.00 GBP

2026-01-04 * "paid twice" ^JE-00000004 ^JE-00000003
  kind: "reversal"
  Expenses:6000-Operating-expenses  -900.00 GBP
  Assets:1000-Bank  900.00 GBP

; the trial balance
2026-01-05 balance Assets:1000-Bank  0.00 GBP
2026-01-05 balance Assets:1100-Receivables  26.40 GBP
2026-01-05 balance Liabilities:2200-Sales-tax  -4.40 GBP
2026-01-05 balance Income:4000-Revenue  -22.00 GBP
2026-01-05 balance Expenses:6000-Operating-expenses  0.00 GBP"""
    )


def test_bean_check_agrees_with_all_that_is_posted_and_kept(shop: Shop, clock: Clock, tmp_path: Path) -> None:
    busy(shop)
    clock.move(days=40)
    for month in ("2025-12", "2026-01"):
        shop.do("period.close", period=month)
    shop.do("journal.post", lines=RENT, day="2026-01-20", text="late")
    lines = written(shop)
    kinds = {line.removeprefix("  kind: ") for line in lines if line.startswith("  kind: ")}
    assert len(kinds) == len({row["kind"] for row in shop.rows("journal")}) >= 9
    assert "; kept when 2026-01 was closed" in lines
    assert "  business-day: 2026-01-20" in lines
    assert complaints(lines, tmp_path) == []


PENNY = {
    "a posting": (
        {"  Income:4000-Revenue  -5.00": "  Income:4000-Revenue  -5.01"},
        "Transaction does not balance",
    ),
    "both sides of an entry": (
        {"Receivables  6.00": "Receivables  6.01", "Sales-tax  -1.00": "Sales-tax  -1.01"},
        "Balance failed for 'Assets:1100-Receivables'",
    ),
    "a balance": (
        {"balance Income:4000-Revenue  -5.00": "balance Income:4000-Revenue  -5.01"},
        "Balance failed",
    ),
    "an account": ({"open Assets:1100-Receivables": "open Assets:1101-Receivables"}, "unknown account"),
}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("where", PENNY)
def test_the_judge_bites_at_a_penny(shop: Shop, tmp_path: Path, where: str) -> None:
    shop.sold(("TEA", 2), account="C1", day=date(2026, 1, 2))
    text = "\n".join(written(shop))
    wrong, told = PENNY[where]
    for right, other in wrong.items():
        assert right in text
        text = text.replace(right, other, 1)
    assert any(told in line for line in complaints(text.splitlines(), tmp_path))


@pytest.mark.databases("sqlite")
def test_the_judge_finds_a_balance_that_was_kept_wrong(shop: Shop, clock: Clock, tmp_path: Path) -> None:
    """And with it that the balances it compares with come from elsewhere than the entries it adds up."""
    shop.sold(("TEA", 2), account="C1", day=date(2026, 1, 2))
    clock.move(days=40)
    shop.do("period.close", period="2026-01")
    shop.tamper(
        DROP["sqlite"].format(table="erp_balance", name="no_update"),
        "UPDATE erp_balance SET balance = balance + 100 WHERE chart = '1100'",
    )
    told = complaints(written(shop), tmp_path)
    assert [line for line in told if "Balance failed for 'Assets:1100-Receivables'" in line]


def test_days_are_cut_out_and_what_was_before_is_carried(shop: Shop, clock: Clock, tmp_path: Path) -> None:
    shop.do("journal.post", lines=RENT, day="2026-01-02")
    shop.do("journal.post", lines=RENT, day="2026-01-31")
    shop.do("journal.post", lines=RENT, day="2026-02-01")
    clock.move(days=60)
    shop.do("period.close", period="2026-01")
    lines = written(shop, since="2026-01-31", until="2026-01-31")
    assert (
        "\n".join(entries(lines))
        == """
2026-01-30 * "carried forward"
  Assets:1000-Bank  -900.00 GBP
  Expenses:6000-Operating-expenses  900.00 GBP

2026-01-31 * "manual" ^JE-00000002
  kind: "manual"
  Expenses:6000-Operating-expenses  900.00 GBP
  Assets:1000-Bank  -900.00 GBP

; kept when 2026-01 was closed
2026-02-01 balance Assets:1000-Bank  -1800.00 GBP
2026-02-01 balance Expenses:6000-Operating-expenses  1800.00 GBP

; the trial balance
2026-02-01 balance Assets:1000-Bank  -1800.00 GBP
2026-02-01 balance Expenses:6000-Operating-expenses  1800.00 GBP"""
    )
    assert complaints(lines, tmp_path) == []
    late = written(shop, since="2026-03-01")
    assert "2026-03-01 balance Assets:1000-Bank  -2700.00 GBP" in late
    assert complaints(late, tmp_path) == []
    early = written(shop, until="2025-12-31")
    assert entries([*early, "", "end"]) == ["", "end"]


def test_entries_are_read_page_by_page_and_not_one_by_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 8):
        shop.do("journal.post", lines=RENT, day=date(2026, 1, day % 4 + 1))
    at_once, few = statements(shop)
    monkeypatch.setattr(beancount, "PAGE", 3)
    by_pages, more = statements(shop)
    assert by_pages == at_once
    assert more - few == 4  # two pages more, each with its postings


def statements(shop: Shop) -> tuple[list[str], int]:
    """Return the export, and how many statements it took."""
    before = shop.kernel.database.statistics.statements
    return written(shop), shop.kernel.database.statistics.statements - before


def test_names_of_accounts_are_legal_and_tell_them_apart() -> None:
    named = {
        ("1000", "Bank", "asset"): "Assets:1000-Bank",
        ("10.00", "Bank", "liability"): "Liabilities:10-00-Bank",
        ("2000", "银行存款", "asset"): "Assets:2000-银行存款",
        ("bank", "1st", "equity"): "Equity:Bank-1st",
        ("现金", "🏠", "revenue"): "Income:X现金",
        ("-", "", "revenue"): "Income:X",
        ("1-0", "Employer's share", "expense"): "Expenses:1-0-Employers-share",
        ("7", "1 fees", "expense"): "Expenses:7-1-fees-7902699be42c",
        ("7-1", "fees", "expense"): "Expenses:7-1-fees-0ec192c0f90d",
        ("7.1", "Fees", "expense"): "Expenses:7-1-Fees",
    }
    rows: Any = [SimpleNamespace(code=code, title=title, kind=kind) for code, title, kind in named]
    names = account_names(rows)
    assert names == {code: name for (code, _title, _kind), name in named.items()}
    assert account_names(reversed(rows)) == names


def test_titles_and_texts_of_any_letters_are_legal(shop: Shop, tmp_path: Path) -> None:
    for number, title in enumerate(TITLES):
        for code in (f"9{number}", title.replace("\n", " ")):
            shop.do("chart.add", code=code, title=title, kind="expense")
            lines = [{"account": code, "debit": "1", "text": title}, {"account": "@bank", "credit": "1"}]
            shop.do("journal.post", lines=lines, text=title * 80)
    assert complaints(written(shop), tmp_path) == []
