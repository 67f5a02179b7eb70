"""Refunds: captured money goes back, as an operator or a document says, each once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import Field

from fenbu.actions import Consequence
from fenbu.i18n import _
from fenbu.inputs import Amount, Code, Day, Input, Reason
from fenbu.values import round_amount
from fenbu.work import Work
from fenbu_payments import operations, payment_store, verbs
from fenbu_payments.errors import AmountTooLarge, NothingCaptured
from fenbu_payments.payment import ZERO, Kind, Payment


class RefundPayment(Input):
    """Money to give back."""

    payment: Code = Field(description="Its number, as payments.payments shows it")
    amount: Amount | None = Field(None, description="All that is captured and not given back unless given")
    reason: Reason = Field(description="Why; its facts keep it")
    day: Day | None = Field(None, description="Business date; today unless given")


def refund(work: Work, wanted: RefundPayment) -> dict[str, Any]:
    """Give captured money back.

    Raises:
        NothingCaptured: Nothing was.
        AmountTooLarge: More than is captured and not given back or promised.
    """
    payment = payment_store.load(work, wanted.payment)
    t = payment.totals
    if not t.captured:
        raise NothingCaptured(payment.number)
    left = _left_to_refund(payment)
    amount = wanted.amount or left
    verbs.require_payable(amount, payment.currency)
    if amount > left or not amount:
        raise AmountTooLarge(payment.number, _("refund"), amount, left)
    day = wanted.day or work.today
    verbs.note(work, payment, Kind.RETURN, amount, day, reason=wanted.reason, source="operator")
    operations.go_on(work, payment)
    return verbs.answer(payment)


def preview_refund(work: Work, wanted: RefundPayment) -> list[Consequence]:
    """Say what giving back would do."""
    payment = payment_store.load(work, wanted.payment)
    t = payment.totals
    amount = wanted.amount or _left_to_refund(payment)
    return [
        Consequence(_("goes back to {account}").format(account=payment.account), _sum(payment, amount)),
        Consequence(_("captured so far"), _sum(payment, t.captured)),
    ]


def give_back(work: Work, order: str, amount: Decimal, day: date, document: str) -> tuple[Decimal, Decimal]:
    """Give back what a document credits, from the order's payments.

    What an operator gave back before, without a document, counts as given back for this one.

    Returns:
        What is given back now, and what is left that the payments do not cover.
    """
    now, left = ZERO, amount
    for payment in payment_store.of_order(work, order):
        t = payment.totals
        before = min(left, t.advanced)
        room = min(max(t.due, t.captured), t.authorised - t.voided) - t.promised
        part = min(left - before, max(ZERO, room))
        _note_return(work, payment, before, part, day, document)
        now, left = now + part, left - before - part
    return now, left


def credit_kept(work: Work, order: str, amount: Decimal, day: date, document: str) -> None:
    """Note that a document credits what an operator gave back before; the rest of it stays with us as credit."""
    for payment in payment_store.of_order(work, order):
        before = min(amount, payment.totals.advanced)
        _note_return(work, payment, before, ZERO, day, document)
        amount -= before


def _note_return(
    work: Work, payment: Payment, before: Decimal, part: Decimal, day: date, document: str
) -> None:
    """Note what a document wants given back, less what was given back `before` it."""
    for kind, amount in ((Kind.RETURN, before + part), (Kind.EXPLAIN, before)):
        if amount:
            verbs.note(work, payment, kind, amount, day, reference=document, source="event")
    operations.go_on(work, payment)


def _left_to_refund(payment: Payment) -> Decimal:
    """Return what is captured and neither given back nor promised."""
    t = payment.totals
    return t.captured - max(t.promised, t.refunded + t.refunding)


def _sum(payment: Payment, amount: Decimal) -> str:
    return f"{round_amount(amount, payment.currency)} {payment.currency}"
