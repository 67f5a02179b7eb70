"""Views of departments and people: who works where, since when, how many on which day."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, case, func, literal, or_, select

from fenbu import looks
from fenbu.i18n import N_
from fenbu.tables import QuantityType
from fenbu.views import Column, Kind, Related, View
from fenbu.work import Work
from fenbu_hrm import references
from fenbu_hrm.tables import ASSIGNMENT, DEPARTMENT, EMPLOYEE, EMPLOYMENT, POSITION

_D, _P, _E, _A, _S = DEPARTMENT.c, POSITION.c, EMPLOYEE.c, ASSIGNMENT.c, EMPLOYMENT.c


def _running(table: Any, today: Any) -> Any:
    return and_(table.since <= today, or_(table.ends.is_(None), table.ends > today))


def _departments(work: Work) -> Select[Any]:
    """Departments with those who work there today."""
    today = literal(work.today, _A.since.type)
    here = (
        select(
            _A.department,
            func.count().label("headcount"),
            func.sum(_A.fte, type_=_A.fte.type).label("fte"),
        )
        .where(_running(_A, today))
        .group_by(_A.department)
        .subquery()
    )
    return select(
        _D.code.label("department"),
        _D.title,
        _D.parent,
        _D.cost_centre,
        _D.state,
        func.coalesce(here.c.headcount, 0).label("headcount"),
        func.coalesce(here.c.fte, 0, type_=_A.fte.type).label("fte"),
    ).select_from(DEPARTMENT.outerjoin(here, here.c.department == _D.code))


def _employees(work: Work) -> Select[Any]:
    """Employees, each with the assignment that began last."""
    last = select(_A.employee, func.max(_A.since).label("since")).group_by(_A.employee).subquery()
    begun = select(_S.employee, func.max(_S.since).label("since")).group_by(_S.employee).subquery()
    today = literal(work.today, _A.since.type)
    return select(
        _E.number.label("employee"),
        _E.name,
        _E.state,
        case((_running(_S, today), 1), else_=0).label("here"),
        _A.department,
        _A.position,
        _A.fte,
        _S.since,
        _S.ends,
        _E.email,
        _E.born,
        _E.national_id,
        _E.bank_account,
        _E.operator,
    ).select_from(
        EMPLOYEE.join(last, last.c.employee == _E.number)
        .join(ASSIGNMENT, and_(_A.employee == last.c.employee, _A.since == last.c.since))
        .join(begun, begun.c.employee == _E.number)
        .join(EMPLOYMENT, and_(_S.employee == begun.c.employee, _S.since == begun.c.since))
    )


DEPARTMENTS = View(
    name="hrm.departments",
    title=N_("Departments"),
    help=N_("Parts of the enterprise, with those who work there today."),
    query=_departments,
    columns=(
        Column("department", N_("Department")),
        Column("title", N_("Title")),
        references.department("parent", N_("Part of")),
        Column("cost_centre", N_("Cost centre")),
        looks.state("state", N_("State")),
        looks.number("headcount", N_("People")),
        looks.quantity("fte", N_("Full time"), unit=None),
    ),
    key=("department",),
    record="department",
    filters=("department", "title", "parent", "cost_centre", "state", "headcount"),
    state="state",
    lifecycle="fenbu_hrm.lifecycles:DEPARTMENT",
    actions=("hrm.department.change", "hrm.department.close", "hrm.department.reopen"),
    related=(
        Related("hrm.departments", "parent", "department", N_("Its parts")),
        Related("hrm.assignments", "department", "department", N_("Who works there")),
        Related("hrm.headcount", "department", "department", N_("How many, by day")),
        Related("hrm.payroll-cost", "department", "department", N_("What they cost")),
    ),
)

POSITIONS = View(
    name="hrm.positions",
    title=N_("Positions"),
    query=looks.always(select(_P.code.label("position"), _P.title)),
    columns=(Column("position", N_("Position", "of an employee")), Column("title", N_("Title"))),
    key=("position",),
    record="position",
    filters=("position", "title"),
    related=(Related("hrm.assignments", "position", "position", N_("Who works as that")),),
)

EMPLOYEES = View(
    name="hrm.employees",
    title=N_("Employees"),
    help=N_("Those who work or have worked here, with what was entered last of their history."),
    query=_employees,
    columns=(
        Column("employee", N_("Employee")),
        Column("name", N_("Name"), personal=True),
        looks.state("state", N_("State")),
        Column("here", N_("Here today"), Kind.YES_NO),
        references.department(),
        Column("position", N_("Position", "of an employee"), ref="hrm.positions"),
        looks.quantity("fte", N_("Full time"), unit=None),
        looks.day("since", N_("Employed from")),
        looks.day("ends", N_("No longer from")),
        Column("email", N_("E-mail"), personal=True),
        Column("born", N_("Born"), Kind.DAY, personal=True),
        Column("national_id", N_("National number"), personal=True),
        Column("bank_account", N_("Bank account"), personal=True),
        Column("operator", N_("Operator"), personal=True),
    ),
    key=("employee",),
    record="employee",
    filters=("employee", "state", "here", "department", "position", "since", "ends"),
    state="state",
    lifecycle="fenbu_hrm.lifecycles:EMPLOYEE",
    actions=(
        "hrm.employee.change",
        "hrm.employee.transfer",
        "hrm.employee.raise",
        "hrm.employee.leave",
        "hrm.employee.rehire",
        "hrm.leave.request",
        "hrm.component.assign",
    ),
    related=(
        Related("hrm.assignments", "employee", "employee", N_("History")),
        Related("hrm.employments", "employee", "employee", N_("Employments")),
        Related("hrm.leave-balances", "employee", "employee", N_("Leave left")),
        Related("hrm.leave-requests", "employee", "employee", N_("Leave asked for")),
        Related("hrm.employee-amounts", "employee", "employee", N_("Own amounts")),
        Related("hrm.payslips", "employee", "employee", N_("Payslips")),
    ),
)

EMPLOYMENTS = View(
    name="hrm.employments",
    title=N_("Employments"),
    help=N_("From when to when somebody was employed."),
    query=looks.always(select(_S.employee, _S.since, _S.ends)),
    columns=(
        references.employee(),
        looks.day("since", N_("From")),
        looks.day("ends", N_("No longer from")),
    ),
    key=("employee", "since"),
    record="employee",
    filters=("employee", "since", "ends"),
)

ASSIGNMENTS = View(
    name="hrm.assignments",
    title=N_("History of assignments"),
    help=N_("Where somebody works, as what, how much and for what pay, from a day on."),
    query=looks.always(
        select(_A.employee, _A.since, _A.ends, _A.department, _A.position, _A.fte, _A.basis, _A.pay)
    ),
    columns=(
        references.employee(),
        looks.day("since", N_("From")),
        looks.day("ends", N_("No longer from")),
        references.department(),
        Column("position", N_("Position", "of an employee"), ref="hrm.positions"),
        looks.quantity("fte", N_("Full time"), unit=None),
        Column("pay", N_("Pay"), Kind.PRICE, personal=True),
        Column("basis", N_("For a")),
    ),
    key=("employee", "since"),
    record="employee",
    filters=("employee", "since", "ends", "department", "position", "fte", "basis"),
)

# A coming is one more from that day on, a going one less; a raise in one department is both, and nothing.
_COMING = select(_A.department, _A.since.label("day"), literal(1).label("people"), _A.fte.label("fte"))
_GOING = select(_A.department, _A.ends, literal(-1), -_A.fte).where(_A.ends.is_not(None))
_BOTH = _COMING.union_all(_GOING).subquery()
_CHANGES = (
    select(
        _BOTH.c.department,
        _BOTH.c.day,
        func.sum(_BOTH.c.people).label("people"),
        func.sum(_BOTH.c.fte, type_=QuantityType()).label("fte"),
    )
    .group_by(_BOTH.c.department, _BOTH.c.day)
    .having(or_(func.sum(_BOTH.c.people) != 0, func.sum(_BOTH.c.fte) != 0))
    .subquery()
)


def _running_sum(column: Any, kind: Any = None) -> Any:
    return func.sum(column, type_=kind).over(partition_by=_CHANGES.c.department, order_by=_CHANGES.c.day)


_COUNTED = select(
    _CHANGES.c.department,
    _CHANGES.c.day,
    _CHANGES.c.people.label("change"),
    _running_sum(_CHANGES.c.people).label("headcount"),
    _running_sum(_CHANGES.c.fte, QuantityType()).label("fte"),
).subquery()

HEADCOUNT = View(
    name="hrm.headcount",
    title=N_("Headcount by department and day"),
    help=N_("How many work in a department from a day on, until the next day on which that changes."),
    query=looks.always(
        select(
            _COUNTED.c.department,
            _COUNTED.c.day,
            _COUNTED.c.change,
            _COUNTED.c.headcount,
            _COUNTED.c.fte,
        )
    ),
    columns=(
        references.department(),
        looks.day("day", N_("From")),
        looks.number("change", N_("More or less")),
        looks.number("headcount", N_("People")),
        looks.quantity("fte", N_("Full time"), unit=None),
    ),
    key=("department", "day"),
    record="department",
    filters=("department", "day", "headcount"),
)

PEOPLE_VIEWS = (DEPARTMENTS, POSITIONS, EMPLOYEES, EMPLOYMENTS, ASSIGNMENTS, HEADCOUNT)
