"""Net pay that leaves us: by hand, or by a module that pays."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from fenbu.contracts.hrm import PayrollPaid
from fenbu.i18n import _
from fenbu.inputs import Day
from fenbu.values import round_amount
from fenbu.work import Work
from fenbu_hrm import runs
from fenbu_hrm.errors import NotByHand, NothingToPay
from fenbu_hrm.inputs import Text
from fenbu_hrm.lifecycles import PAYMENT, PaymentState
from fenbu_hrm.payroll import PayrollRef
from fenbu_hrm.runs import Run, answer


class PaidByHand(PayrollRef):
    """Net pay that has been paid from the bank."""

    day: Day | None = Field(None, description="Business date; today unless given")
    reference: Text = Field("", description="What the bank statement says")


def paid_by_hand(work: Work, wanted: PaidByHand) -> dict[str, Any]:
    """Record that the net pay of a run has left the bank.

    Raises:
        NotFound, TransitionRefused: No such run, or it is paid.
        NothingToPay: It owes nothing to anybody.
        NotByHand: A payment module pays it.
    """
    run = runs.load(work, wanted.run)
    if run.payment == PaymentState.NONE:
        raise NothingToPay(run.number, run.state)
    PAYMENT.next(run.payment, "pay", run.number)
    if run.payout:
        raise NotByHand(run.number, run.payout)
    if work.enabled("payment.payouts") and run.number in work.waiting_keys():
        raise NotByHand(run.number, _("a payout that is on its way"))
    settle(work, run, wanted.day or work.today, place="bank", payout="")
    return answer(work, run) | {"paid": round_amount(run.payable, work.enterprise.currency)}


def settle(work: Work, run: Run, day: date, *, place: Literal["bank", "clearing"], payout: str) -> None:
    """Note that the net pay of a run has left us, and tell so."""
    run.payment = PAYMENT.next(run.payment, "pay", run.number)
    run.paid_on, run.payout = day, payout or run.payout
    runs.save(work, run)
    work.publish(
        PayrollPaid(
            run=run.number,
            day=day,
            currency=work.enterprise.currency,
            amount=run.payable,
            place=place,
            payout=payout,
        )
    )
