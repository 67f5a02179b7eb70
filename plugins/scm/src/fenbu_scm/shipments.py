"""Shipments: pieces of one order that leave together, on the day it is released or when somebody says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import frozen
from pydantic import Field
from sqlalchemy import bindparam, insert, select, update

from fenbu.contracts.erp import LineQuantity, erp_open_lines
from fenbu.contracts.scm import CostedLine, GoodsDispatched
from fenbu.errors import NotFound
from fenbu.hooks import Refusal
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input
from fenbu.work import Work
from fenbu_scm import order_store
from fenbu_scm.errors import OrderNotOurs
from fenbu_scm.holding import ZERO
from fenbu_scm.inputs import Text
from fenbu_scm.lifecycles import SHIPMENT as LIFECYCLE
from fenbu_scm.lifecycles import OrderState, ShipmentState
from fenbu_scm.locations import CUSTOMER
from fenbu_scm.order_store import Hand
from fenbu_scm.settings import ScmSettings
from fenbu_scm.tables import SHIPMENT, SHIPMENT_LINE

_MODULE = "scm"

_ADD = insert(SHIPMENT)
_ADD_LINES = insert(SHIPMENT_LINE)
_FIND = select(SHIPMENT.c.order_number).where(SHIPMENT.c.number == bindparam("wanted"))
_STATE = select(SHIPMENT.c.state).where(SHIPMENT.c.number == bindparam("wanted"))
_LINES = (
    select(SHIPMENT_LINE.c.line, SHIPMENT_LINE.c.location, SHIPMENT_LINE.c.quantity)
    .where(SHIPMENT_LINE.c.shipment == bindparam("wanted"))
    .order_by(SHIPMENT_LINE.c.line, SHIPMENT_LINE.c.location)
)
_HERE = [ShipmentState.OPEN, ShipmentState.PACKED]
_OPEN = (
    select(
        SHIPMENT.c.number,
        SHIPMENT.c.state,
        SHIPMENT_LINE.c.line,
        SHIPMENT_LINE.c.location,
        SHIPMENT_LINE.c.quantity,
    )
    .join_from(SHIPMENT, SHIPMENT_LINE, SHIPMENT_LINE.c.shipment == SHIPMENT.c.number)
    .where(SHIPMENT.c.order_number == bindparam("wanted"), SHIPMENT.c.state.in_(_HERE))
    .order_by(SHIPMENT.c.number)
)
_MOVING = ("state", "reference", "day", "dispatched_at", "dispatched_by")
_UPDATE = (
    update(SHIPMENT)
    .where(SHIPMENT.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in _MOVING})
)
_MOVE = update(SHIPMENT).where(SHIPMENT.c.number == bindparam("wanted")).values(state=bindparam("new_state"))


class ShipmentRef(Input):
    """One shipment."""

    shipment: Code


class DispatchShipment(Input):
    """A shipment that leaves."""

    shipment: Code
    day: Day | None = Field(None, description="Business date; counted on from its order's unless given")
    reference: Text = Field("", description="The carrier's number or the like")


@frozen
class Load:
    """Pieces of a line in a shipment, from one location."""

    line: int
    location: str
    quantity: Decimal


# --- opening --------------------------------------------------------------------------------------------


def ship(work: Work, hand: Hand) -> None:
    """Open a shipment for what is released and there; it leaves at once where the settings say so.

    The caller stores the order in hand.
    """
    order = hand.order
    going = order.to_ship()
    if not going:
        return
    leaves = work.settings(ScmSettings).dispatch == "auto"
    if leaves and not _wants(work, order.number, {demand.line: demand.to_ship for demand in going}):
        return  # what takes it back is on the way
    loads = [
        Load(demand.line, location, quantity)
        for demand in going
        for location, quantity in demand.load(demand.to_ship)
    ]
    order.shipments += 1
    order.changed = True
    number = f"{order.number}-{order.shipments}"
    day = order.business_day(work.now, work.enterprise.zone) if leaves else None
    work.execute(
        _ADD,
        {
            "number": number,
            "order_number": order.number,
            "state": ShipmentState.DISPATCHED if leaves else ShipmentState.OPEN,
            "reference": "",
            "opened_at": work.now,
            "day": day,
            "dispatched_at": work.now if leaves else None,
            "dispatched_by": work.actor.name if leaves else "",
        },
    )
    work.execute(
        _ADD_LINES,
        [
            {
                "shipment": number,
                "line": load.line,
                "location": load.location,
                "item": order.demands[load.line].item,
                "quantity": load.quantity,
            }
            for load in loads
        ],
    )
    if day is not None:
        _leave(work, hand, number, loads, day)


# --- by hand --------------------------------------------------------------------------------------------


def pack(work: Work, ref: ShipmentRef) -> dict[str, Any]:
    """Record that a shipment is packed; its order cannot be cancelled while it is."""
    return _move(work, ref.shipment, "pack")


def unpack(work: Work, ref: ShipmentRef) -> dict[str, Any]:
    """Record that a packed shipment was opened again."""
    return _move(work, ref.shipment, "unpack")


def dispatch(work: Work, wanted: DispatchShipment) -> dict[str, Any]:
    """Record that a shipment has left; ERP fulfils the order with it and posts what it cost.

    Raises:
        NotFound: No such shipment.
        TransitionRefused: It has left or is cancelled.
        OrderNotOurs: Its order is cancelled, or ERP does not want these quantities from here any more.
    """
    hand = _held(work, wanted.shipment)
    order = hand.order
    LIFECYCLE.next(_state(work, wanted.shipment), "dispatch", wanted.shipment)
    loads = [Load(*tuple(row)) for row in work.execute(_LINES, {"wanted": wanted.shipment})]
    quantities: dict[int, Decimal] = {}
    for load in loads:
        quantities[load.line] = quantities.get(load.line, ZERO) + load.quantity
    if order.state == OrderState.STOPPED or not _wants(work, order.number, quantities):
        raise OrderNotOurs(order.number, wanted.shipment)
    day = wanted.day or order.business_day(work.now, work.enterprise.zone)
    _leave(work, hand, wanted.shipment, loads, day)
    work.execute(
        _UPDATE,
        {
            "wanted": wanted.shipment,
            "new_state": ShipmentState.DISPATCHED,
            "new_reference": wanted.reference,
            "new_day": day,
            "new_dispatched_at": work.now,
            "new_dispatched_by": work.actor.name,
        },
    )
    order_store.save(work, hand)
    return {"shipment": wanted.shipment, "order": order.number, "day": day}


def cancel_open(work: Work, hand: Hand) -> None:
    """Cancel the shipments of the order in hand that have not left; their pieces stay reserved."""
    rows = work.execute(_OPEN, {"wanted": hand.order.number}).all()
    for row in rows:
        hand.order.demands[row.line].unload(row.location, row.quantity)
    if numbers := sorted({row.number for row in rows}):
        work.execute(_MOVE, [{"wanted": number, "new_state": ShipmentState.CANCELLED} for number in numbers])


# --- what ERP wants -------------------------------------------------------------------------------------


def wanted(work: Work, order: str) -> bool:
    """Say whether ERP waits for anything of an order from here."""
    left = work.ask(erp_open_lines, orders=[order])
    return left is None or any(line.fulfiller == _MODULE for line in left)


def veto_cancellation(work: Work, number: str, lines: Sequence[LineQuantity]) -> Refusal | None:
    """Refuse to cancel what is packed or has left; else let nothing leave for this order any more."""
    hand = order_store.hold(work, number)
    if hand is not None:
        for row in work.execute(_OPEN, {"wanted": number}):
            if row.state == ShipmentState.PACKED:
                return Refusal(
                    _("shipment {shipment} is packed; unpack it first: fenbu do scm.shipment.unpack").format(
                        shipment=row.number
                    )
                )
        for line in lines:
            demand = hand.order.demands.get(line.line)
            if demand is not None and demand.dispatched and line.quantity > demand.rest:
                return Refusal(
                    _("goods of line {line} have left; what they fulfil is on the way").format(line=line.line)
                )
    order_store.stop(work, number)
    return None


def _wants(work: Work, order: str, quantities: Mapping[int, Decimal]) -> bool:
    """Say whether ERP still wants these quantities from here: it may have decided otherwise meanwhile."""
    left = work.ask(erp_open_lines, orders=[order])
    if left is None:
        return True
    released = {line.line: line.released for line in left if line.fulfiller == _MODULE}
    return all(released.get(line, ZERO) >= quantity for line, quantity in quantities.items())


# --- leaving --------------------------------------------------------------------------------------------


def _leave(work: Work, hand: Hand, number: str, loads: Sequence[Load], day: date) -> None:
    """Take the pieces out of stock with their reservations, and tell of it; the caller stores the order."""
    order = hand.order
    costed: dict[int, list[Decimal]] = {}
    for load in loads:
        demand = order.demands[load.line]
        cost = hand.stock[demand.item].take(load.location, load.quantity, promised=True)
        demand.leave(load.location, load.quantity, cost)
        hand.stock.note(
            "dispatch",
            demand.item,
            load.location,
            CUSTOMER,
            load.quantity,
            cost,
            day=day,
            document=number,
            order=order.number,
        )
        sums = costed.setdefault(load.line, [ZERO, ZERO])
        sums[0] += load.quantity
        sums[1] += cost
    work.publish(
        GoodsDispatched(
            order=order.number,
            shipment=number,
            day=day,
            currency=work.enterprise.currency,
            lines=tuple(
                CostedLine(line=line, item=order.demands[line].item, quantity=quantity, cost=cost)
                for line, (quantity, cost) in sorted(costed.items())
            ),
        )
    )


def _move(work: Work, number: str, verb: str) -> dict[str, Any]:
    hand = _held(work, number)
    state = LIFECYCLE.next(_state(work, number), verb, number)
    if hand.order.state == OrderState.STOPPED:
        raise OrderNotOurs(hand.order.number, number)
    work.execute(_MOVE, {"wanted": number, "new_state": state})
    return {"shipment": number, "state": state}


def _held(work: Work, number: str) -> Hand:
    """Lock the order of a shipment; whatever is done to shipments is done under it."""
    order = work.execute(_FIND, {"wanted": number}).scalar()
    if order is None:
        raise NotFound(_("shipment"), number, _("fenbu show scm.shipments lists them"))
    return order_store.require(work, order)


def _state(work: Work, number: str) -> str:
    return str(work.execute(_STATE, {"wanted": number}).scalar_one())
