"""What ERP shows: views, metrics, checks that can fail, and the facts by which two runs are compared."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fenbu.engine import canonical
from fenbu.engine.conditions import Condition, conditions, filterable
from fenbu.engine.reading import offered, page, record
from fenbu.testing.clock import Clock
from fenbu_erp.views import CHECKS, METRICS, VIEWS
from tests.erp.shop import Shop


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """A shop in which everything has happened once."""
    shop.account("C3", currency="EUR")
    shop.do("rate.set", currency="EUR", rate="0.85", since="2025-01-01")
    shop.sold(("TEA", 2), ("POST", 1), account="C1", day=date(2026, 1, 2))
    shop.sold(("POT", 1, "20"), account="C3", day=date(2026, 1, 3))
    shop.order(("TEA", 1))
    shop.do("receipt.record", account="C1", amount="7")
    shop.do(
        "credit-note.issue", order="SO-00000002", lines=[{"line": 1, "quantity": "0.5"}], reason="cracked"
    )
    shop.do("credit-note.issue", account="C2", lines=[{"item": "TEA", "quantity": 1}])
    return shop


def test_every_view_can_be_paged_filtered_and_its_records_found(busy: Shop) -> None:
    with busy.kernel.read("erp") as work:
        for view in VIEWS:
            rows = page(work, view, limit=1).rows
            assert rows or view.name in ("erp.requirements",), view.name
            for row in rows:
                names = {column.name for column in view.columns}
                assert names <= row.keys(), (view.name, names - row.keys())
                assert record(work, view, str(row[view.record]))[view.record] == row[view.record]
                for name in filterable(view):
                    found = (
                        page(work, view, filters=[Condition(name, row[name])]).rows
                        if row[name] is not None
                        else rows
                    )
                    assert found, (view.name, name)
                for column in view.columns:
                    if (
                        str(column.kind) in ("money", "quantity", "price", "rate")
                        and row[column.name] is not None
                    ):
                        assert isinstance(row[column.name], Decimal), (view.name, column.name)
            everything = page(work, view, limit=10_000).rows
            collected: list[Any] = []
            after = ""
            while True:
                some = page(work, view, limit=1, after=after)
                collected += some.rows
                if some.next is None:
                    break
                after = some.next
            assert collected == everything, view.name


def test_what_a_view_names_is_there(busy: Shop) -> None:
    names = {view.name for view in VIEWS}
    for view in VIEWS:
        assert {one.view for one in view.related} <= names | {"fenbu.modules"}, view.name
        assert {one.ref for one in view.columns if one.ref} <= names | {"fenbu.modules"}, view.name
        assert set(view.actions) <= busy.kernel.assembly.actions.keys(), view.name
    assert {metric.drill for metric in METRICS} <= names
    for action in busy.kernel.assembly.actions.values():
        if action.module == "erp" and action.action.view:
            assert action.action.view in names, action.action.name


def test_a_row_offers_what_its_state_allows(busy: Shop) -> None:
    busy.do("order.cancel", order="SO-00000003", reason="no")
    view = busy.kernel.assembly.view("erp.orders")
    verbs = {}
    for row in busy.rows("orders"):
        verbs[row["order"]] = [action.name for action in offered(busy.kernel.assembly, view, row)]
    assert "erp.order.cancel" in verbs["SO-00000001"]
    assert [name for name in verbs["SO-00000003"] if name.startswith("erp.order.")] == []


def test_orders_are_found_by_how_far_they_are(busy: Shop) -> None:
    with busy.kernel.read("erp") as work:
        view = busy.kernel.assembly.view("erp.orders")
        rows = page(work, view, filters=conditions(["fulfilment=open", "total>=3"])).rows
        assert [row["order"] for row in rows] == ["SO-00000003"]


@pytest.mark.databases("sqlite")
def test_the_axes_are_found_by_their_index(busy: Shop) -> None:
    from sqlalchemy import select, text

    with busy.kernel.database.read() as connection:
        source = busy.kernel.assembly.view("erp.orders").query(None).subquery()  # type: ignore[arg-type]
        asked = select(source.c.order).where(source.c.payment == "open")
        told = str(asked.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {told}")).all()
    assert "ix_erp_order_payment" in str(plan)


def test_metrics_count_what_they_say(busy: Shop) -> None:
    told = {
        metric.name.removeprefix("erp."): busy.metric(metric.name.removeprefix("erp.")) for metric in METRICS
    }
    assert told == {
        "revenue": Decimal("14.50"),  # 5 + 3.50 + 17, less 8.50 and 2.50
        "orders_today": 1,
        "ordered_today": Decimal(3),
        "orders_open": 3,
        "receivables": Decimal("9.70"),  # 2.50 + 20.40 less 10.20, less 3
        "overdue": Decimal(0),
        "deposits": Decimal(0),
        "requirements_failed": 0,
    }


def test_everything_is_healthy_when_nobody_tampers(busy: Shop) -> None:
    assert busy.unhealthy() == {}


DROP = {
    "sqlite": "DROP TRIGGER {table}_{name}",
    "postgresql": "DROP TRIGGER {table}_{name} ON {table}",
}

TAMPERED = [
    (
        "ledger_balanced",
        "erp_posting",
        "no_update",
        "UPDATE erp_posting SET amount_own = amount_own + 1 WHERE line = 1",
    ),
    ("balances_match_postings", "", "", "UPDATE erp_open_item SET amount_own = amount_own + 1"),
    ("open_items_match", "", "", "UPDATE erp_open_item SET matched_own = 0 WHERE matched_own <> 0"),
    (
        "invoice_numbers_gapless",
        "",
        "",
        "INSERT INTO erp_credit_note SELECT 'CN-00000009', order_number, reference, account, day, currency, rate, net, "
        "tax, total, total_own, reason, payout, entry, issued_at FROM erp_credit_note WHERE number = 'CN-00000001'",
    ),
    ("order_axes", "", "", "UPDATE erp_order SET fulfilled = 0 WHERE number = 'SO-00000002'"),
    ("order_axes", "", "", "UPDATE erp_order SET settled = 1"),
    (
        "no_order_without_invoice",
        "",
        "",
        "UPDATE erp_order_line SET invoiced = 0, credited = 0 WHERE order_number = 'SO-00000002'",
    ),
]


@pytest.mark.parametrize(("check", "table", "rule", "statement"), TAMPERED)
def test_a_check_finds_what_was_tampered_with(
    busy: Shop, check: str, table: str, rule: str, statement: str
) -> None:
    busy.tamper(*(_without_rule(busy, table, rule) if table else ()), statement)
    health, detail = busy.finding(check)
    assert (health, bool(detail)) == ("failed", True)


def _without_rule(shop: Shop, table: str, rule: str) -> tuple[str, ...]:
    return (DROP[shop.kernel.database.dialect].format(table=table, name=rule),)


def test_kept_balances_are_checked_against_their_postings(busy: Shop, clock: Clock) -> None:
    clock.move(days=30)
    busy.do("period.close", period="2026-01")
    busy.sold(("TEA", 1), account="C1")
    clock.move(days=30)
    busy.do("period.close", period="2026-02")
    assert busy.finding("balances_match_postings") == ("ok", "")
    busy.tamper(
        *_without_rule(busy, "erp_balance", "no_update"),
        "UPDATE erp_balance SET balance = balance + 1 WHERE period = '2026-02'",
    )
    health, detail = busy.finding("balances_match_postings")
    assert (health, "2026-02" in detail, "2026-01" in detail) == ("failed", True, False)


def test_orders_with_deliveries_to_come_are_left_out_and_counted(shop: Shop) -> None:
    order = shop.order(("TEA", 1), account="C1")
    shop.do("order.fulfil", order=order)
    with shop.kernel.read("erp") as work:
        found = shop.kernel.assembly.checks["erp.no_order_without_invoice"].run(work)
    assert (str(found.health), found.skipped) == ("ok", 1)


def test_every_check_says_what_to_do() -> None:
    assert all(check.repair and check.title for check in CHECKS)


def test_canonical_facts_can_be_written_down_and_hold_no_times(busy: Shop) -> None:
    facts = canonical.facts(busy.kernel, ["erp"])["erp"]
    told = json.dumps(facts)
    assert json.loads(told) == facts
    assert facts["numbers"]["invoices"] == ["INV-00000001", "INV-00000002", "INV-00000003"]
    assert "T09:" not in told
    assert facts["balances"]


def test_other_modules_can_page_through_items_and_accounts(busy: Shop) -> None:
    from fenbu.contracts.erp import erp_accounts, erp_items

    with busy.kernel.read("fenbu") as work:
        first = work.ask(erp_items, after="", limit=2)
        rest = work.ask(erp_items, after="POT", limit=2)
        accounts = work.ask(erp_accounts, after="C1", limit=10)
    assert [item.item for item in first or ()] == ["POST", "POT"]
    assert [item.item for item in rest or ()] == ["TEA"]
    assert [(one.account, one.currency) for one in accounts or ()] == [
        ("C2", "GBP"),
        ("C3", "EUR"),
        ("WALK-IN", "GBP"),
    ]
