"""The timeline of a customer: what every module told, once, however late CRM hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fenbu.engine import explaining
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import Enterprises
from tests.crm.bureau import ACME, Bureau, columns
from tests.crm.conftest import trading
from tests.payments.till import card


def trade(shop: Bureau) -> None:
    """Do some of everything that ERP knows: sold, cancelled wholly and in part, paid, taken back, waived."""
    shop.bought("A1", 2)
    shop.do("order.cancel", order=shop.order(("TEA", 1), account="A1"), reason="mind changed")
    part = shop.order(("TEA", 5), account="A2")
    shop.fulfil(part, lines=[{"line": 1, "quantity": 2}])
    shop.do("order.cancel", order=part, reason="sold out")
    shop.bought("WALK-IN")
    shop.do("receipt.record", account="A1", amount="6.00")
    shop.deliver()
    shop.do("credit-note.issue", account="A1", lines=[{"item": "TEA", "quantity": 1}])
    shop.deliver()


def test_a_customer_has_the_whole_story_of_an_order(shop: Bureau) -> None:
    order = shop.bought("A1", 2)
    shop.do("receipt.record", account="A1", amount="6.00")
    shop.deliver()
    rows = shop.look("timeline", customer="CA-A1")
    told = [(row["topic"], row["subject"], row["amount"], row["lane"]) for row in reversed(rows)]
    assert told[:2] == [
        ("erp.account-opened", "", None, "information"),
        ("crm.customer-registered", "", None, "information"),
    ]
    assert ("erp.order-placed", order, 6, "information") in told
    assert ("erp.order-fulfilled", order, 6, "goods") in told
    [invoice] = shop.rows("invoices", account="A1")
    assert ("erp.invoice-issued", invoice["invoice"], 6, "capital") in told
    assert ("erp.receipt-recorded", "RC-00000001", 6, "capital") in told
    assert {row["order"] for row in rows} == {"", order}
    assert shop.look("timeline", customer="CA-A2", topic="erp.order-placed") == []


def test_buyers_without_a_name_have_one_timeline_together(shop: Bureau) -> None:
    orders = {shop.bought("WALK-IN"), shop.bought("WALK-IN")}
    placed = shop.look("timeline", customer="CA-WALK-IN", topic="erp.order-placed")
    assert {row["order"] for row in placed} == orders


def test_enabled_late_crm_tells_the_same_as_enabled_first(shop: Bureau, plain: Bureau) -> None:
    trade(shop)
    trade(plain)
    plain.enable("crm")
    assert plain.facts() == shop.facts()
    assert len(shop.facts().splitlines()) > 40
    assert plain.ill() == shop.ill() == {}


def test_with_goods_and_money_it_is_the_same_too(
    enterprise: Enterprises, clock: Clock, tmp_path: Path
) -> None:
    """Events that name no account are found by their order, live and late."""
    told = []
    for late in (False, True):
        modules = ("erp", "scm", "payments", *(() if late else ("crm",)))
        settings = {"scm": {"dispatch": "auto"}, **card(tmp_path / f"sandbox-{late}.db")}
        shop = Bureau(enterprise(*modules, settings=settings, furnished=trading), clock)
        shop.kernel.perform("scm.receipt.post", {"lines": [{"item": "TEA", "quantity": 3, "unit_cost": 1}]})
        for account, quantity in (("A1", 2), ("A2", 4)):
            shop.order(("TEA", quantity), account=account)
            shop.deliver()
        if late:
            shop.enable("crm")
        topics = {row["topic"] for row in shop.look("timeline")}
        assert {"scm.goods-dispatched", "scm.backorder-raised", "erp.requirement-met"} <= topics
        assert {"payments.payment-requested", "payments.payment-captured"} <= topics
        assert {row["customer"] for row in shop.look("timeline", topic="scm.goods-dispatched")} == {
            "CA-A1",
            "CA-A2",
        }
        assert shop.ill() == {}
        told.append([line for line in shop.facts().splitlines() if '"subjects"' not in line])
    assert told[0] == told[1]


def test_written_anew_the_timeline_is_what_it_was_whatever_became_of_it(shop: Bureau) -> None:
    trade(shop)
    before, rows = shop.facts(), shop.look("timeline")
    shop.replay()
    assert (shop.facts(), shop.look("timeline")) == (before, rows)
    shop.tamper(
        "DELETE FROM crm_timeline WHERE topic = 'erp.invoice-issued'",
        "UPDATE crm_timeline SET amount = 1, party = 'account A2' WHERE topic = 'erp.order-placed'",
        "DELETE FROM crm_order WHERE number = 'SO-00000001'",
    )
    assert "crm.orders_match_the_timeline" in shop.ill()
    shop.replay()
    assert (shop.facts(), shop.look("timeline")) == (before, rows)
    assert shop.ill() == {}


def test_the_story_of_one_order_can_be_written_anew(shop: Bureau) -> None:
    order = shop.bought("A1")
    rows = shop.look("timeline", order=order)
    shop.tamper(f"DELETE FROM crm_timeline WHERE order_number = '{order}'")
    shop.replay(key=order)
    assert shop.look("timeline", order=order) == rows


def test_disabled_and_enabled_again_crm_reads_what_it_missed(shop: Bureau, plain: Bureau) -> None:
    trade(plain)
    trade(plain)
    trade(shop)
    shop.disable()
    trade(shop)
    shop.enable("crm")
    plain.enable("crm")
    assert shop.facts() == plain.facts()


def test_without_history_crm_tells_what_happens_from_then_on(plain: Bureau) -> None:
    before = plain.order(("TEA", 1), account="A1")
    plain.enable("crm", history="from_now")
    plain.fulfil(before)
    after = plain.bought("A1")
    orders = {row["order"] for row in plain.look("timeline", topic="erp.order-placed")}
    assert orders == {after}
    assert plain.ill() == {}


@pytest.mark.databases("sqlite")
@pytest.mark.usefixtures("untimed")
def test_an_event_costs_the_timeline_the_same_few_statements_however_many_lines_it_has(shop: Bureau) -> None:
    statistics = shop.kernel.database.statistics
    spent = []
    shop.bought("A1")
    for lines in (1, 40):
        shop.order(*[("TEA", 1)] * lines, account="A1")
        shop.deliver()
        before = statistics.copy()
        shop.replay(first=1)
        spent.append(statistics.since(before).statements)
        shop.tamper("DELETE FROM fenbu_delivered")
    per_event = [round(one / len(shop.look("timeline")), 1) for one in spent]
    print(f"{per_event} statements an event, fetching and acknowledging included")
    assert max(per_event) <= 6, per_event
    assert columns(shop.look("timeline", topic="erp.order-placed"), "subject") == [
        ("SO-00000003",),
        ("SO-00000002",),
        ("SO-00000001",),
    ]


def test_explaining_a_customer_tells_of_their_account_and_of_who_they_were_before(shop: Bureau) -> None:
    order = shop.bought("A1")
    shop.customer("Acme Ltd")
    shop.crm("customer.link", customer=ACME, account="A1")
    with shop.kernel.read() as work:
        told = explaining.explain(work, "customer", ACME)
    names = [chapter.name for chapter in told.chapters]
    assert {
        "crm.customer-registered",
        "erp.order-placed",
        "erp.invoice-issued",
        "crm.customer-merged",
    } <= set(names)
    assert names.count("crm.customer-registered") == 2
    assert any("placed by A1 for 3" in chapter.text for chapter in told.chapters), order
    assert told.view == "crm.customers"
    with shop.kernel.read() as work:
        assert len(explaining.explain(work, "order", order).chapters) > 4
