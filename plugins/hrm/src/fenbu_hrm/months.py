"""The payslips of a month, from what is known of people, components and settings; nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import bindparam, or_, select

from fenbu.contracts.hrm import PayrollLine
from fenbu.work import Work
from fenbu_hrm import calendar, components, departments
from fenbu_hrm.calendar import Month
from fenbu_hrm.component import DEDUCTION, EARNING, EMPLOYER
from fenbu_hrm.errors import NetBelowZero, NobodyPaid
from fenbu_hrm.payslips import ZERO, Line, Part, Payslip, Rules, calculate, days_in
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
