"""Leave: asked for, approved by another person, declined, cancelled."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field, model_validator
from sqlalchemy import bindparam, insert, select, update

from fenbu import approvals
from fenbu.contracts.hrm import LeaveApproved, LeaveCancelled, LeaveDeclined, LeaveRequested
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Day, Input, Reason
from fenbu.work import Work
from fenbu_hrm import calendar, employees, history, leave_store
from fenbu_hrm.errors import LeaveOutside, LeaveOverlaps, LeaveWithoutWork
from fenbu_hrm.inputs import EmployeeNumber, OwnLeaveType, PersonalText, RequestNumber
from fenbu_hrm.leave_store import RETURNED, TAKEN
from fenbu_hrm.lifecycles import LEAVE as LIFECYCLE
from fenbu_hrm.lifecycles import LeaveState
from fenbu_hrm.numbers import next_number
from fenbu_hrm.tables import LEAVE_DAYS, LEAVE_REQUEST

HALF = Decimal("0.5")
_A_DAY = timedelta(days=1)

_ONE = select(LEAVE_REQUEST).where(LEAVE_REQUEST.c.number == bindparam("wanted"))
_LOCKED = _ONE.with_for_update()
_DAYS = select(LEAVE_DAYS).where(LEAVE_DAYS.c.request == bindparam("wanted")).order_by(LEAVE_DAYS.c.year)
_INSERT = insert(LEAVE_REQUEST)
_INSERT_DAYS = insert(LEAVE_DAYS)
_DECIDE = (
    update(LEAVE_REQUEST)
    .where(LEAVE_REQUEST.c.number == bindparam("wanted"))
    .values(
        state=bindparam("new_state"),
        decided_at=bindparam("new_at"),
        decided_by=bindparam("new_by"),
        note=bindparam("new_note"),
    )
)


class RequestLeave(Input):
    """Days on which somebody wants to be away."""

    employee: EmployeeNumber
    leave_type: OwnLeaveType = Field("annual", description="Code, as hrm.leave-types shows it")
    first: Day = Field(description="First day")
    last: Day | None = Field(None, description="Last day; the first unless given")
    half_day: bool = Field(False, description="Half of one day")
    reason: PersonalText = ""

    @model_validator(mode="after")
    def _in_order(self) -> RequestLeave:
        if self.last is not None and self.last < self.first:
            raise ValueError(_("the last day is before the first"))
        if self.half_day and self.last not in (None, self.first):
            raise ValueError(_("half of one day has one day"))
        return self


class LeaveRef(Input):
    """A request for leave."""

    request: RequestNumber


class EndLeave(LeaveRef):
    """A request for leave that comes to nothing."""

    reason: Reason


def request(work: Work, wanted: RequestLeave) -> dict[str, Any]:
    """Ask for leave; the days are counted now, by weekend and public holidays.

    Raises:
        NotFound: No such employee or type.
        LeaveOutside: The employee is not employed all the time.
        LeaveOverlaps: Other leave shares a day with it.
        LeaveWithoutWork: Nobody works on these days.
        LeaveTooLong: More than is left when all that is asked for is approved.
    """
    leave_type = leave_store.find_type(work, wanted.leave_type)
    employee = employees.lock(work, wanted.employee)
    first, last = wanted.first, wanted.last or wanted.first
    if not history.employed_throughout(work, employee.number, first, last):
        raise LeaveOutside(employee.number, first, last)
    if (other := leave_store.overlapping(work, employee.number, first, last)) is not None:
        raise LeaveOverlaps(employee.number, other.number, other.first, other.last)
    counted = calendar.by_year(calendar.working_days(work, first, last + _A_DAY))
    if not counted:
        raise LeaveWithoutWork(first, last)
    days = {year: HALF if wanted.half_day else Decimal(count) for year, count in counted.items()}
    for year, many in days.items():
        leave_store.require_left(work, employee.number, leave_type, year, many)
    number = next_number(work, "leave")
    total = sum(days.values(), Decimal(0))
    work.execute(
        _INSERT,
        {
            "number": number,
            "employee": employee.number,
            "leave_type": leave_type.code,
            "first": first,
            "last": last,
            "half_day": wanted.half_day,
            "days": total,
            "state": LeaveState.REQUESTED,
            "reason": wanted.reason,
            "requested_at": work.now,
            "requested_by": work.actor.name,
        },
    )
    work.execute(
        _INSERT_DAYS, [{"request": number, "year": year, "days": many} for year, many in days.items()]
    )
    work.publish(LeaveRequested(employee=employee.number, request=number, first=first, last=last, days=total))
    return {"request": number, "days": total}


def approve(work: Work, wanted: LeaveRef) -> dict[str, Any]:
    """Let somebody be away; the days are taken from the balance.

    Raises:
        NotFound, TransitionRefused: No such request, or it is decided.
        SamePerson: The actor has asked for it, or is the one who wants to be away.
        LeaveTooLong: More days than are left.
    """
    row, employee = _lock(work, wanted.request)
    state = LIFECYCLE.next(row.state, "approve", row.number)
    concerned = [(row.requested_by, _("has asked for it")), (employee.operator, _("would be away"))]
    approvals.require_another(work.actor, row.number, concerned)
    leave_type = leave_store.find_type(work, row.leave_type)
    for part in work.execute(_DAYS, {"wanted": row.number}).all():
        leave_store.book(work, row.employee, leave_type, part.year, TAKEN, -part.days, document=row.number)
    _decide(work, row.number, state)
    work.publish(
        LeaveApproved(
            employee=row.employee, request=row.number, first=row.first, last=row.last, days=row.days
        )
    )
    return {"request": row.number, "state": str(state), "days": row.days}


def decline(work: Work, wanted: EndLeave) -> dict[str, Any]:
    """Let somebody not be away.

    Raises:
        NotFound, TransitionRefused: No such request, or it is decided.
    """
    row, _employee = _lock(work, wanted.request)
    state = LIFECYCLE.next(row.state, "decline", row.number)
    _decide(work, row.number, state, wanted.reason)
    work.publish(LeaveDeclined(employee=row.employee, request=row.number))
    return {"request": row.number, "state": str(state)}


def cancel(work: Work, wanted: EndLeave) -> dict[str, Any]:
    """Call leave off; days that were taken for it are given back.

    Raises:
        NotFound, TransitionRefused: No such request, or it is declined or cancelled.
    """
    row, _employee = _lock(work, wanted.request)
    state = LIFECYCLE.next(row.state, "cancel", row.number)
    if row.state == LeaveState.APPROVED:
        leave_type = leave_store.find_type(work, row.leave_type)
        for part in work.execute(_DAYS, {"wanted": row.number}).all():
            leave_store.book(
                work, row.employee, leave_type, part.year, RETURNED, part.days, document=row.number
            )
    _decide(work, row.number, state, wanted.reason)
    work.publish(LeaveCancelled(employee=row.employee, request=row.number))
    return {"request": row.number, "state": str(state)}


def _lock(work: Work, number: str) -> tuple[Any, Any]:
    """Return a request and its employee, both locked, the employee first."""
    row = work.execute(_ONE, {"wanted": number}).first()
    if row is None:
        raise NotFound(_("request for leave"), number, _("fenbu show hrm.leave-requests lists them"))
    employee = employees.lock(work, row.employee)
    return work.execute(_LOCKED, {"wanted": number}).one(), employee


def _decide(work: Work, number: str, state: LeaveState, note: str = "") -> None:
    work.execute(
        _DECIDE,
        {
            "wanted": number,
            "new_state": state,
            "new_at": work.now,
            "new_by": work.actor.name,
            "new_note": note,
        },
    )
