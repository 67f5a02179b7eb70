"""Refusals of human resources, beside those of the language (`fenbu.errors`).

::

    Refused
    ├── DepartmentClosed       nobody is sent to a closed department
    ├── DepartmentInUse        people work there, or parts of it are open
    ├── DepartmentCircle       a department would be a part of itself
    ├── NotEmployed            on that day somebody does not work here
    ├── StillEmployed          somebody who is here cannot come again
    ├── ChangeTooEarly         history is written forwards
    ├── NothingChanges         everything is so already
    ├── LeaveOutside           leave reaches beyond the employment
    ├── LeaveOverlaps          somebody is away already
    ├── LeaveWithoutWork       nobody works on those days anyway
    ├── LeaveTooLong           more days than are left
    ├── LeaveHeld              somebody who goes has leave after the last day
    ├── ComponentUnclear       the rule of a component and its figures do not fit
    ├── ComponentInUse         what payslips name stays what it is
    ├── PeriodTaken            the month has its run already
    ├── NobodyPaid             nobody was employed in the month
    ├── NetBelowZero           deductions are more than pay
    ├── PayrollStale           what was reviewed is not what would be paid now
    ├── NotCorrectable         a run that takes another back, or whose correction is under way
    ├── NothingToPay           a run of which nothing is owed to anybody
    └── NotByHand              a payment module pays it
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from attrs import field, frozen

from fenbu.errors import Refused
from fenbu.i18n import _
from fenbu.values import plain


def _names(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


@frozen(eq=False)
class DepartmentClosed(Refused):
    """People are sent to a department that is closed."""

    department: str

    def __str__(self) -> str:
        return _("the department {department} is closed").format(department=self.department)

    @property
    def hint(self) -> str:
        return _("fenbu do hrm.department.reopen, or name another: fenbu show hrm.departments")


@frozen(eq=False)
class DepartmentInUse(Refused):
    """A department cannot be closed yet."""

    department: str
    people: int
    parts: Sequence[str] = field(default=(), converter=_names)

    def __str__(self) -> str:
        if self.parts:
            return _("{department} has open parts: {parts}").format(
                department=self.department, parts=", ".join(self.parts)
            )
        return _("{people} people work in {department}, or will").format(
            people=self.people, department=self.department
        )

    @property
    def hint(self) -> str:
        if self.parts:
            return _("close them first")
        return _("send them elsewhere first: fenbu do hrm.employee.transfer")


@frozen(eq=False)
class DepartmentCircle(Refused):
    """A department would be a part of itself."""

    department: str
    parent: str

    def __str__(self) -> str:
        return _("{parent} is a part of {department}, so {department} cannot be a part of it").format(
            parent=self.parent, department=self.department
        )

    @property
    def hint(self) -> str:
        return _("fenbu show hrm.departments shows what is part of what")


@frozen(eq=False)
class NotEmployed(Refused):
    """Something is to happen to somebody who does not work here on that day."""

    employee: str
    day: date

    def __str__(self) -> str:
        return _("{employee} is not employed on {day}").format(employee=self.employee, day=self.day)

    @property
    def hint(self) -> str:
        return _("fenbu show hrm.assignments --where employee={employee} shows their history").format(
            employee=self.employee
        )


@frozen(eq=False)
class StillEmployed(Refused):
    """Somebody comes again who has not gone by then."""

    employee: str
    until: date

    def __str__(self) -> str:
        return _("{employee} is employed up to {until} and can come again after it only").format(
            employee=self.employee, until=self.until
        )

    @property
    def hint(self) -> str:
        return _("name a later day; to change department, position or hours: fenbu do hrm.employee.transfer")


@frozen(eq=False)
class ChangeTooEarly(Refused):
    """A change is dated before the last one."""

    employee: str
    day: date
    since: date

    def __str__(self) -> str:
        return _("something of {employee} has changed on {since}; a change on {day} comes too late").format(
            employee=self.employee, since=self.since, day=self.day
        )

    @property
    def hint(self) -> str:
        return _("history is written forwards: name {since} or a later day").format(since=self.since)


@frozen(eq=False)
class NothingChanges(Refused):
    """A change would leave everything as it is."""

    employee: str

    def __str__(self) -> str:
        return _("nothing would change for {employee}").format(employee=self.employee)

    @property
    def hint(self) -> str:
        return _("name what is to be another")


@frozen(eq=False)
class LeaveOutside(Refused):
    """Leave is asked for days on which somebody does not work here."""

    employee: str
    first: date
    last: date

    def __str__(self) -> str:
        return _("{employee} is not employed all the time from {first} to {last}").format(
            employee=self.employee, first=self.first, last=self.last
        )

    @property
    def hint(self) -> str:
        return _("ask for days of the employment only")


@frozen(eq=False)
class LeaveOverlaps(Refused):
    """Somebody is away already, or has asked to be."""

    employee: str
    request: str
    first: date
    last: date

    def __str__(self) -> str:
        return _("{request} of {employee} goes from {first} to {last} already").format(
            request=self.request, employee=self.employee, first=self.first, last=self.last
        )

    @property
    def hint(self) -> str:
        return _("cancel it first: fenbu do hrm.leave.cancel, or ask for other days")


@frozen(eq=False)
class LeaveWithoutWork(Refused):
    """All days asked for are free."""

    first: date
    last: date

    def __str__(self) -> str:
        return _("nobody works from {first} to {last}").format(first=self.first, last=self.last)

    @property
    def hint(self) -> str:
        return _("weekends are in the settings, public holidays in: fenbu show hrm.holidays")


@frozen(eq=False)
class LeaveTooLong(Refused):
    """More days of leave are wanted than are left."""

    employee: str
    leave_type: str
    year: int
    wanted: Decimal
    left: Decimal
    asked: Decimal = Decimal(0)
    """Of these, what other requests that nobody has decided ask for."""

    def __str__(self) -> str:
        told = _("{employee} has {left} days of {type} left of {year}, {wanted} are wanted")
        if self.asked:
            told = _(
                "{employee} has {left} days of {type} left of {year}, {asked} are asked for, {wanted} more wanted"
            )
        return told.format(
            employee=self.employee,
            left=plain(self.left),
            type=self.leave_type,
            year=self.year,
            wanted=plain(self.wanted),
            asked=plain(self.asked),
        )

    @property
    def hint(self) -> str:
        return _("fenbu do hrm.leave.grant gives a year's days, hrm.leave.adjust others")


@frozen(eq=False)
class LeaveHeld(Refused):
    """Somebody goes and has leave after the last day."""

    employee: str
    requests: Sequence[str] = field(converter=_names)

    def __str__(self) -> str:
        return _("{employee} has leave after that day: {requests}").format(
            employee=self.employee, requests=", ".join(self.requests)
        )

    @property
    def hint(self) -> str:
        return _("cancel it first: fenbu do hrm.leave.cancel")


@frozen(eq=False)
class ComponentUnclear(Refused):
    """The rule of a component wants other figures."""

    component: str
    problem: str

    def __str__(self) -> str:
        return f"{self.component}: {self.problem}"

    @property
    def hint(self) -> str:
        return _("fenbu show hrm.components shows rules and figures")


@frozen(eq=False)
class ComponentInUse(Refused):
    """A figure of a component is to change for a month whose payroll is approved."""

    component: str
    since: date
    run: str

    def __str__(self) -> str:
        return _("{component} cannot change from {since}: the payroll {run} is approved").format(
            component=self.component, since=self.since, run=self.run
        )

    @property
    def hint(self) -> str:
        return _("name a day after that month, or take the run back first: fenbu do hrm.payroll.correct")


@frozen(eq=False)
class PeriodTaken(Refused):
    """A month has a run that counts."""

    period: str
    run: str
    state: str

    def __str__(self) -> str:
        return _("{period} has the payroll {run}, which is {state}").format(
            period=self.period, run=self.run, state=_(self.state)
        )

    @property
    def hint(self) -> str:
        if self.state == "approved":
            return _("take it back first: fenbu do hrm.payroll.correct")
        return _("calculate that one again, or discard it: fenbu do hrm.payroll.discard")


@frozen(eq=False)
class NobodyPaid(Refused):
    """There is nobody to pay in a month."""

    period: str

    def __str__(self) -> str:
        return _("nobody is employed in {period}").format(period=self.period)

    @property
    def hint(self) -> str:
        return _("fenbu show hrm.headcount shows who worked when")


@frozen(eq=False)
class NetBelowZero(Refused):
    """Somebody would get less than nothing."""

    employees: Sequence[str] = field(converter=_names)

    def __str__(self) -> str:
        return _("more would be withheld than earned from {employees}").format(
            employees=", ".join(self.employees[:5]) + (" …" if len(self.employees) > 5 else "")
        )

    @property
    def hint(self) -> str:
        return _("lower their amounts for this month: fenbu do hrm.component.assign")


@frozen(eq=False)
class PayrollStale(Refused):
    """History, amounts or settings have changed since a run was calculated."""

    run: str
    differing: int

    def __str__(self) -> str:
        return _("{run} is out of date: {differing} payslips would be others now").format(
            run=self.run, differing=self.differing
        )

    @property
    def hint(self) -> str:
        return _("calculate and review it again: fenbu do hrm.payroll.calculate")


@frozen(eq=False)
class NotCorrectable(Refused):
    """A run cannot be taken back (again)."""

    run: str
    reason: str

    def __str__(self) -> str:
        return _("{run} cannot be taken back: {reason}").format(run=self.run, reason=self.reason)

    @property
    def hint(self) -> str:
        return _("fenbu show hrm.payrolls shows which run corrects which")


@frozen(eq=False)
class NothingToPay(Refused):
    """A run owes nothing to anybody: it is not approved, or takes another back."""

    run: str
    state: str

    def __str__(self) -> str:
        return _("nothing of {run} is to be paid: it is {state}").format(run=self.run, state=_(self.state))

    @property
    def hint(self) -> str:
        return _("fenbu show hrm.payrolls tells what is to be paid")


@frozen(eq=False)
class NotByHand(Refused):
    """What a payment module pays is not paid by hand."""

    run: str
    payout: str

    def __str__(self) -> str:
        return _("{run} is paid by {payout}").format(run=self.run, payout=self.payout)

    @property
    def hint(self) -> str:
        return _("fenbu show payments.payouts {payout} tells how far that is").format(payout=self.payout)
