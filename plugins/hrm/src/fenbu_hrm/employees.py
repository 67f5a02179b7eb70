"""Employees: hired, sent elsewhere, paid otherwise, gone, here again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import bindparam, insert, select, update

from fenbu.actions import Consequence
from fenbu.contracts.hrm import EmployeeHired, EmployeeLeft, EmployeeTransferred, PayChanged
from fenbu.errors import AlreadyExists, FieldProblem, InputInvalid, NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input
from fenbu.values import plain
from fenbu.work import Work
from fenbu_hrm import history, leave_store, runs
from fenbu_hrm.errors import LeaveHeld, StillEmployed
from fenbu_hrm.inputs import (
    DepartmentCode,
    EmployeeNumber,
    Fte,
    Pay,
    PersonalDay,
    PersonalText,
    PersonalTitle,
    PositionCode,
)
from fenbu_hrm.lifecycles import EMPLOYEE as LIFECYCLE
from fenbu_hrm.lifecycles import EmployeeState
from fenbu_hrm.numbers import next_number
from fenbu_hrm.tables import EMPLOYEE

Basis = Literal["month", "hour"]
_A_DAY = timedelta(days=1)

_FACTS = ("name", "email", "born", "national_id", "bank_account", "operator")
_ONE = select(EMPLOYEE).where(EMPLOYEE.c.number == bindparam("wanted"))
_LOCKED = _ONE.with_for_update()
_INSERT = insert(EMPLOYEE)
_MOVE = update(EMPLOYEE).where(EMPLOYEE.c.number == bindparam("wanted")).values(state=bindparam("new_state"))
_CHANGE = (
    update(EMPLOYEE)
    .where(EMPLOYEE.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in _FACTS})
)


class Place(Input):
    """Where somebody works, as what, how much and for what."""

    department: DepartmentCode
    position: PositionCode
    fte: Fte = Field("1", description="Share of full time", validate_default=True)
    pay: Pay = Field(description="At full time, in the enterprise's currency")
    basis: Basis = Field("month", description="What the pay is for: a month or an hour")
    day: Day | None = Field(None, description="First day; today unless given")


class HireEmployee(Place):
    """Somebody who begins to work here."""

    employee: Code | None = Field(None, description="Number; the next of ours unless given")
    name: PersonalTitle
    email: PersonalText = ""
    born: PersonalDay | None = None
    national_id: PersonalText = ""
    bank_account: PersonalText = Field("", description="Where the net pay goes")
    operator: PersonalText = Field("", description="Name under which they work with this system, if they do")


class ChangeEmployee(Input):
    """What is to be another of the person; the rest stays."""

    employee: EmployeeNumber
    name: PersonalTitle | None = None
    email: PersonalText | None = None
    born: PersonalDay | None = None
    national_id: PersonalText | None = None
    bank_account: PersonalText | None = None
    operator: PersonalText | None = None


class TransferEmployee(Input):
    """Another department, position or share of full time from a day on; what is not named stays."""

    employee: EmployeeNumber
    department: DepartmentCode | None = None
    position: PositionCode | None = None
    fte: Fte | None = Field(None, description="Share of full time")
    day: Day | None = Field(None, description="First day; today unless given")


class RaiseEmployee(Input):
    """Another pay from a day on."""

    employee: EmployeeNumber
    pay: Pay = Field(description="At full time, in the enterprise's currency")
    basis: Basis | None = Field(
        None, description="What it is for: a month or an hour; as before unless given"
    )
    day: Day | None = Field(None, description="First day; today unless given")


class LeaveCompany(Input):
    """The end of an employment."""

    employee: EmployeeNumber
    last_day: Day | None = Field(None, description="Last day of the employment; today unless given")


class RehireEmployee(Place):
    """Somebody who has left and comes again."""

    employee: EmployeeNumber


def hire(work: Work, wanted: HireEmployee) -> dict[str, Any]:
    """Let somebody begin to work here.

    Raises:
        AlreadyExists: The number is taken.
        NotFound, DepartmentClosed: Nobody can work there.
    """
    number = wanted.employee or next_number(work, "employee")
    if work.execute(_ONE, {"wanted": number}).first() is not None:
        raise AlreadyExists(_("employee"), number)
    facts = {name: getattr(wanted, name) for name in _FACTS}
    work.execute(_INSERT, {"number": number, "state": EmployeeState.EMPLOYED, **facts})
    return _begin(work, number, wanted)


def rehire(work: Work, wanted: RehireEmployee) -> dict[str, Any]:
    """Let somebody who has left begin to work here again; the number and the history stay.

    Raises:
        NotFound, TransitionRefused: No such employee, or they have not left.
        StillEmployed: The day is before the end of the employment.
        DepartmentClosed: Nobody can work there.
    """
    row = lock(work, wanted.employee)
    state = LIFECYCLE.next(row.state, "rehire", row.number)
    before = history.employment(work, row.number)
    day = wanted.day or work.today
    if before is not None and (before.ends is None or day < before.ends):
        raise StillEmployed(row.number, (before.ends or day) - _A_DAY)
    work.execute(_MOVE, {"wanted": row.number, "new_state": state})
    return _begin(work, row.number, wanted)


def change(work: Work, wanted: ChangeEmployee) -> dict[str, Any]:
    """Correct what is known of a person.

    Raises:
        NotFound: No such employee.
    """
    row = lock(work, wanted.employee)
    given = {name: getattr(wanted, name) for name in _FACTS}
    values = {f"new_{name}": getattr(row, name) if value is None else value for name, value in given.items()}
    work.execute(_CHANGE, {"wanted": row.number, **values})
    return {"employee": row.number}


def transfer(work: Work, wanted: TransferEmployee) -> dict[str, Any]:
    """Let somebody work elsewhere, as something else, or for other hours, from a day on.

    Raises:
        InputInvalid: Nothing is named that is to be another.
        NotFound, TransitionRefused: No such employee, or they have left.
        NotEmployed, ChangeTooEarly, NothingChanges, DepartmentClosed: As `history.change` says.
    """
    others = {
        name: value
        for name in ("department", "position", "fte")
        if (value := getattr(wanted, name)) is not None
    }
    if not others:
        problem = FieldProblem("", _("name the department, position or fte that is to be another"))
        raise InputInvalid("hrm.employee.transfer", [problem])
    row = lock(work, wanted.employee)
    LIFECYCLE.next(row.state, "transfer", row.number)
    after = history.change(work, row.number, wanted.day or work.today, **others)
    work.publish(
        EmployeeTransferred(
            employee=row.number, department=after.department, position=after.position, day=after.since
        )
    )
    told = {"employee": row.number, "department": after.department, "position": after.position}
    return told | _already_paid(work, after.since)


def raise_pay(work: Work, wanted: RaiseEmployee) -> dict[str, Any]:
    """Pay somebody otherwise from a day on.

    Raises:
        NotFound, TransitionRefused: No such employee, or they have left.
        NotEmployed, ChangeTooEarly, NothingChanges: As `history.change` says.
    """
    row = lock(work, wanted.employee)
    LIFECYCLE.next(row.state, "raise", row.number)
    others: dict[str, Any] = {"pay": wanted.pay} | ({"basis": wanted.basis} if wanted.basis else {})
    after = history.change(work, row.number, wanted.day or work.today, **others)
    work.publish(PayChanged(employee=row.number, day=after.since))
    return {"employee": row.number, "since": after.since} | _already_paid(work, after.since)


def leave(work: Work, wanted: LeaveCompany) -> dict[str, Any]:
    """Let an employment end; what is known of the person stays.

    Raises:
        NotFound, TransitionRefused: No such employee, or they have left.
        NotEmployed, ChangeTooEarly: As `history.end` says.
        LeaveHeld: Leave is asked for or approved after the last day.
    """
    row = lock(work, wanted.employee)
    state = LIFECYCLE.next(row.state, "leave", row.number)
    day = wanted.last_day or work.today
    history.end(work, row.number, day + _A_DAY)
    if held := leave_store.after(work, row.number, day):
        raise LeaveHeld(row.number, held)
    work.execute(_MOVE, {"wanted": row.number, "new_state": state})
    work.publish(EmployeeLeft(employee=row.number, day=day))
    return {"employee": row.number, "last_day": day, "state": str(state)} | _already_paid(work, day + _A_DAY)


def preview_leave(work: Work, wanted: LeaveCompany) -> list[Consequence]:
    """Say what ends with an employment."""
    row = find(work, wanted.employee)
    day = wanted.last_day or work.today
    last = history.last(work, row.number)
    told = [Consequence(_("{employee} is employed up to and with").format(employee=row.number), str(day))]
    if last is not None:
        told.append(Consequence(_("leaves the department"), last.department))
    told += [
        Consequence(_("days of {type} of {year} are left").format(type=code, year=year), plain(days))
        for code, year, days in leave_store.balances(work, row.number)
        if days
    ]
    if held := leave_store.after(work, row.number, day):
        told.append(Consequence(_("leave after that day stands in the way"), ", ".join(held)))
    return told


def lock(work: Work, number: str) -> Any:
    """Return an employee's row, locked until the transaction ends.

    Raises:
        NotFound: No such employee.
    """
    return _found(work.execute(_LOCKED, {"wanted": number}).first(), number)


def find(work: Work, number: str) -> Any:
    """Return an employee's row; NotFound when there is none."""
    return _found(work.execute(_ONE, {"wanted": number}).first(), number)


def _found(row: Any, number: str) -> Any:
    if row is None:
        raise NotFound(_("employee"), number, _("fenbu show hrm.employees lists them"))
    return row


def _begin(work: Work, number: str, wanted: Place) -> dict[str, Any]:
    day: date = wanted.day or work.today
    history.begin(
        work,
        history.Assignment(
            employee=number,
            since=day,
            department=wanted.department,
            position=wanted.position,
            fte=wanted.fte,
            basis=wanted.basis,
            pay=wanted.pay,
        ),
    )
    work.publish(
        EmployeeHired(employee=number, department=wanted.department, position=wanted.position, day=day)
    )
    return {"employee": number, "since": day} | _already_paid(work, day)


def _already_paid(work: Work, day: date) -> dict[str, Any]:
    """Name the approved payrolls that a change from this day on comes too late for; a correction makes it good."""
    late = runs.approved_since(work, day)
    return {"payrolls_to_correct": late} if late else {}
