"""Payments of which less is held than was asked for: the rest is asked for again, or gone without by decision.

Source: card schemes let issuers approve a part of the amount (prepaid and gift cards mostly); a shop then asks for
the rest by another means, or gives the part back. Nothing leaves before one of these is decided.
"""

from __future__ import annotations

from typing import Any

from fenbu.contracts.erp import RequirementMet
from fenbu.contracts.payments import REQUIREMENT
from fenbu.inputs import Code, Input, Reason
from fenbu.work import Work
from fenbu_payments import operations, payment_store
from fenbu_payments.errors import NothingMissing
from fenbu_payments.lifecycles import PAYMENT
from fenbu_payments.payment import Fact, Kind


class AcceptPayment(Input):
    """A payment that is to do with what is held or paid of it."""

    payment: Code
    reason: Reason


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
    payment.add(
        Fact(
            kind=Kind.ACCEPT,
            amount=rest,
            day=work.today,
            at=work.now,
            reason=wanted.reason,
            source="operator",
        )
    )
    if payment.order_number:
        work.publish(RequirementMet(order=payment.order_number, requirement=REQUIREMENT))
    operations.go_on(work, payment)
    return {"payment": payment.number, "state": payment.state, "order": payment.order_number}
