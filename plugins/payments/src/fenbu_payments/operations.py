"""Operations with the outside: begun when they should be, their outcome taken once, from whoever tells it first.

`go_on` looks at all that is known of a payment and begins what should happen next; it is called after every
new fact, so that no order of events, answers and notices leaves anything undone.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from attrs import frozen

from fenbu.contracts.erp import RequirementFailed, RequirementMet
from fenbu.contracts.payments import (
    REQUIREMENT,
    AuthorisationExpires,
    AuthorisationRenewed,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentFailed,
    PaymentRefunded,
    PaymentVoided,
)
from fenbu.i18n import _
from fenbu.values import Money, round_amount
from fenbu.work import Work
from fenbu_payments import gateways, payment_store
from fenbu_payments.payment import ZERO, Fact, Kind, Payment, Step, unfitting
from fenbu_payments.settings import PaymentsSettings

_EXPIRES = "payments.authorisation-expires"


@frozen(kw_only=True)
class Outcome:
    """What became of an operation."""

    kind: str
    operation: str
    done: bool
    amount: Decimal
    fee: Decimal = ZERO
    expires: datetime | None = None
    reference: str = ""
    reason: str = ""
    source: str
    day: date | None = None
    """Business date, if somebody has named one."""


def begin(work: Work, payment: Payment, kind: Kind, amount: Decimal, *, by_hand: bool) -> str:
    """Begin an operation: note it and record the call; storing it sets the amount aside. Return its number."""
    number = payment.next_operation(kind)
    payment.add(
        Fact(
            kind=kind,
            step=Step.BEGUN,
            operation=number,
            amount=amount,
            day=_wanted_on(payment, kind),
            at=work.now,
        )
    )
    if not by_hand:
        work.call(
            f"payments.{kind}",
            subject=number,
            key=payment.key,
            payload={"gateway": payment.gateway, "payment": payment.number, "account": payment.account},
            amount=Money(amount, payment.currency),
        )
    return number


def go_on(work: Work, payment: Payment) -> None:
    """Begin what should happen next, and store the payment.

    Raises:
        AmountTooLarge: The row has no room for what would be set aside.
    """
    by_hand = gateways.find(work.settings(PaymentsSettings), payment.gateway).by_hand
    for wish in payment.plan(work.now, by_hand=by_hand):
        begin(work, payment, wish.kind, wish.amount, by_hand=by_hand)
    payment_store.save(work, payment)


def conclude(work: Work, payment: Payment, outcome: Outcome) -> str:
    """Take an outcome, tell of it and go on; what is known already changes nothing.

    Returns:
        Why it cannot be taken now, or nothing.
    """
    known = payment.operations.get(outcome.operation)
    if known is not None and (known.done or (known.failed and not outcome.done)):
        return ""
    fact = _fact(work, payment, outcome)
    if problem := unfitting(payment, fact):
        return problem
    if fact.kind == Kind.AUTHORISE and outcome.done:
        _let_go_second(work, payment)
    payment.add(fact)
    _tell(work, payment, fact)
    go_on(work, payment)
    return ""


def until(moment: datetime, seconds: object) -> datetime | None:
    """Return when a hold ends that lasts so many seconds from a moment; None when it lasts."""
    return moment + timedelta(seconds=seconds) if isinstance(seconds, int) else None


def fail(work: Work, payment: Payment, reason: str) -> None:
    """Tell that money cannot be had; who waits for it decides, or another payment tries again."""
    work.publish(
        PaymentFailed(
            key=payment.key,
            payment=payment.number,
            order=payment.order_number,
            account=payment.account,
            reason=reason,
        )
    )
    if payment.order_number and not payment.totals.let_go:
        work.publish(RequirementFailed(order=payment.order_number, requirement=REQUIREMENT, reason=reason))


def tell_short(work: Work, payment: Payment) -> None:
    """Tell an order that less is held than it needs; a person decides what becomes of it."""
    t = payment.totals
    reason = _("only {held} of {wanted} {currency} are held").format(
        held=round_amount(t.authorised - t.voided, payment.currency),
        wanted=round_amount(t.wanted, payment.currency),
        currency=payment.currency,
    )
    work.publish(RequirementFailed(order=payment.order_number, requirement=REQUIREMENT, reason=reason))


def business_day(work: Work, begun: Fact | None) -> date:
    """Return the business date of an outcome: it keeps the distance from what caused it."""
    if begun is None:
        return work.today
    return begun.day + (work.today - begun.at.astimezone(work.enterprise.zone).date())


def _fact(work: Work, payment: Payment, outcome: Outcome) -> Fact:
    known = payment.operations.get(outcome.operation)
    return Fact(
        kind=outcome.kind,
        step=Step.DONE if outcome.done else Step.FAILED,
        operation=outcome.operation,
        amount=outcome.amount,
        fee=outcome.fee if outcome.done else ZERO,
        day=outcome.day or business_day(work, known.begun if known else None),
        at=work.now,
        expires=outcome.expires if outcome.done else None,
        reference=outcome.reference,
        reason=outcome.reason,
        source=outcome.source,
    )


def _let_go_second(work: Work, payment: Payment) -> None:
    """Let a payment go whose money came after another took its place."""
    if not payment.order_number or payment.totals.let_go or not payment.totals.failed:
        return
    others = [
        one for one in payment_store.of_order(work, payment.order_number) if one.number > payment.number
    ]
    if any(not one.totals.let_go and not one.totals.failed for one in others):
        reason = _("another payment took its place")
        payment.add(Fact(kind=Kind.LET_GO, day=work.today, at=work.now, reason=reason, source="event"))


def _wanted_on(payment: Payment, kind: Kind) -> date:
    """Return the business date of what an operation follows from."""
    causes = {Kind.CAPTURE: (Kind.DUE,), Kind.REFUND: (Kind.RETURN, Kind.LET_GO), Kind.VOID: (Kind.LET_GO,)}
    days = [fact.day for fact in payment.facts if fact.kind in causes.get(kind, ())]
    return days[-1] if days else payment.facts[0].day


# --- telling --------------------------------------------------------------------------------------------


def _tell(work: Work, payment: Payment, fact: Fact) -> None:
    amount = round_amount(fact.amount, payment.currency)
    if fact.step == Step.FAILED:
        _tell_refusal(work, payment, fact)
    elif fact.kind == Kind.AUTHORISE:
        _tell_authorised(work, payment, fact)
    elif fact.kind == Kind.RENEW:
        _renewed(work, payment, fact)
    elif fact.kind == Kind.CAPTURE:
        work.publish(
            PaymentCaptured(
                key=payment.key,
                payment=payment.number,
                capture=fact.operation,
                order=payment.order_number,
                account=payment.account,
                day=fact.day,
                currency=payment.currency,
                amount=amount,
                fee=round_amount(fact.fee, payment.currency),
            )
        )
    elif fact.kind == Kind.VOID:
        work.publish(
            PaymentVoided(
                key=payment.key,
                payment=payment.number,
                order=payment.order_number,
                account=payment.account,
                currency=payment.currency,
                amount=amount,
            )
        )
    elif fact.kind == Kind.REFUND:
        work.publish(
            PaymentRefunded(
                key=payment.key,
                payment=payment.number,
                refund=fact.operation,
                order=payment.order_number,
                account=payment.account,
                day=fact.day,
                currency=payment.currency,
                amount=amount,
            )
        )
    if payment.totals.held == 0 and payment.totals.expires is not None:
        work.cancel_timers(_EXPIRES, payment.key)


def _tell_refusal(work: Work, payment: Payment, fact: Fact) -> None:
    if fact.kind == Kind.AUTHORISE:
        fail(work, payment, fact.reason)
    else:
        told = _("{operation} was refused: {reason}").format(operation=fact.operation, reason=fact.reason)
        work.publish(
            PaymentFailed(
                key=payment.key,
                payment=payment.number,
                order=payment.order_number,
                account=payment.account,
                reason=told,
            )
        )


def _tell_authorised(work: Work, payment: Payment, fact: Fact) -> None:
    amount = round_amount(fact.amount, payment.currency)
    work.publish(
        PaymentAuthorised(
            key=payment.key,
            payment=payment.number,
            order=payment.order_number,
            account=payment.account,
            currency=payment.currency,
            amount=amount,
            expires=fact.expires,
        )
    )
    _set_timer(work, payment, fact.expires)
    t = payment.totals
    if not payment.order_number or t.let_go:
        return
    if t.authorised - t.voided >= t.wanted:
        work.publish(RequirementMet(order=payment.order_number, requirement=REQUIREMENT))
    elif fact.source != "operator":  # what people pay in parts is waited for
        tell_short(work, payment)


def _renewed(work: Work, payment: Payment, fact: Fact) -> None:
    work.publish(
        AuthorisationRenewed(
            key=payment.key,
            payment=payment.number,
            order=payment.order_number,
            account=payment.account,
            expires=fact.expires,
        )
    )
    work.cancel_timers(_EXPIRES, payment.key)
    _set_timer(work, payment, fact.expires)


def _set_timer(work: Work, payment: Payment, expires: datetime | None) -> None:
    if expires is not None and payment.totals.held > 0:
        timer = AuthorisationExpires(key=payment.key, payment=payment.number, expires=expires)
        work.publish(timer, not_before=expires)
