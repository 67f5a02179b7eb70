"""What human resources do when something has happened: each handler turns an event into a verb."""

from __future__ import annotations

from fenbu.contracts.erp import PayrollPosted
from fenbu.contracts.hrm import PayrollDue
from fenbu.contracts.module import ModuleEnabled
from fenbu.contracts.payments import PayoutFailed, PayoutPaid, PayoutRequested
from fenbu.work import Work
from fenbu_hrm import paying, runs, schedule
from fenbu_hrm.lifecycles import PAYMENT, PaymentState

# --- the month ------------------------------------------------------------------------------------------


def due(work: Work, event: PayrollDue) -> None:
    """The pay day has come: the payroll is made, for people to look through."""
    schedule.due(work, event)


def enabled(work: Work, event: ModuleEnabled) -> None:
    """Switched on, for the first time or again: the timer is set, for it may have rung unheard."""
    if event.module == work.module:
        schedule.arm(work)


# --- what became of a run -------------------------------------------------------------------------------


def posted(work: Work, event: PayrollPosted) -> None:
    """A run stands in the books."""
    run = runs.find(work, event.run)
    if run is not None:
        run.entry, run.posted_on = event.entry, event.day
        runs.save(work, run)


def payout_requested(work: Work, event: PayoutRequested) -> None:
    """The net pay of a run is on its way."""
    run = runs.find(work, event.document)
    if run is not None and "request" in PAYMENT.actions(run.payment):
        run.payment, run.payout = PaymentState.REQUESTED, event.payout
        runs.save(work, run)


def payout_paid(work: Work, event: PayoutPaid) -> None:
    """The net pay of a run has left us through a gateway."""
    run = runs.find(work, event.document)
    if run is not None and "pay" in PAYMENT.actions(run.payment):
        paying.settle(work, run, event.day, place="clearing", payout=event.payout)


def payout_failed(work: Work, event: PayoutFailed) -> None:
    """The net pay of a run could not be paid; an operator tries again, or pays otherwise."""
    run = runs.find(work, event.document)
    if run is not None and "fail" in PAYMENT.actions(run.payment):
        run.payment = PaymentState.FAILED
        runs.save(work, run)
