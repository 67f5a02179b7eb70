"""Questions about the health of stock, each one statement or a few over whole tables.

What concerns one order is judged at rest: orders with deliveries still to come are left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import and_, case, func, literal, or_, select

from fenbu.checks import at_rest, count, found
from fenbu.contracts.erp import erp_open_lines
from fenbu.i18n import N_, _
from fenbu.metrics import Check, Finding, Health
from fenbu.tables import MoneyType, QuantityType
from fenbu.work import Work
from fenbu_scm.lifecycles import OrderState, ShipmentState
from fenbu_scm.locations import INSIDE, STOCK_KIND
from fenbu_scm.order import COMPLETE
from fenbu_scm.tables import (
    DEMAND,
    ITEM,
    LOCATION,
    MOVE,
    ORDER,
    RESERVATION,
    SHIPMENT,
    SHIPMENT_LINE,
    STOCK,
)

_PAGE = 500
_MODULE = "scm"
_NOTHING = literal(0, MoneyType())
_NONE = literal(0, QuantityType())


def _total(column: Any) -> Any:
    return func.coalesce(func.sum(column, type_=column.type), literal(0, column.type))


# --- pieces and values ----------------------------------------------------------------------------------

_IN = select(MOVE.c.item, MOVE.c.target.label("location"), MOVE.c.quantity.label("quantity"))
_OUT = select(MOVE.c.item, MOVE.c.source, -MOVE.c.quantity)
_BOTH = _IN.union_all(_OUT).subquery()
_MOVED = (
    select(_BOTH.c.item, _BOTH.c.location, func.sum(_BOTH.c.quantity, type_=QuantityType()).label("quantity"))
    .join_from(_BOTH, LOCATION, and_(LOCATION.c.code == _BOTH.c.location, LOCATION.c.kind.in_(INSIDE)))
    .group_by(_BOTH.c.item, _BOTH.c.location)
    .subquery()
)
_OFF_LEDGER = (
    select(STOCK.c.item, STOCK.c.location)
    .select_from(
        STOCK.outerjoin(_MOVED, and_(_MOVED.c.item == STOCK.c.item, _MOVED.c.location == STOCK.c.location))
    )
    .where(func.coalesce(_MOVED.c.quantity, _NONE) != STOCK.c.on_hand)
    .order_by(STOCK.c.item, STOCK.c.location)
)
_WITHOUT_STOCK = (
    select(_MOVED.c.item, _MOVED.c.location)
    .select_from(
        _MOVED.outerjoin(STOCK, and_(_MOVED.c.item == STOCK.c.item, _MOVED.c.location == STOCK.c.location))
    )
    .where(STOCK.c.item.is_(None), _MOVED.c.quantity != _NONE)
    .order_by(_MOVED.c.item, _MOVED.c.location)
)


def stock_matches_moves(work: Work) -> Finding:
    """Say whether what is on hand everywhere is what the moves come to."""
    rows = [*work.execute(_OFF_LEDGER), *work.execute(_WITHOUT_STOCK)]
    wrong = [f"{row.item} {row.location}" for row in rows]
    return found(_("{count} piles differ from their moves: {named}"), wrong, count(work, STOCK))


_FROM, _TO = LOCATION.alias("source"), LOCATION.alias("target")
_FLOW = case(
    (and_(_TO.c.kind.in_(INSIDE), _FROM.c.kind.not_in(INSIDE)), 1),
    (and_(_FROM.c.kind.in_(INSIDE), _TO.c.kind.not_in(INSIDE)), -1),
    else_=0,
)
_FLOWS = (
    select(
        MOVE.c.item,
        func.sum(MOVE.c.value * _FLOW, type_=MoneyType()).label("value"),
        func.sum(MOVE.c.quantity * _FLOW, type_=QuantityType()).label("quantity"),
    )
    .select_from(MOVE.join(_FROM, _FROM.c.code == MOVE.c.source).join(_TO, _TO.c.code == MOVE.c.target))
    .group_by(MOVE.c.item)
    .subquery()
)
_OFF_VALUE = (
    select(ITEM.c.code)
    .select_from(ITEM.outerjoin(_FLOWS, _FLOWS.c.item == ITEM.c.code))
    .where(
        or_(
            func.coalesce(_FLOWS.c.value, _NOTHING) != ITEM.c.value,
            func.coalesce(_FLOWS.c.quantity, _NONE) != ITEM.c.quantity,
        )
    )
    .order_by(ITEM.c.code)
)


def value_matches_moves(work: Work) -> Finding:
    """Say whether each item's quantity and value are what came in less what went out."""
    wrong = list(work.execute(_OFF_VALUE).scalars())
    return found(_("{count} items differ from the values of their moves: {named}"), wrong, count(work, ITEM))


# --- promises -------------------------------------------------------------------------------------------

_PROMISED = (
    select(
        RESERVATION.c.item,
        RESERVATION.c.location,
        func.sum(RESERVATION.c.quantity, type_=QuantityType()).label("quantity"),
    )
    .group_by(RESERVATION.c.item, RESERVATION.c.location)
    .subquery()
)
_OFF_PROMISES = (
    select(STOCK.c.item, STOCK.c.location)
    .select_from(
        STOCK.outerjoin(
            _PROMISED, and_(_PROMISED.c.item == STOCK.c.item, _PROMISED.c.location == STOCK.c.location)
        )
    )
    .where(func.coalesce(_PROMISED.c.quantity, _NONE) != STOCK.c.reserved)
    .order_by(STOCK.c.item, STOCK.c.location)
)
_PLACES = (
    select(
        RESERVATION.c.order_number,
        RESERVATION.c.line,
        func.sum(RESERVATION.c.quantity, type_=QuantityType()).label("quantity"),
        func.sum(RESERVATION.c.shipping, type_=QuantityType()).label("shipping"),
    )
    .group_by(RESERVATION.c.order_number, RESERVATION.c.line)
    .subquery()
)
_LOADED = (
    select(
        SHIPMENT.c.order_number,
        SHIPMENT_LINE.c.line,
        func.sum(SHIPMENT_LINE.c.quantity, type_=QuantityType()).label("quantity"),
    )
    .join_from(SHIPMENT_LINE, SHIPMENT, SHIPMENT.c.number == SHIPMENT_LINE.c.shipment)
    .where(SHIPMENT.c.state.in_([ShipmentState.OPEN, ShipmentState.PACKED]))
    .group_by(SHIPMENT.c.order_number, SHIPMENT_LINE.c.line)
    .subquery()
)


def _of_line(part: Any) -> Any:
    return and_(part.c.order_number == DEMAND.c.order_number, part.c.line == DEMAND.c.line)


_OFF_LINES = (
    select(DEMAND.c.order_number)
    .select_from(DEMAND.outerjoin(_PLACES, _of_line(_PLACES)).outerjoin(_LOADED, _of_line(_LOADED)))
    .where(
        or_(
            func.coalesce(_PLACES.c.quantity, _NONE) != DEMAND.c.reserved,
            func.coalesce(_PLACES.c.shipping, _NONE) != DEMAND.c.shipping,
            func.coalesce(_LOADED.c.quantity, _NONE) != DEMAND.c.shipping,
        )
    )
    .distinct()
    .order_by(DEMAND.c.order_number)
)


def reserved_matches_reservations(work: Work) -> Finding:
    """Say whether what is reserved, by pile and by order line, is the sum of the reservations and shipments."""
    wrong = [f"{row.item} {row.location}" for row in work.execute(_OFF_PROMISES)]
    wrong += work.execute(_OFF_LINES).scalars()
    return found(
        _("{count} differ from their reservations: {named}"), wrong, count(work, STOCK) + count(work, DEMAND)
    )


_FREE = (
    select(STOCK.c.item, func.sum(STOCK.c.on_hand - STOCK.c.reserved, type_=QuantityType()).label("free"))
    .join_from(STOCK, LOCATION, and_(LOCATION.c.code == STOCK.c.location, LOCATION.c.kind == STOCK_KIND))
    .group_by(STOCK.c.item)
    .subquery()
)
_NEEDLESS = (
    select(DEMAND.c.item)
    .join_from(DEMAND, _FREE, _FREE.c.item == DEMAND.c.item)
    .where(DEMAND.c.short > _NONE, _FREE.c.free > _NONE)
    .distinct()
    .order_by(DEMAND.c.item)
)


def nobody_waits_beside_free_stock(work: Work) -> Finding:
    """Say whether nobody waits for an item of which a piece is free."""
    wrong = list(work.execute(_NEEDLESS).scalars())
    return found(_("{count} items are free while orders wait for them: {named}"), wrong, count(work, DEMAND))


_UNSHIPPED = (
    select(DEMAND.c.order_number)
    .join_from(DEMAND, ORDER, ORDER.c.number == DEMAND.c.order_number)
    .where(
        ORDER.c.state == OrderState.OPEN,
        ORDER.c.ship != COMPLETE,
        DEMAND.c.released > DEMAND.c.dispatched + DEMAND.c.shipping + DEMAND.c.short,
    )
    .distinct()
)


def released_is_shipped(work: Work) -> Finding:
    """Say whether everything that was released has a shipment, or waits as backorder."""
    rest, skipped = at_rest(work, work.execute(_UNSHIPPED).scalars())
    return found(
        _("{count} orders were released and have no shipment: {named}"), rest, count(work, ORDER), skipped
    )


_HOLDING = select(DEMAND.c.order_number, DEMAND.c.line, DEMAND.c.reserved, DEMAND.c.short).where(
    or_(DEMAND.c.reserved > 0, DEMAND.c.short > 0)
)


def reservations_have_open_lines(work: Work) -> Finding:
    """Say whether whatever is held or waited for belongs to an order line that ERP wants from here."""
    rows: Sequence[Any] = work.execute(_HOLDING).all()
    left = _wanted(work, sorted({row.order_number for row in rows}))
    if left is None:
        return Finding(Health.UNKNOWN, _("nobody here keeps orders"), len(rows))
    stray = {
        row.order_number
        for row in rows
        if row.reserved + row.short > left.get((row.order_number, row.line), 0)
    }
    rest, skipped = at_rest(work, stray)
    return found(_("{count} orders hold what they do not want from here: {named}"), rest, len(rows), skipped)


def _wanted(work: Work, numbers: Sequence[str]) -> dict[tuple[str, int], Any] | None:
    found: dict[tuple[str, int], Any] = {}
    for page in _pages(numbers):
        lines = work.ask(erp_open_lines, orders=page)
        if lines is None:
            return None
        found |= {(line.order, line.line): line.rest for line in lines if line.fulfiller == _MODULE}
    return found


def _pages(numbers: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(numbers), _PAGE):
        yield numbers[start : start + _PAGE]


_COUNT_ANEW = N_("find out who wrote past the ledger; count the items: fenbu do scm.stock.count")
_REPLAY = N_("fenbu flows dead shows deliveries that failed; retry them")

CHECKS = (
    Check(
        name="scm.stock_matches_moves",
        title=N_("What is on hand is what the moves come to"),
        run=stock_matches_moves,
        repair=_COUNT_ANEW,
    ),
    Check(
        name="scm.value_matches_moves",
        title=N_("Stock is worth what came in less what went out"),
        run=value_matches_moves,
        repair=_COUNT_ANEW,
    ),
    Check(
        name="scm.reserved_matches_reservations",
        title=N_("What is reserved is the sum of the reservations"),
        run=reserved_matches_reservations,
        repair=N_("find out who wrote past the warehouse; restore a backup"),
    ),
    Check(
        name="scm.nobody_waits_beside_free_stock",
        title=N_("Nobody waits for what is free"),
        run=nobody_waits_beside_free_stock,
        repair=N_(
            "post the smallest count of the item, which serves those who wait: fenbu do scm.stock.count"
        ),
    ),
    Check(
        name="scm.released_is_shipped",
        title=N_("What was released is shipped or waits"),
        run=released_is_shipped,
        repair=_REPLAY,
    ),
    Check(
        name="scm.reservations_have_open_lines",
        title=N_("What is held is wanted"),
        run=reservations_have_open_lines,
        repair=N_("let go: fenbu do scm.order.stop"),
    ),
)
