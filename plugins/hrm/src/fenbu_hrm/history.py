"""What was true of an employee from a day on: intervals that follow each other and never overlap.

History is written forwards. A second change on the day of the last one belongs to it; a change of an earlier
day is refused, because payslips and others have been told of what came after.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from attrs import asdict, evolve, frozen
from sqlalchemy import bindparam, insert, select, update

from fenbu.work import Work
from fenbu_hrm import departments, positions
from fenbu_hrm.errors import ChangeTooEarly, NotEmployed, NothingChanges
from fenbu_hrm.tables import ASSIGNMENT, EMPLOYMENT

_LAST = (
    select(ASSIGNMENT)
    .where(ASSIGNMENT.c.employee == bindparam("wanted"))
    .order_by(ASSIGNMENT.c.since.desc())
    .limit(1)
)
_LAST_EMPLOYMENT = (
    select(EMPLOYMENT)
    .where(EMPLOYMENT.c.employee == bindparam("wanted"))
    .order_by(EMPLOYMENT.c.since.desc())
    .limit(1)
)
_SPELLS = select(EMPLOYMENT.c.since, EMPLOYMENT.c.ends).where(EMPLOYMENT.c.employee == bindparam("wanted"))
_INSERT = insert(ASSIGNMENT)
_INSERT_EMPLOYMENT = insert(EMPLOYMENT)


def _of(table: Any) -> Any:
    return update(table).where(
        table.c.employee == bindparam("wanted"), table.c.since == bindparam("begun", type_=table.c.since.type)
    )


_END = _of(ASSIGNMENT).values(ends=bindparam("new_ends"))
_END_EMPLOYMENT = _of(EMPLOYMENT).values(ends=bindparam("new_ends"))
_AMENDED = ("department", "position", "fte", "basis", "pay")
_AMEND = _of(ASSIGNMENT).values({name: bindparam(f"new_{name}") for name in _AMENDED})


@frozen(kw_only=True)
class Assignment:
    """Where somebody works, as what, how much and for what, from a day on."""

    employee: str
    since: date
    ends: date | None = None
    """The first day on which it is so no longer."""
    department: str
    position: str
    fte: Decimal
    basis: str
    """``month`` or ``hour``: what `pay` is for, at full time."""
    pay: Decimal


@frozen
class Employment:
    """From when to when somebody is employed."""

    employee: str
    since: date
    ends: date | None


def begin(work: Work, assignment: Assignment) -> None:
    """Let an employment begin with its first assignment; that nothing overlaps is the caller's to know.

    Raises:
        NotFound, DepartmentClosed: Nobody can work there.
    """
    departments.require(work, assignment.department)
    positions.require(work, assignment.position)
    work.execute(
        _INSERT_EMPLOYMENT, {"employee": assignment.employee, "since": assignment.since, "ends": None}
    )
    work.execute(_INSERT, asdict(assignment))


def change(work: Work, employee: str, day: date, **others: Any) -> Assignment:
    """Let something be another from a day on, and return how it is then.

    Args:
        work: The caller has locked the employee.
        employee: Number.
        day: First day on which it is so.
        others: What is another; the rest stays.

    Raises:
        NotEmployed: The employment has not begun or has ended by then.
        ChangeTooEarly: Something has changed after that day already.
        NothingChanges: It is all so already.
        NotFound, DepartmentClosed: Nobody can work there.
    """
    before = last(work, employee)
    if before is None or (before.ends is not None and before.ends <= day):
        raise NotEmployed(employee, day)
    if day < before.since:
        began = employment(work, employee)
        if began is None or day < began.since:
            raise NotEmployed(employee, day)
        raise ChangeTooEarly(employee, day, before.since)
    after = evolve(before, **others)
    if after == before:
        raise NothingChanges(employee)
    if (after.department, after.position) != (before.department, before.position):
        departments.require(work, after.department)
        positions.require(work, after.position)
    key = {"wanted": employee, "begun": before.since}
    if day == before.since:
        work.execute(_AMEND, key | {f"new_{name}": getattr(after, name) for name in _AMENDED})
        return after
    work.execute(_END, key | {"new_ends": day})
    after = evolve(after, since=day)
    work.execute(_INSERT, asdict(after))
    return after


def end(work: Work, employee: str, day: date) -> None:
    """Let the employment end before a day.

    Raises:
        NotEmployed: It has not begun by then.
        ChangeTooEarly: Something changes on that day or later.
    """
    running, assigned = employment(work, employee), last(work, employee)
    if running is None or assigned is None or running.ends is not None or day <= running.since:
        raise NotEmployed(employee, day)
    if day <= assigned.since:
        raise ChangeTooEarly(employee, day, assigned.since)
    work.execute(_END, {"wanted": employee, "begun": assigned.since, "new_ends": day})
    work.execute(_END_EMPLOYMENT, {"wanted": employee, "begun": running.since, "new_ends": day})


def last(work: Work, employee: str) -> Assignment | None:
    """Return the assignment that began last; None when there was never one."""
    row = work.execute(_LAST, {"wanted": employee}).first()
    return None if row is None else Assignment(**row._mapping)


def employment(work: Work, employee: str) -> Employment | None:
    """Return the employment that began last; None when there was never one."""
    row = work.execute(_LAST_EMPLOYMENT, {"wanted": employee}).first()
    return None if row is None else Employment(**row._mapping)


def employed_throughout(work: Work, employee: str, first: date, last_day: date) -> bool:
    """Say whether somebody is employed on each day from the first to the last."""
    return any(
        row.since <= first and (row.ends is None or row.ends > last_day)
        for row in work.execute(_SPELLS, {"wanted": employee})
    )
