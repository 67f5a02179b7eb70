"""Locks an order and the items it wants, loads what its lines want, and stores what has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from attrs import define, fields
from sqlalchemy import BindParameter, and_, bindparam, delete, insert, select, union, update

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.statements import locks_rows, upsert
from fenbu.work import Work
from fenbu_scm import stock as stocks
from fenbu_scm.lifecycles import OrderState, ShipmentState
from fenbu_scm.order import Demand, Order, Place
from fenbu_scm.stock import Stock
from fenbu_scm.tables import DEMAND, ORDER, RESERVATION, SHIPMENT

_ORDER_FIELDS = tuple(one.name for one in fields(Order) if one.name not in ("demands", "changed"))
_MOVING = ("state", "account", "ship", "day", "day_at", "waived", "alone", "reason", "lapses_at", "shipments")
_DEMAND_FIELDS = tuple(one.name for one in fields(Demand) if one.name not in ("places", "stored", "changed"))
_DEMAND_MOVING = tuple(name for name in _DEMAND_FIELDS if name not in ("line", "item"))

_ONE = (
    select(*(ORDER.c[name] for name in _ORDER_FIELDS))
    .where(ORDER.c.number == bindparam("wanted"))
    .with_for_update(key_share=True)
)
_LOCK = select(ORDER.c.number).where(ORDER.c.number == bindparam("wanted")).with_for_update(key_share=True)
_LOCK_MANY = (
    select(ORDER.c.number)
    .where(ORDER.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(ORDER.c.number)
    .with_for_update(key_share=True)
)
_ADD = upsert(ORDER)
_ITEMS = (
    select(DEMAND.c.item).where(DEMAND.c.order_number.in_(bindparam("numbers", expanding=True))).distinct()
)
_WHOLE = (
    select(
        *(ORDER.c[name] for name in _ORDER_FIELDS),
        *(DEMAND.c[name] for name in _DEMAND_FIELDS),
        RESERVATION.c.location,
        RESERVATION.c.quantity,
        RESERVATION.c.shipping,
    )
    .outerjoin_from(ORDER, DEMAND, DEMAND.c.order_number == ORDER.c.number)
    .outerjoin(
        RESERVATION,
        and_(RESERVATION.c.order_number == DEMAND.c.order_number, RESERVATION.c.line == DEMAND.c.line),
    )
    .where(ORDER.c.number == bindparam("wanted"))
    .order_by(DEMAND.c.line, RESERVATION.c.location)
)
_HEAD = len(_ORDER_FIELDS)
_UPDATE = (
    update(ORDER)
    .where(ORDER.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in _MOVING})
)
_ADD_DEMANDS = insert(DEMAND)
_UPDATE_DEMANDS = (
    update(DEMAND)
    .where(DEMAND.c.order_number == bindparam("of_order"), DEMAND.c.line == bindparam("of_line"))
    .values({name: bindparam(f"new_{name}") for name in _DEMAND_MOVING})
)
_SAVE_PLACES = upsert(RESERVATION, change=("quantity", "shipping"))
_DROP_PLACES = delete(RESERVATION).where(
    RESERVATION.c.order_number == bindparam("wanted"),
    RESERVATION.c.line == bindparam("wanted_line"),
    RESERVATION.c.location == bindparam("wanted_location"),
)
_NUMBERS: BindParameter[Any] = bindparam("numbers", expanding=True)
_WITH_WORK_LEFT = union(
    select(DEMAND.c.order_number).where(DEMAND.c.order_number.in_(_NUMBERS), DEMAND.c.short > 0),
    select(SHIPMENT.c.order_number).where(
        SHIPMENT.c.order_number.in_(_NUMBERS),
        SHIPMENT.c.state.in_([ShipmentState.OPEN, ShipmentState.PACKED]),
    ),
)
_PAGE = 500


@define
class Hand:
    """What this transaction holds: an order, and the items that its lines want."""

    order: Order
    stock: Stock


def hold(work: Work, number: str, items: Collection[str] = ()) -> Hand | None:
    """Lock an order, then its items and these, and load all of it; None when the order is not known here."""
    if locks_rows(work):
        if work.execute(_LOCK, {"wanted": number}).first() is None:
            return None
        stocks.lock(work, {*work.execute(_ITEMS, {"numbers": [number]}).scalars(), *items})
    # Only now: what the lines have of their items changes under the items' locks.
    order = _load(work, number)
    if order is None:
        return None
    return Hand(order, stocks.load(work, {*items, *(demand.item for demand in order.demands.values())}))


def require(work: Work, number: str, items: Collection[str] = ()) -> Hand:
    """Like `hold`; `NotFound` when the order is not known here."""
    hand = hold(work, number, items)
    if hand is None:
        raise NotFound(
            _("order"),
            _("{order} in the warehouse").format(order=number),
            _("fenbu show scm.orders lists those that are"),
        )
    return hand


def enter(
    work: Work,
    number: str,
    items: Collection[str],
    *,
    account: str,
    ship: str,
    day: date,
    at: datetime,
    alone: bool = False,
) -> Hand:
    """Let an order be known from now on, and hold it; one that is known already, or stopped just now, is only held."""
    order = Order(number, OrderState.OPEN, account, ship, day, at, alone=alone)
    added = work.execute(_ADD[work.dialect], {name: getattr(order, name) for name in _ORDER_FIELDS}).rowcount
    if added:
        return Hand(order, stocks.held(work, items))
    return require(work, number, items)


def stop(work: Work, number: str) -> None:
    """Let nothing leave any more for an order, known or on its way here."""
    row = work.execute(_ONE, {"wanted": number}).first()
    if row is not None:
        order = Order(**row._mapping)
        order.state, order.reason = OrderState.STOPPED, ""
        _save_head(work, order)
    elif work.waiting(key=number):
        order = Order(number, OrderState.STOPPED, "", "partial", work.today, work.now)
        work.execute(_ADD[work.dialect], {name: getattr(order, name) for name in _ORDER_FIELDS})


def with_work_left(work: Work, numbers: Collection[str]) -> set[str]:
    """Return those of these orders that are short of goods, or have goods packed up to leave; nothing is locked."""
    wanted, busy = sorted(numbers), set[str]()
    for start in range(0, len(wanted), _PAGE):
        busy |= set(work.execute(_WITH_WORK_LEFT, {"numbers": wanted[start : start + _PAGE]}).scalars())
    return busy


def lock_many(work: Work, numbers: Iterable[str], items: Iterable[str]) -> None:
    """Lock many orders, then all items that they want and these, in one order."""
    wanted = sorted(set(numbers))
    work.execute(_LOCK_MANY, {"numbers": wanted})
    known = work.execute(_ITEMS, {"numbers": wanted}).scalars()
    stocks.held(work, {*known, *items})


def save(work: Work, hand: Hand) -> None:
    """Store the order, its lines, its reservations and the stock, as far as they have changed."""
    order = hand.order
    if order.changed:
        _save_head(work, order)
    lines = order.lines
    if fresh := [demand for demand in lines if not demand.stored]:
        work.execute(_ADD_DEMANDS, [_row(order.number, demand) for demand in fresh])
    if changed := [demand for demand in lines if demand.changed and demand.stored]:
        work.execute(
            _UPDATE_DEMANDS,
            [
                {
                    "of_order": order.number,
                    "of_line": demand.line,
                    **{f"new_{name}": getattr(demand, name) for name in _DEMAND_MOVING},
                }
                for demand in changed
            ],
        )
    _save_places(work, order.number, lines)
    for demand in lines:
        demand.stored, demand.changed = True, False
    stocks.save(work, hand.stock)


def _load(work: Work, number: str) -> Order | None:
    """Return an order with its lines and what is promised to them where."""
    rows = work.execute(_WHOLE, {"wanted": number}).all()
    if not rows:
        return None
    order = Order(*rows[0][:_HEAD])
    for row in rows:
        line, *more, location, quantity, shipping = row[_HEAD:]
        if line is None:
            continue
        if line not in order.demands:
            order.demands[line] = Demand(line, *more)
        if location is not None:
            order.demands[line].places[location] = Place(quantity, shipping, stored=True)
    return order


def _save_head(work: Work, order: Order) -> None:
    values = {f"new_{name}": getattr(order, name) for name in _MOVING}
    work.execute(_UPDATE, {"wanted": order.number, **values})
    order.changed = False


def _row(number: str, demand: Demand) -> dict[str, Any]:
    return {"order_number": number, **{name: getattr(demand, name) for name in _DEMAND_FIELDS}}


def _save_places(work: Work, number: str, lines: Sequence[Demand]) -> None:
    kept, gone = [], []
    for demand in lines:
        for location, place in demand.places.items():
            if not place.changed:
                continue
            if place.quantity:
                kept.append(
                    {
                        "order_number": number,
                        "line": demand.line,
                        "location": location,
                        "item": demand.item,
                        "quantity": place.quantity,
                        "shipping": place.shipping,
                    }
                )
            elif place.stored:
                gone.append({"wanted": number, "wanted_line": demand.line, "wanted_location": location})
            place.stored, place.changed = bool(place.quantity), False
        demand.places = {location: place for location, place in demand.places.items() if place.quantity}
    if gone:
        work.execute(_DROP_PLACES, gone)
    if kept:
        work.execute(_SAVE_PLACES[work.dialect], kept)
