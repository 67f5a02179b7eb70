"""Calls to gateways: sent and asked for with no transaction open, their outcomes taken by the payment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from fenbu.calls import CallDone, CallFailed, CallRequest, Outcome
from fenbu.errors import Permanent
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_payments import gateways, notices, operations, payment_store, payouts, polls
from fenbu_payments.errors import GatewayUnknown
from fenbu_payments.gateways import Asked, Gateway
from fenbu_payments.payment import Kind, Payment
from fenbu_payments.payouts import Payout


def send(request: CallRequest) -> Outcome:
    """Ask the gateway for an operation."""
    return _gateway(request).send(_asked(request))


def ask(request: CallRequest) -> Outcome | None:
    """Ask the gateway what became of an operation that was sent long ago."""
    return _gateway(request).ask(_asked(request))


def rehearse(request: CallRequest) -> Outcome:
    """Say that the gateway did what it was asked for, as it mostly does."""
    return CallDone({"number": f"REHEARSED-{request.subject}"})


def poll(request: CallRequest) -> Outcome:
    """Ask the gateway what became of an operation that it has; it may still say nothing."""
    answer = _gateway(request).ask(_asked(request))
    if answer is None:
        return CallDone({"pending": True, "reason": _("the gateway does not know it")})
    return answer


def record(work: Work, request: CallRequest, outcome: Outcome) -> None:
    """Let the payment or payout take the outcome; one that is not known yet is asked for later.

    Raises:
        Permanent: It cannot be true of it; the outcome is kept with the call, for a person.
    """
    if not isinstance(outcome, CallDone | CallFailed) or request.amount is None:
        raise Permanent(_("{operation} has no outcome").format(operation=request.subject))
    result = outcome.result
    known = operations.Outcome(
        kind=_kind(request),
        operation=request.subject,
        done=isinstance(outcome, CallDone),
        amount=Decimal(str(result.get("amount", request.amount.amount))),
        fee=Decimal(str(result.get("fee", "0"))),
        expires=operations.until(work.now, result.get("expires_in")),
        reference=str(result.get("number", "")),
        reason=outcome.reason if isinstance(outcome, CallFailed) else "",
        source="call",
    )
    number = str(request.payload["payment"])
    if known.kind == Kind.PAYOUT:
        _take_payout(work, payouts.load(work, number), known, request, result)
    else:
        _take(work, payment_store.load(work, number), known, request, result)


def lock(work: Work, requests: Sequence[CallRequest]) -> None:
    """Lock the payments and payouts of many outcomes in the order in which everybody locks."""
    numbers = {str(request.payload["payment"]) for request in requests}
    payment_store.lock(work, {request.key for request in requests}, numbers)
    payouts.lock(work, numbers)


def _take(
    work: Work,
    payment: Payment,
    known: operations.Outcome,
    request: CallRequest,
    result: Mapping[str, Any],
) -> None:
    if not result.get("pending"):
        problem = operations.conclude(work, payment, known)
    else:
        problem = ""
        if (told := payment.operations.get(known.operation)) is None or told.open:
            polls.wait(work, payment, known.operation, _turn(request), str(result.get("reason", "")))
    notices.take_waiting(work, payment)
    if problem:
        raise Permanent(problem)


def _take_payout(
    work: Work, payout: Payout, known: operations.Outcome, request: CallRequest, result: Mapping[str, Any]
) -> None:
    if not result.get("pending"):
        if problem := payouts.conclude(work, payout, known):
            raise Permanent(problem)
    elif payouts.awaits(work, payout, known.operation):
        polls.wait(work, payout, known.operation, _turn(request), str(result.get("reason", "")))


def _kind(request: CallRequest) -> str:
    """Return the kind of operation that a call is, or asks about."""
    return str(request.payload.get("kind", request.operation.partition(".")[2]))


def _turn(request: CallRequest) -> int:
    return int(request.payload.get("turn", 0))


def _gateway(request: CallRequest) -> Gateway:
    try:
        return gateways.find(request.settings, str(request.payload["gateway"]))
    except GatewayUnknown as error:
        raise Permanent(str(error)) from None


def _asked(request: CallRequest) -> Asked:
    assert request.amount is not None, request.subject
    return Asked(
        id=request.id,
        kind=_kind(request),
        reference=request.subject,
        payment=str(request.payload["payment"]),
        about=request.key,
        account=str(request.payload["account"]),
        amount=request.amount,
    )
