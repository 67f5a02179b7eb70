"""What is tried again: declined, refused, missing, or not told."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from fenbu.i18n import _
from fenbu.inputs import Code, Input
from fenbu.work import Work
from fenbu_payments import operations, payment_store, payments, polls, verbs
from fenbu_payments.errors import NothingToRetry, OrderPaidOtherwise
from fenbu_payments.lifecycles import PaymentState
from fenbu_payments.payment import ZERO, Kind, Payment


class PaymentRef(Input):
    """A payment."""

    payment: Code = Field(description="Its number, as payments.payments shows it")


def retry(work: Work, wanted: PaymentRef) -> dict[str, Any]:
    """Try again what was refused: a declined payment by another one, a refused capture or refund by itself.

    Of what the gateway holds less than was asked for, the rest is asked for again; what it says nothing of yet
    is asked about at once.

    Raises:
        NothingToRetry: Nothing was refused.
        OrderPaidOtherwise: Another payment of the order is under way.
    """
    payment = payment_store.load(work, wanted.payment)
    if payment.state == PaymentState.FAILED:
        return verbs.answer(_again(work, payment))
    t = payment.totals
    refused = {
        Kind.CAPTURE: t.capture_refused,
        Kind.VOID: t.void_refused,
        Kind.REFUND: t.refund_refused,
        Kind.RENEW: t.authorised if t.renew_refused else ZERO,
    }
    by_hand = verbs.is_by_hand(work, payment)
    rest = ZERO if by_hand else payment.missing
    pending = [] if by_hand else payment.pending
    if not any(refused.values()) and not rest and not pending:
        raise NothingToRetry(payment.number, payment.state)
    for one in pending:
        polls.ask(work, payment, Kind(one.kind), one.number, one.amount, turn=0)
    if rest:
        operations.begin(work, payment, Kind.AUTHORISE, rest, by_hand=False)
    for kind, amount in refused.items():
        if amount:
            verbs.note(work, payment, Kind.RETRY, amount, work.today, reference=kind, source="operator")
    operations.go_on(work, payment)
    return verbs.answer(payment)


def _again(work: Work, payment: Payment) -> Payment:
    t = payment.totals
    if payment.order_number:
        if t.let_go:
            raise NothingToRetry(payment.number, _("let go"))
        for other in payment_store.of_order(work, payment.order_number):
            if other.number > payment.number:
                raise OrderPaidOtherwise(payment.order_number, other.number)
    return payments.open_for(
        work,
        account=payment.account,
        currency=payment.currency,
        amount=t.requested,
        gateway=payment.gateway,
        day=operations.business_day(work, payment.facts[0]),
        order=payment.order_number,
        due=bool(t.due),
    )
