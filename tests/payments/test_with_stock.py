"""Order to cash over three modules: goods are promised before money is held, and money is taken as goods leave."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import Enterprises, furnish
from fenbu_payments.sandbox.bank import Bank
from tests.payments.conftest import furnished
from tests.payments.till import Till, card, columns


@pytest.fixture
def store(enterprise: Enterprises, clock: Clock, bank: Bank, tmp_path: Path) -> Till:
    """A tea shop with three modules and three pieces of tea."""
    kernel = enterprise("erp", "scm", "payments", furnished=stocked)
    furnish(kernel, (), card(tmp_path / "sandbox.db"))
    return Till(kernel, clock, bank)


def stocked(kernel: Kernel) -> None:
    with Bank(Path(":memory:")) as unused:
        till = furnished(Till(kernel, Clock(), unused))
        till.deliver()
        receive(till, 3)


def receive(till: Till, quantity: int) -> None:
    lines = [{"item": "TEA", "quantity": quantity, "unit_cost": "1"}]
    till.kernel.perform("scm.receipt.post", {"lines": lines})
    till.deliver()


def dispatch(till: Till, *shipments: str) -> None:
    for shipment in shipments:
        till.kernel.perform("scm.shipment.dispatch", {"shipment": shipment})
    till.deliver()


def waits(till: Till, order: str) -> list[tuple[str, ...]]:
    return columns(till.rows("requirements", order=order), "requirement", "state")


def test_money_is_asked_for_when_the_goods_are_promised_and_taken_when_they_leave(store: Till) -> None:
    order = store.asked(3)
    assert waits(store, order) == [("payment", "met"), ("stock", "met")]
    assert (store.states(), store.charged()) == (["authorised"], [])
    dispatch(store, f"{order}-1")
    assert (store.states(), store.charged()) == (["captured"], [("PAY-00000001-C1", 1)])
    assert store.one("orders", order)["state"] == "closed"
    assert store.unhealthy() == {}


def test_a_shortage_is_charged_when_the_rest_leaves_weeks_later(store: Till) -> None:
    order = store.asked(4)
    dispatch(store, f"{order}-1")
    assert store.sums() == ("12", "9", "0", "0")
    store.later(days=20)
    receive(store, 5)
    dispatch(store, f"{order}-2")
    assert (store.states(), store.sums()) == (["captured"], ("12", "12", "0", "0"))
    assert "renew done" in store.story()
    assert store.one("orders", order)["state"] == "closed"
    assert store.unhealthy() == {}


def test_no_money_is_asked_for_goods_that_nobody_can_promise(store: Till) -> None:
    first, second = store.asked(3), store.asked(2)
    assert store.waits_for(second) in ("waiting", "announced")
    assert len(store.see("payments")) == 1
    store.do("order.cancel", order=first, reason="no")
    store.deliver()
    assert store.states() == ["voided", "authorised"]
    assert waits(store, second) == [("payment", "met"), ("stock", "met")]
    assert store.unhealthy() == {}


def test_a_declined_payment_keeps_the_goods_until_it_is_tried_again(store: Till) -> None:
    store.bank.fail("decline", kind="authorise")
    order = store.asked(3)
    assert waits(store, order) == [("payment", "failed"), ("stock", "met")]
    store.pay("payment.retry", payment="PAY-00000001")
    dispatch(store, f"{order}-1")
    assert store.charged() == [("PAY-00000002-C1", 1)]
    assert store.unhealthy() == {}


def test_the_rest_of_an_order_is_let_go_by_both(store: Till) -> None:
    order = store.asked(4)
    dispatch(store, f"{order}-1")
    store.do("order.cancel", order=order, reason="too slow")
    store.deliver()
    assert (store.states(), store.sums()) == (["captured"], ("12", "9", "3", "0"))
    receive(store, 5)
    assert store.sums() == ("12", "9", "3", "0")
    assert store.payment()["due"] == Decimal(9)
    assert store.unhealthy() == {}
