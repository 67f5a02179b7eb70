"""Rows of what orders want, hold and get."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, partial, table_of
from fenbu_scm.lifecycles import OrderState, ShipmentState
from fenbu_scm.tables.base import Base


class OrderRow(Base, table=True):
    """An order as the warehouse knows it."""

    __tablename__: ClassVar[Any] = "scm_order"
    __table_args__: ClassVar[Any] = (
        one_of("state", *OrderState),
        one_of("ship", "partial", "complete"),
        Index("ix_scm_order_state", "state"),
        STRICT,
    )

    number: str = columns.text(key=True)
    state: str = columns.text(default="open")
    account: str = columns.text(default="")
    ship: str = columns.text(default="partial")
    day: date = columns.day()
    day_at: datetime = columns.moment()
    waived: bool = columns.flag(default=False)
    alone: bool = columns.flag(default=False)
    reason: str = columns.text(default="")
    lapses_at: datetime | None = columns.moment(null=True)
    shipments: int = columns.whole(default=0)


class DemandRow(Base, table=True):
    """What one order line wants, and how far that has come."""

    __tablename__: ClassVar[Any] = "scm_demand"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("reserved >= 0 AND short >= 0 AND dispatched >= 0", name="reserved"),
        CheckConstraint("reserved + short + dispatched <= wanted", name="wanted"),
        CheckConstraint("shipping >= 0 AND shipping <= reserved", name="shipping"),
        CheckConstraint("dispatched + shipping <= released AND released <= wanted", name="released"),
        CheckConstraint("returned >= 0 AND returned <= dispatched", name="returned"),
        partial("ix_scm_demand_short", "item", "queued_at", "order_number", "line", where="short > 0"),
        Index("ix_scm_demand_item", "item"),
        KEYED,
    )

    order_number: str = columns.text(key=True, references="scm_order.number")
    line: int = columns.whole(key=True)
    item: str = columns.text()
    queued_at: datetime = columns.moment()
    wanted: Decimal = columns.quantity()
    missed: Decimal = columns.quantity()
    reserved: Decimal = columns.quantity()
    short: Decimal = columns.quantity()
    met: Decimal = columns.quantity()
    released: Decimal = columns.quantity()
    shipping: Decimal = columns.quantity()
    dispatched: Decimal = columns.quantity()
    returned: Decimal = columns.quantity()
    cost: Decimal = columns.money()
    returned_cost: Decimal = columns.money()


class ReservationRow(Base, table=True):
    """Pieces at one location that are promised to an order line, and how many of them are being shipped."""

    __tablename__: ClassVar[Any] = "scm_reservation"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("shipping >= 0 AND shipping <= quantity", name="shipping"),
        Index("ix_scm_reservation_item", "item", "location"),
        KEYED,
    )

    order_number: str = columns.text(key=True, references="scm_order.number")
    line: int = columns.whole(key=True)
    location: str = columns.text(key=True, references="scm_location.code")
    item: str = columns.text()
    quantity: Decimal = columns.quantity()
    shipping: Decimal = columns.quantity()


class ShipmentRow(Base, table=True):
    """Pieces of one order that leave together."""

    __tablename__: ClassVar[Any] = "scm_shipment"
    __table_args__: ClassVar[Any] = (
        one_of("state", *ShipmentState),
        Index("ix_scm_shipment_order", "order_number"),
        Index("ix_scm_shipment_state", "state"),
        STRICT,
    )

    number: str = columns.text(key=True)
    order_number: str = columns.text(references="scm_order.number")
    state: str = columns.text()
    reference: str = columns.text(default="")
    opened_at: datetime = columns.moment()
    day: date | None = columns.day(null=True)
    dispatched_at: datetime | None = columns.moment(null=True)
    dispatched_by: str = columns.text(default="")


class ShipmentLineRow(Base, table=True):
    """Pieces of one order line, taken from one location."""

    __tablename__: ClassVar[Any] = "scm_shipment_line"
    __table_args__: ClassVar[Any] = (CheckConstraint("quantity > 0", name="quantity"), KEYED)

    shipment: str = columns.text(key=True, references="scm_shipment.number")
    line: int = columns.whole(key=True)
    location: str = columns.text(key=True, references="scm_location.code")
    item: str = columns.text()
    quantity: Decimal = columns.quantity()


ORDER = table_of(OrderRow)
DEMAND = table_of(DemandRow)
RESERVATION = table_of(ReservationRow)
SHIPMENT = table_of(ShipmentRow)
SHIPMENT_LINE = table_of(ShipmentLineRow)
