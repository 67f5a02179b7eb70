"""Rows of the general ledger."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, table_of
from fenbu_erp.lifecycles import PeriodState
from fenbu_erp.tables.base import Base


class ChartRow(Base, table=True):
    """An account of the general ledger; its role says what the system itself posts there."""

    __tablename__: ClassVar[Any] = "erp_chart"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "asset", "liability", "equity", "revenue", "expense"),
        STRICT,
    )

    code: str = columns.text(key=True)
    title: str = columns.text()
    kind: str = columns.text()
    role: str | None = columns.text(null=True, unique=True)


class PeriodRow(Base, table=True):
    """A fiscal period: a month."""

    __tablename__: ClassVar[Any] = "erp_period"
    __table_args__: ClassVar[Any] = (one_of("state", *PeriodState), STRICT)

    code: str = columns.text(key=True)
    first: date = columns.day()
    last: date = columns.day()
    state: str = columns.text()
    closed_at: datetime | None = columns.moment(null=True)
    closed_by: str = columns.text(default="")


class BalanceRow(Base, table=True):
    """What a closed period left on each account of the ledger."""

    __tablename__: ClassVar[Any] = "erp_balance"
    __table_args__: ClassVar[Any] = (KEYED,)

    period: str = columns.text(key=True, references="erp_period.code")
    chart: str = columns.text(key=True, references="erp_chart.code")
    debit: Decimal = columns.money()
    credit: Decimal = columns.money()
    balance: Decimal = columns.money()


class EntryRow(Base, table=True):
    """The head of a journal entry; written after its postings, and with it they are sealed."""

    __tablename__: ClassVar[Any] = "erp_entry"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("day >= business_day", name="day"),
        Index("ix_erp_entry_day", "day", "number"),
        Index("ix_erp_entry_document", "document"),
        STRICT,
    )

    number: str = columns.text(key=True)
    day: date = columns.day()
    business_day: date = columns.day()
    period: str = columns.text(references="erp_period.code")
    kind: str = columns.text()
    document: str = columns.text(default="")
    text: str = columns.text(default="")
    reverses: str | None = columns.text(null=True, unique=True, references="erp_entry.number")
    posted_at: datetime = columns.moment()
    posted_by: str = columns.text()


class PostingRow(Base, table=True):
    """One line of a journal entry: debit is positive, credit negative."""

    __tablename__: ClassVar[Any] = "erp_posting"
    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["entry"], ["erp_entry.number"], deferrable=True, initially="DEFERRED"),
        Index("ix_erp_posting_chart", "chart", "day", "entry", "line"),
        Index("ix_erp_posting_party", "party", "day"),
        KEYED,
    )

    entry: str = columns.text(key=True)
    line: int = columns.whole(key=True)
    day: date = columns.day()
    chart: str = columns.text(references="erp_chart.code")
    party: str = columns.text(default="")
    currency: str = columns.text()
    amount: Decimal = columns.money()
    amount_own: Decimal = columns.money()
    text: str = columns.text(default="")


CHART = table_of(ChartRow)
PERIOD = table_of(PeriodRow)
BALANCE = table_of(BalanceRow)
ENTRY = table_of(EntryRow)
POSTING = table_of(PostingRow)
