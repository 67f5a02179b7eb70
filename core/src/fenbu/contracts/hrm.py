"""Human resource management: people at work, leave, payroll.

Events carry employee numbers, never names or pay of one person.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from attrs import frozen

from fenbu.events import Lane, event
from fenbu.i18n import N_


@frozen(kw_only=True)
class PayrollLine:
    """One component of a payroll run, summed over a department."""

    department: str
    component: str
    """``gross``, ``tax``, ``social_security``, ``employer_share``, ``net`` …"""
    amount: Decimal


@event(
    "hrm.employee-hired/1",
    lane=Lane.INFORMATION,
    key="employee",
    about={"employee": "employee"},
    day="day",
    says=N_("employee {employee} joined {department}"),
)
@frozen(kw_only=True)
class EmployeeHired:
    """Somebody began to work here."""

    employee: str
    department: str
    position: str
    day: date


@event(
    "hrm.employee-left/1",
    lane=Lane.INFORMATION,
    key="employee",
    about={"employee": "employee"},
    day="day",
    says=N_("employee {employee} left"),
)
@frozen(kw_only=True)
class EmployeeLeft:
    """Somebody's employment ended."""

    employee: str
    day: date


@event(
    "hrm.payroll-approved/1",
    lane=Lane.CAPITAL,
    key="run",
    about={"payroll": "run"},
    day="day",
    says=N_("payroll {run} was approved"),
)
@frozen(kw_only=True)
class PayrollApproved:
    """A payroll run was approved by another person than who made it; ERP posts it once."""

    run: str
    period: str
    day: date
    currency: str
    lines: tuple[PayrollLine, ...]
