"""The payroll of a month: calculated, reviewed, approved by another person, taken back by a correcting run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve
from pydantic import Field
from sqlalchemy import bindparam, or_, select

from fenbu.actions import Consequence
from fenbu.contracts.hrm import PayrollApproved, PayrollLine, PayrollPaid
from fenbu.errors import Refused
from fenbu.i18n import _
from fenbu.values import Money
from fenbu.work import Work
from fenbu_hrm import calendar, components, departments, runs
from fenbu_hrm.calendar import Month
from fenbu_hrm.components import DEDUCTION, EARNING, EMPLOYER
from fenbu_hrm.errors import (
    NetBelowZero,
    NobodyPaid,
    NotByHand,
    NotCorrectable,
    PayrollStale,
    PeriodTaken,
    SamePerson,
)
from fenbu_hrm.inputs import Code, Day, Input, Reason, Text
from fenbu_hrm.inputs import Month as MonthCode
from fenbu_hrm.lifecycles import PAYMENT, PAYROLL, PaymentState, PayrollState
from fenbu_hrm.numbers import next_number
from fenbu_hrm.payslips import ZERO, Line, Part, Payslip, Rules, calculate, days_in
from fenbu_hrm.runs import CORRECTION, REGULAR, Run
from fenbu_hrm.settings import HrmSettings
from fenbu_hrm.tables import ASSIGNMENT

_IN_MONTH = (
    select(ASSIGNMENT)
    .where(
        ASSIGNMENT.c.since < bindparam("month_ends", type_=ASSIGNMENT.c.since.type),
        or_(
            ASSIGNMENT.c.ends.is_(None),
            ASSIGNMENT.c.ends > bindparam("month_first", type_=ASSIGNMENT.c.ends.type),
        ),
    )
    .order_by(ASSIGNMENT.c.employee, ASSIGNMENT.c.since)
)
_MADE = ("calculate", "correct", "review")
"""Who did one of these to a run does not approve it."""


class OpenPayroll(Input):
    """A month whose payroll is wanted."""

    period: MonthCode = Field(description="Year and month: 2026-03")
    day: Day | None = Field(None, description="Business date; the pay day of the month unless given")


class PayrollRef(Input):
    """A payroll run."""

    run: Code


class EndPayroll(PayrollRef):
    """A payroll run that is not to stand."""

    reason: Reason


class CorrectPayroll(EndPayroll):
    """A payroll run that was wrong."""

    day: Day | None = Field(
        None, description="Business date of the correction; today, or the run's own if that is later"
    )


class PaidByHand(PayrollRef):
    """Net pay that has been paid from the bank."""

    day: Day | None = Field(None, description="Business date; today unless given")
    reference: Text = Field("", description="What the bank statement says")


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
    return _told(run)


def begin(work: Work, period: str, day: date | None = None) -> Run:
    """Open the run of a month, with nothing in it yet; PeriodTaken when it has one that counts."""
    number = next_number(
        work, "payroll"
    )  # taken first: it makes two who open the same month wait for each other
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
    return _told(run)


def review(work: Work, wanted: PayrollRef) -> dict[str, Any]:
    """Say that a run was looked through and is right.

    Raises:
        NotFound, TransitionRefused: No such run, or it is not calculated.
    """
    run = runs.load(work, wanted.run)
    run.state = PAYROLL.next(run.state, "review", run.number)
    runs.note(work, run, "review")
    runs.save(work, run)
    return _told(run)


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
            lines=tuple(summed(line for slip in slips for line in slip.lines)),
            corrects=run.corrects or "",
            payable=run.payable,
        )
    )
    return _told(run) | {"payable": run.payable}


def preview_approve(work: Work, wanted: PayrollRef) -> list[Consequence]:
    """Say what an approval sets going."""
    run = runs.load(work, wanted.run)
    told = [
        Consequence(_("payslips of {period} change no more").format(period=run.period), str(run.employees)),
        Consequence(_("gross pay"), _money(work, run.gross)),
        Consequence(_("employer's share"), _money(work, run.employer)),
        Consequence(_("net pay"), _money(work, run.net)),
    ]
    if run.corrects:
        told.append(Consequence(_("is taken back"), run.corrects))
    if work.enabled("ledger"):
        told.append(Consequence(_("is posted to the ledger on"), str(run.day)))
    if work.enabled("payment.payouts") and run.kind == REGULAR:
        told.append(Consequence(_("net pay leaves us as one payout"), _money(work, run.net)))
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
    return _told(run)


def correct(work: Work, wanted: CorrectPayroll) -> dict[str, Any]:
    """Make the run that takes an approved one back, line by line; it is reviewed and approved as any other.

    Raises:
        NotFound, TransitionRefused: No such run, or it is not approved.
        NotCorrectable: It takes another back itself, or one that takes it back is under way.
    """
    wrong = runs.load(work, wanted.run)
    PAYROLL.next(wrong.state, "reverse", wrong.number)
    if wrong.kind == CORRECTION:
        raise NotCorrectable(wrong.number, _("it takes {run} back itself").format(run=wrong.corrects))
    if (other := runs.correcting(work, wrong.number)) is not None:
        raise NotCorrectable(wrong.number, _("{run} does so already").format(run=other))
    run = Run(
        number=next_number(work, "payroll"),
        period=wrong.period,
        kind=CORRECTION,
        corrects=wrong.number,
        state=PayrollState.CALCULATED,
        day=wanted.day or max(work.today, wrong.day),
        opened_at=work.now,
        opened_by=work.actor.name,
    )
    runs.add(work, run)
    runs.note(work, run, "correct", wanted.reason)
    runs.keep(work, run, [_negative(slip) for slip in runs.slips_of(work, wrong.number)])
    runs.save(work, run)
    return _told(run) | {"corrects": wrong.number}


def preview_correct(work: Work, wanted: CorrectPayroll) -> list[Consequence]:
    """Say what taking a run back means."""
    run = runs.load(work, wanted.run)
    told = [
        Consequence(
            _("payslips of {period} are taken back once the correction is approved").format(
                period=run.period
            ),
            str(run.employees),
        ),
        Consequence(_("gross pay"), _money(work, -run.gross)),
        Consequence(_("net pay"), _money(work, -run.net)),
    ]
    if run.payment == PaymentState.PAID:
        told.append(
            Consequence(_("is paid already; a new run pays only what differs"), _money(work, run.payable))
        )
    return told


def paid_by_hand(work: Work, wanted: PaidByHand) -> dict[str, Any]:
    """Record that the net pay of a run has left the bank.

    Raises:
        NotFound, TransitionRefused: No such run, or nothing of it is to be paid.
        NotByHand: A payment module pays it.
    """
    run = runs.load(work, wanted.run)
    PAYMENT.next(run.payment, "pay", run.number)
    if run.payout:
        raise NotByHand(run.number, run.payout)
    if work.enabled("payment.payouts") and run.number in work.waiting_keys():
        raise NotByHand(run.number, _("a payout that is on its way"))
    settle(work, run, wanted.day or work.today, place="bank", payout="")
    return _told(run) | {"paid": run.payable}


def settle(work: Work, run: Run, day: date, *, place: Any, payout: str) -> None:
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


def summed(lines: Iterable[Line]) -> list[PayrollLine]:
    """Add lines up by department, as others are told of them: nobody's own pay, no component of ours."""
    found: dict[tuple[str, str, str], Decimal] = {}

    def add(line: Line, component: str, amount: Decimal) -> None:
        key = (line.department, line.cost_centre, component)
        found[key] = found.get(key, ZERO) + amount

    for line in lines:
        if line.kind == EARNING:
            add(line, "gross", line.amount)
            add(line, "net", line.amount)
        elif line.kind == DEDUCTION:
            add(line, _DEDUCTIONS[line.owed_to], line.amount)
            add(line, "net", -line.amount)
        elif line.kind == EMPLOYER:
            add(line, "employer_share", line.amount)
    return [
        PayrollLine(department=department, cost_centre=centre, component=component, amount=amount)
        for (department, centre, component), amount in sorted(found.items())
        if amount
    ]


_DEDUCTIONS = {"tax": "tax", "social_security": "social_security", "other": "other_deduction"}


def slips_of_month(work: Work, period: str) -> list[Payslip]:
    """Calculate the payslips of a month from what is known now; nothing is written.

    Raises:
        NobodyPaid: Nobody was employed in it.
        NetBelowZero: More would be withheld from somebody than earned.
    """
    month = Month.of(period)
    parts, rules = _parts(work, month)
    known, own = components.of_month(work, month), components.own_amounts(work, month)
    slips = [calculate(of_one, known, own.get(employee, {}), rules) for employee, of_one in parts.items()]
    slips = [slip for slip in slips if slip.lines]
    if not slips:
        raise NobodyPaid(period)
    if below := [slip.employee for slip in slips if slip.net < 0]:
        raise NetBelowZero(below)
    return slips


def anybody(work: Work, period: str) -> bool:
    """Say whether anybody works here in a month."""
    month = Month.of(period)
    found = work.execute(_IN_MONTH.limit(1), {"month_first": month.first, "month_ends": month.ends})
    return found.first() is not None


def _calculate(work: Work, run: Run) -> None:
    slips = slips_of_month(work, run.period)
    run.state, run.problem = PAYROLL.next(run.state, "calculate", run.number), ""
    runs.keep(work, run, slips)
    runs.note(work, run, "calculate")


def _parts(work: Work, month: Month) -> tuple[Mapping[str, list[Part]], Rules]:
    """Return the parts of a month in which people worked, by employee."""
    settings = work.settings(HrmSettings)
    worked = calendar.working_days(work, month.first, month.ends)

    def days(first: date, ends: date) -> int:
        if settings.proration == "working_days":
            return sum(1 for day in worked if first <= day < ends)
        return (ends - first) // timedelta(days=1)

    centres = departments.cost_centres(work)
    found: dict[str, list[Part]] = {}
    for row in work.execute(_IN_MONTH, {"month_first": month.first, "month_ends": month.ends}):
        first, ends = days_in(month.first, month.ends, row.since, row.ends)
        part = Part(
            employee=row.employee,
            department=row.department,
            cost_centre=centres[row.department],
            fte=row.fte,
            basis=row.basis,
            pay=row.pay,
            days=days(first, ends),
        )
        found.setdefault(row.employee, []).append(part)
    rules = Rules(
        currency=work.enterprise.currency,
        of_days=days(month.first, month.ends),
        weekly_hours=settings.weekly_hours,
        rounding=settings.rounding,
    )
    return found, rules


def _refuse_same_person(work: Work, run: Run) -> None:
    done = {verb for actor, verb in runs.all_steps(work, run) if actor == work.actor.name}
    if made := [verb for verb in _MADE if verb in done]:
        told = {
            "calculate": _("has calculated it"),
            "correct": _("has made the correction"),
            "review": _("has reviewed it"),
        }
        raise SamePerson(run.number, work.actor.name, told[made[0]])


def _refuse_stale(work: Work, run: Run, slips: Sequence[Payslip]) -> None:
    now = {slip.employee: slip for slip in slips_of_month(work, run.period)}
    kept = {slip.employee: slip for slip in slips}
    differing = [employee for employee in now.keys() | kept.keys() if now.get(employee) != kept.get(employee)]
    if differing:
        raise PayrollStale(run.number, len(differing))


def _negative(slip: Payslip) -> Payslip:
    return Payslip(slip.employee, [evolve(line, amount=-line.amount) for line in slip.lines])


def _money(work: Work, amount: Decimal) -> str:
    return str(Money(amount, work.enterprise.currency))


def _told(run: Run) -> dict[str, Any]:
    return {
        "run": run.number,
        "period": run.period,
        "state": str(run.state),
        "employees": run.employees,
        "gross": run.gross,
        "net": run.net,
    }
