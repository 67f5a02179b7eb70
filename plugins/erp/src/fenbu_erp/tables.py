"""Rows of ERP: columns, keys, CHECKs, indexes; no rules.

Documents are known by their numbers, so numbers are the keys: ``SO-00000123``, ``INV-00000001``. Amounts are in
the document's currency; a name that ends in ``_own`` is the same in the enterprise's own currency.

Invariants that the database holds (triggers are made by the migration):

- A journal entry's postings add up to zero in the own currency when its head is written, which is written
  after them; from then on neither changes. A posting without a head cannot be committed.
- A closed period accepts no entry and never opens again.
- Invoices, credit notes, receipts and matches are written once.
- Of an order line: 0 ≤ credited ≤ invoiced ≤ fulfilled ≤ released ≤ quantity - cancelled.
- Nothing is matched beyond its amount.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, literal_column, text

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, table_of, tables

if TYPE_CHECKING:
    from fenbu.tables import ModuleTable as Base
else:
    Base = tables("erp")


# --- items, prices, taxes, rates ------------------------------------------------------------------------


class TaxCategoryRow(Base, table=True):
    """A kind of supply that is taxed alike."""

    __tablename__: ClassVar[Any] = "erp_tax_category"

    code: str = columns.text(key=True)
    title: str = columns.text()


class TaxRateRow(Base, table=True):
    """The rate of a category from a day on."""

    __tablename__: ClassVar[Any] = "erp_tax_rate"
    __table_args__: ClassVar[Any] = (CheckConstraint("rate >= 0", name="rate"), KEYED)

    category: str = columns.text(key=True, references="erp_tax_category.code")
    since: date = columns.day(key=True)
    rate: Decimal = columns.rate()


class ExchangeRateRow(Base, table=True):
    """What one unit of a currency is worth in the own currency from a day on."""

    __tablename__: ClassVar[Any] = "erp_exchange_rate"
    __table_args__: ClassVar[Any] = (CheckConstraint("rate > 0", name="rate"), KEYED)

    currency: str = columns.text(key=True)
    since: date = columns.day(key=True)
    rate: Decimal = columns.rate()


class ItemRow(Base, table=True):
    """What can be sold: goods or a service."""

    __tablename__: ClassVar[Any] = "erp_item"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "goods", "service"),
        one_of("state", "active", "retired"),
        STRICT,
    )

    code: str = columns.text(key=True)
    title: str = columns.text()
    kind: str = columns.text()
    unit: str = columns.text()
    tax_category: str = columns.text(references="erp_tax_category.code")
    state: str = columns.text(default="active")
    revision: int = columns.whole(default=1)
    registered_at: datetime = columns.moment()


class PriceRow(Base, table=True):
    """The price list: an item's unit price in a currency from a day on, without tax."""

    __tablename__: ClassVar[Any] = "erp_price"
    __table_args__: ClassVar[Any] = (KEYED,)

    item: str = columns.text(key=True, references="erp_item.code")
    currency: str = columns.text(key=True)
    since: date = columns.day(key=True)
    unit_price: Decimal = columns.price()


# --- accounts -------------------------------------------------------------------------------------------


class AccountRow(Base, table=True):
    """A party able to owe."""

    __tablename__: ClassVar[Any] = "erp_account"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "company", "person", "walk_in"),
        one_of("state", "open", "blocked"),
        STRICT,
    )

    number: str = columns.text(key=True)
    kind: str = columns.text()
    name: str = columns.text(default="", personal=True)
    address: str = columns.text(default="", personal=True)
    tax_id: str = columns.text(default="", personal=True)
    currency: str = columns.text()
    state: str = columns.text(default="open")
    revision: int = columns.whole(default=1)
    opened_at: datetime = columns.moment()


# --- orders ---------------------------------------------------------------------------------------------

# In the layout in which PostgreSQL gives them back, so that migrations can be compared with them.
FULFILMENT_AXIS = """(
CASE
    WHEN fulfilled = 0 AND cancelled < ordered THEN 'open'
    WHEN (fulfilled + cancelled) < ordered THEN 'part'
    ELSE 'done'
END)"""
INVOICING_AXIS = """(
CASE
    WHEN invoiced = 0 AND cancelled < ordered THEN 'open'
    WHEN (invoiced + cancelled) < ordered THEN 'part'
    ELSE 'done'
END)"""
PAYMENT_AXIS = """(
CASE
    WHEN invoiced = 0 AND cancelled < ordered THEN 'none'
    WHEN settled >= billed THEN 'done'
    WHEN settled > 0 THEN 'part'
    ELSE 'open'
END)"""


class OrderRow(Base, table=True):
    """A sales order; its quantities are the sums of its lines'."""

    __tablename__: ClassVar[Any] = "erp_order"
    __table_args__: ClassVar[Any] = (
        one_of("state", "placed", "closed", "cancelled"),
        one_of("ship", "partial", "complete"),
        CheckConstraint("rate > 0", name="rate"),
        Index("ix_erp_order_day", "day", "number"),
        Index("ix_erp_order_account", "account", "day"),
        Index("ix_erp_order_fulfilment", literal_column(FULFILMENT_AXIS)),
        Index("ix_erp_order_invoicing", literal_column(INVOICING_AXIS)),
        Index("ix_erp_order_payment", literal_column(PAYMENT_AXIS)),
        Index("ix_erp_order_state", "state"),
        Index(
            "uq_erp_order_reference",
            "channel",
            "reference",
            unique=True,
            sqlite_where=text("reference <> ''"),
            postgresql_where=text("reference <> ''"),
        ),
        STRICT,
    )

    number: str = columns.text(key=True)
    state: str = columns.text()
    account: str = columns.text(references="erp_account.number")
    channel: str = columns.text()
    reference: str = columns.text(default="")
    day: date = columns.day()
    currency: str = columns.text()
    rate: Decimal = columns.rate()
    ship: str = columns.text()
    fulfiller: str = columns.text()
    net: Decimal = columns.money()
    tax: Decimal = columns.money()
    total: Decimal = columns.money()
    total_own: Decimal = columns.money()
    ordered: Decimal = columns.quantity()
    released: Decimal = columns.quantity()
    fulfilled: Decimal = columns.quantity()
    invoiced: Decimal = columns.quantity()
    cancelled: Decimal = columns.quantity()
    credited: Decimal = columns.quantity()
    billed: Decimal = columns.money()
    settled: Decimal = columns.money()
    fulfilments: int = columns.whole()
    placed_at: datetime = columns.moment()
    placed_by: str = columns.text()


class OrderLineRow(Base, table=True):
    """One line of an order, and how much of it has happened."""

    __tablename__: ClassVar[Any] = "erp_order_line"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("0 <= credited AND credited <= invoiced AND invoiced <= fulfilled", name="invoiced"),
        CheckConstraint("fulfilled <= released AND released <= quantity - cancelled", name="fulfilled"),
        CheckConstraint("0 <= cancelled AND cancelled <= quantity", name="cancelled"),
        Index("ix_erp_order_line_item", "item"),
        KEYED,
    )

    order_number: str = columns.text(key=True, references="erp_order.number")
    line: int = columns.whole(key=True)
    item: str = columns.text(references="erp_item.code")
    title: str = columns.text()
    kind: str = columns.text()
    unit: str = columns.text()
    quantity: Decimal = columns.quantity()
    unit_price: Decimal = columns.price()
    amount: Decimal = columns.money()
    tax_category: str = columns.text()
    tax_rate: Decimal = columns.rate()
    tax: Decimal = columns.money()
    released: Decimal = columns.quantity()
    fulfilled: Decimal = columns.quantity()
    invoiced: Decimal = columns.quantity()
    cancelled: Decimal = columns.quantity()
    credited: Decimal = columns.quantity()


class RequirementRow(Base, table=True):
    """What an order waits for; the set is frozen when the order is placed."""

    __tablename__: ClassVar[Any] = "erp_requirement"
    __table_args__: ClassVar[Any] = (
        one_of("state", "waiting", "announced", "partly_met", "met", "failed", "waived", "dropped"),
        Index("ix_erp_requirement_owner", "owner", "state"),
        KEYED,
    )

    order_number: str = columns.text(key=True, references="erp_order.number")
    name: str = columns.text(key=True)
    owner: str = columns.text()
    after: Any = columns.json()
    state: str = columns.text()
    reason: str = columns.text(default="")
    changed_at: datetime = columns.moment()


class RequirementLineRow(Base, table=True):
    """How much of a line a requirement that is met by quantities has cleared so far."""

    __tablename__: ClassVar[Any] = "erp_requirement_line"
    __table_args__: ClassVar[Any] = (CheckConstraint("met > 0", name="met"), KEYED)

    order_number: str = columns.text(key=True)
    name: str = columns.text(key=True)
    line: int = columns.whole(key=True)
    met: Decimal = columns.quantity()


class FulfilmentRow(Base, table=True):
    """Quantities of an order that were handed over together; the unit of invoicing."""

    __tablename__: ClassVar[Any] = "erp_fulfilment"
    __table_args__: ClassVar[Any] = (KEYED,)

    order_number: str = columns.text(key=True, references="erp_order.number")
    number: int = columns.whole(key=True)
    day: date = columns.day()
    fulfiller: str = columns.text()
    reference: str = columns.text(default="")
    amount: Decimal = columns.money()
    fulfilled_at: datetime = columns.moment()


class FulfilmentLineRow(Base, table=True):
    """A quantity of a line within a fulfilment, and its share of the line's amount and tax."""

    __tablename__: ClassVar[Any] = "erp_fulfilment_line"
    __table_args__: ClassVar[Any] = (CheckConstraint("quantity > 0", name="quantity"), KEYED)

    order_number: str = columns.text(key=True)
    fulfilment: int = columns.whole(key=True)
    line: int = columns.whole(key=True)
    quantity: Decimal = columns.quantity()
    amount: Decimal = columns.money()
    tax: Decimal = columns.money()


# --- invoices and credit notes --------------------------------------------------------------------------


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


# --- money owed and money come in -----------------------------------------------------------------------


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
        Index(
            "ix_erp_open_item_open",
            "account",
            "currency",
            "day",
            sqlite_where=text("amount <> matched"),
            postgresql_where=text("amount <> matched"),
        ),
        Index(
            "ix_erp_open_item_deposits",
            "account",
            "currency",
            sqlite_where=text("control = 'deposits' AND amount <> matched"),
            postgresql_where=text("control = 'deposits' AND amount <> matched"),
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


# --- ledger ---------------------------------------------------------------------------------------------


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
    __table_args__: ClassVar[Any] = (one_of("state", "open", "closed"), STRICT)

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


TAX_CATEGORY = table_of(TaxCategoryRow)
TAX_RATE = table_of(TaxRateRow)
EXCHANGE_RATE = table_of(ExchangeRateRow)
ITEM = table_of(ItemRow)
PRICE = table_of(PriceRow)
ACCOUNT = table_of(AccountRow)
ORDER = table_of(OrderRow)
ORDER_LINE = table_of(OrderLineRow)
REQUIREMENT = table_of(RequirementRow)
REQUIREMENT_LINE = table_of(RequirementLineRow)
FULFILMENT = table_of(FulfilmentRow)
FULFILMENT_LINE = table_of(FulfilmentLineRow)
INVOICE = table_of(InvoiceRow)
INVOICE_LINE = table_of(InvoiceLineRow)
CREDIT_NOTE = table_of(CreditNoteRow)
CREDIT_NOTE_LINE = table_of(CreditNoteLineRow)
RECEIPT = table_of(ReceiptRow)
OPEN_ITEM = table_of(OpenItemRow)
MATCH = table_of(MatchRow)
CHART = table_of(ChartRow)
PERIOD = table_of(PeriodRow)
BALANCE = table_of(BalanceRow)
ENTRY = table_of(EntryRow)
POSTING = table_of(PostingRow)
