"""A bank takes an operation and tells later; where its notice never comes, it is asked."""

from __future__ import annotations

import pytest

from tests.payments.till import Till


def only(till: Till) -> str:
    [row] = till.see("payments")
    return str(row["payment"])


def lost(till: Till, kind: str, times: int = 1) -> None:
    """Let the next operation of a kind be taken, and its notice be lost."""
    till.bank.fail("pending", kind=kind, times=times)
    till.bank.fail("silent", kind=kind, times=times)


def pass_hours(till: Till, hours: int) -> None:
    for _quarter in range(4 * hours):
        till.later(minutes=15)
        till.deliver()


def test_a_payment_whose_notice_never_comes_is_asked_for_and_settles(till: Till) -> None:
    lost(till, "authorise")
    order = till.asked()
    assert (till.states(), till.waits_for(order)) == (["requested"], "announced")
    pass_hours(till, 2)
    assert till.take_notices() == 0
    assert (till.states(), till.waits_for(order)) == (["authorised"], "met")
    assert till.unhealthy() == {}


def test_it_is_asked_ever_more_seldom_until_the_bank_says_something(till: Till) -> None:
    lost(till, "authorise")
    till.asked()
    for minutes in (14, 2, 29, 2):
        till.later(minutes=minutes)
        till.deliver()
    assert till.story(only(till)).count("pending") == 3, "when it was taken, and after 15 and 30 minutes more"
    assert till.unhealthy() == {}


def test_whoever_tells_first_ends_it_and_the_other_changes_nothing(till: Till) -> None:
    till.bank.fail("pending", kind="capture")
    order = till.asked()
    till.fulfil(order)
    assert (till.states(), till.sums(only(till))) == (["authorised"], ("12", "0", "0", "0"))
    till.later(hours=2)
    till.take_notices()
    assert (till.states(), till.charged()) == (["captured"], [(f"{only(till)}-C1", 1)])
    story = till.story(only(till))
    pass_hours(till, 3)
    assert till.story(only(till)) == story
    assert till.unhealthy() == {}


@pytest.mark.parametrize("kind", ["capture", "refund"])
def test_what_the_bank_refuses_in_the_end_waits_for_a_person(till: Till, kind: str) -> None:
    order = till.asked()
    till.bank.fail("decline", kind=kind)
    lost(till, kind)
    till.fulfil(order)
    if kind == "refund":
        till.do("credit-note.issue", order=order, payout=True)
        till.deliver()
    pass_hours(till, 2)
    assert f"{kind} failed" in till.story(only(till))
    till.pay("payment.retry", payment=only(till))
    assert f"{kind} done" in till.story(only(till))
    assert set(till.bank.done(kind).values()) == {1}
    assert till.unhealthy() == {}


def test_a_payout_whose_notice_never_comes_is_asked_for(till: Till) -> None:
    lost(till, "payout")
    till.do(
        "credit-note.issue",
        account="C1",
        lines=[{"item": "TEA", "quantity": 1, "unit_price": "2.50"}],
        payout=True,
    )
    till.deliver()
    assert [row["state"] for row in till.see("payouts")] == ["requested"]
    pass_hours(till, 2)
    assert [row["state"] for row in till.see("payouts")] == ["paid"]
    assert set(till.bank.done("payout").values()) == {1}
    assert till.unhealthy() == {}


def test_a_bank_that_is_out_when_it_is_asked_is_asked_until_it_answers(till: Till) -> None:
    lost(till, "authorise")
    order = till.asked()
    till.bank.fail("outage", kind="ask", times=10)
    pass_hours(till, 2)
    assert till.waits_for(order) == "met"
    assert till.unhealthy() == {}


def test_a_person_may_let_the_bank_be_asked_at_once(till: Till) -> None:
    lost(till, "authorise")
    order = till.asked()
    till.bank.set_clock(till.later(minutes=1).timestamp() + 3700)
    till.pay("payment.retry", payment=only(till))
    assert till.waits_for(order) == "met"
    assert till.unhealthy() == {}


def test_an_operation_that_nobody_asks_about_is_named(till: Till) -> None:
    lost(till, "authorise")
    till.asked()
    till.tamper("DELETE FROM fenbu_delivery WHERE state = 'scheduled'")
    till.later(days=3)
    assert f"{only(till)}-A1" in till.unhealthy()["payments.operations_have_calls"]
