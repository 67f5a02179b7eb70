"""Rows of money owed and money come in, and which settles which."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import STRICT, partial, table_of
from fenbu_erp.tables.base import Base


class ReceiptRow(Base, table=True):
    """Money of an account that came in."""

    __tablename__: ClassVar[Any] = "erp_receipt"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_erp_receipt_day", "day", "number"),
        Index("ix_erp_receipt_account", "account", "day"),
        STRICT,
    )

    number: str = columns.text(key=True)
    account: str = columns.text(references="erp_account.number")
    order_number: str = columns.text(default="")
    day: date = columns.day()
    currency: str = columns.text()
    rate: Decimal = columns.rate()
    amount: Decimal = columns.money()
    amount_own: Decimal = columns.money()
    method: str = columns.text()
    reference: str = columns.text(default="")
    entry: str = columns.text()
    recorded_at: datetime = columns.moment()


class OpenItemRow(Base, table=True):
    """What an account owes us (positive) or we owe it (negative) by one document, and how much is settled."""

    __tablename__: ClassVar[Any] = "erp_open_item"
    __table_args__: ClassVar[Any] = (
        CheckConstraint(
            "(amount > 0 AND matched >= 0 AND matched <= amount) "
            "OR (amount < 0 AND matched <= 0 AND matched >= amount)",
            name="matched",
        ),
        partial("ix_erp_open_item_open", "account", "currency", "day", where="amount <> matched"),
        partial(
            "ix_erp_open_item_deposits",
            "account",
            "currency",
            "order_number",
            where="control = 'deposits' AND amount <> matched",
        ),
        Index("ix_erp_open_item_order", "order_number"),
        Index("ix_erp_open_item_entry", "entry"),
        STRICT,
    )

    document: str = columns.text(key=True)
    kind: str = columns.text()
    account: str = columns.text(references="erp_account.number")
    order_number: str = columns.text(default="")
    control: str = columns.text()
    currency: str = columns.text()
    amount: Decimal = columns.money()
    amount_own: Decimal = columns.money()
    matched: Decimal = columns.money()
    matched_own: Decimal = columns.money()
    day: date = columns.day()
    due: date = columns.day()
    entry: str = columns.text()


class MatchRow(Base, table=True):
    """An amount by which what is owed and what came in cancel each other."""

    __tablename__: ClassVar[Any] = "erp_match"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("amount > 0", name="amount"),
        Index("ix_erp_match_debit", "debit"),
        Index("ix_erp_match_credit", "credit"),
        STRICT,
    )

    id: int | None = columns.serial(key=True, default=None)
    debit: str = columns.text(references="erp_open_item.document")
    credit: str = columns.text(references="erp_open_item.document")
    account: str = columns.text()
    currency: str = columns.text()
    amount: Decimal = columns.money()
    debit_own: Decimal = columns.money()
    credit_own: Decimal = columns.money()
    day: date = columns.day()
    matched_at: datetime = columns.moment()


RECEIPT = table_of(ReceiptRow)
OPEN_ITEM = table_of(OpenItemRow)
MATCH = table_of(MatchRow)
