"""Money that people move: transfers and cash, confirmed by an operator."""

from __future__ import annotations

from decimal import Decimal

from tests.payments.till import Till, columns

DEPOSITS = "2100"


def test_an_order_waits_for_its_transfer(counter: Till) -> None:
    order = counter.asked()
    assert (counter.states(), counter.waits_for(order)) == (["requested"], "announced")
    counter.pay("payment.confirm", payment="PAY-00000001", reference="statement 7")
    assert (counter.states(), counter.waits_for(order)) == (["captured"], "met")
    assert counter.balance(DEPOSITS) == Decimal(-12)
    [ahead] = counter.see("money-without-document")
    assert (ahead["why"], ahead["amount"]) == ("prepaid", Decimal(12))
    counter.fulfil(order)
    assert counter.one("orders", order)["state"] == "closed"
    assert counter.see("money-without-document") == []
    assert counter.unhealthy() == {}


def test_an_order_is_released_when_the_last_part_of_its_money_is_there(counter: Till) -> None:
    order = counter.asked()
    counter.pay("payment.confirm", payment="PAY-00000001", amount=5)
    assert (counter.states(), counter.waits_for(order)) == (["authorised"], "announced")
    assert counter.unhealthy() == {}
    counter.pay("payment.confirm", payment="PAY-00000001")
    assert (counter.states(), counter.waits_for(order)) == (["captured"], "met")
    assert counter.sums() == ("12", "12", "0", "0")


def test_money_that_does_not_come_lets_a_person_decide(counter: Till) -> None:
    order = counter.asked()
    counter.pay("payment.fail", payment="PAY-00000001", reason="never arrived")
    assert (counter.states(), counter.waits_for(order)) == (["failed"], "failed")
    counter.pay("payment.retry", payment="PAY-00000001")
    counter.pay("payment.confirm", payment="PAY-00000002")
    assert counter.waits_for(order) == "met"


def test_what_was_paid_ahead_goes_back_when_the_order_is_cancelled(counter: Till) -> None:
    order = counter.asked()
    counter.pay("payment.confirm", payment="PAY-00000001")
    counter.fulfil(order, lines=[{"line": 1, "quantity": 1}])
    counter.do("order.cancel", order=order, reason="enough")
    counter.deliver()
    assert counter.payment()["refunding"] == Decimal(9)
    assert counter.see("money-without-document")[0]["why"] == "going_back"
    counter.pay("refund.confirm", refund="PAY-00000001-R1", reference="transfer 9")
    assert counter.sums() == ("12", "12", "0", "9")
    assert (counter.balance(DEPOSITS), counter.see("money-without-document")) == (Decimal(0), [])
    assert counter.unhealthy() == {}


def test_an_order_cancelled_before_its_transfer_came_awaits_nothing(counter: Till) -> None:
    order = counter.asked()
    counter.do("order.cancel", order=order, reason="no")
    counter.deliver()
    assert counter.states() == ["voided"]


def test_a_deposit_is_money_without_an_order(counter: Till) -> None:
    counter.pay("payment.request", account="C2", amount="50")
    counter.pay("payment.confirm", payment="PAY-00000001")
    assert columns(counter.see("money-without-document"), "why", "account") == [("deposit", "C2")]
    assert counter.balance(DEPOSITS) == Decimal(-50)
    order = counter.order(("TEA", 4), account="C2")
    counter.deliver()
    assert counter.states() == ["captured", "requested"]
    assert counter.waits_for(order) == "announced"


def test_a_deposit_that_is_not_wanted_any_more_is_let_go(till: Till) -> None:
    till.kernel.perform("payments.payment.request", {"account": "C2", "amount": "50"})
    till.kernel.perform("payments.payment.void", {"payment": "PAY-00000001", "reason": "a mistake"})
    till.deliver()
    assert (till.states(), till.sums(), till.charged()) == (["voided"], ("50", "0", "50", "0"), [])
    assert till.unhealthy() == {}


def test_a_payout_by_hand_is_paid_when_an_operator_says_so(counter: Till) -> None:
    counter.do("credit-note.issue", account="C2", lines=[{"item": "TEA", "quantity": 2}], payout=True)
    counter.deliver()
    assert columns(counter.see("payouts"), "state") == [("requested",)]
    assert counter.see("document-without-money")[0]["why"] == "on_the_way"
    counter.pay("payout.confirm", payout="PO-00000001", reference="transfer 3")
    assert columns(counter.see("payouts"), "state", "reference") == [("paid", "transfer 3")]
    assert counter.balance("1100") == 0
    assert counter.unhealthy() == {}


def test_an_operator_gives_money_back(counter: Till) -> None:
    counter.pay("payment.request", account="C2", amount="50")
    counter.pay("payment.confirm", payment="PAY-00000001")
    counter.pay("payment.refund", payment="PAY-00000001", amount="20", reason="too much")
    counter.pay("refund.confirm", refund="PAY-00000001-R1")
    assert (counter.states(), counter.sums()) == (["captured"], ("50", "50", "0", "20"))
    counter.pay("payment.refund", payment="PAY-00000001", reason="all of it")
    counter.pay("refund.confirm", refund="PAY-00000001-R2")
    assert (counter.states(), counter.balance(DEPOSITS)) == (["refunded"], Decimal(0))
