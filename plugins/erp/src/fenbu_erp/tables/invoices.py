"""Rows of what was charged and credited."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, table_of
from fenbu_erp.tables.base import Base


class InvoiceRow(Base, table=True):
    """What an account is asked to pay for one fulfilment."""

    __tablename__: ClassVar[Any] = "erp_invoice"
    __table_args__: ClassVar[Any] = (
        Index("uq_erp_invoice_fulfilment", "order_number", "fulfilment", unique=True),
        Index("ix_erp_invoice_day", "day", "number"),
        Index("ix_erp_invoice_account", "account", "day"),
        CheckConstraint("total = net + tax", name="total"),
        STRICT,
    )

    number: str = columns.text(key=True)
    order_number: str = columns.text(references="erp_order.number")
    fulfilment: int = columns.whole()
    account: str = columns.text(references="erp_account.number")
    day: date = columns.day()
    due: date = columns.day()
    currency: str = columns.text()
    rate: Decimal = columns.rate()
    net: Decimal = columns.money()
    tax: Decimal = columns.money()
    total: Decimal = columns.money()
    total_own: Decimal = columns.money()
    entry: str = columns.text(default="")
    issued_at: datetime = columns.moment()


class InvoiceLineRow(Base, table=True):
    """One line of an invoice."""

    __tablename__: ClassVar[Any] = "erp_invoice_line"
    __table_args__: ClassVar[Any] = (KEYED,)

    invoice: str = columns.text(key=True, references="erp_invoice.number")
    line: int = columns.whole(key=True)
    order_line: int = columns.whole()
    item: str = columns.text()
    title: str = columns.text()
    unit: str = columns.text()
    quantity: Decimal = columns.quantity()
    unit_price: Decimal = columns.price()
    amount: Decimal = columns.money()
    tax_category: str = columns.text()
    tax_rate: Decimal = columns.rate()
    tax: Decimal = columns.money()


class CreditNoteRow(Base, table=True):
    """What an account need not pay, or gets back; with or without an original order."""

    __tablename__: ClassVar[Any] = "erp_credit_note"
    __table_args__: ClassVar[Any] = (
        Index("ix_erp_credit_note_day", "day", "number"),
        Index("ix_erp_credit_note_account", "account", "day"),
        Index("ix_erp_credit_note_order", "order_number"),
        CheckConstraint("total = net + tax", name="total"),
        STRICT,
    )

    number: str = columns.text(key=True)
    order_number: str = columns.text(default="")
    reference: str = columns.text(default="")
    account: str = columns.text(references="erp_account.number")
    day: date = columns.day()
    currency: str = columns.text()
    rate: Decimal = columns.rate()
    net: Decimal = columns.money()
    tax: Decimal = columns.money()
    total: Decimal = columns.money()
    total_own: Decimal = columns.money()
    reason: str = columns.text(default="")
    payout: bool = columns.flag(default=False)
    entry: str = columns.text(default="")
    issued_at: datetime = columns.moment()


class CreditNoteLineRow(Base, table=True):
    """One line of a credit note; quantity and amounts are positive."""

    __tablename__: ClassVar[Any] = "erp_credit_note_line"
    __table_args__: ClassVar[Any] = (KEYED,)

    credit_note: str = columns.text(key=True, references="erp_credit_note.number")
    line: int = columns.whole(key=True)
    order_line: int | None = columns.whole(null=True)
    item: str = columns.text()
    title: str = columns.text()
    unit: str = columns.text()
    quantity: Decimal = columns.quantity()
    unit_price: Decimal = columns.price()
    amount: Decimal = columns.money()
    tax_category: str = columns.text()
    tax_rate: Decimal = columns.rate()
    tax: Decimal = columns.money()


INVOICE = table_of(InvoiceRow)
INVOICE_LINE = table_of(InvoiceLineRow)
CREDIT_NOTE = table_of(CreditNoteRow)
CREDIT_NOTE_LINE = table_of(CreditNoteLineRow)
