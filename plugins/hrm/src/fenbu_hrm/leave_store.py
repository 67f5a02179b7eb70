"""Balances of leave and the ledger they follow from; both change under the lock of the employee's row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_hrm.errors import LeaveTooLong
from fenbu_hrm.lifecycles import LeaveState
from fenbu_hrm.tables import LEAVE_BALANCE, LEAVE_DAYS, LEAVE_ENTRY, LEAVE_REQUEST, LEAVE_TYPE

ZERO = Decimal(0)
GRANT, TAKEN, RETURNED, ADJUSTED = "grant", "taken", "returned", "adjusted"
STANDING = (LeaveState.REQUESTED, LeaveState.APPROVED)
"""States of requests that may not overlap."""


def _of(table: Any) -> Any:
    return (
        table.c.employee == bindparam("of_employee"),
        table.c.leave_type == bindparam("of_type"),
        table.c.year == bindparam("of_year"),
    )


_TYPE = select(LEAVE_TYPE).where(LEAVE_TYPE.c.code == bindparam("wanted"))
_BALANCE = select(LEAVE_BALANCE.c.days).where(*_of(LEAVE_BALANCE))
_BALANCES = (
    select(LEAVE_BALANCE.c.leave_type, LEAVE_BALANCE.c.year, LEAVE_BALANCE.c.days)
    .where(LEAVE_BALANCE.c.employee == bindparam("wanted"))
    .order_by(LEAVE_BALANCE.c.leave_type, LEAVE_BALANCE.c.year)
)
_OPEN = insert(LEAVE_BALANCE)
_SET = update(LEAVE_BALANCE).where(*_of(LEAVE_BALANCE)).values(days=bindparam("new_days"))
_ENTER = insert(LEAVE_ENTRY)
_GRANTED = select(LEAVE_ENTRY.c.employee).where(
    LEAVE_ENTRY.c.kind == GRANT,
    LEAVE_ENTRY.c.leave_type == bindparam("of_type"),
    LEAVE_ENTRY.c.year == bindparam("of_year"),
)
_ASKED = (
    select(
        func.coalesce(
            func.sum(LEAVE_DAYS.c.days, type_=LEAVE_DAYS.c.days.type), 0, type_=LEAVE_DAYS.c.days.type
        )
    )
    .join_from(LEAVE_DAYS, LEAVE_REQUEST, LEAVE_REQUEST.c.number == LEAVE_DAYS.c.request)
    .where(
        LEAVE_REQUEST.c.employee == bindparam("of_employee"),
        LEAVE_REQUEST.c.leave_type == bindparam("of_type"),
        LEAVE_REQUEST.c.state == LeaveState.REQUESTED,
        LEAVE_DAYS.c.year == bindparam("of_year"),
    )
)
_STANDING = select(LEAVE_REQUEST).where(
    LEAVE_REQUEST.c.employee == bindparam("wanted"), LEAVE_REQUEST.c.state.in_(STANDING)
)
_OVERLAPPING = (
    _STANDING.where(
        LEAVE_REQUEST.c.first <= bindparam("last_day", type_=LEAVE_REQUEST.c.first.type),
        LEAVE_REQUEST.c.last >= bindparam("first_day", type_=LEAVE_REQUEST.c.last.type),
    )
    .order_by(LEAVE_REQUEST.c.first)
    .limit(1)
)
_AFTER = _STANDING.where(LEAVE_REQUEST.c.last > bindparam("day", type_=LEAVE_REQUEST.c.last.type)).order_by(
    LEAVE_REQUEST.c.number
)


def find_type(work: Work, code: str) -> Any:
    """Return a type of leave; NotFound when there is none."""
    row = work.execute(_TYPE, {"wanted": code}).first()
    if row is None:
        raise NotFound(_("type of leave"), code, _("fenbu show hrm.leave-types lists them"))
    return row


def book(
    work: Work,
    employee: str,
    leave_type: Any,
    year: int,
    kind: str,
    days: Decimal,
    *,
    document: str = "",
    reason: str = "",
) -> Decimal:
    """Write days to the ledger and return what is left of the year then.

    Args:
        work: The caller has locked the employee.
        employee: Number.
        leave_type: Row of the type.
        year: Of which they are.
        kind: ``grant``, ``taken``, ``returned`` or ``adjusted``.
        days: Above zero given, below it taken.
        document: Number of the request, where there is one.
        reason: For people.

    Raises:
        LeaveTooLong: The balance would be below zero, and the type does not allow it.
    """
    key = {"of_employee": employee, "of_type": leave_type.code, "of_year": year}
    known: Decimal | None = work.execute(_BALANCE, key).scalar()
    left = (known or ZERO) + days
    if left < 0 and not leave_type.overdraw:
        raise LeaveTooLong(employee, leave_type.code, year, -days, known or ZERO)
    where = {"employee": employee, "leave_type": leave_type.code, "year": year}
    work.execute(
        _ENTER,
        where
        | {
            "kind": kind,
            "days": days,
            "document": document,
            "reason": reason,
            "entered_at": work.now,
            "entered_by": work.actor.name,
        },
    )
    if known is None:
        work.execute(_OPEN, where | {"days": left, "overdraw": leave_type.overdraw})
    else:
        work.execute(_SET, key | {"new_days": left})
    return left


def require_left(work: Work, employee: str, leave_type: Any, year: int, days: Decimal) -> None:
    """Refuse to ask for more than is left when what is asked for already is approved.

    Raises:
        LeaveTooLong: Says what is left and what is asked for.
    """
    if leave_type.overdraw:
        return
    key = {"of_employee": employee, "of_type": leave_type.code, "of_year": year}
    left: Decimal = work.execute(_BALANCE, key).scalar() or ZERO
    asked: Decimal = work.execute(_ASKED, key).scalar_one()
    if days > left - asked:
        raise LeaveTooLong(employee, leave_type.code, year, days, left, asked)


def granted(work: Work, leave_type: str, year: int) -> frozenset[str]:
    """Return those who have been given the days of a year."""
    return frozenset(work.execute(_GRANTED, {"of_type": leave_type, "of_year": year}).scalars())


def overlapping(work: Work, employee: str, first: date, last: date) -> Any:
    """Return a standing request that shares a day with these; None when there is none."""
    return work.execute(_OVERLAPPING, {"wanted": employee, "first_day": first, "last_day": last}).first()


def after(work: Work, employee: str, day: date) -> Sequence[str]:
    """Return the numbers of standing requests that reach beyond a day."""
    return [row.number for row in work.execute(_AFTER, {"wanted": employee, "day": day})]


def balances(work: Work, employee: str) -> Sequence[tuple[str, int, Decimal]]:
    """Return what somebody has left: type, year, days."""
    return [tuple(row) for row in work.execute(_BALANCES, {"wanted": employee})]
