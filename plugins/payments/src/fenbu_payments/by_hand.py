"""Money that people move: an operator says what came in, what never will, and what was sent back."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Amount, Code, Day, Input, Reason
from fenbu.work import Work
from fenbu_payments import operations, payment_store, verbs
from fenbu_payments.errors import AmountTooLarge, CurrencyDiffers, NotByHand
from fenbu_payments.inputs import CurrencyOrNone, Reference
from fenbu_payments.payment import Fact, Kind, Payment, Step


class ConfirmPayment(Input):
    """Money that an operator has seen arrive."""

    payment: Code = Field(description="Its number, as payments.payments shows it")
    amount: Amount | None = Field(None, description="All that is still awaited unless given")
    currency: CurrencyOrNone = ""
    reference: Reference = Field("", description="What the bank statement or the till says")
    day: Day | None = Field(None, description="Business date; today unless given")


class FailPayment(Input):
    """Money that will not arrive."""

    payment: Code = Field(description="Its number, as payments.payments shows it")
    reason: Reason = Field(description="Why; its facts keep it")


class ConfirmRefund(Input):
    """Money that an operator has sent back."""

    refund: Code = Field(description="Number of the refund: PAY-00000001-R1")
    reference: Reference = ""
    day: Day | None = Field(None, description="Business date; today unless given")


def confirm(work: Work, wanted: ConfirmPayment) -> dict[str, Any]:
    """Record that money of a payment by hand has come in, wholly or in part.

    Raises:
        NotFound, TransitionRefused: No such payment, or nothing is awaited any more.
        NotByHand: Its gateway tells by itself.
        CurrencyDiffers, AmountTooLarge: Not what was asked for.
    """
    payment = _by_hand(work, wanted.payment)
    verbs.require(payment, "confirm")
    left = payment.totals.wanted - payment.totals.authorised
    amount = wanted.amount or left
    if wanted.currency and wanted.currency != payment.currency:
        raise CurrencyDiffers(payment.number, payment.currency, wanted.currency)
    verbs.require_payable(amount, payment.currency)
    if amount > left:
        raise AmountTooLarge(payment.number, _("confirm"), amount, left)
    for kind in (Kind.AUTHORISE, Kind.CAPTURE):
        operations.conclude(
            work,
            payment,
            operations.Outcome(
                kind=kind,
                operation=payment.next_operation(kind),
                done=True,
                amount=amount,
                reference=wanted.reference,
                source="operator",
                day=wanted.day or work.today,
            ),
        )
    return verbs.answer(payment)


def give_up(work: Work, wanted: FailPayment) -> dict[str, Any]:
    """Record that money by hand will not come; the order then waits for a person.

    Raises:
        TransitionRefused: Some has come in.
        NotByHand: Its gateway tells by itself.
    """
    payment = _by_hand(work, wanted.payment)
    verbs.require(payment, "fail")
    payment.add(
        Fact(
            kind=Kind.AUTHORISE,
            step=Step.FAILED,
            operation=payment.next_operation(Kind.AUTHORISE),
            amount=payment.totals.requested,
            day=work.today,
            at=work.now,
            reason=wanted.reason,
            source="operator",
        )
    )
    operations.fail(work, payment, wanted.reason)
    payment_store.save(work, payment)
    return verbs.answer(payment)


def confirm_refund(work: Work, wanted: ConfirmRefund) -> dict[str, Any]:
    """Record that money was sent back by hand.

    Raises:
        NotFound: No such refund is under way.
        NotByHand: Its gateway sends it back.
    """
    payment = _by_hand(work, wanted.refund.rpartition("-")[0] or wanted.refund)
    known = payment.operations.get(wanted.refund)
    if known is None or known.kind != Kind.REFUND or not known.open:
        raise NotFound(
            _("refund"),
            _("{refund} under way").format(refund=wanted.refund),
            _("fenbu show payments.facts --where kind=refund lists what was begun"),
        )
    operations.conclude(
        work,
        payment,
        operations.Outcome(
            kind=Kind.REFUND,
            operation=wanted.refund,
            done=True,
            amount=known.amount,
            reference=wanted.reference,
            source="operator",
            day=wanted.day or work.today,
        ),
    )
    return verbs.answer(payment)


def _by_hand(work: Work, number: str) -> Payment:
    payment = payment_store.load(work, number)
    if not verbs.is_by_hand(work, payment):
        raise NotByHand(payment.number, payment.gateway)
    return payment
