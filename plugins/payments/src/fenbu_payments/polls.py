"""Gateways that take an operation and tell later what became of it: the notice may not come, so they are asked.

A timer asks; the asking is an ordinary call, tried as long as nobody answers. Whoever tells first, notice or answer,
ends it; what is told again changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from fenbu.contracts.payments import OutcomeDue
from fenbu.values import Money
from fenbu.work import Work
from fenbu_payments import gateways, payment_store, payouts
from fenbu_payments.payment import Fact, Kind, Payment
from fenbu_payments.payouts import Payout
from fenbu_payments.settings import PaymentsSettings

LONGEST = timedelta(days=1)
"""The pause doubles with each answer that says nothing yet, up to this."""


def wait(work: Work, document: Payment | Payout, operation: str, turn: int, reason: str) -> None:
    """Note that the gateway has the operation and says nothing of it yet; ask when the pause is over."""
    if isinstance(document, Payment):
        noted = Fact(
            kind=Kind.PENDING,
            day=work.today,
            at=work.now,
            reference=operation,
            reason=reason,
            source="call",
        )
        document.add(noted)
        payment_store.save(work, document)
    pause = timedelta(minutes=work.settings(PaymentsSettings).poll_minutes) * 2 ** min(turn, 16)
    due = OutcomeDue(key=document.key, payment=document.number, operation=operation, turn=turn + 1)
    work.publish(due, not_before=work.now + min(pause, LONGEST))


def due(work: Work, event: OutcomeDue) -> None:
    """Ask what became of an operation, unless it was told meanwhile."""
    if event.payment.startswith(payouts.PREFIX):
        payout = payouts.find(work, event.payment)
        if payout is not None and payouts.awaits(work, payout, event.operation):
            ask(work, payout, Kind.PAYOUT, event.operation, payout.amount, event.turn)
        return
    payment = payment_store.find(work, event.payment)
    known = payment.operations.get(event.operation) if payment is not None else None
    if payment is not None and known is not None and known.open:
        ask(work, payment, Kind(known.kind), known.number, known.amount, event.turn)


def ask(
    work: Work, document: Payment | Payout, kind: Kind, operation: str, amount: Decimal, turn: int
) -> None:
    """Record the call that asks; nobody is asked about what is moved by hand."""
    if gateways.find(work.settings(PaymentsSettings), document.gateway).by_hand:
        return
    payload = {"gateway": document.gateway, "payment": document.number, "account": document.account}
    work.call(
        "payments.poll",
        subject=operation,
        key=document.key,
        payload={**payload, "kind": kind, "turn": turn},
        amount=Money(amount, document.currency),
    )
