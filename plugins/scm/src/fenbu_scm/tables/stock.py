"""Rows of places, items and the pieces in them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, table_of
from fenbu_scm.tables.base import Base


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


WAREHOUSE = table_of(WarehouseRow)
LOCATION = table_of(LocationRow)
ITEM = table_of(ItemRow)
STOCK = table_of(StockRow)
MOVE = table_of(MoveRow)
