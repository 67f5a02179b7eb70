"""Rows of what happened to whom."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Index

from fenbu import columns
from fenbu.events import Lane
from fenbu.tables import STRICT, one_of, table_of
from fenbu_crm.tables.base import Base


class OrderRow(Base, table=True):
    """An order as far as it says something about who buys."""

    __tablename__: ClassVar[Any] = "crm_order"
    __table_args__: ClassVar[Any] = (Index("ix_crm_order_party", "party", "day"), STRICT)

    number: str = columns.text(key=True)
    party: str = columns.text()
    day: date = columns.day()
    currency: str = columns.text()
    total: Decimal = columns.money()
    cancelled: bool = columns.flag(default=False)


class TimelineRow(Base, table=True):
    """One thing that happened to a party: an event of any module."""

    __tablename__: ClassVar[Any] = "crm_timeline"
    __table_args__: ClassVar[Any] = (
        one_of("lane", *Lane),
        Index("ix_crm_timeline_party", "party", "event"),
        Index("ix_crm_timeline_order", "order_number", "event"),
        STRICT,
    )

    event: int | None = columns.serial(key=True, default=None)
    party: str = columns.text()
    happened_at: datetime = columns.moment()
    day: date | None = columns.day(null=True)
    topic: str = columns.text()
    lane: str = columns.text()
    order_number: str = columns.text(default="")
    subject: str = columns.text(default="")
    amount: Decimal | None = columns.money(null=True)
    currency: str = columns.text(default="")
    fact: str = columns.text(default="")


ORDER = table_of(OrderRow)
TIMELINE = table_of(TimelineRow)
