"""Rows of what comes in, comes back and is counted."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, partial, table_of
from fenbu_scm.tables.base import Base


class ReceiptRow(Base, table=True):
    """Goods that arrived together."""

    __tablename__: ClassVar[Any] = "scm_receipt"
    __table_args__: ClassVar[Any] = (
        one_of("source", "supplier", "opening"),
        Index("ix_scm_receipt_day", "day", "number"),
        partial("uq_scm_receipt_reference", "supplier", "reference", where="reference <> ''", unique=True),
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


RECEIPT = table_of(ReceiptRow)
RECEIPT_LINE = table_of(ReceiptLineRow)
RETURN = table_of(ReturnRow)
RETURN_LINE = table_of(ReturnLineRow)
ADJUSTMENT = table_of(AdjustmentRow)
ADJUSTMENT_LINE = table_of(AdjustmentLineRow)
