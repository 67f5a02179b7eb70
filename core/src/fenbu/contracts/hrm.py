"""Human resource management: people at work, leave, payroll.

Events carry employee numbers, never names or pay of one person. A payroll travels summed by department.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from attrs import frozen

from fenbu.events import Lane, event
from fenbu.i18n import N_

_EMPLOYEE = {"employee": "employee"}
_LEAVE = {"employee": "employee", "leave": "request"}


@frozen(kw_only=True)
class PayrollLine:
    """One component of a payroll run, summed over a department."""

    department: str
    component: str
    """``gross``, ``tax``, ``social_security``, ``other_deduction``, ``employer_share``, ``net``."""
    amount: Decimal
    """Above zero; below zero in a run that corrects another. Of each run and each department
    gross = tax + social_security + other_deduction + net."""
    cost_centre: str = ""


@event(
    "hrm.employee-hired/1",
    lane=Lane.INFORMATION,
    key="employee",
    about=_EMPLOYEE,
    day="day",
    says=N_("employee {employee} joined {department} as {position} on {day}"),
)
@frozen(kw_only=True)
class EmployeeHired:
    """Somebody began to work here, for the first time or again."""

    employee: str
    department: str
    position: str
    day: date


@event(
    "hrm.employee-transferred/1",
    lane=Lane.INFORMATION,
    key="employee",
    about=_EMPLOYEE,
    day="day",
    says=N_("employee {employee} is {position} in {department} from {day}"),
)
@frozen(kw_only=True)
class EmployeeTransferred:
    """Somebody works elsewhere, as something else or for other hours from a day on."""

    employee: str
    department: str
    position: str
    day: date


@event(
    "hrm.pay-changed/1",
    lane=Lane.INFORMATION,
    key="employee",
    about=_EMPLOYEE,
    day="day",
    says=N_("the pay of employee {employee} changes on {day}"),
)
@frozen(kw_only=True)
class PayChanged:
    """Somebody's pay is another from a day on; what it is stays with HRM."""

    employee: str
    day: date


@event(
    "hrm.employee-left/1",
    lane=Lane.INFORMATION,
    key="employee",
    about=_EMPLOYEE,
    day="day",
    says=N_("employee {employee} left"),
)
@frozen(kw_only=True)
class EmployeeLeft:
    """Somebody's employment ended; the day is the last one."""

    employee: str
    day: date


@event(
    "hrm.leave-requested/1",
    lane=Lane.INFORMATION,
    key="employee",
    about=_LEAVE,
    says=N_("employee {employee} asked for leave from {first} to {last} ({request})"),
)
@frozen(kw_only=True)
class LeaveRequested:
    """Somebody wants to be away; what for stays with HRM."""

    employee: str
    request: str
    first: date
    last: date
    days: Decimal
    """Working days."""


@event(
    "hrm.leave-approved/1",
    lane=Lane.INFORMATION,
    key="employee",
    about=_LEAVE,
    says=N_("employee {employee} is on leave from {first} to {last} ({request})"),
)
@frozen(kw_only=True)
class LeaveApproved:
    """Somebody will be away."""

    employee: str
    request: str
    first: date
    last: date
    days: Decimal


@event(
    "hrm.leave-declined/1",
    lane=Lane.INFORMATION,
    key="employee",
    about=_LEAVE,
    says=N_("leave {request} of employee {employee} was declined"),
)
@frozen(kw_only=True)
class LeaveDeclined:
    """Somebody may not be away."""

    employee: str
    request: str


@event(
    "hrm.leave-cancelled/1",
    lane=Lane.INFORMATION,
    key="employee",
    about=_LEAVE,
    says=N_("leave {request} of employee {employee} was cancelled"),
)
@frozen(kw_only=True)
class LeaveCancelled:
    """Somebody will not be away after all; days that were taken for it are given back."""

    employee: str
    request: str


@event(
    "hrm.payroll-due/1",
    lane=Lane.CAPITAL,
    key="schedule",
    day="day",
    says=N_("the payroll of {period} is due"),
)
@frozen(kw_only=True)
class PayrollDue:
    """Timer: the pay day of a month has come."""

    schedule: str
    """The same for all months, so that their order is kept."""
    period: str
    """Year and month: ``2026-03``."""
    day: date


@event(
    "hrm.payroll-approved/1",
    lane=Lane.CAPITAL,
    key="run",
    about={"payroll": "run"},
    day="day",
    says=N_("payroll {run} of {period} was approved"),
)
@frozen(kw_only=True)
class PayrollApproved:
    """A payroll run was approved by another person than who made it; ERP posts it once."""

    run: str
    period: str
    day: date
    currency: str
    lines: tuple[PayrollLine, ...]
    corrects: str = ""
    """Number of the run that this one takes back, line by line."""
    payable: Decimal | None = None
    """What is to be paid out for it: net pay without what was paid for the same month before; None or zero is
    nothing."""


@event(
    "hrm.payroll-paid/1",
    lane=Lane.CAPITAL,
    key="run",
    about={"payroll": "run", "payout": "payout"},
    day="day",
    says=N_("payroll {run}: {amount} {currency} paid"),
)
@frozen(kw_only=True)
class PayrollPaid:
    """The net pay of a run has left us."""

    run: str
    day: date
    currency: str
    amount: Decimal
    place: Literal["bank", "clearing"]
    """Where it left from: our bank, or a payment gateway that holds our money."""
    payout: str = ""
    """Number of the payout; empty when it was paid by hand."""
