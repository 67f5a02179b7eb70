"""Payments: asked for, taken as orders are fulfilled, let go when they are not."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import Field

from fenbu.contracts.erp import RequirementMet
from fenbu.contracts.payments import REQUIREMENT, PaymentRequested, payments_method
from fenbu.inputs import Amount, Code, Day, Input, Reason
from fenbu.values import document_number
from fenbu.work import Work
from fenbu_payments import gateways, operations, orders, payment_store, verbs
from fenbu_payments.errors import BelongsToOrder, LetGoAlready
from fenbu_payments.inputs import CurrencyOrNone
from fenbu_payments.lifecycles import PaymentState
from fenbu_payments.payment import ZERO, Fact, Kind, Payment
from fenbu_payments.settings import PaymentsSettings

PREFIX = "PAY"
_UNDER_WAY = (PaymentState.REQUESTED, PaymentState.AUTHORISED)


class RequestPayment(Input):
    """Money to ask an account for, without an order: a deposit."""

    account: Code = Field(description="Who is to pay")
    amount: Amount = Field(description="How much is asked for")
    currency: CurrencyOrNone = ""
    gateway: str = Field("", max_length=32, description="The settings' one unless given")
    day: Day | None = Field(None, description="Business date; today unless given")


class VoidPayment(Input):
    """A payment that no order waits for."""

    payment: Code = Field(description="Its number, as payments.payments shows it")
    reason: Reason = Field(description="Why; its facts keep it")


# --- asking ---------------------------------------------------------------------------------------------


def request(work: Work, wanted: RequestPayment) -> dict[str, Any]:
    """Ask an account for a deposit; it is captured as soon as it is authorised.

    Raises:
        GatewayUnknown: No such gateway.
        AmountTooFine: The currency has no such small coin.
    """
    currency = wanted.currency or work.enterprise.currency
    verbs.require_payable(wanted.amount, currency)
    payment = open_for(
        work,
        account=wanted.account,
        currency=currency,
        amount=wanted.amount,
        gateway=wanted.gateway or work.settings(PaymentsSettings).gateway,
        day=wanted.day or work.today,
        due=True,
    )
    return verbs.answer(payment)


def request_for_order(
    work: Work, order: str, account: str, currency: str, amount: Decimal, day: date
) -> Payment:
    """Ask for an order's payment, unless one that suffices is under way."""
    for payment in payment_store.of_order(work, order):
        t = payment.totals
        if t.let_go or payment.state not in _UNDER_WAY:
            continue
        if payment.state == PaymentState.AUTHORISED and t.free >= amount:
            work.publish(RequirementMet(order=order, requirement=REQUIREMENT))
        elif payment.missing and not verbs.is_by_hand(work, payment):
            operations.tell_short(work, payment)
        return payment
    named = work.ask(payments_method, order=order, account=account, currency=currency)
    gateway = named or work.settings(PaymentsSettings).gateway
    return open_for(
        work, account=account, currency=currency, amount=amount, gateway=gateway, day=day, order=order
    )


def open_for(
    work: Work,
    *,
    account: str,
    currency: str,
    amount: Decimal,
    gateway: str,
    day: date,
    order: str = "",
    due: bool = False,
) -> Payment:
    """Ask a gateway for money, for an order or as a deposit that is due at once.

    Raises:
        GatewayUnknown: No such gateway.
    """
    gateways.find(work.settings(PaymentsSettings), gateway)
    number = document_number(PREFIX, work.number("payment"))
    payment = Payment(number, order, account, gateway, currency)
    payment.add(Fact(kind=Kind.REQUEST, amount=amount, day=day, at=work.now))
    if due:
        payment.add(Fact(kind=Kind.DUE, amount=amount, day=day, at=work.now))
    work.publish(
        PaymentRequested(
            key=payment.key,
            payment=payment.number,
            order=order,
            account=account,
            gateway=gateway,
            day=day,
            currency=currency,
            amount=amount,
        )
    )
    operations.go_on(work, payment)
    return payment


# --- decided by operators -------------------------------------------------------------------------------


def void(work: Work, wanted: VoidPayment) -> dict[str, Any]:
    """Let a payment go that no order waits for: a deposit, or one whose order was settled without it.

    Raises:
        BelongsToOrder: Something of the order is still to be fulfilled, or on its way here; it decides.
        TransitionRefused: Nothing is held or awaited any more.
        LetGoAlready: The gateway refused to let go of it.
    """
    payment = payment_store.load(work, wanted.payment)
    if payment.order_number and not _settled(work, payment):
        raise BelongsToOrder(payment.number, payment.order_number)
    verbs.require(payment, "void")
    t = payment.totals
    if t.let_go and t.void_refused:
        raise LetGoAlready(payment.number)
    undone = t.due - t.captured - t.capturing
    let_go(work, payment, work.today, wanted.reason, source="operator", undone=undone)
    return verbs.answer(payment)


def _settled(work: Work, payment: Payment) -> bool:
    """Say whether nothing more will come from the payment's order; when nobody keeps orders, nothing will."""
    done = orders.finished(work, [payment.order_number])
    settled = done is None or payment.order_number in done
    return settled and not work.waiting(key=payment.key) and not payment.totals.due > payment.totals.captured


# --- decided by orders ----------------------------------------------------------------------------------


def fulfilled(work: Work, order: str, amount: Decimal, day: date, fulfilment: str) -> None:
    """Capture what was fulfilled of an order, from the payment that was asked for it."""
    for payment in payment_store.of_order(work, order):
        if payment.totals.let_go or payment.state in (PaymentState.FAILED, PaymentState.VOIDED):
            continue
        verbs.note(work, payment, Kind.DUE, amount, day, reference=fulfilment, source="event")
        operations.go_on(work, payment)
        return


def cancelled(work: Work, order: str, day: date, reason: str) -> None:
    """Let go of what an order does not need any more; what was captured for it goes back."""
    for payment in payment_store.of_order(work, order):
        let_go(work, payment, day, reason, source="event")


def let_go(
    work: Work, payment: Payment, day: date, reason: str, *, source: str, undone: Decimal = ZERO
) -> None:
    """Take no more than is due, less what is `undone`; the rest is voided, what was taken beyond it goes back."""
    if not payment.totals.let_go:
        verbs.note(work, payment, Kind.LET_GO, undone, day, reason=reason, source=source)
        operations.go_on(work, payment)


def expired(work: Work, number: str, expires: datetime) -> None:
    """Note that the gateway no longer holds the money; what is due of it is authorised anew."""
    payment = payment_store.find(work, number)
    if payment is None or not payment.totals.held or payment.totals.expires != expires:
        return
    payment.add(Fact(kind=Kind.EXPIRE, day=work.today, at=work.now, expires=expires, source="timer"))
    operations.go_on(work, payment)
