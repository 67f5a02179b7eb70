"""Money goes back once: what an operator gave back, what documents credit, and what was paid too much add up."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fenbu.errors import Refused
from tests.payments.till import Till, amounts


def given_back(till: Till) -> tuple[tuple[str, ...], list[str]]:
    """Return what was captured and refunded of each payment, and what was paid out."""
    sums = [till.sums(f"PAY-{number:08d}") for number in range(1, 1 + len(till.states()))]
    return amounts(Decimal(x) for one in sums for x in one[1::2]), [
        f"{row['amount'].normalize():f}" for row in till.see("payouts")
    ]


def test_a_refund_before_its_credit_note_is_not_paid_twice(till: Till) -> None:
    order = till.sold_prepaid()
    till.pay("payment.refund", payment="PAY-00000001", amount=5, reason="cracked")
    till.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}], payout=True)
    till.deliver()
    assert given_back(till) == (("12", "5"), [])
    till.do("credit-note.issue", order=order, payout=True)
    till.deliver()
    assert given_back(till) == (("12", "12"), [])
    assert not {"1100", "2100"} & till.balances().keys()
    assert till.unhealthy() == {}


def test_a_refund_after_a_credit_note_comes_on_top_of_it(till: Till) -> None:
    order = till.sold_prepaid()
    till.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}], payout=True)
    till.deliver()
    till.pay("payment.refund", payment="PAY-00000001", amount=5, reason="sorry")
    assert given_back(till) == (("12", "8"), [])
    assert till.balance("2100") == 5
    assert till.unhealthy() == {}


def test_a_refund_that_a_kept_credit_note_explains_is_not_counted_for_the_next_one(till: Till) -> None:
    order = till.sold_prepaid()
    till.pay("payment.refund", payment="PAY-00000001", amount=3, reason="cracked")
    till.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}])
    till.deliver()
    till.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}], payout=True)
    till.deliver()
    assert given_back(till) == (("12", "6"), [])
    assert not {"1100", "2100"} & till.balances().keys()


def test_what_was_paid_too_much_goes_back_beside_what_is_credited(counter: Till) -> None:
    order = counter.order(("TEA", 4), account="C1")
    counter.deliver()
    counter.pay("payment.confirm", payment="PAY-00000001")
    counter.fulfil(order, lines=[{"line": 1, "quantity": 2}])
    counter.do("order.cancel", order=order, reason="enough")
    counter.deliver()
    counter.pay("refund.confirm", refund="PAY-00000001-R1")
    counter.do("credit-note.issue", order=order, payout=True)
    counter.deliver()
    counter.pay("refund.confirm", refund="PAY-00000001-R2")
    assert given_back(counter) == (("12", "12"), [])
    assert not {"1050", "1100", "2100"} & counter.balances().keys()
    assert counter.unhealthy() == {}


def test_a_refund_of_what_was_paid_too_much_is_not_paid_again_when_the_rest_is_cancelled(
    counter: Till,
) -> None:
    order = counter.order(("TEA", 4), account="C1")
    counter.deliver()
    counter.pay("payment.confirm", payment="PAY-00000001")
    counter.pay("payment.refund", payment="PAY-00000001", amount=5, reason="asked for it")
    counter.do("order.cancel", order=order, reason="enough")
    counter.deliver()
    for number in (1, 2):
        counter.pay("refund.confirm", refund=f"PAY-00000001-R{number}")
    assert given_back(counter) == (("12", "12"), [])
    assert counter.unhealthy() == {}


def test_only_what_was_paid_of_an_order_is_given_back(till: Till) -> None:
    """Of 12.00 the gateway took 9.00 and refused 3.00; a credit note over 12.00 gives 9.00 back."""
    order = till.asked()
    till.fulfil(order, lines=[{"line": 1, "quantity": 3}])
    till.bank.fail("decline", kind="capture")
    till.fulfil(order)
    till.do("credit-note.issue", order=order, payout=True)
    till.deliver()
    assert given_back(till) == (("9", "9"), [])
    till.pay("payment.retry", payment="PAY-00000001")
    assert given_back(till) == (("12", "12"), [])
    assert till.unhealthy() == {}


def test_money_that_the_bank_does_not_let_go_of_is_tried_again_and_not_let_go_twice(till: Till) -> None:
    order = till.asked()
    till.bank.fail("decline", kind="void")
    till.do("order.cancel", order=order, reason="too dear")
    till.deliver()
    assert till.sums() == ("12", "0", "0", "0")
    held = "1 payments hold money that no order waits for: PAY-00000001"
    assert till.unhealthy() == {"payments.held_is_wanted": held}
    with pytest.raises(Refused, match="PAY-00000001 was let go already") as refused:
        till.pay("payment.void", payment="PAY-00000001", reason="no order waits for it")
    assert "fenbu do payments.payment.retry --payment PAY-00000001" in refused.value.hint
    till.pay("payment.retry", payment="PAY-00000001")
    assert till.sums() == ("12", "0", "12", "0")
    assert till.unhealthy() == {}
