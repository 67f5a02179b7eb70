"""Rows of orders: their lines, what they wait for, what of them was fulfilled."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, literal_column

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, partial, table_of
from fenbu_erp.lifecycles import OrderState, RequirementState
from fenbu_erp.tables.base import Base

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
        one_of("state", *OrderState),
        one_of("ship", "partial", "complete"),
        CheckConstraint("rate > 0", name="rate"),
        Index("ix_erp_order_day", "day", "number"),
        Index("ix_erp_order_account", "account", "day"),
        Index("ix_erp_order_fulfilment", literal_column(FULFILMENT_AXIS)),
        Index("ix_erp_order_invoicing", literal_column(INVOICING_AXIS)),
        Index("ix_erp_order_payment", literal_column(PAYMENT_AXIS)),
        Index("ix_erp_order_state", "state"),
        partial("uq_erp_order_reference", "channel", "reference", where="reference <> ''", unique=True),
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
        one_of("state", *RequirementState),
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


ORDER = table_of(OrderRow)
ORDER_LINE = table_of(OrderLineRow)
REQUIREMENT = table_of(RequirementRow)
REQUIREMENT_LINE = table_of(RequirementLineRow)
FULFILMENT = table_of(FulfilmentRow)
FULFILMENT_LINE = table_of(FulfilmentLineRow)
