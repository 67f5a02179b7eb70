"""The pay day: a timer rings each month, makes the payroll and sets itself for the next one."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from fenbu.contracts.hrm import PayrollDue
from fenbu.inputs import Input
from fenbu.work import Work
from fenbu_hrm import months, payroll, runs
from fenbu_hrm.calendar import Month
from fenbu_hrm.settings import HrmSettings

SCHEDULE = "payroll"
"""Key of the timer: one for all months."""
_TOPIC = "hrm.payroll-due"
_MORNING = time(6, 0)
"""Of the enterprise's own time zone."""


class SchedulePayroll(Input):
    """The timer is set anew, by the pay day as it is set now."""


def schedule(work: Work, wanted: SchedulePayroll) -> dict[str, Any]:  # noqa: ARG001
    """Set the timer anew for the next pay day; without one in the settings it is taken away."""
    due = arm(work)
    if due is None:
        return {"due": None, "period": ""}
    return {"due": due.day, "period": due.period}


def arm(work: Work) -> PayrollDue | None:
    """Set the timer for the next pay day from today on whose month has no payroll yet."""
    month = Month.of(f"{work.today:%Y-%m}")
    pay_day = work.settings(HrmSettings).pay_day
    if pay_day and (month.day(pay_day) < work.today or runs.of_period(work, month.period) is not None):
        month = month.next
    return _set(work, month, pay_day)


def due(work: Work, event: PayrollDue) -> None:
    """Make the payroll of a month, unless it is made already, and set the timer for the month after it.

    Where a rule says no, the run stays a draft that tells why; a month in which nobody is employed has none.
    """
    if runs.of_period(work, event.period) is None and months.anybody(work, event.period):
        payroll.try_to_calculate(work, payroll.begin(work, event.period, event.day))
    _set(work, Month.of(event.period).next, work.settings(HrmSettings).pay_day)


def _set(work: Work, month: Month, pay_day: int) -> PayrollDue | None:
    work.cancel_timers(_TOPIC, SCHEDULE)
    if not pay_day:
        return None
    day = month.day(pay_day)
    event = PayrollDue(schedule=SCHEDULE, period=month.period, day=day)
    work.publish(event, not_before=_morning(work, day))
    return event


def _morning(work: Work, day: date) -> datetime:
    return datetime.combine(day, _MORNING, work.enterprise.zone).astimezone(UTC)
