"""The payroll of a month: calculated, reviewed, approved by another person; `corrections` takes it back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from pydantic import Field

from fenbu import approvals
from fenbu.actions import Consequence
from fenbu.contracts.hrm import PayrollApproved
from fenbu.errors import Refused
from fenbu.i18n import _
from fenbu.inputs import Day, Input, Reason
from fenbu.values import round_amount
from fenbu.work import Work
from fenbu_hrm import months, runs
from fenbu_hrm.calendar import Month
from fenbu_hrm.errors import NotCorrectable, PayrollStale, PeriodTaken
from fenbu_hrm.inputs import Period, RunNumber
from fenbu_hrm.lifecycles import PAYMENT, PAYROLL, PayrollState
from fenbu_hrm.numbers import next_number
from fenbu_hrm.payslips import ZERO, Payslip
from fenbu_hrm.runs import CORRECTION, REGULAR, Run, answer, money
from fenbu_hrm.settings import HrmSettings


class OpenPayroll(Input):
    """A month whose payroll is wanted."""

    period: Period = Field(description="Year and month: 2026-03")
    day: Day | None = Field(None, description="Business date; the pay day of the month unless given")


class PayrollRef(Input):
    """A payroll run."""

    run: RunNumber


class EndPayroll(PayrollRef):
    """A payroll run that is not to stand."""

    reason: Reason


def open_run(work: Work, wanted: OpenPayroll) -> dict[str, Any]:
    """Open the payroll of a month and calculate it.

    Raises:
        PeriodTaken: The month has a run that counts.
        NobodyPaid: Nobody was employed in it.
        NetBelowZero: More would be withheld from somebody than earned.
    """
    run = begin(work, wanted.period, wanted.day)
    _calculate(work, run)
    runs.save(work, run)
    return answer(work, run)


def begin(work: Work, period: str, day: date | None = None) -> Run:
    """Open the run of a month, with nothing in it yet; PeriodTaken when it has one that counts."""
    # The number is taken first: it makes two who open the same month wait for each other.
    number = next_number(work, "payroll")
    if (known := runs.of_period(work, period)) is not None:
        raise PeriodTaken(period, *known)
    pay_day = work.settings(HrmSettings).pay_day or 31
    run = Run(
        number=number,
        period=period,
        kind=REGULAR,
        corrects=None,
        state=PayrollState.DRAFT,
        day=day or Month.of(period).day(pay_day),
        opened_at=work.now,
        opened_by=work.actor.name,
    )
    runs.add(work, run)
    runs.note(work, run, "open")
    return run


def try_to_calculate(work: Work, run: Run) -> None:
    """Calculate a run; where a rule says no it stays a draft that tells why."""
    try:
        _calculate(work, run)
    except Refused as refused:
        run.problem = f"{refused} ({refused.hint})"
    runs.save(work, run)


def recalculate(work: Work, wanted: PayrollRef) -> dict[str, Any]:
    """Calculate a run anew from what is known now; it is to be reviewed again.

    Raises:
        NotFound, TransitionRefused: No such run, or it is approved.
        NotCorrectable: It takes another back, line by line.
        NobodyPaid, NetBelowZero: As for a new run.
    """
    run = runs.load(work, wanted.run)
    PAYROLL.next(run.state, "calculate", run.number)
    if run.kind == CORRECTION:
        raise NotCorrectable(run.number, _("it takes {run} back, line by line").format(run=run.corrects))
    _calculate(work, run)
    runs.save(work, run)
    return answer(work, run)


def review(work: Work, wanted: PayrollRef) -> dict[str, Any]:
    """Say that a run was looked through and is right.

    Raises:
        NotFound, TransitionRefused: No such run, or it is not calculated.
    """
    run = runs.load(work, wanted.run)
    run.state = PAYROLL.next(run.state, "review", run.number)
    runs.note(work, run, "review")
    runs.save(work, run)
    return answer(work, run)


def approve(work: Work, wanted: PayrollRef) -> dict[str, Any]:
    """Approve a run; it is posted and paid by whoever does that, and changes no more.

    Raises:
        NotFound, TransitionRefused: No such run, or it is not reviewed.
        SamePerson: The actor has calculated or reviewed it.
        PayrollStale: It would be another now.
        NotCorrectable: The run it takes back does not stand any more.
    """
    run = runs.load(work, wanted.run)
    state = PAYROLL.next(run.state, "approve", run.number)
    _refuse_same_person(work, run)
    slips = runs.slips_of(work, run.number)
    if run.corrects is not None:
        corrected = runs.load(work, run.corrects)
        corrected.state = PAYROLL.next(corrected.state, "reverse", corrected.number)
        runs.save(work, corrected)
    else:
        _refuse_stale(work, run, slips)
        run.payable = runs.owe(work, run, slips)
    run.state = state
    if run.payable:
        run.payment = PAYMENT.next(run.payment, "owe", run.number)
    runs.note(work, run, "approve")
    runs.save(work, run)
    work.publish(
        PayrollApproved(
            run=run.number,
            period=run.period,
            day=run.day,
            currency=work.enterprise.currency,
            lines=tuple(months.summed(line for slip in slips for line in slip.lines)),
            corrects=run.corrects or "",
            payable=run.payable,
        )
    )
    return answer(work, run) | {"payable": round_amount(run.payable, work.enterprise.currency)}


def preview_approve(work: Work, wanted: PayrollRef) -> list[Consequence]:
    """Say what an approval sets going."""
    run = runs.load(work, wanted.run)
    told = [
        Consequence(_("payslips of {period} change no more").format(period=run.period), str(run.employees)),
        Consequence(_("gross pay"), money(work, run.gross)),
        Consequence(_("employer's share"), money(work, run.employer)),
        Consequence(_("net pay"), money(work, run.net)),
    ]
    if run.corrects:
        told.append(Consequence(_("is taken back"), run.corrects))
    if work.enabled("ledger"):
        told.append(Consequence(_("is posted to the ledger on"), str(run.day)))
    if run.kind == REGULAR:
        told += _leaving(work, run)
    return told


def discard(work: Work, wanted: EndPayroll) -> dict[str, Any]:
    """Throw a run away that is not approved.

    Raises:
        NotFound, TransitionRefused: No such run, or it is approved.
    """
    run = runs.load(work, wanted.run)
    run.state = PAYROLL.next(run.state, "discard", run.number)
    runs.note(work, run, "discard", wanted.reason)
    runs.save(work, run)
    return answer(work, run)


def _leaving(work: Work, run: Run) -> Iterator[Consequence]:
    """Yield what will be paid, where that is not all net pay, and by whom."""
    payable = sum(runs.owed(work, run, runs.slips_of(work, run.number)).values(), ZERO)
    if payable != run.net:
        yield Consequence(
            _("of it is to be paid; the rest was paid for the month before"), money(work, payable)
        )
    if payable and work.enabled("payment.payouts"):
        yield Consequence(_("net pay leaves us as one payout"), money(work, payable))


def _calculate(work: Work, run: Run) -> None:
    slips = months.slips_of_month(work, run.period)
    run.state, run.problem = PAYROLL.next(run.state, "calculate", run.number), ""
    runs.keep(work, run, slips)
    runs.note(work, run, "calculate")


def _refuse_same_person(work: Work, run: Run) -> None:
    """Refuse who calculated, corrected or reviewed a run; opening it is no part in its figures."""
    told = {
        "calculate": _("has calculated it"),
        "correct": _("has made the correction"),
        "review": _("has reviewed it"),
    }
    steps = runs.all_steps(work, run)
    concerned = [(actor, did) for made, did in told.items() for actor, verb in steps if verb == made]
    approvals.require_another(work.actor, run.number, concerned)


def _refuse_stale(work: Work, run: Run, slips: Sequence[Payslip]) -> None:
    now = {slip.employee: slip for slip in months.slips_of_month(work, run.period)}
    kept = {slip.employee: slip for slip in slips}
    differing = [employee for employee in now.keys() | kept.keys() if now.get(employee) != kept.get(employee)]
    if differing:
        raise PayrollStale(run.number, len(differing))
