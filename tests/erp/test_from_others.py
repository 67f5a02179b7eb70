"""What payments and the supply chain tell, ERP posts: whatever comes first, the books end the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from fenbu.contracts.payments import PaymentCaptured, PaymentRefunded, PayoutPaid
from fenbu.contracts.scm import CostedLine, GoodsReceived, GoodsReturned, StockAdjusted
from fenbu.engine.flows import admin
from fenbu.engine.work import EngineWork
from fenbu.testing.enterprises import drain
from tests.erp.shop import Shop

CLEARING, RECEIVABLES, DEPOSITS, FEES = "1050", "1100", "2100", "6600"
DAY = date(2026, 1, 6)


def tell(shop: Shop, module: str, event: object) -> None:
    """Publish an event as another module would."""

    def body(work: EngineWork) -> None:
        work.bound(module, read_only=False).publish(event)

    shop.kernel.run(body, shop.kernel.actor)


def captured(
    order: str, amount: str, *, account: str = "C1", number: str = "CAP-1", fee: str = "0"
) -> PaymentCaptured:
    return PaymentCaptured(
        key=order or number,
        payment="PAY-1",
        capture=number,
        order=order,
        account=account,
        day=DAY,
        currency="GBP",
        amount=Decimal(amount),
        fee=Decimal(fee),
    )


def test_captured_money_settles_the_invoice_of_its_order(shop: Shop) -> None:
    order = shop.sold(("TEA", 4), account="C1")
    tell(shop, "payments", captured(order, "12", fee="0.30"))
    shop.deliver()
    assert shop.one("orders", order)["state"] == "closed"
    assert shop.balances() == {
        CLEARING: Decimal("11.70"),
        FEES: Decimal("0.30"),
        "2200": Decimal(-2),
        "4000": Decimal(-10),
    }
    assert shop.unhealthy() == {}


def _invoice_then_money(shop: Shop, order: str) -> None:
    shop.fulfil(order, day=DAY)
    tell(shop, "payments", captured(order, "12"))


def _money_then_invoice(shop: Shop, order: str) -> None:
    tell(shop, "payments", captured(order, "12"))
    shop.deliver()
    shop.fulfil(order, day=DAY)


def _both_at_once(shop: Shop, order: str) -> None:
    shop.do("order.fulfil", order=order, day=DAY)
    tell(shop, "payments", captured(order, "12"))


@pytest.mark.parametrize("way", [_invoice_then_money, _money_then_invoice, _both_at_once])
def test_money_and_invoice_may_come_in_any_order(shop: Shop, way: Callable[[Shop, str], None]) -> None:
    order = shop.order(("TEA", 4), account="C1")
    way(shop, order)
    shop.deliver()
    assert shop.one("orders", order)["state"] == "closed"
    assert shop.balances() == {CLEARING: Decimal(12), "2200": Decimal(-2), "4000": Decimal(-10)}
    assert shop.rows("open-items") == []
    assert shop.unhealthy() == {}


def test_captured_money_without_an_order_is_a_deposit(shop: Shop) -> None:
    tell(shop, "payments", captured("", "5"))
    shop.deliver()
    assert shop.balances() == {CLEARING: Decimal(5), DEPOSITS: Decimal(-5)}


def test_refunded_money_takes_back_what_the_credit_note_owes(shop: Shop) -> None:
    order = shop.sold(("TEA", 4), account="C1")
    tell(shop, "payments", captured(order, "12"))
    shop.deliver()
    shop.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}], payout=True)
    refund = PaymentRefunded(
        key=order,
        payment="PAY-1",
        refund="REF-1",
        order=order,
        account="C1",
        day=DAY,
        currency="GBP",
        amount=Decimal(3),
    )
    tell(shop, "payments", refund)
    shop.deliver()
    assert shop.balance(CLEARING) == Decimal(9)
    assert shop.rows("open-items") == []
    assert shop.unhealthy() == {}


def payout(document: str) -> PayoutPaid:
    return PayoutPaid(
        key=document,
        payout="OUT-1",
        document=document,
        account="C1",
        day=DAY,
        currency="GBP",
        amount=Decimal(3),
    )


def test_a_payout_settles_the_credit_note_that_it_pays(shop: Shop) -> None:
    shop.do("credit-note.issue", account="C1", lines=[{"item": "TEA", "quantity": 1}], payout=True)
    tell(shop, "payments", payout("CN-00000001"))
    shop.deliver()
    assert shop.balances() == {CLEARING: Decimal(-3), "2200": Decimal("0.5"), "4900": Decimal("2.5")}
    assert shop.rows("open-items") == []
    assert shop.unhealthy() == {}


def test_a_payout_for_something_unknown_is_kept_for_a_person_to_look_at(shop: Shop) -> None:
    tell(shop, "payments", payout("PR-2026-01"))
    drain(shop.kernel, dead=True)
    with shop.kernel.read() as work:
        [dead] = admin.dead(work.connection)
    assert "payout OUT-1 pays PR-2026-01, which is no open credit here" in str(dead.error)
    assert shop.balances() == {}


def test_what_happens_to_stock_is_posted_at_its_cost(shop: Shop) -> None:
    line = CostedLine(line=1, item="TEA", quantity=Decimal(2), cost=Decimal("1.40"))
    for event in (
        GoodsReceived(receipt="GR-1", source="opening", day=DAY, currency="GBP", value=Decimal(100)),
        GoodsReceived(receipt="GR-2", source="supplier", day=DAY, currency="GBP", value=Decimal(50)),
        StockAdjusted(
            adjustment="AD-1",
            item="TEA",
            quantity=Decimal(-1),
            value=Decimal("-0.70"),
            reason="mice",
            day=DAY,
        ),
        GoodsReturned(
            document="RT-1", goods_return="RT-1", account="C1", day=DAY, currency="GBP", lines=(line,)
        ),
        StockAdjusted(
            adjustment="AD-2", item="TEA", quantity=Decimal(1), value=Decimal(0), reason="found", day=DAY
        ),
    ):
        tell(shop, "scm", event)
    shop.deliver()
    assert shop.balances() == {
        "1300": Decimal("150.70"),
        "2050": Decimal(-50),
        "3900": Decimal(-100),
        "5000": Decimal("-1.40"),
        "5100": Decimal("0.70"),
    }
    assert shop.unhealthy() == {}
