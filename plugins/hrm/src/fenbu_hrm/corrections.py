"""Taking a payroll back: a run of its own, line by line the opposite, reviewed and approved as any other."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from pydantic import Field

from fenbu.actions import Consequence
from fenbu.i18n import _
from fenbu.inputs import Day
from fenbu.work import Work
from fenbu_hrm import runs
from fenbu_hrm.errors import NotCorrectable
from fenbu_hrm.lifecycles import PAYROLL, PaymentState, PayrollState
from fenbu_hrm.numbers import next_number
from fenbu_hrm.payroll import EndPayroll
from fenbu_hrm.payslips import Payslip
from fenbu_hrm.runs import CORRECTION, Run, answer, money


class CorrectPayroll(EndPayroll):
    """A payroll run that was wrong."""

    day: Day | None = Field(
        None, description="Business date of the correction; today, or the run's own if that is later"
    )


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
    return answer(work, run) | {"corrects": wrong.number}


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
        Consequence(_("gross pay"), money(work, -run.gross)),
        Consequence(_("net pay"), money(work, -run.net)),
    ]
    if run.payment == PaymentState.PAID:
        told.append(
            Consequence(_("is paid already; a new run pays only what differs"), money(work, run.payable))
        )
    return told


def _negative(slip: Payslip) -> Payslip:
    return Payslip(slip.employee, [evolve(line, amount=-line.amount) for line in slip.lines])
