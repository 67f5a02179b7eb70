"""Notices come through the inbox into the database in any order and any number of times, and end in one state."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fenbu.testing.databases import Kind as Database
from fenbu_payments.payment import LETTERS, Kind
from tests.payments.till import Till

Notice = tuple[Kind, int, int, bool]
"""Kind of operation, its number, its amount, whether it was done."""


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, list[Notice]]:
    """Return an order's quantity of tea at 3.00, and what a bank has to tell of its payment."""
    parts = draw(st.lists(st.integers(1, 20), min_size=1, max_size=3))
    quantity = -(-sum(parts) // 3) + draw(st.integers(0, 3))
    told: list[Notice] = [(Kind.AUTHORISE, 1, 3 * quantity, True)]
    told += [(Kind.CAPTURE, number, part, True) for number, part in enumerate(parts, 1)]
    if rest := 3 * quantity - sum(parts):
        told.append((Kind.VOID, 1, rest, True))
    back = draw(st.lists(st.integers(1, 20), max_size=2))
    if sum(back) <= sum(parts):
        told += [(Kind.REFUND, number, part, True) for number, part in enumerate(back, 1)]
    refused = draw(st.sampled_from([None, (Kind.CAPTURE, 1, 1, False), (Kind.AUTHORISE, 1, 1, False)]))
    return quantity, [*told, refused] if refused else told


def tell(till: Till, payment: str, notice: Notice, copy: int) -> None:
    """Let a notice come in; `copy` tells the bank's own numbers of it apart."""
    kind, number, amount, done = notice
    operation = f"{payment}-{LETTERS[kind]}{number}"
    body: dict[str, Any] = {"kind": kind, "done": done, "reference": operation, "payment": payment}
    body |= {"event": f"{operation} {done} {copy}", "amount": str(amount), "currency": "GBP", "number": "x"}
    till.receive(body | ({"expires_in": 600_000} if kind == Kind.AUTHORISE and done else {}))


def state(till: Till, order: str, payment: str) -> dict[str, Any]:
    """Return all that is known of a payment in the end: its row, its operations, its notices, its order."""
    kept = ("requested", "authorised", "captured", "voided", "refunded", "due", "returns", "state")
    row = till.payment(payment)
    facts = [one for one in till.see("facts", subject=payment) if one["step"] == "done"]
    operations = {one["operation"].removeprefix(payment): str(one["amount"]) for one in facts}
    assert len(operations) == len(facts), "an operation was taken twice"
    inbox = {one["state"] for one in till.see("inbox", payment=payment)}
    told = {"operations": operations, "inbox": inbox, "waits": till.waits_for(order)}
    return {name: str(row[name]) for name in kept} | told


@pytest.mark.slow
def test_any_permutation_and_repetition_of_notices_ends_in_one_state(
    till: Till, database_kind: Database
) -> None:
    told(till, many=8 if database_kind == "sqlite" else 3, derandomize=True)


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_two_hundred_histories_end_in_one_state_each(till: Till) -> None:
    """Other histories every time."""
    told(till, many=200, database=None)


def told(till: Till, many: int, **more: Any) -> None:
    """Let so many histories be told twice, each time in another order."""

    @settings(max_examples=many, deadline=None, suppress_health_check=list(HealthCheck), **more)
    @given(history=histories(), chance=st.randoms(use_true_random=False))
    def check(history: tuple[int, list[Notice]], chance: Random) -> None:
        ends_in_one_state(till, *history, chance)

    check()


def ends_in_one_state(till: Till, quantity: int, notices: list[Notice], chance: Random) -> None:
    """The gateway never answers, so that the payment knows nothing but what the inbox tells it, when it does."""
    ends = []
    for _permutation in range(2):
        till.bank.fail("outage", kind="authorise", times=8)
        order = till.asked(quantity)
        [payment] = [row["payment"] for row in till.see("payments", order=order)]
        shuffled = [*notices, *chance.choices(notices, k=len(notices))]
        chance.shuffle(shuffled)
        for notice in shuffled:
            tell(till, payment, notice, copy=chance.choice((1, 1, 2)))
            if chance.random() < 0.3:
                till.kernel.drain(order)
        till.deliver()
        ends.append(state(till, order, payment))
    captured = sum(amount for kind, _number, amount, done in notices if kind == Kind.CAPTURE and done)
    assert ends[0] == ends[1]
    assert (ends[0]["inbox"], ends[0]["waits"]) == ({"applied"}, "met")
    assert Decimal(ends[0]["captured"]) == captured
    assert Decimal(ends[0]["authorised"]) == 3 * quantity
