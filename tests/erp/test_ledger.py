"""The books: entries balance, never change, and closed periods accept nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.exc import DBAPIError

from fenbu.engine.store.errors import StoreError
from fenbu.engine.work import EngineWork
from fenbu.errors import Refused
from fenbu.testing.clock import Clock
from fenbu_erp import journal
from fenbu_erp.chart import STANDARD
from fenbu_erp.errors import PeriodBlocked
from fenbu_erp.journal import PostEntry
from tests.erp.shop import Shop, columns

RENT = [{"account": "6000", "debit": "900"}, {"account": "@bank", "credit": "900"}]


def test_an_entry_by_hand_stands_in_journal_and_ledger(shop: Shop) -> None:
    done = shop.do("journal.post", lines=RENT, day="2026-01-02", text="rent")
    assert done == {"entry": "JE-00000001", "debit": "900"}
    assert columns(shop.rows("postings", entry="JE-00000001"), "chart", "debit", "credit") == [
        ("1000", Decimal(0), Decimal(900)),
        ("6000", Decimal(900), Decimal(0)),
    ]
    assert shop.one("journal", "JE-00000001")["text"] == "rent"


def test_a_reversal_undoes_an_entry_and_both_stay(shop: Shop) -> None:
    shop.do("journal.post", lines=RENT)
    shop.do("journal.reverse", entry="JE-00000001", reason="paid twice")
    assert columns(shop.rows("journal"), "entry", "reverses") == [
        ("JE-00000002", "JE-00000001"),
        ("JE-00000001", None),
    ]
    assert shop.balances() == {}


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE erp_posting SET amount_own = amount_own + 1", "cannot be changed"),
        ("DELETE FROM erp_posting", "cannot be deleted"),
        ("UPDATE erp_entry SET text = 'other'", "cannot be changed"),
        ("DELETE FROM erp_entry", "cannot be deleted"),
        ("UPDATE erp_invoice SET total = 0, net = 0, tax = 0", "cannot be changed"),
        ("DELETE FROM erp_invoice_line", "cannot be deleted"),
        ("UPDATE erp_receipt SET amount = 1", "cannot be changed"),
        ("UPDATE erp_match SET amount = 1", "cannot be changed"),
        (
            "INSERT INTO erp_posting (entry, line, day, chart, party, currency, amount, amount_own, text) "
            "VALUES ('JE-00000001', 9, '2026-01-05', '1000', '', 'GBP', 5, 5, '')",
            "the entry is complete",
        ),
        ("UPDATE erp_open_item SET matched = amount + 1", "CHECK|check"),
        ("UPDATE erp_order_line SET invoiced = fulfilled + 1", "CHECK|check"),
        ("UPDATE erp_order_line SET released = quantity + 1", "CHECK|check"),
    ],
)
def test_the_database_itself_refuses_to_change_the_books(shop: Shop, statement: str, told: str) -> None:
    shop.sold(("TEA", 2), account="C1")
    shop.do("receipt.record", account="C1", amount="1")
    with pytest.raises((DBAPIError, StoreError), match=told):
        shop.tamper(statement)


_HEAD = (
    "INSERT INTO erp_entry (number, day, business_day, period, kind, document, text, posted_at, posted_by) "
    "VALUES ('JE-9', '2026-01-05', '2026-01-05', '2026-01', 'manual', '', '', 0, 'x')"
)


def _posting(line: int, own: int) -> str:
    return (
        "INSERT INTO erp_posting (entry, line, day, chart, party, currency, amount, amount_own, text) "
        f"VALUES ('JE-9', {line}, '2026-01-05', '1000', '', 'GBP', {own}, {own}, '')"
    )


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param((_posting(1, 5), _posting(2, -4), _HEAD), id="debit and credit differ"),
        pytest.param((_HEAD,), id="a head without postings"),
        pytest.param((_posting(1, 5), _posting(2, -5)), id="postings without a head"),
        pytest.param((_HEAD, _posting(1, 5), _posting(2, -5)), id="the head first"),
    ],
)
def test_the_database_itself_refuses_an_entry_that_is_not_whole(
    shop: Shop, statements: tuple[str, ...]
) -> None:
    shop.do("journal.post", lines=RENT)  # so that the period is there
    with pytest.raises((DBAPIError, StoreError)):
        shop.tamper(*statements)
    assert shop.unhealthy() == {}


def test_a_closed_month_keeps_its_balances_and_later_ones_go_on_from_them(shop: Shop, clock: Clock) -> None:
    shop.sold(("TEA", 2), account="C1", day=date(2026, 1, 3))
    clock.move(days=27)  # 1 February
    assert shop.do("period.close", period="2026-01")["state"] == "closed"
    shop.sold(("TEA", 4), account="C1", day=date(2026, 2, 1))
    rows = {row["chart"]: row for row in shop.rows("trial-balance")}
    assert columns([rows["1100"]], "carried", "debit", "credit", "balance") == [
        tuple(map(Decimal, (6, 12, 0, 18)))
    ]
    clock.move(days=40)
    shop.do("period.close", period="2026-02")
    assert shop.balances() == {"1100": Decimal(18), "2200": Decimal(-3), "4000": Decimal(-15)}
    assert shop.unhealthy() == {}


def test_what_comes_late_is_posted_on_the_first_open_day_and_keeps_its_date(shop: Shop, clock: Clock) -> None:
    order = shop.order(("TEA", 2), account="C1", day=date(2026, 1, 3))
    clock.move(days=27)
    shop.do("period.close", period="2026-01")
    shop.fulfil(order, day=date(2026, 1, 4))
    [invoice] = shop.rows("invoices")
    entry = shop.one("journal", invoice["entry"])
    assert (invoice["day"], entry["business_day"]) == (date(2026, 1, 4), date(2026, 1, 4))
    assert (entry["day"], entry["period"]) == (date(2026, 2, 1), "2026-02")


def test_a_period_is_not_closed_while_deliveries_of_its_days_wait(shop: Shop, clock: Clock) -> None:
    order = shop.order(("TEA", 2), account="C1", day=date(2026, 1, 3))
    clock.move(days=27)
    shop.do("order.fulfil", order=order, day="2026-01-04")
    with pytest.raises(Refused, match="1 deliveries of its days still wait"):
        shop.do("period.close", period="2026-01")
    shop.deliver()
    shop.do("period.close", period="2026-01")


def test_a_month_is_not_closed_while_an_earlier_one_is_being_made(shop: Shop, clock: Clock) -> None:
    clock.move(days=60)
    made, go_on = threading.Event(), threading.Event()
    late = PostEntry.model_validate({"lines": RENT, "day": "2025-12-31"})

    def post(work: EngineWork) -> None:
        with work.bound("erp", read_only=False).owned():
            journal.post(work.bound("erp", read_only=False), late)
        made.set()
        go_on.wait(10)

    with ThreadPoolExecutor() as hands:
        posting = hands.submit(shop.kernel.run, post, shop.kernel.actor)
        assert made.wait(10)
        closing = hands.submit(shop.do, "period.close", period="2026-01")
        wait([closing], timeout=0.5)
        go_on.set()
        posting.result(10)
        with pytest.raises(PeriodBlocked, match="2025-12 is open"):
            closing.result(10)
    assert shop.unhealthy() == {}


def test_the_database_itself_refuses_an_entry_in_a_closed_period(shop: Shop, clock: Clock) -> None:
    shop.do("journal.post", lines=RENT)
    clock.move(days=27)
    shop.do("period.close", period="2026-01")
    with pytest.raises((DBAPIError, StoreError), match="closed"):
        shop.tamper(_posting(1, 5), _posting(2, -5), _HEAD)
    with pytest.raises((DBAPIError, StoreError), match="cannot be changed"):
        shop.tamper("UPDATE erp_period SET state = 'open'")


def test_opening_balances_stand_against_the_opening_account_and_can_be_paid(shop: Shop) -> None:
    done = shop.do(
        "opening.post",
        day="2025-12-31",
        lines=[
            {"account": "@bank", "debit": "1000"},
            {
                "account": "@receivables",
                "debit": "60",
                "party": "C1",
                "document": "OLD-7",
                "due": "2025-12-15",
            },
            {"account": "@deposits", "credit": "10", "party": "C2"},
        ],
    )
    assert done == {"entry": "JE-00000001", "lines": 3, "against_opening": "-1050"}
    assert shop.balances()["3900"] == Decimal(-1050)
    paid = shop.do("receipt.record", account="C1", amount="60")
    assert paid["invoices"] == {"OLD-7": "60.00"}
    shop.sold(("TEA", 4), account="C2")
    assert shop.balance("2100") == 0
    assert shop.unhealthy() == {}


def test_a_wrong_opening_is_reversed_with_what_it_left_open(shop: Shop) -> None:
    line = {"account": "@receivables", "debit": "60", "party": "C1", "document": "OLD-7"}
    entry = shop.do("opening.post", day="2025-12-31", lines=[line])["entry"]
    shop.do("journal.reverse", entry=entry, reason="wrong customer")
    assert shop.rows("open-items") == []
    assert shop.balances() == {}
    assert shop.unhealthy() == {}


def test_a_bad_debt_is_written_off_against_what_the_party_owes(shop: Shop) -> None:
    shop.sold(("TEA", 4), account="C1")
    lines = [
        {"account": "@bad_debt", "debit": "12"},
        {"account": "@receivables", "credit": "12", "party": "C1"},
    ]
    entry = shop.do("journal.post", lines=lines, text="gone")["entry"]
    shop.do("receipt.match", receipt=f"{entry}/2", invoices=["INV-00000001"])
    assert shop.rows("open-items") == []
    assert shop.balances()["6500"] == Decimal(12)
    assert shop.unhealthy() == {}


def test_the_chart_can_be_replaced_before_and_extended_after_posting(shop: Shop) -> None:
    own = [
        {"code": f"A{code}", "title": title, "kind": kind, "role": role}
        for code, title, kind, role in STANDARD
    ]
    assert shop.do("chart.replace", accounts=own) == {"accounts": len(own), "removed": len(own)}
    shop.sold(("TEA", 1), account="C1")
    assert shop.balances() == {"A1100": Decimal(3), "A2200": Decimal("-0.5"), "A4000": Decimal("-2.5")}
    more = [one | {"title": str(one["title"]).upper()} for one in own if one["code"] != "A2000"]
    assert shop.do("chart.replace", accounts=more)["removed"] == 1
    shop.do("chart.add", code="A7000", title="Interest", kind="expense")
    assert shop.one("chart", "A1000")["title"] == "BANK"


def test_an_entry_in_foreign_money_keeps_both_amounts(shop: Shop) -> None:
    lines = [
        {"account": "6000", "debit": "10", "currency": "EUR", "exchange_rate": "0.85"},
        {"account": "@bank", "credit": "8.50"},
    ]
    shop.do("journal.post", lines=lines)
    assert columns(shop.rows("postings", chart="6000"), "amount", "currency", "debit") == [
        (Decimal(10), "EUR", Decimal("8.5"))
    ]
