"""Payments of which less is held than was asked for: the rest is asked for again, or gone without by decision.

Source: card schemes let issuers approve a part of the amount (prepaid and gift cards mostly); a shop then asks for
the rest by another means, or gives the part back. Nothing leaves before one of these is decided.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from fenbu.contracts.erp import RequirementMet
from fenbu.contracts.payments import REQUIREMENT
from fenbu.inputs import Code, Input, Reason
from fenbu.work import Work
from fenbu_payments import operations, payment_store, verbs
from fenbu_payments.errors import NothingMissing
from fenbu_payments.lifecycles import PAYMENT
from fenbu_payments.payment import Kind


class AcceptPayment(Input):
    """A payment that is to do with what is held or paid of it."""

    payment: Code = Field(description="Its number, as payments.payments shows it")
    reason: Reason = Field(description="Why; its facts keep it")


def accept(work: Work, wanted: AcceptPayment) -> dict[str, Any]:
    """Go without the rest of a payment: its order goes on with what is held, what is missing is owed by invoice.

    Raises:
        NotFound: No such payment.
        NothingMissing: Nothing is held of it, or all that was asked for.
    """
    payment = payment_store.load(work, wanted.payment)
    rest = payment.missing
    if not rest or "accept" not in PAYMENT.actions(payment.state):
        raise NothingMissing(payment.number, payment.state)
    verbs.note(work, payment, Kind.ACCEPT, rest, work.today, reason=wanted.reason, source="operator")
    if payment.order_number:
        work.publish(RequirementMet(order=payment.order_number, requirement=REQUIREMENT))
    operations.go_on(work, payment)
    return verbs.answer(payment)
