"""Payments: asked for, confirmed by hand, tried again, given back; what orders do to theirs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import Field

from fenbu.actions import Consequence
from fenbu.contracts.erp import RequirementMet
from fenbu.contracts.payments import REQUIREMENT, PaymentRequested, payments_method
from fenbu.errors import NotFound, TransitionRefused
from fenbu.i18n import _
from fenbu.inputs import Amount, Code, Input, Reason
from fenbu.values import document_number, round_amount
from fenbu.work import Work
from fenbu_payments import gateways, operations, orders, payment_store, polls
from fenbu_payments.errors import (
    AmountTooFine,
    AmountTooLarge,
    BelongsToOrder,
    CurrencyDiffers,
    NotByHand,
    NothingToRetry,
    OrderPaidOtherwise,
)
from fenbu_payments.inputs import CurrencyOrNone, Reference
from fenbu_payments.lifecycles import PAYMENT, PaymentState
from fenbu_payments.payment import ZERO, Fact, Kind, Payment, Step
from fenbu_payments.settings import PaymentsSettings

PREFIX = "PAY"
_UNDER_WAY = (PaymentState.REQUESTED, PaymentState.AUTHORISED)


class RequestPayment(Input):
    """Money to ask an account for, without an order: a deposit."""

    account: Code = Field(description="Who is to pay")
    amount: Amount = Field(description="How much is asked for")
    currency: CurrencyOrNone = ""
    gateway: str = Field("", max_length=32, description="The settings' one unless given")
    day: date | None = Field(None, description="Business date; today unless given")


class ConfirmPayment(Input):
    """Money that an operator has seen arrive."""

    payment: Code = Field(description="Its number, as payments.payments shows it")
    amount: Amount | None = Field(None, description="All that is still awaited unless given")
    currency: CurrencyOrNone = ""
    reference: Reference = Field("", description="What the bank statement or the till says")
    day: date | None = Field(None, description="Business date; today unless given")


class FailPayment(Input):
    """Money that will not arrive."""

    payment: Code = Field(description="Its number, as payments.payments shows it")
    reason: Reason = Field(description="Why; its facts keep it")


class PaymentRef(Input):
    """A payment."""

    payment: Code = Field(description="Its number, as payments.payments shows it")


class RefundPayment(Input):
    """Money to give back."""

    payment: Code = Field(description="Its number, as payments.payments shows it")
    amount: Amount | None = Field(None, description="All that is captured and not given back unless given")
    reason: Reason = Field(description="Why; its facts keep it")
    day: date | None = Field(None, description="Business date; today unless given")


class ConfirmRefund(Input):
    """Money that an operator has sent back."""

    refund: Code = Field(description="Number of the refund: PAY-00000001-R1")
    reference: Reference = ""
    day: date | None = Field(None, description="Business date; today unless given")


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
    _payable(wanted.amount, currency)
    payment = _open(
        work,
        account=wanted.account,
        currency=currency,
        amount=wanted.amount,
        gateway=wanted.gateway or work.settings(PaymentsSettings).gateway,
        day=wanted.day or work.today,
        due=True,
    )
    return _answer(payment)


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
        elif payment.missing and not _is_by_hand(work, payment):
            operations.tell_short(work, payment)
        return payment
    named = work.ask(payments_method, order=order, account=account, currency=currency)
    gateway = named or work.settings(PaymentsSettings).gateway
    return _open(
        work, account=account, currency=currency, amount=amount, gateway=gateway, day=day, order=order
    )


def _open(
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


# --- by hand --------------------------------------------------------------------------------------------


def confirm(work: Work, wanted: ConfirmPayment) -> dict[str, Any]:
    """Record that money of a payment by hand has come in, wholly or in part.

    Raises:
        NotFound, TransitionRefused: No such payment, or nothing is awaited any more.
        NotByHand: Its gateway tells by itself.
        CurrencyDiffers, AmountTooLarge: Not what was asked for.
    """
    payment = _by_hand(work, wanted.payment)
    _may(payment, "confirm")
    left = payment.totals.wanted - payment.totals.authorised
    amount = wanted.amount or left
    if wanted.currency and wanted.currency != payment.currency:
        raise CurrencyDiffers(payment.number, payment.currency, wanted.currency)
    _payable(amount, payment.currency)
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
    return _answer(payment)


def give_up(work: Work, wanted: FailPayment) -> dict[str, Any]:
    """Record that money by hand will not come; the order then waits for a person.

    Raises:
        TransitionRefused: Some has come in.
        NotByHand: Its gateway tells by itself.
    """
    payment = _by_hand(work, wanted.payment)
    _may(payment, "fail")
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
    return _answer(payment)


def confirm_refund(work: Work, wanted: ConfirmRefund) -> dict[str, Any]:
    """Record that money was sent back by hand.

    Raises:
        NotFound: No such refund is under way.
        NotByHand: Its gateway sends it back.
    """
    payment = _by_hand(work, wanted.refund.rpartition("-")[0] or wanted.refund)
    known = payment.operations.get(wanted.refund)
    if known is None or known.kind != Kind.REFUND or not known.open:
        raise NotFound(_("refund under way"), wanted.refund, _("fenbu show payments.facts lists them"))
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
    return _answer(payment)


# --- decided by operators -------------------------------------------------------------------------------


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
        return _answer(_again(work, payment))
    t = payment.totals
    refused = {
        Kind.CAPTURE: t.capture_refused,
        Kind.VOID: t.void_refused,
        Kind.REFUND: t.refund_refused,
        Kind.RENEW: t.authorised if t.renew_refused else ZERO,
    }
    by_hand = _is_by_hand(work, payment)
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
            _note(work, payment, Kind.RETRY, amount, work.today, reference=kind, source="operator")
    operations.go_on(work, payment)
    return _answer(payment)


def _again(work: Work, payment: Payment) -> Payment:
    t = payment.totals
    if payment.order_number:
        if t.let_go:
            raise NothingToRetry(payment.number, _("let go"))
        for other in payment_store.of_order(work, payment.order_number):
            if other.number > payment.number:
                raise OrderPaidOtherwise(payment.order_number, other.number)
    return _open(
        work,
        account=payment.account,
        currency=payment.currency,
        amount=t.requested,
        gateway=payment.gateway,
        day=operations.business_day(work, payment.facts[0]),
        order=payment.order_number,
        due=bool(t.due),
    )


def refund(work: Work, wanted: RefundPayment) -> dict[str, Any]:
    """Give captured money back.

    Raises:
        TransitionRefused: Nothing was captured.
        AmountTooLarge: More than is captured and not given back or promised.
    """
    payment = payment_store.load(work, wanted.payment)
    t = payment.totals
    if not t.captured:
        raise TransitionRefused(payment.number, "refund", payment.state, PAYMENT.actions(payment.state))
    left = _left_to_refund(payment)
    amount = wanted.amount or left
    _payable(amount, payment.currency)
    if amount > left or not amount:
        raise AmountTooLarge(payment.number, _("refund"), amount, left)
    day = wanted.day or work.today
    _note(work, payment, Kind.RETURN, amount, day, reason=wanted.reason, source="operator")
    operations.go_on(work, payment)
    return _answer(payment)


def preview_refund(work: Work, wanted: RefundPayment) -> list[Consequence]:
    """Say what giving back would do."""
    payment = payment_store.load(work, wanted.payment)
    t = payment.totals
    amount = wanted.amount or _left_to_refund(payment)
    return [
        Consequence(_("goes back to {account}").format(account=payment.account), _sum(payment, amount)),
        Consequence(_("captured so far"), _sum(payment, t.captured)),
    ]


def void(work: Work, wanted: VoidPayment) -> dict[str, Any]:
    """Let a payment go that no order waits for: a deposit, or one whose order was settled without it.

    Raises:
        BelongsToOrder: Something of the order is still to be fulfilled, or on its way here; it decides.
        TransitionRefused: Nothing is held or awaited any more.
    """
    payment = payment_store.load(work, wanted.payment)
    if payment.order_number and not _settled(work, payment):
        raise BelongsToOrder(payment.number, payment.order_number)
    _may(payment, "void")
    t = payment.totals
    undone = t.due - t.captured - t.capturing
    let_go(work, payment, work.today, wanted.reason, source="operator", undone=undone)
    return _answer(payment)


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
        _note(work, payment, Kind.DUE, amount, day, reference=fulfilment, source="event")
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
        _note(work, payment, Kind.LET_GO, undone, day, reason=reason, source=source)
        operations.go_on(work, payment)


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
            _note(work, payment, kind, amount, day, reference=document, source="event")
    operations.go_on(work, payment)


def _left_to_refund(payment: Payment) -> Decimal:
    """Return what is captured and neither given back nor promised."""
    t = payment.totals
    return t.captured - max(t.promised, t.refunded + t.refunding)


def expired(work: Work, number: str, expires: datetime) -> None:
    """Note that the gateway no longer holds the money; what is due of it is authorised anew."""
    payment = payment_store.find(work, number)
    if payment is None or not payment.totals.held or payment.totals.expires != expires:
        return
    payment.add(Fact(kind=Kind.EXPIRE, day=work.today, at=work.now, expires=expires, source="timer"))
    operations.go_on(work, payment)


def _note(
    work: Work,
    payment: Payment,
    kind: Kind,
    amount: Decimal,
    day: date,
    *,
    reference: str = "",
    reason: str = "",
    source: str,
) -> None:
    payment.add(
        Fact(
            kind=kind,
            amount=amount,
            day=day,
            at=work.now,
            reference=reference,
            reason=reason,
            source=source,
        )
    )


def _by_hand(work: Work, number: str) -> Payment:
    payment = payment_store.load(work, number)
    if not _is_by_hand(work, payment):
        raise NotByHand(payment.number, payment.gateway)
    return payment


def _is_by_hand(work: Work, payment: Payment) -> bool:
    return gateways.find(work.settings(PaymentsSettings), payment.gateway).by_hand


def _may(payment: Payment, verb: str) -> None:
    """Refuse a verb that the state does not allow, or that has nothing to act on."""
    t = payment.totals
    awaits = not t.let_go and t.authorised < t.wanted
    if verb not in PAYMENT.actions(payment.state) or (verb == "confirm" and not awaits):
        raise TransitionRefused(payment.number, verb, payment.state, PAYMENT.actions(payment.state))


def _payable(amount: Decimal, currency: str) -> None:
    if round_amount(amount, currency) != amount:
        raise AmountTooFine(amount, currency)


def _sum(payment: Payment, amount: Decimal) -> str:
    return f"{round_amount(amount, payment.currency)} {payment.currency}"


def _answer(payment: Payment) -> dict[str, Any]:
    return {"payment": payment.number, "state": payment.state, "order": payment.order_number}
