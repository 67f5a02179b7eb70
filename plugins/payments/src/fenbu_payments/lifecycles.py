"""Transition tables of payments, payouts and notices. States are participles, actions are verbs."""

from __future__ import annotations

from enum import StrEnum

from fenbu.lifecycle import Lifecycle, Transition


class PaymentState(StrEnum):
    """Where a payment stands; it follows from its facts (`fenbu_payments.payment`)."""

    REQUESTED = "requested"
    """Money was asked for and nothing is known yet."""
    AUTHORISED = "authorised"
    """Money is held for us, or a part of it was paid by hand."""
    CAPTURED = "captured"
    """What was held is ours, or was let go."""
    REFUNDED = "refunded"
    """All that was ours went back."""
    VOIDED = "voided"
    """Nothing was taken, nothing is held."""
    FAILED = "failed"
    """The payer or the gateway refused; another payment may try again."""


_P = PaymentState

PAYMENT = Lifecycle(
    name="payments.payment",
    states=PaymentState,
    initial=_P.REQUESTED,
    terminal=frozenset({_P.REFUNDED, _P.VOIDED}),
    table=(
        #          verb         from           to
        Transition("authorise", _P.REQUESTED,  _P.AUTHORISED),
        Transition("authorise", _P.FAILED,     _P.AUTHORISED),
        Transition("confirm",   _P.REQUESTED,  _P.CAPTURED),
        Transition("confirm",   _P.AUTHORISED, _P.AUTHORISED),
        Transition("capture",   _P.AUTHORISED, _P.CAPTURED),
        Transition("void",      _P.REQUESTED,  _P.VOIDED),
        Transition("void",      _P.AUTHORISED, _P.VOIDED),
        Transition("fail",      _P.REQUESTED,  _P.FAILED),
        Transition("accept",    _P.AUTHORISED, _P.AUTHORISED),
        Transition("retry",     _P.REQUESTED,  _P.REQUESTED),
        Transition("retry",     _P.FAILED,     _P.FAILED),
        Transition("retry",     _P.AUTHORISED, _P.AUTHORISED),
        Transition("retry",     _P.CAPTURED,   _P.CAPTURED),
        Transition("refund",    _P.CAPTURED,   _P.REFUNDED),
        Transition("refund",    _P.AUTHORISED, _P.REFUNDED),
    ),
)  # fmt: skip


class PayoutState(StrEnum):
    """Where a payout stands."""

    REQUESTED = "requested"
    PAID = "paid"
    FAILED = "failed"


_O = PayoutState

PAYOUT = Lifecycle(
    name="payments.payout",
    states=PayoutState,
    initial=_O.REQUESTED,
    terminal=frozenset({_O.PAID}),
    table=(
        #          verb       from          to
        Transition("confirm", _O.REQUESTED, _O.PAID),
        Transition("confirm", _O.FAILED,    _O.PAID),
        Transition("fail",    _O.REQUESTED, _O.FAILED),
        Transition("retry",   _O.FAILED,    _O.REQUESTED),
    ),
)  # fmt: skip


class NoticeState(StrEnum):
    """What became of something a gateway has told."""

    RECEIVED = "received"
    WAITING = "waiting"
    """Its payment is not known yet, or what it tells does not fit yet; it is tried again."""
    APPLIED = "applied"
    DISMISSED = "dismissed"
    """An operator decided that it is not ours."""


_N = NoticeState
UNTAKEN_STATES = (_N.RECEIVED, _N.WAITING)

NOTICE = Lifecycle(
    name="payments.notice",
    states=NoticeState,
    initial=_N.RECEIVED,
    terminal=frozenset({_N.APPLIED, _N.DISMISSED}),
    table=(
        #          verb       from         to
        Transition("apply",   _N.RECEIVED, _N.APPLIED),
        Transition("apply",   _N.WAITING,  _N.APPLIED),
        Transition("wait",    _N.RECEIVED, _N.WAITING),
        Transition("wait",    _N.WAITING,  _N.WAITING),
        Transition("dismiss", _N.RECEIVED, _N.DISMISSED),
        Transition("dismiss", _N.WAITING,  _N.DISMISSED),
    ),
)  # fmt: skip

LIFECYCLES = (PAYMENT, PAYOUT, NOTICE)
