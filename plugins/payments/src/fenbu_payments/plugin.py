"""Payments' answers to the hooks of others: short, the rules are in the files of the nouns."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from fenbu.contracts.erp import Awaited, DraftOrder, Requirement
from fenbu.contracts.module import InFlight
from fenbu.contracts.payments import REQUIREMENT
from fenbu.hooks import hookimpl
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_payments import payment_store
from fenbu_payments.lifecycles import PaymentState, PayoutState
from fenbu_payments.settings import PaymentsSettings
from fenbu_payments.tables import PAYMENT, PAYOUT

_UNDER_WAY = (
    select(PAYMENT.c.number, func.count().over().label("total"))
    .where(PAYMENT.c.state.in_([PaymentState.REQUESTED, PaymentState.AUTHORISED]))
    .order_by(PAYMENT.c.number)
    .limit(3)
)
_GOING_BACK = (
    select(PAYMENT.c.number, func.count().over().label("total"))
    .where(PAYMENT.c.refunding > 0)
    .order_by(PAYMENT.c.number)
    .limit(3)
)
_UNPAID = (
    select(PAYOUT.c.number, func.count().over().label("total"))
    .where(PAYOUT.c.state != PayoutState.PAID)
    .order_by(PAYOUT.c.number)
    .limit(3)
)


@hookimpl
def erp_order_requirements(work: Work, order: DraftOrder) -> Sequence[Requirement]:
    """Money is held once there are goods to hold it for, and before they leave."""
    settings = work.settings(PaymentsSettings)
    prepaid = settings.orders == "prepaid" and order.channel not in settings.on_account
    return [Requirement(REQUIREMENT, work.module, after=("stock",))] if prepaid and order.total > 0 else []


@hookimpl
def erp_order_unheard(work: Work, awaited: Sequence[Awaited]) -> Sequence[Awaited]:
    """Orders that wait for their payment, and for which nobody is asked to pay."""
    mine = [one for one in awaited if one.module == work.module and one.requirement == REQUIREMENT]
    asked = payment_store.asked_for(work, {one.order for one in mine})
    return [one for one in mine if one.order not in asked and not work.waiting(key=one.order)]


@hookimpl
def module_in_flight(work: Work, module: str) -> Sequence[InFlight]:
    """Payments, refunds and payouts that are not at their end."""
    if module != work.module:
        return []
    found = []
    for kind, statement in (
        (_("payments under way"), _UNDER_WAY),
        (_("refunds under way"), _GOING_BACK),
        (_("payouts not paid"), _UNPAID),
    ):
        rows = work.execute(statement).all()
        if rows:
            found.append(InFlight(kind, rows[0].total, tuple(row[0] for row in rows)))
    return found
