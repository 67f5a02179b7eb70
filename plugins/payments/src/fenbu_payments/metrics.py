"""Numbers that payments give, each with its definition and the view that holds its rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import bindparam, func, select

from fenbu.i18n import N_
from fenbu.metrics import Metric
from fenbu.work import Work
from fenbu_payments.lifecycles import PaymentState, PayoutState
from fenbu_payments.payment import Kind, Step
from fenbu_payments.tables import FACT, PAYMENT, PAYOUT

_WINDOW = timedelta(days=30)
_OWN = PAYMENT.c.currency == bindparam("own")

_HELD = select(func.sum(PAYMENT.c.authorised - PAYMENT.c.captured - PAYMENT.c.voided)).where(
    _OWN, PAYMENT.c.state == PaymentState.AUTHORISED
)
_CAPTURED = (
    select(func.sum(FACT.c.amount))
    .join_from(FACT, PAYMENT, PAYMENT.c.number == FACT.c.subject)
    .where(_OWN, FACT.c.kind == Kind.CAPTURE, FACT.c.step == Step.DONE, FACT.c.day > bindparam("since"))
)
_REQUESTED = (
    select(func.count())
    .select_from(PAYMENT)
    .where(PAYMENT.c.day > bindparam("since"), PAYMENT.c.state != PaymentState.REQUESTED)
)
_FAILED = _REQUESTED.where(PAYMENT.c.state == PaymentState.FAILED)
_OPEN = (
    select(func.count())
    .select_from(PAYMENT)
    .where(PAYMENT.c.state.in_([PaymentState.REQUESTED, PaymentState.AUTHORISED]))
)
_UNPAID = select(func.count()).select_from(PAYOUT).where(PAYOUT.c.state != PayoutState.PAID)


def authorised(work: Work) -> Decimal:
    """Return what is held for us and not taken yet."""
    found: Decimal | None = work.execute(_HELD, {"own": work.enterprise.currency}).scalar()
    return found or Decimal(0)


def captured(work: Work) -> Decimal:
    """Return what was taken in the last thirty days."""
    values = {"own": work.enterprise.currency, "since": work.today - _WINDOW}
    found: Decimal | None = work.execute(_CAPTURED, values).scalar()
    return found or Decimal(0)


def failed_share(work: Work) -> Decimal | None:
    """Return how many of a hundred payments of the last thirty days failed; None without payments."""
    since = {"since": work.today - _WINDOW}
    many = int(work.execute(_REQUESTED, since).scalar_one())
    failed = int(work.execute(_FAILED, since).scalar_one())
    return round(Decimal(100 * failed) / many, 2) if many else None


def payments_open(work: Work) -> int:
    """Return how many payments are under way."""
    return int(work.execute(_OPEN).scalar_one())


def payouts_open(work: Work) -> int:
    """Return how many payouts are not paid."""
    return int(work.execute(_UNPAID).scalar_one())


METRICS = (
    Metric(
        name="payments.authorised",
        title=N_("Authorised"),
        unit="money",
        definition=N_("Held for us and neither taken nor let go, of payments in the own currency."),
        value=authorised,
        drill="payments.payments",
    ),
    Metric(
        name="payments.captured",
        title=N_("Captured, 30 days"),
        unit="money",
        definition=N_(
            "Captures with a business date in the last 30 days, of payments in the own currency, refunds and "
            "fees not subtracted."
        ),
        value=captured,
        drill="payments.facts",
        window=_WINDOW,
    ),
    Metric(
        name="payments.failed_share",
        title=N_("Failed payments, 30 days"),
        unit="percent",
        definition=N_(
            "Failed payments of a hundred that were asked for in the last 30 days and have an answer."
        ),
        value=failed_share,
        drill="payments.payments",
        window=_WINDOW,
    ),
    Metric(
        name="payments.open",
        title=N_("Payments under way"),
        unit="count",
        definition=N_("Payments that are requested or authorised."),
        value=payments_open,
        drill="payments.payments",
    ),
    Metric(
        name="payments.payouts_open",
        title=N_("Payouts not paid"),
        unit="count",
        definition=N_("Payouts that are requested, or were refused."),
        value=payouts_open,
        drill="payments.payouts",
    ),
)
