"""A bank holds less than was asked for: nothing leaves until the rest is there, or a person goes without it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fenbu_payments.errors import NothingMissing, NothingToRetry
from tests.payments.till import Till, columns


@pytest.fixture
def half(till: Till) -> str:
    """An order for 12.00 of which the bank holds 6.00."""
    till.bank.fail("partial", kind="authorise")
    return till.asked()


def only(till: Till) -> str:
    [row] = till.see("payments")
    return str(row["payment"])


def waits(till: Till, order: str) -> tuple[str, str]:
    [row] = till.rows("requirements", order=order)
    return row["state"], row["reason"]


def test_an_order_is_not_released_with_less_than_is_due(till: Till, half: str) -> None:
    assert waits(till, half) == ("failed", "only 6.00 of 12.00 GBP are held")
    assert till.sums(only(till)) == ("6", "0", "0", "0")
    assert till.states() == ["authorised"]
    assert columns(till.rows("order-lines", order=half), "released") == [(0,)]
    assert till.unhealthy() == {}


def test_the_rest_is_asked_for_again_and_the_order_goes_on(till: Till, half: str) -> None:
    payment = only(till)
    till.pay("payment.retry", payment=payment)
    assert waits(till, half)[0] == "met"
    assert till.bank.moved(payment)["authorise"] == Decimal(12)
    till.fulfil(half)
    assert (till.states(), till.sums(payment)) == (["captured"], ("12", "12", "0", "0"))
    assert till.one("orders", half)["state"] == "closed"
    assert till.unhealthy() == {}


def test_a_part_of_the_rest_is_a_part_again(till: Till, half: str) -> None:
    till.bank.fail("partial", kind="authorise")
    till.pay("payment.retry", payment=only(till))
    assert waits(till, half)[0] == "failed"
    assert till.sums(only(till)) == ("9", "0", "0", "0")
    till.pay("payment.retry", payment=only(till))
    assert waits(till, half)[0] == "met"
    assert till.unhealthy() == {}


def test_a_declined_rest_leaves_what_is_held_and_the_order_waiting(till: Till, half: str) -> None:
    till.bank.fail("decline", kind="authorise")
    till.pay("payment.retry", payment=only(till))
    assert waits(till, half)[0] == "failed"
    assert till.sums(only(till)) == ("6", "0", "0", "0")
    till.do("order.cancel", order=half, reason="no money")
    till.deliver()
    assert (till.states(), till.sums(only(till))) == (["voided"], ("6", "0", "6", "0"))
    assert till.unhealthy() == {}


def test_a_person_goes_without_the_rest_which_is_owed_by_invoice(till: Till, half: str) -> None:
    payment = only(till)
    till.pay("payment.accept", payment=payment, reason="an old customer")
    assert waits(till, half)[0] == "met"
    till.fulfil(half)
    assert till.sums(payment) == ("6", "6", "0", "0")
    assert [row["open"] for row in till.rows("invoices", order=half)] == [Decimal(6)]
    assert columns(till.see("document-without-money"), "why", "amount") == [("by_invoice", Decimal(6))]
    till.do("receipt.record", account="C1", amount="6.00", order=half)
    till.deliver()
    assert till.one("orders", half)["state"] == "closed"
    assert till.unhealthy() == {}


def test_a_transfer_that_came_in_part_may_do(counter: Till) -> None:
    order = counter.asked()
    payment = only(counter)
    counter.pay("payment.confirm", payment=payment, amount="5.00")
    assert waits(counter, order)[0] == "announced", "the rest may still come"
    counter.pay("payment.accept", payment=payment, reason="the rest is paid at the door")
    assert waits(counter, order)[0] == "met"
    assert counter.states() == ["captured"]
    assert counter.unhealthy() == {}


def test_nothing_is_gone_without_that_is_held_or_still_awaited(till: Till) -> None:
    till.asked()
    with pytest.raises(NothingMissing):
        till.pay("payment.accept", payment=only(till), reason="why not")
    with pytest.raises(NothingToRetry):
        till.pay("payment.retry", payment=only(till))


def test_a_deposit_takes_what_there_is(till: Till) -> None:
    till.bank.fail("partial", kind="authorise")
    till.pay("payment.request", account="C1", amount="20.01")
    assert till.sums(only(till)) == ("10.01", "10.01", "0", "0")
    till.pay("payment.retry", payment=only(till))
    assert (till.states(), till.sums(only(till))) == (["captured"], ("20.01", "20.01", "0", "0"))
    assert till.unhealthy() == {}


def test_a_bank_that_holds_more_than_was_asked_for_is_not_believed(till: Till) -> None:
    till.bank.fail("timeout", kind="authorise", times=8)
    till.asked()
    payment = only(till)
    told = {"kind": "authorise", "done": True, "reference": f"{payment}-A1", "payment": payment}
    till.receive({**told, "event": "evt_x", "amount": "99.00", "currency": "GBP"})
    till.deliver()
    assert columns(till.see("inbox"), "state", "problem") == [
        ("waiting", f"{payment}-A1 was asked for 12.0000, not for 99.0000")
    ]
    assert till.sums(payment) == ("0", "0", "0", "0")
