"""Rows of the supply chain: columns, keys, CHECKs, indexes; no rules.

Pieces move between locations; the moves are the truth, everything else that is kept of quantities and values
follows from them and is re-derived by checks. Values are in the enterprise's currency.

Invariants that the database holds (triggers are made by the migration):

- On hand is never below zero, reserved never below zero nor above what is on hand.
- Moves, receipts, returns and adjustments are written once.
- Of an order line: reserved + short + dispatched ≤ wanted; shipping ≤ reserved;
  dispatched + shipping ≤ released ≤ wanted; returned ≤ dispatched.
- An item without pieces has no value.

Locks are taken in one order everywhere: the order's row, then the items by code, then the number series. All
rows about the pieces of an item (stock, reservations, what order lines have of it) change under its lock.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, Index, text

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, table_of, tables

if TYPE_CHECKING:
    from fenbu.tables import ModuleTable as Base
else:
    Base = tables("scm")


# --- places and items -----------------------------------------------------------------------------------


class WarehouseRow(Base, table=True):
    """A house with locations in it."""

    __tablename__: ClassVar[Any] = "scm_warehouse"

    code: str = columns.text(key=True)
    title: str = columns.text()


class LocationRow(Base, table=True):
    """Where pieces are: in a warehouse (for sale or on hold), or outside."""

    __tablename__: ClassVar[Any] = "scm_location"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "stock", "hold", "supplier", "customer", "lost", "opening"),
        CheckConstraint("(kind IN ('stock', 'hold')) = (warehouse IS NOT NULL)", name="warehouse"),
        STRICT,
    )

    code: str = columns.text(key=True)
    kind: str = columns.text()
    warehouse: str | None = columns.text(null=True, references="scm_warehouse.code")
    title: str = columns.text()
    rank: int = columns.whole(default=0)


class ItemRow(Base, table=True):
    """An item with its pieces in all warehouses and their value: the row that is locked for all of them."""

    __tablename__: ClassVar[Any] = "scm_item"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("quantity >= 0", name="quantity"),
        CheckConstraint("value >= 0 AND (quantity > 0 OR value = 0)", name="value"),
        CheckConstraint("lead_days >= 0", name="lead_days"),
        STRICT,
    )

    code: str = columns.text(key=True)
    title: str = columns.text(default="")
    unit: str = columns.text(default="")
    lead_days: int | None = columns.whole(null=True)
    quantity: Decimal = columns.quantity()
    value: Decimal = columns.money()
    unit_cost: Decimal = columns.price()


class StockRow(Base, table=True):
    """The pieces of an item at one location, and how many of them are promised."""

    __tablename__: ClassVar[Any] = "scm_stock"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("on_hand >= 0", name="on_hand"),
        CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="reserved"),
        KEYED,
    )

    item: str = columns.text(key=True, references="scm_item.code")
    location: str = columns.text(key=True, references="scm_location.code")
    on_hand: Decimal = columns.quantity()
    reserved: Decimal = columns.quantity()


class MoveRow(Base, table=True):
    """Pieces that went from one location to another, and their value where they came in or went out."""

    __tablename__: ClassVar[Any] = "scm_move"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "receipt", "dispatch", "return", "adjustment", "transfer"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("value >= 0", name="value"),
        CheckConstraint("source <> target", name="target"),
        Index("ix_scm_move_item", "item", "id"),
        Index("ix_scm_move_document", "document"),
        Index("ix_scm_move_order", "order_number"),
        STRICT,
    )

    id: int | None = columns.serial(key=True, default=None)
    day: date = columns.day()
    kind: str = columns.text()
    item: str = columns.text(references="scm_item.code")
    source: str = columns.text(references="scm_location.code")
    target: str = columns.text(references="scm_location.code")
    quantity: Decimal = columns.quantity()
    value: Decimal = columns.money()
    document: str = columns.text()
    order_number: str = columns.text(default="")
    moved_at: datetime = columns.moment()
    moved_by: str = columns.text()


# --- orders ---------------------------------------------------------------------------------------------


class OrderRow(Base, table=True):
    """An order as the warehouse knows it."""

    __tablename__: ClassVar[Any] = "scm_order"
    __table_args__: ClassVar[Any] = (
        one_of("state", "open", "lapsed", "stopped"),
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
        Index(
            "ix_scm_demand_short",
            "item",
            "queued_at",
            "order_number",
            "line",
            sqlite_where=text("short > 0"),
            postgresql_where=text("short > 0"),
        ),
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
        one_of("state", "open", "packed", "dispatched", "cancelled"),
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


# --- what comes in, comes back, is counted --------------------------------------------------------------


class ReceiptRow(Base, table=True):
    """Goods that arrived together."""

    __tablename__: ClassVar[Any] = "scm_receipt"
    __table_args__: ClassVar[Any] = (
        one_of("source", "supplier", "opening"),
        Index("ix_scm_receipt_day", "day", "number"),
        Index(
            "uq_scm_receipt_reference",
            "supplier",
            "reference",
            unique=True,
            sqlite_where=text("reference <> ''"),
            postgresql_where=text("reference <> ''"),
        ),
        STRICT,
    )

    number: str = columns.text(key=True)
    source: str = columns.text()
    supplier: str = columns.text(default="")
    reference: str = columns.text(default="")
    day: date = columns.day()
    value: Decimal = columns.money()
    posted_at: datetime = columns.moment()
    posted_by: str = columns.text()


class ReceiptLineRow(Base, table=True):
    """One line of a receipt."""

    __tablename__: ClassVar[Any] = "scm_receipt_line"
    __table_args__: ClassVar[Any] = (KEYED,)

    receipt: str = columns.text(key=True, references="scm_receipt.number")
    line: int = columns.whole(key=True)
    item: str = columns.text(references="scm_item.code")
    location: str = columns.text(references="scm_location.code")
    quantity: Decimal = columns.quantity()
    unit_cost: Decimal = columns.price()
    value: Decimal = columns.money()


class ReturnRow(Base, table=True):
    """Goods that came back together, from an order or without one."""

    __tablename__: ClassVar[Any] = "scm_return"
    __table_args__: ClassVar[Any] = (
        Index("ix_scm_return_day", "day", "number"),
        Index("ix_scm_return_order", "order_number"),
        STRICT,
    )

    number: str = columns.text(key=True)
    order_number: str = columns.text(default="")
    account: str = columns.text(default="")
    reason: str = columns.text(default="")
    day: date = columns.day()
    value: Decimal = columns.money()
    posted_at: datetime = columns.moment()
    posted_by: str = columns.text()


class ReturnLineRow(Base, table=True):
    """One line of a return."""

    __tablename__: ClassVar[Any] = "scm_return_line"
    __table_args__: ClassVar[Any] = (KEYED,)

    goods_return: str = columns.text(key=True, references="scm_return.number")
    line: int = columns.whole(key=True)
    order_line: int | None = columns.whole(null=True)
    item: str = columns.text(references="scm_item.code")
    location: str = columns.text(references="scm_location.code")
    quantity: Decimal = columns.quantity()
    value: Decimal = columns.money()


class AdjustmentRow(Base, table=True):
    """A count or a correction with its reason."""

    __tablename__: ClassVar[Any] = "scm_adjustment"
    __table_args__: ClassVar[Any] = (Index("ix_scm_adjustment_day", "day", "number"), STRICT)

    number: str = columns.text(key=True)
    reason: str = columns.text()
    day: date = columns.day()
    posted_at: datetime = columns.moment()
    posted_by: str = columns.text()


class AdjustmentLineRow(Base, table=True):
    """Pieces found (above zero) or lost (below), and their value, signed alike."""

    __tablename__: ClassVar[Any] = "scm_adjustment_line"
    __table_args__: ClassVar[Any] = (CheckConstraint("quantity <> 0", name="quantity"), KEYED)

    adjustment: str = columns.text(key=True, references="scm_adjustment.number")
    line: int = columns.whole(key=True)
    item: str = columns.text(references="scm_item.code")
    location: str = columns.text(references="scm_location.code")
    quantity: Decimal = columns.quantity()
    value: Decimal = columns.money()


WAREHOUSE = table_of(WarehouseRow)
LOCATION = table_of(LocationRow)
ITEM = table_of(ItemRow)
STOCK = table_of(StockRow)
MOVE = table_of(MoveRow)
ORDER = table_of(OrderRow)
DEMAND = table_of(DemandRow)
RESERVATION = table_of(ReservationRow)
SHIPMENT = table_of(ShipmentRow)
SHIPMENT_LINE = table_of(ShipmentLineRow)
RECEIPT = table_of(ReceiptRow)
RECEIPT_LINE = table_of(ReceiptLineRow)
RETURN = table_of(ReturnRow)
RETURN_LINE = table_of(ReturnLineRow)
ADJUSTMENT = table_of(AdjustmentRow)
ADJUSTMENT_LINE = table_of(AdjustmentLineRow)
