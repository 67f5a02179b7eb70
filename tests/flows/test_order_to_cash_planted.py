"""The model of order to cash finds what it is for: each of these mistakes, planted, ends in a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Select

from fenbu.errors import FenbuError
from fenbu_erp import costs, open_items
from fenbu_erp.chart import Role
from fenbu_payments import payment, payments
from fenbu_payments.payment import Fact, Kind
from fenbu_scm import backorders, reservations, returns, shipments
from fenbu_scm.holding import Holding
from fenbu_scm.order import Demand
from tests.flows.test_order_to_cash_model import impatient, open_shop, run
from tests.payments.till import Till

__all__ = ["impatient", "open_shop"]

Patch = pytest.MonkeyPatch


def nothing(*_arguments: Any, **_named: Any) -> None:
    """Do nothing where something should be done."""


def pieces_of_cancelled_orders_stay_promised(patch: Patch) -> None:
    patch.setattr(reservations, "cancelled", nothing)


def the_last_is_served_first(patch: Patch) -> None:
    queue: Select[Any] = backorders._QUEUE
    last = [column.desc() for column in queue._order_by_clauses]
    patch.setattr(backorders, "_QUEUE", queue.order_by(None).order_by(*last))


def more_is_promised_than_is_there(patch: Patch) -> None:
    def reserve(self: Holding, wanted: Decimal) -> list[tuple[str, Decimal]]:
        pile = self.pile("MAIN")
        pile.add(Decimal(0), wanted)
        return [(pile.location, wanted)]

    patch.setattr(Holding, "reserve", reserve)


def reservations_never_lapse(patch: Patch) -> None:
    patch.setattr(reservations, "due", nothing)


def shipments_of_cancelled_orders_stay_open(patch: Patch) -> None:
    patch.setattr(shipments, "cancel_open", nothing)


def what_comes_back_is_worth_nothing_in_the_books(patch: Patch) -> None:
    _posted_otherwise(patch, Role.INVENTORY, Role.COST, lambda value: value * 0)


def what_comes_back_is_worth_the_average(patch: Patch) -> None:
    def share(demand: Demand, quantity: Decimal, _currency: str) -> Decimal:
        return (demand.cost * quantity / demand.dispatched).quantize(Decimal("0.01")) + Decimal("0.01")

    patch.setattr(returns, "_share", share)


def losses_are_posted_as_finds(patch: Patch) -> None:
    _posted_otherwise(patch, Role.INVENTORY, Role.STOCK_LOSS, lambda value: -value)


def _posted_otherwise(patch: Patch, debit: Role, credit: Role, change: Callable[[Decimal], Decimal]) -> None:
    real = costs.post

    def post(work: Any, kind: str, to: Role, of: Role, value: Decimal, *more: Any) -> None:
        real(work, kind, to, of, change(value) if (to, of) == (debit, credit) else value, *more)

    patch.setattr(costs, "post", post)


def money_is_taken_twice(patch: Patch) -> None:
    real = payments.fulfilled

    def fulfilled(work: Any, order: str, amount: Decimal, *more: Any) -> None:
        real(work, order, amount * 2, *more)

    patch.setattr(payments, "fulfilled", fulfilled)


def money_of_cancelled_orders_is_kept(patch: Patch) -> None:
    patch.setattr(payments, "cancelled", nothing)


def a_refund_before_its_credit_note_is_paid_twice(patch: Patch) -> None:
    def unexplained(facts: Iterable[Fact], _too_much: Decimal) -> tuple[Decimal, Decimal]:
        return sum((fact.amount for fact in facts if fact.kind == Kind.RETURN), Decimal(0)), Decimal(0)

    patch.setattr(payment, "_returns", unexplained)


def deposits_are_not_matched(patch: Patch) -> None:
    patch.setattr(open_items, "deposits", lambda *_arguments: [])


PLANTED = (
    pieces_of_cancelled_orders_stay_promised,
    the_last_is_served_first,
    more_is_promised_than_is_there,
    reservations_never_lapse,
    shipments_of_cancelled_orders_stay_open,
    what_comes_back_is_worth_nothing_in_the_books,
    what_comes_back_is_worth_the_average,
    losses_are_posted_as_finds,
    money_is_taken_twice,
    money_of_cancelled_orders_is_kept,
    a_refund_before_its_credit_note_is_paid_twice,
    deposits_are_not_matched,
)


@pytest.mark.proof
@pytest.mark.timeout(1200)
@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: str(plant.__name__))
def test_a_planted_mistake_is_found(
    plant: Callable[[Patch], None], open_shop: Callable[..., Till], monkeypatch: Patch
) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, FenbuError)):
        run(open_shop, shops=400, steps=40, derandomize=True)
