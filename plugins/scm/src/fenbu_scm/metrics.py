"""Numbers that an administrator looks at every day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, select

from fenbu.i18n import N_
from fenbu.metrics import Metric
from fenbu.work import Work
from fenbu_scm.lifecycles import OrderState, ShipmentState
from fenbu_scm.tables import DEMAND, ITEM, ORDER, SHIPMENT, STOCK

_WINDOW = timedelta(days=30)
_ZERO = Decimal(0)


def _sum(column: Any) -> Any:
    return func.coalesce(func.sum(column, type_=column.type), 0, type_=column.type)


_VALUE = select(_sum(ITEM.c.value))
_PIECES = select(_sum(ITEM.c.quantity))
_RESERVED = select(_sum(STOCK.c.reserved))
_BACKORDERS = select(func.count()).where(DEMAND.c.short > 0)
_SHORT = select(_sum(DEMAND.c.short)).where(DEMAND.c.short > 0)
_ASKED = select(_sum(DEMAND.c.wanted).label("wanted"), _sum(DEMAND.c.missed).label("missed")).where(
    DEMAND.c.queued_at >= bindparam("since", type_=DEMAND.c.queued_at.type)
)
_OPEN = select(func.count()).where(SHIPMENT.c.state.in_([ShipmentState.OPEN, ShipmentState.PACKED]))
_LAPSED = select(func.count()).where(ORDER.c.state == OrderState.LAPSED)


def stock_value(work: Work) -> Decimal:
    """Return what all pieces in warehouses are worth."""
    return _decimal(work, _VALUE)


def pieces(work: Work) -> Decimal:
    """Return how many pieces are in warehouses."""
    return _decimal(work, _PIECES)


def reserved(work: Work) -> Decimal:
    """Return how many pieces are promised."""
    return _decimal(work, _RESERVED)


def backorders(work: Work) -> int:
    """Return how many order lines are short of pieces."""
    return int(work.execute(_BACKORDERS).scalar_one())


def short(work: Work) -> Decimal:
    """Return of how many pieces orders are short."""
    return _decimal(work, _SHORT)


def fill_rate(work: Work) -> Decimal | None:
    """Return the percentage of pieces that were there when orders asked for them."""
    row = work.execute(_ASKED, {"since": work.now - _WINDOW}).one()
    if not row.wanted:
        return None
    share = Decimal(row.wanted - row.missed) * 100 / Decimal(row.wanted)
    return max(_ZERO, share).quantize(Decimal("0.1"))


def shipments_open(work: Work) -> int:
    """Return how many shipments have not left."""
    return int(work.execute(_OPEN).scalar_one())


def lapsed(work: Work) -> int:
    """Return how many orders have lost their reservation."""
    return int(work.execute(_LAPSED).scalar_one())


def _decimal(work: Work, statement: Any) -> Decimal:
    found: Decimal = work.execute(statement).scalar_one()
    return found


METRICS = (
    Metric(
        name="scm.stock_value",
        title=N_("Stock value"),
        unit="money",
        definition=N_("Pieces in all warehouses at moving-average cost, pieces on hold included."),
        value=stock_value,
        drill="scm.items",
    ),
    Metric(
        name="scm.pieces",
        title=N_("Pieces on hand"),
        unit="quantity",
        definition=N_("Pieces in all warehouses, whatever their unit, pieces on hold included."),
        value=pieces,
        drill="scm.stock",
    ),
    Metric(
        name="scm.reserved",
        title=N_("Pieces reserved"),
        unit="quantity",
        definition=N_("Pieces on hand that are promised to orders and have not left."),
        value=reserved,
        drill="scm.reservations",
    ),
    Metric(
        name="scm.backorders",
        title=N_("Backorders"),
        unit="count",
        definition=N_("Order lines that wait for goods to arrive."),
        value=backorders,
        drill="scm.backorders",
    ),
    Metric(
        name="scm.short",
        title=N_("Pieces short"),
        unit="quantity",
        definition=N_("Pieces for which order lines wait."),
        value=short,
        drill="scm.backorders",
    ),
    Metric(
        name="scm.fill_rate",
        title=N_("Fill rate, 30 days"),
        unit="percent",
        definition=N_(
            "Of the pieces that orders asked for in the last 30 days, those that were there at once."
        ),
        value=fill_rate,
        drill="scm.order-lines",
        window=_WINDOW,
    ),
    Metric(
        name="scm.shipments_open",
        title=N_("Shipments to dispatch"),
        unit="count",
        definition=N_("Shipments that are open or packed."),
        value=shipments_open,
        drill="scm.shipments",
    ),
    Metric(
        name="scm.lapsed",
        title=N_("Lapsed reservations"),
        unit="count",
        definition=N_("Orders whose pieces were let go because what they waited for did not come."),
        value=lapsed,
        drill="scm.lapsed",
    ),
)
