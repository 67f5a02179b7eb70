"""Money that comes in: matched to what is owed, else a customer's deposit; and what is credited."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fenbu.testing.clock import Clock
from tests.erp.shop import Shop, columns

RECEIVABLES, DEPOSITS, BANK, EXCHANGE = "1100", "2100", "1000", "6900"


def test_a_receipt_settles_the_oldest_invoices_first(shop: Shop) -> None:
    first = shop.sold(("TEA", 2), account="C1", day=date(2026, 1, 2))
    second = shop.sold(("TEA", 4), account="C1", day=date(2026, 1, 3))
    done = shop.do("receipt.record", account="C1", amount="10")
    assert done["invoices"] == {"INV-00000001": "6.00", "INV-00000002": "4.00"}
    assert [shop.axes(order)[2] for order in (first, second)] == ["done", "part"]
    assert shop.balance(RECEIVABLES) == Decimal(8)
    assert shop.balance(DEPOSITS) == 0
    assert [event["invoice"] for event in shop.events("erp.invoice-settled")] == ["INV-00000001"]
    assert shop.unhealthy() == {}


def test_a_receipt_settles_the_invoices_it_names(shop: Shop) -> None:
    shop.sold(("TEA", 2), account="C1", day=date(2026, 1, 2))
    shop.sold(("TEA", 4), account="C1", day=date(2026, 1, 3))
    done = shop.do("receipt.record", account="C1", amount="10", invoices=["INV-00000002"])
    assert (done["invoices"], done["deposit"]) == ({"INV-00000002": "10.00"}, "0.00")


def test_money_without_an_invoice_is_a_deposit_and_settles_the_next_invoice(shop: Shop) -> None:
    shop.do("receipt.record", account="C1", amount="10")
    assert (shop.balance(DEPOSITS), shop.metric("deposits")) == (Decimal(-10), Decimal(10))
    order = shop.sold(("TEA", 5), account="C1")
    assert shop.axes(order) == ("done", "done", "part")
    assert (shop.balance(DEPOSITS), shop.balance(RECEIVABLES)) == (Decimal(0), Decimal(5))
    assert shop.unhealthy() == {}


def test_money_for_an_order_waits_for_that_order(shop: Shop) -> None:
    paid = shop.order(("TEA", 2), account="C1")
    shop.do("receipt.record", account="C1", amount="6", order=paid)
    other = shop.sold(("TEA", 2), account="C1")
    assert shop.axes(other)[2] == "open"
    shop.fulfil(paid)
    assert shop.one("orders", paid)["state"] == "closed"


def test_money_of_a_walk_in_buyer_settles_nobody_elses_invoice(shop: Shop) -> None:
    stranger = shop.sold(("TEA", 2))
    shop.do("receipt.record", account="WALK-IN", amount="6")
    assert shop.axes(stranger)[2] == "open"
    another = shop.sold(("TEA", 2))
    assert shop.axes(another)[2] == "open"
    shop.do("receipt.record", account="WALK-IN", amount="6", order=stranger)
    assert shop.axes(stranger)[2] == "done"


def test_a_deposit_can_be_matched_by_hand_in_part(shop: Shop) -> None:
    shop.do("receipt.record", account="C1", amount="10", match="none")
    order = shop.sold(("TEA", 1), account="C1")  # takes 3 of the deposit by itself
    assert shop.axes(order)[2] == "done"
    receipt = shop.do("receipt.record", account="C2", amount="10")["receipt"]
    first = shop.do("opening.post", day="2025-12-31", lines=[
        {"account": "@receivables", "debit": "8", "party": "C2", "document": "OLD-1"}
    ])  # fmt: skip
    done = shop.do("receipt.match", receipt=receipt, invoices=["OLD-1"], amount="5")
    assert (first["lines"], done["matched"], done["left"]) == (1, "5.00", "5.00")
    assert shop.unhealthy() == {}


def test_a_credit_note_for_lines_of_an_order_settles_its_invoice(shop: Shop) -> None:
    order = shop.sold(("TEA", 4), ("POT", 1), account="C1")
    done = shop.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}], reason="stale")
    assert (done["credit_note"], done["total"], done["left"]) == ("CN-00000001", "3.00", "0.00")
    line = shop.rows("order-lines", order=order)[0]
    assert (line["invoiced"], line["credited"]) == (Decimal(4), Decimal(1))
    assert shop.balances()["4900"] == Decimal("2.5")
    assert shop.axes(order)[2] == "part"
    assert shop.unhealthy() == {}


def test_crediting_a_line_in_parts_credits_exactly_what_was_invoiced(shop: Shop) -> None:
    shop.item("THIRD", "33.333333", tax_category="standard")
    order = shop.sold(("THIRD", 3), account="C1")
    for _part in range(3):
        shop.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}])
    assert sum(row["total"] for row in shop.rows("credit-notes")) == shop.one("orders", order)["total"]
    assert shop.one("orders", order)["state"] == "closed"
    assert shop.balance(RECEIVABLES) == 0


def test_a_credit_note_without_lines_credits_all_that_is_invoiced(shop: Shop) -> None:
    order = shop.sold(("TEA", 4), ("POT", 1), account="C1")
    done = shop.do("credit-note.issue", order=order)
    assert Decimal(done["total"]) == shop.one("orders", order)["total"]


def test_a_credit_note_without_an_order_stays_as_credit_of_the_account(shop: Shop) -> None:
    done = shop.do(
        "credit-note.issue", account="C1", lines=[{"item": "TEA", "quantity": 2, "unit_price": "2.005"}]
    )
    assert (done["total"], done["left"]) == ("4.81", "4.81")  # 4.01 and 0.80 tax
    [event] = shop.events("erp.credit-note-issued")
    assert (event["document"], event["order"]) == ("CN-00000001", "")
    shop.sold(("TEA", 2), account="C1")
    match = shop.do("receipt.match", receipt="CN-00000001")
    assert match["invoices"] == {"INV-00000001": "4.81"}
    assert shop.unhealthy() == {}


def test_a_retired_item_can_still_come_back(shop: Shop) -> None:
    shop.do("item.retire", item="TEA")
    done = shop.do(
        "credit-note.issue", account="C1", lines=[{"item": "TEA", "quantity": 1, "unit_price": "2.50"}]
    )
    assert done["total"] == "3.00"


def test_money_at_another_rate_than_the_invoice_leaves_an_exchange_difference(shop: Shop) -> None:
    shop.account("C3", currency="EUR")
    shop.do("rate.set", currency="EUR", rate="0.80", since="2026-01-01")
    shop.item("BOX")
    order = shop.sold(("BOX", 1, "100"), account="C3")
    shop.do("receipt.record", account="C3", amount="100", exchange_rate="0.90")
    assert shop.one("orders", order)["state"] == "closed"
    assert shop.balances() == {BANK: Decimal(90), "4000": Decimal(-80), EXCHANGE: Decimal(-10)}
    assert shop.unhealthy() == {}


def test_paying_a_foreign_invoice_in_parts_leaves_no_penny_of_the_own_currency(shop: Shop) -> None:
    shop.account("C3", currency="EUR")
    shop.do("rate.set", currency="EUR", rate="0.33333333", since="2026-01-01")
    shop.item("BOX")
    shop.sold(("BOX", 1, "10"), account="C3")
    for amount in ("3.33", "3.33", "3.34"):
        shop.do("receipt.record", account="C3", amount=amount)
    assert shop.balance(RECEIVABLES) == shop.balance(DEPOSITS) == 0
    assert shop.unhealthy() == {}


def test_what_is_owed_is_shown_by_how_long_it_is_overdue(shop: Shop, clock: Clock) -> None:
    shop.sold(("TEA", 1), account="C1", day=date(2025, 9, 1))  # due 1 October
    shop.sold(("TEA", 2), account="C1", day=date(2025, 12, 1))  # due 31 December
    shop.sold(("TEA", 3), account="C1", day=date(2026, 1, 5))
    shop.do("credit-note.issue", account="C1", lines=[{"item": "POST", "quantity": 1, "unit_price": 1}])
    [row] = shop.rows("aged-receivables")
    wanted = ("not_due", "days_30", "days_60", "days_90", "older", "credit", "total")
    assert columns([row], *wanted) == [tuple(map(Decimal, (9, 6, 0, 0, 3, -1, 17)))]
    assert shop.metric("overdue") == Decimal(9)
    clock.move(days=31)
    [row] = shop.rows("aged-receivables")
    assert columns([row], "not_due", "days_30", "days_60") == [(Decimal(0), Decimal(9), Decimal(6))]


def test_a_receipt_says_who_paid_what_when(shop: Shop) -> None:
    shop.do(
        "receipt.record", account="C2", amount="12.34", day="2026-01-03", method="cash", reference="till 1"
    )
    [receipt] = shop.rows("receipts")
    assert (receipt["method"], receipt["open"], receipt["reference"]) == ("cash", Decimal("12.34"), "till 1")
    assert shop.balance("1010") == Decimal("12.34")
    [event] = shop.events("erp.receipt-recorded")
    assert (event["receipt"], event["day"]) == ("RC-00000001", "2026-01-03")
