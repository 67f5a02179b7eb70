"""Notices of gateways: kept once, believed only when signed, taken in whatever order they come."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from fenbu_payments.errors import NoticeRefused
from fenbu_payments.gateways.sandbox import sign
from fenbu_payments.sandbox import UNSIGNED
from tests.payments.till import Till, columns


def told(kind: str, number: int = 1, amount: str = "12", **more: Any) -> dict[str, Any]:
    """Return a notice about an operation of the first payment."""
    letter = {"authorise": "A", "renew": "N", "capture": "C", "void": "V", "refund": "R"}[kind]
    operation = f"PAY-00000001-{letter}{number}"
    notice = {"event": f"evt_{operation}", "kind": kind, "done": True, "reference": operation}
    return notice | {"payment": "PAY-00000001", "amount": amount, "currency": "GBP", "number": "x"} | more


def test_what_the_bank_tells_by_itself_changes_nothing_that_is_known(till: Till) -> None:
    till.sold_prepaid()
    before = till.story()
    assert till.take_notices(times=3) == 6
    assert till.story() == before
    assert columns(till.see("inbox"), "state") == [("applied",), ("applied",)]
    assert till.unhealthy() == {}


def test_a_notice_comes_before_the_answer_and_charges_once(till: Till) -> None:
    order = till.asked()
    till.bank.fail("timeout", kind="capture", times=8)
    till.fulfil(order)
    assert till.states() == ["authorised"]
    till.take_notices()
    assert till.states() == ["captured"]
    assert till.charged() == [("PAY-00000001-C1", 1)]
    assert till.axes(order)[2] == "done"
    till.try_dead_calls_again()
    till.deliver()
    assert till.story().count("capture done") == 1
    assert till.unhealthy() == {}


@pytest.mark.parametrize("seed", range(3))
def test_notices_doubled_late_and_out_of_order_end_in_the_same_state(till: Till, seed: int) -> None:
    till.bank.share("duplicate", 0.5, seed=seed)
    till.bank.share("late", 0.3, seed=seed)
    till.bank.share("timeout", 0.3, seed=seed)
    done = till.sold_prepaid(4)
    half = till.asked(4)
    till.take_notices(Random(seed))
    till.fulfil(half, lines=[{"line": 1, "quantity": 1}])
    till.do("order.cancel", order=half, reason="enough")
    till.deliver()
    till.do("credit-note.issue", order=done, payout=True)
    till.deliver()
    till.take_notices(Random(seed), times=2)
    till.later(hours=2)
    till.take_notices(Random(seed))
    assert till.states() == ["refunded", "captured"]
    assert (till.sums("PAY-00000001"), till.sums("PAY-00000002")) == (
        ("12", "12", "0", "12"),
        ("12", "3", "9", "0"),
    )
    assert {state for (state,) in columns(till.see("inbox"), "state")} == {"applied"}
    assert till.charged() == [("PAY-00000001-C1", 1), ("PAY-00000002-C1", 1)]
    assert till.unhealthy() == {}


def test_a_notice_of_an_unknown_payment_is_kept_and_taken_when_the_payment_is_there(till: Till) -> None:
    assert till.receive(told("authorise", expires_in=600))["new"]
    till.deliver()
    assert columns(till.see("inbox"), "state", "problem") == [
        ("waiting", "there is no payment PAY-00000001 here")
    ]
    till.bank.fail("timeout", kind="authorise", times=8)
    till.asked()
    assert till.states() == ["requested"]
    till.later(minutes=2)
    till.deliver()
    assert columns(till.see("inbox"), "state") == [("applied",)]
    assert till.states() == ["authorised"]


def test_a_notice_that_fits_nowhere_is_shown_and_dismissed_by_an_operator(till: Till) -> None:
    till.receive(told("authorise"))
    for _day in range(12):
        till.deliver()
        till.later(days=1)
    [kept] = till.see("inbox")
    assert (kept["state"], kept["attempts"]) == ("waiting", 9)
    till.pay("notice.dismiss", notice=kept["notice"], reason="of our other shop")
    assert columns(till.see("inbox"), "state", "problem") == [("dismissed", "of our other shop")]


def test_a_notice_with_another_amount_currency_or_gateway_is_not_taken(till: Till) -> None:
    order = till.asked()
    till.bank.fail("timeout", kind="capture", times=8)
    till.fulfil(order)
    till.receive(told("capture", amount="11", event="a"))
    till.receive(told("capture", currency="EUR", event="b"))
    till.receive(told("void", number=9, amount="13", event="c"))
    till.deliver()
    assert sorted(columns(till.see("inbox"), "state", "problem")) == [
        ("waiting", "PAY-00000001 is in GBP, not in EUR"),
        ("waiting", "PAY-00000001-C1 was asked for 12.0000, not for 11.0000"),
        ("waiting", "only 0.0000 is left to void of PAY-00000001"),
    ]
    assert till.states() == ["authorised"]
    till.take_notices()
    assert till.states() == ["captured"]


def test_what_was_refused_by_mistake_is_taken_when_the_bank_says_it_was_done(till: Till) -> None:
    """Done beats failed: the money has moved, whatever was said before."""
    order = till.asked()
    till.bank.fail("decline", kind="capture")
    till.fulfil(order)
    till.receive(told("capture"))
    till.deliver()
    assert (till.states(), till.axes(order)[2]) == (["captured"], "done")


def test_an_operation_made_at_the_bank_itself_is_taken(till: Till) -> None:
    till.sold_prepaid()
    till.receive(told("refund", number=7, amount="5"))
    till.deliver()
    assert till.sums() == ("12", "12", "0", "5")
    assert till.balance("2100") == Decimal(5)


def test_only_a_notice_signed_over_its_body_a_moment_ago_is_believed(till: Till) -> None:
    moment = int(till.clock.now.timestamp())
    with pytest.raises(NoticeRefused, match="its signature is wrong"):
        till.receive(told("capture"), signature=f"t={moment},v1=00")
    with pytest.raises(NoticeRefused, match="its signature is wrong"):
        till.receive("{}", signature=f"t={moment},v1={sign(UNSIGNED, str(moment), '{ }')}")
    old = f"t={moment - 301},v1={sign(UNSIGNED, str(moment - 301), '{}')}"
    with pytest.raises(NoticeRefused, match="signed more than 5 minutes ago"):
        till.receive("{}", signature=old)
    with pytest.raises(NoticeRefused, match="it cannot be read"):
        till.receive("{}")
    with pytest.raises(NoticeRefused, match="it cannot be read"):
        till.receive(told("capture", amount="much"))
    with pytest.raises(NoticeRefused, match="worked by hand and sends no notices"):
        till.receive(told("capture"), gateway="manual")
    assert till.see("inbox") == []


def test_a_notice_of_a_payout_comes_in_turn_with_what_else_happens_to_what_it_pays(till: Till) -> None:
    lines = [{"item": "TEA", "quantity": 1, "unit_price": "2.50"}]
    note = till.do("credit-note.issue", account="C1", lines=lines, payout=True)["credit_note"]
    till.deliver()
    assert till.take_notices() == 1
    assert len(till.events("payments.notice-received", note)) == 1
    assert len(till.events("payments.payout-paid", note)) == 1
