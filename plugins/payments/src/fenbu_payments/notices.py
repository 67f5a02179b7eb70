"""The inbox: what gateways tell by themselves, kept once, taken by the payment when it fits, retried until then.

Receiving verifies, inserts and publishes; it changes no payment. The payment's own lifecycle does, under its lock,
whenever something of it becomes known. What fits nowhere is kept, tried again, and shown.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import Field
from sqlalchemy import Row, bindparam, select, union_all, update

from fenbu.contracts.payments import NoticeReceived
from fenbu.errors import NotFound, TransitionRefused
from fenbu.i18n import _
from fenbu.inputs import Code, Input, Reason
from fenbu.statements import upsert
from fenbu.values import MONEY_SCALE, exact_decimal
from fenbu.work import Work
from fenbu_payments import gateways, operations, payment_store, payouts
from fenbu_payments.errors import NoticeRefused
from fenbu_payments.gateways import Told
from fenbu_payments.lifecycles import NOTICE as LIFECYCLE
from fenbu_payments.lifecycles import UNTAKEN_STATES, NoticeState
from fenbu_payments.operations import Outcome
from fenbu_payments.payment import Kind, Payment
from fenbu_payments.settings import PaymentsSettings
from fenbu_payments.tables import NOTICE, PAYMENT, PAYOUT

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440, 1440, 1440))
"""After which a notice that does not fit is looked at again; besides, whenever its payment changes."""

_INSERT = upsert(NOTICE, returning=tuple(NOTICE.primary_key))
_KEY = union_all(
    select(PAYMENT.c.order_number, PAYMENT.c.number).where(PAYMENT.c.number == bindparam("wanted")),
    select(PAYOUT.c.order_number, PAYOUT.c.document).where(PAYOUT.c.number == bindparam("wanted")),
)
"""The order that a payment or payout is for, and what its events have as key without one."""
_READ = select(NOTICE).where(NOTICE.c.number == bindparam("wanted"))
_LOCKED = _READ.with_for_update()
_OPEN = (
    select(NOTICE)
    .where(
        NOTICE.c.payment == bindparam("wanted"),
        payment_store.UNTAKEN,
    )
    .order_by(NOTICE.c.received_at, NOTICE.c.number)
)
_UPDATE = (
    update(NOTICE)
    .where(NOTICE.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "problem", "attempts", "changed_at")})
)


class ReceiveNotice(Input):
    """A notice as it came: its raw body, and its signature."""

    gateway: Code
    body: str = Field(max_length=65_536, description="As it came, unchanged")
    signature: str = Field(max_length=1000, description="Of the gateway, over the raw body")


class DismissNotice(Input):
    """A notice that is not ours."""

    notice: Code = Field(description="gateway:event, as payments.inbox shows it")
    reason: Reason


# --- receiving ------------------------------------------------------------------------------------------


def receive(work: Work, wanted: ReceiveNotice) -> dict[str, Any]:
    """Verify a notice, keep it and let its payment know; one that came before changes nothing.

    Raises:
        GatewayUnknown: No such gateway.
        NoticeRefused: It is not signed by it, too old, or cannot be read.
    """
    settings = work.settings(PaymentsSettings)
    gateway = gateways.find(settings, wanted.gateway)
    told = gateway.read(wanted.body, wanted.signature, now=work.now, minutes=settings.notice_minutes)
    row = _row(work, wanted.gateway, told)
    new = work.execute(_INSERT[work.dialect], row).first() is not None
    if new:
        _announce(work, row["number"], wanted.gateway, told.event, told.payment)
    return {"notice": row["number"], "payment": told.payment, "new": new}


def dismiss(work: Work, wanted: DismissNotice) -> dict[str, Any]:
    """End a notice that fits nowhere, by decision.

    Raises:
        NotFound, TransitionRefused: No such notice, or it was applied.
    """
    row = work.execute(_LOCKED, {"wanted": wanted.notice}).first()
    if row is None:
        raise NotFound(_("notice"), wanted.notice, _("fenbu show payments.inbox lists them"))
    state = LIFECYCLE.next(row.state, "dismiss", row.number)
    _set(work, row, state, wanted.reason, row.attempts)
    return {"notice": row.number, "state": state}


def _row(work: Work, gateway: str, told: Told) -> dict[str, Any]:
    try:
        kind, amount, fee = (
            Kind(told.kind),
            *(exact_decimal(text, MONEY_SCALE) for text in (told.amount, told.fee)),
        )
    except ValueError as error:
        raise NoticeRefused(gateway, _("it cannot be read: {error}").format(error=error)) from None
    if not told.event or amount < 0 or fee < 0:
        raise NoticeRefused(gateway, _("it has no number of its own, or an amount below zero"))
    return {
        "number": f"{gateway}:{told.event}",
        "gateway": gateway,
        "event": told.event,
        "kind": kind,
        "done": told.done,
        "payment": told.payment,
        "operation": told.reference,
        "amount": amount,
        "fee": fee,
        "currency": told.currency,
        "expires_in": told.expires_in,
        "reference": told.number,
        "reason": told.reason,
        "state": NoticeState.RECEIVED,
        "problem": "",
        "attempts": 0,
        "received_at": work.now,
        "changed_at": work.now,
    }


# --- taking ---------------------------------------------------------------------------------------------


def take(work: Work, number: str) -> None:
    """Let the payment of a notice take it, or try again later."""
    row = work.execute(_READ, {"wanted": number}).first()
    if row is None or row.state not in UNTAKEN_STATES:
        return
    if row.payment.startswith(f"{payouts.PREFIX}-"):
        payout = payouts.find(work, row.payment)
        row = work.execute(_LOCKED, {"wanted": number}).one()
        problem = _unknown(row) if payout is None else _other(row, payout.gateway, payout.currency)
        if payout is not None and not problem:
            problem = payouts.conclude(work, payout, _outcome(row))
        _done(work, row, problem)
        return
    payment = payment_store.find(work, row.payment)
    row = work.execute(_LOCKED, {"wanted": number}).one()
    if payment is None:
        _done(work, row, _unknown(row))
        return
    _done(work, row, _apply(work, payment, row))
    take_waiting(work, payment)


def take_waiting(work: Work, payment: Payment) -> None:
    """Take the notices of a payment in hand that fit now, until none does.

    One that comes in this moment is taken when it is told of.
    """
    while payment.told_of:
        rows = work.execute(_OPEN, {"wanted": payment.number}).all()
        fitting = [row for row in rows if not _apply(work, payment, row)]
        for row in fitting:
            _set(work, row, NoticeState.APPLIED, "", row.attempts)
        if not fitting:
            return


def _apply(work: Work, payment: Payment, row: Row[Any]) -> str:
    problem = _other(row, payment.gateway, payment.currency)
    if problem:
        return problem
    try:
        return operations.conclude(work, payment, _outcome(row))
    except TransitionRefused as error:
        return str(error)


def _outcome(row: Row[Any]) -> Outcome:
    return Outcome(
        kind=row.kind,
        operation=row.operation,
        done=row.done,
        amount=row.amount,
        fee=row.fee,
        expires=operations.until(row.received_at, row.expires_in),
        reference=row.reference,
        reason=row.reason,
        source="notice",
    )


def _other(row: Row[Any], gateway: str, currency: str) -> str:
    if row.gateway != gateway:
        return _("{payment} is moved by {gateway}").format(payment=row.payment, gateway=gateway)
    if row.currency != currency:
        return _("{payment} is in {currency}, not in {got}").format(
            payment=row.payment, currency=currency, got=row.currency
        )
    return ""


def _unknown(row: Row[Any]) -> str:
    return _("there is no payment {payment} here").format(payment=row.payment)


def _done(work: Work, row: Row[Any], problem: str) -> None:
    if not problem:
        _set(work, row, NoticeState.APPLIED, "", row.attempts)
        return
    _set(work, row, NoticeState.WAITING, problem, row.attempts + 1)
    if row.attempts < len(PAUSES):
        _announce(work, row.number, row.gateway, row.event, row.payment, after=PAUSES[row.attempts])


def _announce(
    work: Work, number: str, gateway: str, event: str, payment: str, after: timedelta | None = None
) -> None:
    known = work.execute(_KEY, {"wanted": payment}).first()
    key = next(filter(None, (*(known or ()), payment)), number)
    told = NoticeReceived(key=key, gateway=gateway, event=event, payment=payment)
    work.publish(told, not_before=None if after is None else work.now + after)


def _set(work: Work, row: Row[Any], state: str, problem: str, attempts: int) -> None:
    values: dict[str, Any] = {
        "state": state,
        "problem": problem,
        "attempts": attempts,
        "changed_at": work.now,
    }
    work.execute(_UPDATE, {"wanted": row.number, **{f"new_{name}": value for name, value in values.items()}})
