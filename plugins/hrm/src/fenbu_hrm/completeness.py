"""Which people have what working here and being paid ask for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, or_, select

from fenbu.completeness import Completeness, Counted, counted
from fenbu.i18n import N_
from fenbu.work import Work
from fenbu_hrm.lifecycles import DepartmentState
from fenbu_hrm.tables import ASSIGNMENT, DEPARTMENT, EMPLOYEE, EMPLOYMENT

_E = EMPLOYEE.c
_TODAY: Any = bindparam("today", type_=EMPLOYMENT.c.since.type)


def _running(columns: Any) -> Any:
    return (columns.since <= _TODAY, or_(columns.ends.is_(None), columns.ends > _TODAY))


_EMPLOYED = select(_E.number).where(
    _E.number.in_(select(EMPLOYMENT.c.employee).where(*_running(EMPLOYMENT.c)))
)
_ASSIGNMENTS = select(ASSIGNMENT.c.employee).where(
    ASSIGNMENT.c.employee == _E.number, *_running(ASSIGNMENT.c)
)
_PAID = _ASSIGNMENTS.where(ASSIGNMENT.c.pay > 0)
_DEPARTMENTS = select(DEPARTMENT.c.code).where(DEPARTMENT.c.state == DepartmentState.OPEN)


def employees_placed(work: Work) -> Counted:
    """Count the employees with a department and a position."""
    return counted(work, _EMPLOYED, ~_ASSIGNMENTS.exists(), {"today": work.today})


def employees_paid(work: Work) -> Counted:
    """Count the employees whose pay is agreed."""
    return counted(work, _EMPLOYED, ~_PAID.exists(), {"today": work.today})


def employees_payable(work: Work) -> Counted:
    """Count the employees to whom money can be sent."""
    return counted(work, _EMPLOYED, _E.bank_account == "", {"today": work.today})


def departments_costed(work: Work) -> Counted:
    """Count the departments that are booked apart."""
    return counted(work, _DEPARTMENTS, DEPARTMENT.c.cost_centre == "")


COMPLETENESS = (
    Completeness(
        name="hrm.employees_placed",
        title=N_("Employees with a department"),
        definition=N_("Of those employed today, those with department and position today."),
        count=employees_placed,
        drill="hrm.employees",
        repair=N_("fenbu do hrm.employee.transfer"),
    ),
    Completeness(
        name="hrm.employees_paid",
        title=N_("Employees with a pay"),
        definition=N_("Of those employed today, those whose assignment of today has a pay above nothing."),
        count=employees_paid,
        drill="hrm.employees",
        repair=N_("fenbu do hrm.employee.raise"),
    ),
    Completeness(
        name="hrm.employees_payable",
        title=N_("Employees with a bank account"),
        definition=N_("Of those employed today, those whose bank account is known."),
        count=employees_payable,
        drill="hrm.employees",
        repair=N_("fenbu do hrm.employee.change"),
    ),
    Completeness(
        name="hrm.departments_costed",
        title=N_("Departments with a cost centre"),
        definition=N_("Of open departments, those with a cost centre for the books."),
        count=departments_costed,
        drill="hrm.departments",
        repair=N_("fenbu do hrm.department.change"),
    ),
)
