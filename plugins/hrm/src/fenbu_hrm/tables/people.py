"""Rows of departments, positions, people and their history."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, table_of
from fenbu_hrm.lifecycles import DepartmentState, EmployeeState
from fenbu_hrm.tables.base import Base


class DepartmentRow(Base, table=True):
    """A part of the enterprise; parts have parts."""

    __tablename__: ClassVar[Any] = "hrm_department"
    __table_args__: ClassVar[Any] = (
        one_of("state", *DepartmentState),
        CheckConstraint("parent <> code", name="parent"),
        STRICT,
    )

    code: str = columns.text(key=True)
    title: str = columns.text()
    parent: str | None = columns.text(null=True, references="hrm_department.code")
    cost_centre: str = columns.text(default="")
    state: str = columns.text(default="open")


class PositionRow(Base, table=True):
    """What somebody works as."""

    __tablename__: ClassVar[Any] = "hrm_position"

    code: str = columns.text(key=True)
    title: str = columns.text()


class EmployeeRow(Base, table=True):
    """Somebody who works or has worked here: the row that is locked for all of their history."""

    __tablename__: ClassVar[Any] = "hrm_employee"
    __table_args__: ClassVar[Any] = (
        one_of("state", *EmployeeState),
        Index("ix_hrm_employee_state", "state", "number"),
        STRICT,
    )

    number: str = columns.text(key=True)
    state: str = columns.text()
    name: str = columns.text(personal=True)
    email: str = columns.text(default="", personal=True)
    born: date | None = columns.day(null=True, personal=True)
    national_id: str = columns.text(default="", personal=True)
    bank_account: str = columns.text(default="", personal=True)
    operator: str = columns.text(default="", personal=True)


class EmploymentRow(Base, table=True):
    """From when to when somebody was employed; again after having left."""

    __tablename__: ClassVar[Any] = "hrm_employment"
    __table_args__: ClassVar[Any] = (CheckConstraint("ends > since", name="ends"), KEYED)

    employee: str = columns.text(key=True, references="hrm_employee.number")
    since: date = columns.day(key=True)
    ends: date | None = columns.day(null=True)


class AssignmentRow(Base, table=True):
    """Where somebody works, as what, how much and for what pay, from a day on."""

    __tablename__: ClassVar[Any] = "hrm_assignment"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("ends > since", name="ends"),
        one_of("basis", "month", "hour"),
        CheckConstraint("fte > 0", name="fte"),
        CheckConstraint("pay >= 0", name="pay"),
        Index("ix_hrm_assignment_department", "department", "since"),
        KEYED,
    )

    employee: str = columns.text(key=True, references="hrm_employee.number")
    since: date = columns.day(key=True)
    ends: date | None = columns.day(null=True)
    department: str = columns.text(references="hrm_department.code")
    position: str = columns.text(references="hrm_position.code")
    fte: Decimal = columns.quantity()
    basis: str = columns.text()
    pay: Decimal = columns.price(personal=True)


DEPARTMENT = table_of(DepartmentRow)
POSITION = table_of(PositionRow)
EMPLOYEE = table_of(EmployeeRow)
EMPLOYMENT = table_of(EmploymentRow)
ASSIGNMENT = table_of(AssignmentRow)
