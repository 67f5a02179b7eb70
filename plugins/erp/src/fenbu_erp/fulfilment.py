"""Fulfilment: quantities of an order handed over, by hand or by the module that fulfils it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import Field

from fenbu.contracts.erp import LineQuantity, OrderFulfilled
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input
from fenbu.work import Work
from fenbu_erp import order_store
from fenbu_erp.errors import FulfilledElsewhere, NothingLeft
from fenbu_erp.inputs import Quantity
from fenbu_erp.order import BY_HAND, GOODS, Fulfilment, Order


class FulfilLine(Input):
    """A quantity of one line."""

    line: int = Field(ge=1, description="Position in the order")
    quantity: Quantity | None = Field(None, description="All that is released unless given")


class FulfilOrder(Input):
    """What was handed over of an order."""

    order: Code
    lines: Sequence[FulfilLine] = Field((), description="All lines unless given")
    day: Day | None = Field(None, description="Business date of the handing over; today unless given")
    reference: str = Field("", max_length=200, description="Delivery note or the like")


def fulfil(work: Work, done: FulfilOrder) -> dict[str, Any]:
    """Record by hand that an order was handed over, wholly or in part; its invoice follows.

    Raises:
        NotFound: No such order or line.
        FulfilledElsewhere: Another enabled module fulfils it.
        NothingLeft: Nothing is released and not fulfilled.
        QuantityTooLarge: More than that.
    """
    order = order_store.load(work, done.order, "fulfil")
    if order.fulfiller != BY_HAND:
        raise FulfilledElsewhere(order.number, order.fulfiller)
    quantities = _wanted(order, done.lines)
    fulfilment = hand_over(work, order, quantities, done.day or work.today, BY_HAND, done.reference)
    order_store.save(work, order)
    return {"order": order.number, "fulfilment": fulfilment.number, "amount": fulfilment.amount}


def dispatched(
    work: Work, order_number: str, quantities: Mapping[int, Decimal], day: date, fulfiller: str, shipment: str
) -> Order:
    """Record what another module has handed over, and return the order."""
    order = order_store.load(work, order_number)
    hand_over(work, order, _with_services(order, quantities), day, fulfiller, shipment)
    order_store.save(work, order)
    return order


def hand_over(
    work: Work,
    order: Order,
    quantities: Mapping[int, Decimal],
    day: date,
    fulfiller: str,
    reference: str = "",
) -> Fulfilment:
    """Record a fulfilment of the order in hand and publish it; the caller stores the order."""
    done = order.fulfil(quantities, day, fulfiller, reference)
    work.publish(
        OrderFulfilled(
            order=order.number,
            account=order.account,
            day=day,
            currency=order.currency,
            amount=done.amount,
            fulfilment=done.number,
            lines=tuple(
                LineQuantity(line=part.line.line, item=part.line.item, quantity=part.quantity)
                for part in done.parts
            ),
        )
    )
    return done


def _wanted(order: Order, lines: Sequence[FulfilLine]) -> dict[int, Decimal]:
    """Return line to quantity, as asked or all that is released."""
    if lines:
        wanted: dict[int, Decimal] = {}
        for given in lines:
            quantity = given.quantity or order.line(given.line).to_fulfil
            wanted[given.line] = wanted.get(given.line, Decimal(0)) + quantity
        wanted = _with_services(order, wanted)
    else:
        wanted = {line.line: line.to_fulfil for line in order.lines if line.to_fulfil}
    wanted = {line: quantity for line, quantity in wanted.items() if quantity}
    if not wanted:
        raise NothingLeft(order.number, _("fulfil"))
    return wanted


def _with_services(order: Order, quantities: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Return the quantities; with goods go the released services that have waited for them."""
    if not any(order.line(number).kind == GOODS for number in quantities):
        return dict(quantities)
    waited = {line.line: line.to_fulfil for line in order.lines if line.kind != GOODS and line.to_fulfil}
    return waited | dict(quantities)
