"""What ERP refuses, and the sentence that the operator reads; nothing is changed by any of it."""

from __future__ import annotations

from typing import Any

import pytest

from fenbu.errors import Refused
from fenbu.testing.enterprises import Enterprises
from tests.erp.shop import Shop
from tests.refusing import done_or_said_otherwise, written

ONE_TEA = [{"item": "TEA", "quantity": 1}]
BOTH = [{"account": "6000", "debit": "9"}, {"account": "1000", "credit": "9"}]

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    # action, input, the sentence, what to do
    (
        "order.place",
        {"lines": []},
        "lines: tuple should have at least 1 item|lines: at least 1 must be given",
        "--help",
    ),
    ("order.place", {}, "lines: must be given", ""),
    ("order.place", {"lines": ONE_TEA, "colour": "red"}, "colour: there is no such field", ""),
    ("order.place", {"lines": [{"item": "TEA", "quantity": 0}]}, "must be more than zero", ""),
    ("order.place", {"lines": [{"item": "TEA", "quantity": -1}]}, "must be more than zero", ""),
    ("order.place", {"lines": [{"item": "TEA", "quantity": "1.00001"}]}, "has more than 4 decimals", ""),
    ("order.place", {"lines": [{"item": "TEA", "quantity": 0.1}]}, "a number is wanted, written as text", ""),
    ("order.place", {"lines": [{"item": "TEA", "quantity": "NaN"}]}, "a finite number is wanted", ""),
    ("order.place", {"lines": [{"item": "TEA", "quantity": "1e30"}]}, "is larger than can be kept", ""),
    ("order.place", {"lines": [{"item": "TEA", "quantity": "10000000001"}]}, "is larger than can be kept", ""),
    (
        "order.place",
        {"lines": [{"item": "TEA", "quantity": 10**10, "unit_price": 9 * 10**12}]},
        "90,000,000,000,000,000,000,000.00 GBP is too much for one document",
        "slip",
    ),
    (
        "order.place",
        {"lines": [{"item": "TEA", "quantity": 1, "unit_price": 9 * 10**12}] * 2},
        "18,000,000,000,000.00 GBP is too much for one document",
        "split it",
    ),
    (
        "order.place",
        {"lines": [{"item": "TEA", "quantity": 9, "unit_price": 9 * 10**11}], "currency": "EUR", "exchange_rate": 9},
        "[0-9,]{18}.00 GBP is too much for one document",
        "rate",
    ),
    (
        "receipt.record",
        {"account": "C1", "amount": 2 * 10**13},
        "20,000,000,000,000 GBP is too much for one document",
        "",
    ),
    ("order.place", {"lines": [{"item": "TEA", "quantity": "many"}]}, "a number is wanted, got 'many'", ""),
    ("order.place", {"lines": [{"item": "", "quantity": 1}]}, r"lines\.0\.item: must not be empty", ""),
    ("order.place", {"lines": [{"item": "COFFEE", "quantity": 1}]}, "there is no item COFFEE", "erp.item.register"),
    ("order.place", {"lines": [{"item": "OLD", "quantity": 1}]}, "item OLD is retired", "reinstate"),
    ("order.place", {"lines": [{"item": "BARE", "quantity": 1}]}, "BARE has no price in GBP on 2026-01-05", "price"),
    ("order.place", {"lines": ONE_TEA, "day": "2024-12-31"}, "item TEA has no price in GBP on 2024-12-31", "price"),
    (
        "order.place",
        {"lines": [{"item": "TEA", "quantity": 1, "unit_price": "-1"}]},
        "goods cannot have a negative price: TEA at -1",
        "a discount is a service",
    ),
    (
        "order.place",
        {"lines": [{"item": "TEA", "quantity": 1, "unit_price": "1.0000001"}]},
        "has more than 6 decimals",
        "",
    ),
    (
        "order.place",
        {"lines": [*ONE_TEA, {"item": "POST", "quantity": 1, "unit_price": "-9"}]},
        "the order adds up to -6.00 GBP; it must not be less than zero",
        "credit-note",
    ),
    ("order.place", {"lines": ONE_TEA, "account": "NOBODY"}, "there is no account NOBODY", "erp.account.register"),
    ("order.place", {"lines": ONE_TEA, "account": "BAD"}, "account BAD is blocked and cannot buy", "unblock"),
    ("order.place", {"lines": ONE_TEA, "currency": "pounds"}, "a currency is three capital letters", ""),
    (
        "order.place",
        {"lines": [{"item": "TEA", "quantity": 1, "unit_price": 1}], "currency": "EUR"},
        "there is no exchange rate from EUR to GBP on 2026-01-05",
        "erp.rate.set",
    ),
    ("order.place", {"lines": ONE_TEA, "exchange_rate": "2"}, "GBP is the enterprise's own currency", "leave"),
    ("order.place", {"lines": ONE_TEA, "ship": "whenever"}, "ship: must be 'partial' or 'complete'", ""),
    ("order.place", {"lines": ONE_TEA, "day": "yesterday"}, "day: must be a day, written as 2026-01-31", ""),
    (
        "order.place",
        {"lines": ONE_TEA, "day": "9999-12-31"},
        "day: must be a day between 1900-01-01 and 2999-12-31",
        "",
    ),
    ("order.fulfil", {"order": "SO-00000002", "day": "9999-12-31"}, "day: must be a day between 1900-01-01 and", ""),
    ("period.close", {"period": "0000-01"}, "period: must be a month, written as 2026-03", ""),
    ("period.close", {"period": "9999-12"}, "period: must be a month, written as 2026-03", ""),
    ("period.close", {"period": "２０２５-01"}, "period: must be a month, written as 2026-03", ""),
    ("order.place", {"lines": ONE_TEA, "reference": "R-1"}, r"the reference R-1 \(SO-00000001\) exists already", ""),
    ("order.place", {"lines": [{"item": "TAXED", "quantity": 1, "unit_price": 1}], "day": "2025-12-31"},
     "tax category luxury has no rate on 2025-12-31", "erp.tax.set"),
    ("order.fulfil", {"order": "SO-99999999"}, "there is no order SO-99999999", "fenbu show erp.orders"),
    ("order.fulfil", {"order": "SO-00000001"}, "SO-00000001 has nothing left to fulfil", ""),
    ("order.fulfil", {"order": "SO-00000002", "lines": [{"line": 3}]}, "there is no line 3 of SO-00000002", ""),
    (
        "order.fulfil",
        {"order": "SO-00000002", "lines": [{"line": 1, "quantity": 6}]},
        r"line 1 of SO-00000002 has only 5 left to fulfil, not 6",
        "order-lines",
    ),
    ("order.fulfil", {"order": "SO-00000003"}, "cannot fulfil SO-00000003: it is cancelled", "cancelled is final"),
    ("order.cancel", {"order": "SO-00000003", "reason": "x"}, "cannot cancel SO-00000003: it is cancelled", "final"),
    ("order.cancel", {"order": "SO-00000001", "reason": "x"}, "SO-00000001 has nothing left to cancel", ""),
    ("order.cancel", {"order": "SO-00000002"}, "reason: must be given", ""),
    ("order.close", {"order": "SO-00000001"}, "SO-00000001 cannot be closed: its payment is open", "settle"),
    ("order.close", {"order": "SO-00000002"}, "SO-00000002 cannot be closed: its fulfilment is open", "fulfil"),
    (
        "order.waive-requirement",
        {"order": "SO-00000002", "requirement": "stock", "reason": "x"},
        "there is no requirement stock of SO-00000002",
        "",
    ),
    ("order.reassess", {"order": "SO-00000001"}, "SO-00000001 has nothing left to assess anew", ""),
    ("credit-note.issue", {}, "without an order, at least one line is wanted and each names an item", ""),
    (
        "credit-note.issue",
        {"order": "SO-00000001", "lines": [{"item": "TEA", "quantity": 1}]},
        "with an order, each line names a line of it",
        "",
    ),
    ("credit-note.issue", {"order": "SO-00000001", "account": "C1"}, "are the order's; leave them out", ""),
    (
        "credit-note.issue",
        {"order": "SO-00000001", "lines": [{"line": 1, "quantity": 3}]},
        r"line 1 of SO-00000001 has only 2 left to credit, not 3",
        "order-lines",
    ),
    ("credit-note.issue", {"order": "SO-00000002"}, "SO-00000002 has nothing left to credit", ""),
    ("item.register", {"items": []}, "items: at least 1 must be given", ""),
    ("item.register", {"items": [{"item": "X", "kind": "gas"}]}, "must be 'goods' or 'service'", ""),
    ("item.register", {"items": [{"item": "X", "tax_category": "odd"}]}, "there is no tax category odd", "erp.tax.set"),
    ("item.change", {"item": "TEA", "title": "x", "revision": 7}, "item TEA was changed by somebody else", "again"),
    ("item.change", {"item": "NONE", "title": "x"}, "there is no item NONE", "fenbu show erp.items"),
    ("item.retire", {"item": "OLD"}, "cannot retire OLD: it is retired", "possible now: reinstate"),
    ("price.set", {"item": "NONE", "unit_price": 1}, "there is no item NONE", ""),
    ("price.set", {"item": "TEA", "unit_price": "-1"}, "goods cannot have a negative price", "discount"),
    ("account.block", {"account": "BAD"}, "cannot block BAD: it is blocked", "unblock"),
    ("account.change", {"account": "C1", "revision": 9}, "account C1 was changed by somebody else", "again"),
    ("rate.set", {"currency": "GBP", "rate": "1.1"}, "GBP is the enterprise's own currency", ""),
    ("rate.set", {"currency": "EUR", "rate": 0}, "must be more than zero", ""),
    ("tax.set", {"category": "standard", "rate": "-0.2"}, "must be zero or more", ""),
    ("receipt.record", {"account": "NOBODY", "amount": 1}, "there is no account NOBODY", ""),
    ("receipt.record", {"account": "C1", "amount": 0}, "must be more than zero", ""),
    (
        "receipt.record",
        {"account": "C1", "amount": "10.005"},
        "amount: must have no more decimals than GBP, which has 2",
        "--help",
    ),
    (
        "receipt.record",
        {"account": "C1", "amount": 1, "order": "SO-00000001", "invoices": ["INV-00000001"]},
        "name the order or the invoices that it pays, not both",
        "",
    ),
    (
        "receipt.record",
        {"account": "C2", "amount": 1, "order": "SO-00000001"},
        "SO-00000001 is an order of account C1, not of C2",
        "",
    ),
    (
        "receipt.record",
        {"account": "C1", "amount": 1, "order": "SO-00000001", "currency": "EUR", "exchange_rate": "0.8"},
        "SO-00000001 is in GBP, the money in EUR",
        "document's currency",
    ),
    (
        "receipt.record",
        {"account": "C2", "amount": 1, "invoices": ["INV-00000001"]},
        "there is no open invoice INV-00000001 of this account",
        "erp.aged-receivables",
    ),
    ("receipt.match", {"receipt": "RC-00000009"}, "there is no receipt or other credit RC-00000009", "erp.open-items"),
    ("receipt.match", {"receipt": "INV-00000001"}, "there is no receipt or other credit INV-00000001", ""),
    (
        "receipt.match",
        {"receipt": "RC-00000001", "amount": "9"},
        r"only 4.00 GBP of RC-00000001 is still open, not 9",
        "at most",
    ),
    (
        "receipt.match",
        {"receipt": "RC-00000001", "amount": "0.001"},
        "amount: must have no more decimals than GBP, which has 2",
        "",
    ),
    ("receipt.match", {"receipt": "RC-00000001"}, "account C2 has nothing left to match", ""),
    ("journal.post", {"lines": BOTH[:1]}, "lines: at least 2 must be given", ""),
    ("journal.post", {"lines": [BOTH[0], {"account": "1000", "credit": 8}]}, "debit is 9 and credit 8 GBP", "correct"),
    (
        "journal.post",
        {"lines": [BOTH[0], {"account": "1000", "credit": 8, "debit": 1}]},
        "a line is either debit or credit",
        "",
    ),
    ("journal.post", {"lines": [BOTH[0], {"account": "9999", "credit": 9}]}, "no ledger account 9999", "erp.chart"),
    ("journal.post", {"lines": [BOTH[0], {"account": "@gold", "credit": 9}]}, "there is no role gold", "bank, cash"),
    (
        "journal.post",
        {"lines": [BOTH[0], {"account": "@receivables", "credit": 9}]},
        "1100 is a control account: each line on it must say which party",
        "give the line a party",
    ),
    (
        "journal.post",
        {"lines": [{"account": "6000", "debit": "9.001"}, {"account": "1000", "credit": "9.001"}]},
        "lines.0: must have no more decimals than GBP",
        "",
    ),
    ("journal.reverse", {"entry": "JE-09", "reason": "x"}, "there is no journal entry JE-09", "erp.journal"),
    ("journal.reverse", {"entry": "JE-00000001", "reason": "x"}, "reversed: it belongs to INV-00000001", "credit"),
    ("opening.post", {"lines": [{"account": "@bank", "debit": 1}]}, "day: must be given", ""),
    (
        "opening.post",
        {
            "day": "2025-12-31",
            "lines": [{"account": "@receivables", "debit": 1, "party": "C1", "document": "INV-00000001"}],
        },
        "these documents are known already",
        "",
    ),
    ("period.close", {"period": "2026-13"}, "period: must be a month, written as 2026-03", ""),
    ("period.close", {"period": "2026-01"}, "2026-01 cannot be closed: it is not over before 2026-02-01", "last day"),
    ("chart.add", {"code": "1000", "title": "x", "kind": "asset"}, "ledger account 1000 exists already", ""),
    (
        "chart.add",
        {"code": "X", "title": "x", "kind": "asset", "role": "bank"},
        "ledger account with the role bank exists already",
        "",
    ),
    ("chart.add", {"code": "X", "title": "x", "kind": "treasure"}, "kind: must be 'asset'", ""),
    (
        "chart.replace",
        {"accounts": [{"code": "1", "title": "a", "kind": "asset"}, {"code": "1", "title": "b", "kind": "asset"}]},
        "1 stands twice; accounts: no account has the role bad_debt, bank",
        "",
    ),
]  # fmt: skip


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """SO-00000001 sold to C1, SO-00000002 open, SO-00000003 cancelled; 4 GBP of C2 not matched."""
    shop.item("OLD", "1")
    shop.do("item.retire", item="OLD")
    shop.item("BARE")
    shop.do("tax.set", category="luxury", rate="0.3", since="2026-01-01")
    shop.item("TAXED", tax_category="luxury")
    shop.account("BAD")
    shop.do("account.block", account="BAD")
    shop.sold(("TEA", 2), account="C1", reference="R-1")
    shop.order(("TEA", 5), account="C1")
    shop.do("order.cancel", order=shop.order(("TEA", 5), account="C1"), reason="no")
    shop.do("receipt.record", account="C2", amount="4")
    return shop


def test_what_makes_no_sense_is_refused_with_a_sentence_and_a_way_out(busy: Shop) -> None:
    """One test for the whole table: each refusal must leave everything as it was."""
    from fenbu_erp.tables import ORDER

    def state() -> object:
        return written(busy.kernel, ORDER.metadata)

    before = state()
    assert done_or_said_otherwise(busy.do, REFUSED) == []
    assert state() == before
    assert busy.unhealthy() == {}


def test_a_chart_in_use_keeps_its_accounts(busy: Shop) -> None:
    from fenbu_erp.chart import STANDARD

    named = [dict(zip(("code", "title", "kind", "role"), one, strict=True)) for one in STANDARD]
    moved = [one | {"kind": "liability"} if one["code"] == "4000" else one for one in named]
    gone = [one | {"code": "1101"} if one["code"] == "1100" else one for one in named]
    for accounts, code in ((moved, "4000"), (gone, "1100")):
        with pytest.raises(Refused, match=f"something is posted to {code}") as refused:
            busy.do("chart.replace", accounts=accounts)
        assert "keep these codes" in refused.value.hint


def test_an_earlier_month_is_closed_first(enterprise: Enterprises) -> None:
    shop = Shop(enterprise("erp"))
    shop.item("TEA", "1")
    shop.sold(("TEA", 1), day="2025-10-05")
    shop.sold(("TEA", 1), day="2025-11-05")
    with pytest.raises(Refused, match="2025-11 cannot be closed: the earlier period 2025-10 is open"):
        shop.do("period.close", period="2025-11")
    shop.do("period.close", period="2025-10")
    shop.do("period.close", period="2025-11")
    with pytest.raises(Refused, match="cannot close 2025-11: it is closed"):
        shop.do("period.close", period="2025-11")
    with pytest.raises(Refused, match="2025-09 cannot be closed: the books are closed until 2025-11-30"):
        shop.do("period.close", period="2025-09")


def test_an_entry_is_reversed_once_and_a_reversal_never(shop: Shop) -> None:
    entry = shop.do("journal.post", lines=BOTH)["entry"]
    undone = shop.do("journal.reverse", entry=entry, reason="x")["entry"]
    with pytest.raises(Refused, match=f"{entry} cannot be reversed: it was reversed by {undone}"):
        shop.do("journal.reverse", entry=entry, reason="x")
    with pytest.raises(Refused, match=f"{undone} cannot be reversed: it is itself a reversal"):
        shop.do("journal.reverse", entry=undone, reason="x")


def test_an_opening_that_was_paid_is_not_reversed(shop: Shop) -> None:
    line = {"account": "@receivables", "debit": "60", "party": "C1", "document": "OLD-7"}
    entry = shop.do("opening.post", day="2025-12-31", lines=[line])["entry"]
    shop.do("receipt.record", account="C1", amount="1")
    with pytest.raises(Refused, match=f"{entry} cannot be reversed: OLD-7 is matched already"):
        shop.do("journal.reverse", entry=entry, reason="x")
