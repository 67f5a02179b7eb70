"""A payment is what its facts add up to, in whatever order they come and however often they are said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenbu.errors import TransitionRefused
from fenbu_payments.lifecycles import PaymentState
from fenbu_payments.payment import LETTERS, Fact, Kind, Payment, Step, Totals, Wish, fold, unfitting

DAY, NOW = date(2026, 1, 5), datetime(2026, 1, 5, 9, tzinfo=UTC)
ZERO = Decimal(0)


def fact(kind: Kind, step: Step = Step.NOTED, number: int = 0, amount: int = 0, **more: object) -> Fact:
    operation = "" if step == Step.NOTED else f"P-{LETTERS[kind]}{number}"
    values = {
        "kind": kind,
        "step": step,
        "operation": operation,
        "amount": Decimal(amount),
        "day": DAY,
        "at": NOW,
    }
    return Fact(**(values | more))  # type: ignore[arg-type]


def payment(*facts: Fact, requested: int = 100) -> Payment:
    return Payment("P", "SO-1", "C1", "card", "GBP", [fact(Kind.REQUEST, amount=requested), *facts])


HELD = (fact(Kind.AUTHORISE, Step.BEGUN, 1, 100), fact(Kind.AUTHORISE, Step.DONE, 1, 100))


def take(to: Payment, notices: list[Fact]) -> None:
    """Take notices as the inbox does: what does not fit waits, and is tried after every change."""
    waiting: list[Fact] = []
    for notice in notices:
        waiting.append(notice)
        moved = True
        while moved:
            moved = False
            for one in list(waiting):
                known = to.operations.get(one.operation)
                if known is not None and (known.done or (known.failed and one.step == Step.FAILED)):
                    waiting.remove(one)
                elif not unfitting(to, one):
                    to.add(one)
                    waiting.remove(one)
                    moved = True
    assert not waiting


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Return what a bank has to tell of one payment: parts captured, some let go, some given back, some refused."""
    parts = draw(st.lists(st.integers(1, 25), min_size=1, max_size=4))
    held = sum(parts) + draw(st.integers(0, 10))
    told = [fact(Kind.AUTHORISE, Step.DONE, 1, held)]
    told += [fact(Kind.CAPTURE, Step.DONE, n, part) for n, part in enumerate(parts, 1)]
    if held > sum(parts):
        told.append(fact(Kind.VOID, Step.DONE, 1, held - sum(parts)))
    back = draw(st.lists(st.integers(1, 25), max_size=3))
    if back and sum(back) <= sum(parts):
        told += [fact(Kind.REFUND, Step.DONE, n, part) for n, part in enumerate(back, 1)]
    refused = draw(st.sampled_from([None, Kind.CAPTURE, Kind.AUTHORISE]))
    return [*told, fact(refused, Step.FAILED, 1, 1)] if refused else told


@given(histories(), st.randoms(use_true_random=False))
def test_any_permutation_and_repetition_of_notices_ends_in_one_state(
    told: list[Fact], chance: object
) -> None:
    ends: list[Totals] = []
    for _order in range(3):
        one = payment(requested=200)
        shuffled = [*told, *chance.choices(told, k=len(told))]  # type: ignore[attr-defined]
        chance.shuffle(shuffled)  # type: ignore[attr-defined]
        take(one, shuffled)
        ends.append(one.totals)
    assert ends[0] == ends[1] == ends[2]
    assert ends[0].captured + ends[0].voided <= ends[0].authorised
    assert ends[0].refunded <= ends[0].captured


@given(st.lists(st.sampled_from([*Kind]), max_size=8), st.randoms(use_true_random=False))
def test_what_facts_add_up_to_does_not_depend_on_their_order(kinds: list[Kind], chance: object) -> None:
    facts = [
        fact(
            kind,
            Step.DONE if kind in LETTERS else Step.NOTED,
            number,
            10,
            expires=NOW + timedelta(days=number),
        )
        for number, kind in enumerate(kinds)
    ]
    shuffled = list(facts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(facts) == fold(shuffled)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ((), PaymentState.REQUESTED),
        ((fact(Kind.AUTHORISE, Step.BEGUN, 1, 100),), PaymentState.REQUESTED),
        ((fact(Kind.AUTHORISE, Step.FAILED, 1, 100),), PaymentState.FAILED),
        ((fact(Kind.LET_GO),), PaymentState.VOIDED),
        ((fact(Kind.AUTHORISE, Step.BEGUN, 1, 100), fact(Kind.LET_GO)), PaymentState.REQUESTED),
        (HELD, PaymentState.AUTHORISED),
        ((*HELD, fact(Kind.CAPTURE, Step.BEGUN, 1, 100)), PaymentState.AUTHORISED),
        ((*HELD, fact(Kind.CAPTURE, Step.DONE, 1, 40)), PaymentState.AUTHORISED),
        ((*HELD, fact(Kind.CAPTURE, Step.DONE, 1, 100)), PaymentState.CAPTURED),
        ((*HELD, fact(Kind.VOID, Step.DONE, 1, 100)), PaymentState.VOIDED),
        (
            (*HELD, fact(Kind.CAPTURE, Step.DONE, 1, 100), fact(Kind.REFUND, Step.DONE, 1, 40)),
            PaymentState.CAPTURED,
        ),
        (
            (*HELD, fact(Kind.CAPTURE, Step.DONE, 1, 100), fact(Kind.REFUND, Step.DONE, 1, 100)),
            PaymentState.REFUNDED,
        ),
    ],
)
def test_where_a_payment_stands(facts: tuple[Fact, ...], state: PaymentState) -> None:
    assert payment(*facts).state == state


DUE = fact(Kind.DUE, amount=40)
LAPSED = fact(Kind.EXPIRE, expires=NOW)


@pytest.mark.parametrize(
    ("facts", "wishes"),
    [
        ((), [Wish(Kind.AUTHORISE, Decimal(100))]),
        ((fact(Kind.LET_GO),), []),
        (HELD, []),
        ((*HELD, DUE), [Wish(Kind.CAPTURE, Decimal(40))]),
        ((*HELD, DUE, fact(Kind.CAPTURE, Step.BEGUN, 1, 40)), []),
        ((*HELD, DUE, DUE, fact(Kind.CAPTURE, Step.BEGUN, 1, 40)), [Wish(Kind.CAPTURE, Decimal(40))]),
        ((*HELD, DUE, fact(Kind.CAPTURE, Step.FAILED, 1, 40)), []),
        (
            (
                *HELD,
                DUE,
                fact(Kind.CAPTURE, Step.FAILED, 1, 40),
                fact(Kind.RETRY, amount=40, reference="capture"),
            ),
            [Wish(Kind.CAPTURE, Decimal(40))],
        ),
        ((*HELD, fact(Kind.LET_GO)), [Wish(Kind.VOID, Decimal(100))]),
        ((*HELD, DUE, fact(Kind.LET_GO)), [Wish(Kind.CAPTURE, Decimal(40)), Wish(Kind.VOID, Decimal(60))]),
        ((*HELD, DUE, DUE, fact(Kind.DUE, amount=20)), [Wish(Kind.CAPTURE, Decimal(100))]),
        (
            (*HELD, fact(Kind.CAPTURE, Step.DONE, 1, 100), fact(Kind.RETURN, amount=30)),
            [Wish(Kind.REFUND, Decimal(30))],
        ),
        (
            (*HELD, fact(Kind.CAPTURE, Step.DONE, 1, 100), DUE, fact(Kind.LET_GO)),
            [Wish(Kind.REFUND, Decimal(60))],
        ),
        ((*HELD, fact(Kind.RETURN, amount=30)), []),
    ],
)
def test_what_should_happen_next(facts: tuple[Fact, ...], wishes: list[Wish]) -> None:
    assert payment(*facts).plan(NOW, by_hand=False) == wishes


def test_what_has_expired_is_renewed_before_it_is_captured() -> None:
    expires = NOW - timedelta(days=1)
    lapsed = payment(HELD[0], fact(Kind.AUTHORISE, Step.DONE, 1, 100, expires=expires), DUE)
    assert lapsed.plan(NOW, by_hand=False) == [Wish(Kind.RENEW, Decimal(100))]
    lapsed.add(fact(Kind.RENEW, Step.DONE, 1, 100, expires=NOW + timedelta(days=7)))
    assert lapsed.plan(NOW, by_hand=False) == [Wish(Kind.CAPTURE, Decimal(40))]


def test_nobody_is_asked_for_money_that_comes_by_hand() -> None:
    assert payment().plan(NOW, by_hand=True) == []


def test_a_payment_that_was_let_go_takes_no_money_any_more() -> None:
    gone = payment(fact(Kind.LET_GO))
    with pytest.raises(TransitionRefused, match="cannot authorise P: it is voided"):
        gone.add(fact(Kind.AUTHORISE, Step.DONE, 1, 100))
