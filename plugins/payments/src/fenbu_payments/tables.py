"""Rows of payments: columns, keys, CHECKs, indexes; no rules.

A payment's row keeps what its facts add up to (`fenbu_payments.payment.Totals`), for its lock, its CHECKs and for
reading; the facts are what is true, and a check derives the row from them again.

Invariants that the database holds (triggers are made by the migration):

- captured + capturing + voided + voiding ≤ authorised; refunded + refunding ≤ captured.
- Facts are written once; each step of an operation is a fact at most once.
- An order has at most one payment that is under way.
- A notice is kept once, by its gateway and the gateway's own number of it.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, partial, table_of, tables
from fenbu_payments.lifecycles import NoticeState, PaymentState, PayoutState

if TYPE_CHECKING:
    from fenbu.tables import ModuleTable as Base
else:
    Base = tables("payments")

_LIVE = "order_number <> '' AND let_go = 0 AND state IN ('requested', 'authorised')"


class PaymentRow(Base, table=True):
    """Money from one account, for an order or as a deposit."""

    __tablename__: ClassVar[Any] = "payments_payment"
    __table_args__: ClassVar[Any] = (
        one_of("state", *PaymentState),
        CheckConstraint("requested > 0 AND forgone >= 0 AND forgone < requested", name="requested"),
        CheckConstraint("captured + capturing + voided + voiding <= authorised", name="captured"),
        CheckConstraint("refunded + refunding <= captured", name="refunded"),
        CheckConstraint("authorised - voided <= requested", name="authorised"),
        CheckConstraint(
            "authorised >= 0 AND captured >= 0 AND capturing >= 0 AND voided >= 0 AND voiding >= 0 "
            "AND refunded >= 0 AND refunding >= 0 AND returns >= 0",
            name="positive",
        ),
        Index("ix_payments_payment_order", "order_number", "number"),
        Index("ix_payments_payment_day", "day", "number"),
        partial("uq_payments_payment_live", "order_number", where=_LIVE, unique=True),
        STRICT,
    )

    number: str = columns.text(key=True)
    order_number: str = columns.text(default="")
    account: str = columns.text()
    gateway: str = columns.text()
    currency: str = columns.text()
    day: date = columns.day()
    state: str = columns.text()
    requested: Decimal = columns.money()
    forgone: Decimal = columns.money()
    authorised: Decimal = columns.money()
    capturing: Decimal = columns.money()
    captured: Decimal = columns.money()
    capture_refused: Decimal = columns.money()
    voiding: Decimal = columns.money()
    voided: Decimal = columns.money()
    refunding: Decimal = columns.money()
    refunded: Decimal = columns.money()
    refund_refused: Decimal = columns.money()
    due: Decimal = columns.money()
    returns: Decimal = columns.money()
    fee: Decimal = columns.money()
    let_go: bool = columns.flag(default=False)
    renew_refused: bool = columns.flag(default=False)
    expires: datetime | None = columns.moment(null=True)
    reason: str = columns.text(default="")
    requested_at: datetime = columns.moment()
    changed_at: datetime = columns.moment()


class FactRow(Base, table=True):
    """One thing that happened to a payment or a payout; see `fenbu_payments.payment.Fact`."""

    __tablename__: ClassVar[Any] = "payments_fact"
    __table_args__: ClassVar[Any] = (
        one_of("step", "begun", "done", "failed", "noted"),
        CheckConstraint("(step = 'noted') = (operation = '')", name="operation"),
        CheckConstraint("(amount >= 0 OR kind = 'due') AND fee >= 0", name="amount"),
        partial("uq_payments_fact_operation", "operation", "step", where="operation <> ''", unique=True),
        Index("ix_payments_fact_at", "at"),
        KEYED,
    )

    subject: str = columns.text(key=True)
    position: int = columns.whole(key=True)
    kind: str = columns.text()
    step: str = columns.text()
    operation: str = columns.text(default="")
    amount: Decimal = columns.money()
    fee: Decimal = columns.money()
    day: date = columns.day()
    at: datetime = columns.moment()
    expires: datetime | None = columns.moment(null=True)
    reference: str = columns.text(default="")
    reason: str = columns.text(default="")
    source: str = columns.text(default="")


class PayoutRow(Base, table=True):
    """Money that leaves us and is not the refund of one payment."""

    __tablename__: ClassVar[Any] = "payments_payout"
    __table_args__: ClassVar[Any] = (
        one_of("state", *PayoutState),
        one_of("purpose", "credit", "payroll"),
        CheckConstraint("amount > 0", name="amount"),
        Index("uq_payments_payout_document", "document", unique=True),
        Index("ix_payments_payout_day", "day", "number"),
        STRICT,
    )

    number: str = columns.text(key=True)
    document: str = columns.text()
    purpose: str = columns.text(default="credit")
    order_number: str = columns.text(default="")
    account: str = columns.text()
    gateway: str = columns.text()
    currency: str = columns.text()
    amount: Decimal = columns.money()
    day: date = columns.day()
    state: str = columns.text()
    attempt: int = columns.whole()
    reference: str = columns.text(default="")
    reason: str = columns.text(default="")
    requested_at: datetime = columns.moment()


class NoticeRow(Base, table=True):
    """Something a gateway has told, as it was told; the inbox."""

    __tablename__: ClassVar[Any] = "payments_notice"
    __table_args__: ClassVar[Any] = (
        one_of("state", *NoticeState),
        Index("uq_payments_notice_event", "gateway", "event", unique=True),
        partial("ix_payments_notice_open", "payment", where="state IN ('received', 'waiting')"),
        Index("ix_payments_notice_at", "received_at", "number"),
        STRICT,
    )

    number: str = columns.text(key=True)
    gateway: str = columns.text()
    event: str = columns.text()
    kind: str = columns.text()
    done: bool = columns.flag()
    payment: str = columns.text()
    operation: str = columns.text()
    amount: Decimal = columns.money()
    fee: Decimal = columns.money()
    currency: str = columns.text()
    expires_in: int | None = columns.whole(null=True)
    reference: str = columns.text(default="")
    reason: str = columns.text(default="")
    state: str = columns.text()
    problem: str = columns.text(default="")
    attempts: int = columns.whole()
    received_at: datetime = columns.moment()
    changed_at: datetime = columns.moment()


PAYMENT = table_of(PaymentRow)
FACT = table_of(FactRow)
PAYOUT = table_of(PayoutRow)
NOTICE = table_of(NoticeRow)
