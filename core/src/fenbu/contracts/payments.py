"""Payments: money in motion between the enterprise and its parties.

A payment is a row of append-only facts folded to a state. Its events have the order's number as key;
money without an order has the payment's own number.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from attrs import frozen

from fenbu.events import Lane, event
from fenbu.hooks import hookspec
from fenbu.i18n import N_
from fenbu.work import Work

_PAYMENT = {"order": "order", "account": "account", "payment": "payment"}

REQUIREMENT = "payment"
"""Name of the requirement that is met when money is held for an order."""


@hookspec(kind="first")
def payments_method(work: Work, order: str, account: str, currency: str) -> str | None:
    """Say by which gateway an order is paid.

    Called: when an order awaits payment, inside the transaction that requests it.
    Answers: the first that is not None; without one the gateway set in the module's settings is used.
    Args:
        work: Read only.
        order: Order number.
        account: Account number of the payer.
        currency: Currency of the order.
    Returns:
        Name of a configured gateway, or None.
    Failure: an exception refuses the request; the delivery is tried again.
    Since: api 1.
    """
    raise NotImplementedError


@event(
    "payments.payment-requested/1",
    lane=Lane.CAPITAL,
    key="key",
    about=_PAYMENT,
    day="day",
    says=N_("payment {payment}: {amount} {currency} asked for by {gateway}"),
)
@frozen(kw_only=True)
class PaymentRequested:
    """Money was asked for: the gateway will be called, or an operator waits for it."""

    key: str
    payment: str
    order: str = ""
    account: str
    gateway: str
    day: date
    currency: str
    amount: Decimal


@event(
    "payments.payment-authorised/1",
    lane=Lane.CAPITAL,
    key="key",
    about=_PAYMENT,
    says=N_("payment {payment}: {amount} {currency} authorised"),
)
@frozen(kw_only=True)
class PaymentAuthorised:
    """The payer's bank holds the amount for us until it expires."""

    key: str
    payment: str
    order: str = ""
    account: str
    currency: str
    amount: Decimal
    expires: datetime | None = None


@event(
    "payments.payment-captured/1",
    lane=Lane.CAPITAL,
    key="key",
    about=_PAYMENT,
    day="day",
    says=N_("payment {payment}: {amount} {currency} received"),
)
@frozen(kw_only=True)
class PaymentCaptured:
    """Money is ours; ERP posts it and matches it to invoices, else it is a customer deposit."""

    key: str
    payment: str
    capture: str
    order: str = ""
    account: str
    day: date
    currency: str
    amount: Decimal
    fee: Decimal = Decimal(0)
    """What the gateway keeps, in the same currency."""


@event(
    "payments.payment-failed/1",
    lane=Lane.CAPITAL,
    key="key",
    about=_PAYMENT,
    says=N_("payment {payment} failed: {reason}"),
)
@frozen(kw_only=True)
class PaymentFailed:
    """The payer or the gateway refused; it may be tried again by another payment."""

    key: str
    payment: str
    order: str = ""
    account: str
    reason: str


@event(
    "payments.payment-voided/1",
    lane=Lane.CAPITAL,
    key="key",
    about=_PAYMENT,
    says=N_("payment {payment}: {amount} {currency} let go"),
)
@frozen(kw_only=True)
class PaymentVoided:
    """An authorisation, or the rest of it, was let go."""

    key: str
    payment: str
    order: str = ""
    account: str
    currency: str
    amount: Decimal


@event(
    "payments.payment-refunded/1",
    lane=Lane.CAPITAL,
    key="key",
    about=_PAYMENT,
    day="day",
    says=N_("payment {payment}: {amount} {currency} refunded"),
)
@frozen(kw_only=True)
class PaymentRefunded:
    """Captured money went back to the payer."""

    key: str
    payment: str
    refund: str
    order: str = ""
    account: str
    day: date
    currency: str
    amount: Decimal


@event(
    "payments.payout-paid/1",
    lane=Lane.CAPITAL,
    key="key",
    about={"account": "account", "payout": "payout"},
    day="day",
    says=N_("payout {payout} of {amount} {currency}"),
)
@frozen(kw_only=True)
class PayoutPaid:
    """Money left us that was not a refund of one payment (a return without order, salaries)."""

    key: str
    payout: str
    document: str
    """What it pays: a credit note, a payroll run."""
    account: str
    day: date
    currency: str
    amount: Decimal


@event(
    "payments.payout-requested/1",
    lane=Lane.CAPITAL,
    key="key",
    about={"account": "account", "payout": "payout"},
    day="day",
    says=N_("payout {payout} of {amount} {currency} for {document}"),
)
@frozen(kw_only=True)
class PayoutRequested:
    """Money is to leave us: the gateway will be called, or an operator transfers it."""

    key: str
    payout: str
    document: str
    account: str
    day: date
    currency: str
    amount: Decimal


@event(
    "payments.payout-failed/1",
    lane=Lane.CAPITAL,
    key="key",
    about={"account": "account", "payout": "payout"},
    says=N_("payout {payout} failed: {reason}"),
)
@frozen(kw_only=True)
class PayoutFailed:
    """The gateway refused to pay; an operator tries again or pays otherwise."""

    key: str
    payout: str
    document: str
    account: str
    reason: str


@event(
    "payments.authorisation-expires/1",
    lane=Lane.CAPITAL,
    key="key",
    about={"payment": "payment"},
    says=N_("payment {payment}: the authorisation expires"),
)
@frozen(kw_only=True)
class AuthorisationExpires:
    """Timer: from this moment the gateway no longer holds the money; a late capture renews it first."""

    key: str
    payment: str
    expires: datetime


@event(
    "payments.authorisation-renewed/1",
    lane=Lane.CAPITAL,
    key="key",
    about=_PAYMENT,
    says=N_("payment {payment}: authorised anew until {expires}"),
)
@frozen(kw_only=True)
class AuthorisationRenewed:
    """The payer's bank holds the rest of the amount for us once more."""

    key: str
    payment: str
    order: str = ""
    account: str
    expires: datetime | None = None


@event(
    "payments.outcome-due/1",
    lane=Lane.CAPITAL,
    key="key",
    about={"payment": "payment"},
    says=N_("{operation}: the gateway is asked what became of it"),
)
@frozen(kw_only=True)
class OutcomeDue:
    """Timer: a gateway has an operation and has told nothing of it; it is asked, unless it has told meanwhile."""

    key: str
    payment: str
    """The payment, or the payout."""
    operation: str
    turn: int = 1
    """How often it was asked, with this time."""


@event(
    "payments.notice-received/1",
    lane=Lane.CAPITAL,
    key="key",
    about={"payment": "payment"},
    says=N_("notice {event} of {gateway} about {payment}"),
)
@frozen(kw_only=True)
class NoticeReceived:
    """A gateway has told something; it lies in the inbox until the payment takes it. Also the timer of its next try."""

    key: str
    gateway: str
    event: str
    payment: str
