"""Types of leave, and the days that a year gives."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pydantic import Field
from sqlalchemy import bindparam, insert, or_, select

from fenbu.errors import AlreadyExists, NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Input, Reason, Title
from fenbu.work import Work
from fenbu_hrm import employees, leave_store
from fenbu_hrm.calendar import Month
from fenbu_hrm.errors import NotEmployed
from fenbu_hrm.inputs import EmployeeNumber, LeaveChange, LeaveDays, LeaveTypeCode, OwnLeaveType
from fenbu_hrm.leave_store import ADJUSTED, GRANT
from fenbu_hrm.tables import EMPLOYMENT, LEAVE_TYPE

_INSERT_TYPE = insert(LEAVE_TYPE)
_EMPLOYED = (
    select(EMPLOYMENT)
    .where(
        EMPLOYMENT.c.since < bindparam("ends", type_=EMPLOYMENT.c.since.type),
        or_(
            EMPLOYMENT.c.ends.is_(None), EMPLOYMENT.c.ends > bindparam("first", type_=EMPLOYMENT.c.ends.type)
        ),
    )
    .order_by(EMPLOYMENT.c.employee, EMPLOYMENT.c.since)
)


class LeaveType(Input):
    """A kind of leave."""

    leave_type: Code = Field(description="Its own code")
    title: Title
    days: LeaveDays = Field(description="What a whole year gives at full time")
    overdraw: bool = Field(False, description="Whether more may be taken than is left, as of sickness")


class GrantLeave(Input):
    """The days of a year, for one employee or for all who are employed in it."""

    leave_type: LeaveTypeCode
    year: int = Field(ge=1900, le=2999, description="Calendar year")
    employee: Code | None = Field(None, description="One employee; all who have not got them unless given")
    days: LeaveDays | None = Field(None, description="By the type and the months employed unless given")


class AdjustLeave(Input):
    """Days that somebody is given or loses beside those of the year."""

    employee: EmployeeNumber
    leave_type: OwnLeaveType
    year: int = Field(ge=1900, le=2999, description="Calendar year")
    days: LeaveChange = Field(description="Above zero given, below zero taken away")
    reason: Reason


def define_type(work: Work, wanted: LeaveType) -> dict[str, Any]:
    """Enter a kind of leave.

    Raises:
        AlreadyExists: The code is taken.
    """
    try:
        leave_store.find_type(work, wanted.leave_type)
    except NotFound:
        work.execute(
            _INSERT_TYPE,
            {
                "code": wanted.leave_type,
                "title": wanted.title,
                "days": wanted.days,
                "overdraw": wanted.overdraw,
            },
        )
        return {"leave_type": wanted.leave_type}
    raise AlreadyExists(_("type of leave"), wanted.leave_type)


def grant(work: Work, wanted: GrantLeave) -> dict[str, Any]:
    """Give the days of a year, once: to one employee, or to all who have not got them.

    Raises:
        NotFound: No such type or employee.
        NotEmployed: The one named is not employed in the year.
        AlreadyExists: The one named has got them.
    """
    leave_type = leave_store.find_type(work, wanted.leave_type)
    first, ends = date(wanted.year, 1, 1), date(wanted.year + 1, 1, 1)
    spells: dict[str, list[Any]] = {}
    for row in work.execute(_EMPLOYED, {"first": first, "ends": ends}):
        spells.setdefault(row.employee, []).append(row)
    has = leave_store.granted(work, leave_type.code, wanted.year)
    if wanted.employee is not None:
        employees.find(work, wanted.employee)
        if wanted.employee not in spells:
            raise NotEmployed(wanted.employee, first)
        if wanted.employee in has:
            told = _("{type} of {year} for {employee}").format(
                type=leave_type.code, year=wanted.year, employee=wanted.employee
            )
            raise AlreadyExists(_("grant"), told)
        spells = {wanted.employee: spells[wanted.employee]}
    given = Decimal(0)
    count = 0
    for employee in sorted(spells.keys() - has):
        days = (
            wanted.days
            if wanted.days is not None
            else entitlement(leave_type.days, wanted.year, spells[employee])
        )
        employees.lock(work, employee)
        leave_store.book(work, employee, leave_type, wanted.year, GRANT, days)
        given, count = given + days, count + 1
    return {"employees": count, "days": given}


def adjust(work: Work, wanted: AdjustLeave) -> dict[str, Any]:
    """Give somebody days beside those of the year, or take some away.

    Raises:
        NotFound: No such employee or type.
        LeaveTooLong: More are taken away than are left.
    """
    leave_type = leave_store.find_type(work, wanted.leave_type)
    employees.lock(work, wanted.employee)
    left = leave_store.book(
        work, wanted.employee, leave_type, wanted.year, ADJUSTED, wanted.days, reason=wanted.reason
    )
    return {"employee": wanted.employee, "left": left}


def entitlement(days: Decimal, year: int, spells: Iterable[Any]) -> Decimal:
    """Return what a year gives: a twelfth for each full month of employment, half days and more made whole.

    Args:
        days: What a whole year gives.
        year: The calendar year.
        spells: Employments with ``since`` and ``ends`` (the first day after, or None).

    Source: § 5 (1) and (2) of the German Federal Leave Act (BUrlG); Directive 2003/88/EC, article 7, leaves the
    way of counting to the member states.
    """
    held = list(spells)
    months = sum(1 for month in _months(year) if any(_covers(spell, month) for spell in held))
    if months == 12:
        return days
    return (days * months / 12).quantize(Decimal(1), ROUND_HALF_UP)


def _months(year: int) -> list[Month]:
    found = [Month.of(f"{year}-01")]
    while len(found) < 12:
        found.append(found[-1].next)
    return found


def _covers(spell: Any, month: Month) -> bool:
    return bool(spell.since <= month.first and (spell.ends is None or spell.ends >= month.ends))
