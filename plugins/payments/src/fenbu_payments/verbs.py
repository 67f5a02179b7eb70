"""What the verbs of payments share: what they refuse, what they note, what they answer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from fenbu.errors import TransitionRefused
from fenbu.values import round_amount
from fenbu.work import Work
from fenbu_payments import gateways
from fenbu_payments.errors import AmountTooFine
from fenbu_payments.lifecycles import PAYMENT
from fenbu_payments.payment import Fact, Kind, Payment
from fenbu_payments.settings import PaymentsSettings


def require(payment: Payment, verb: str) -> None:
    """Refuse a verb that the state does not allow, or that has nothing to act on."""
    t = payment.totals
    awaits = not t.let_go and t.authorised < t.wanted
    if verb not in PAYMENT.actions(payment.state) or (verb == "confirm" and not awaits):
        raise TransitionRefused(payment.number, verb, payment.state, PAYMENT.actions(payment.state))


def require_payable(amount: Decimal, currency: str) -> None:
    """Refuse an amount finer than the currency's smallest coin (`AmountTooFine`)."""
    if round_amount(amount, currency) != amount:
        raise AmountTooFine(amount, currency)


def is_by_hand(work: Work, payment: Payment) -> bool:
    """Say whether people move this money, and say what came of it."""
    return gateways.find(work.settings(PaymentsSettings), payment.gateway).by_hand


def note(
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
    """Add a fact that is no operation; the caller stores it."""
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


def answer(payment: Payment) -> dict[str, Any]:
    """Return what an action on a payment answers."""
    return {"payment": payment.number, "state": payment.state, "order": payment.order_number}
