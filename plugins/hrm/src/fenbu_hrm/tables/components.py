"""Rows of the components of pay and their figures."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, table_of
from fenbu_hrm.tables.base import Base


class ComponentRow(Base, table=True):
    """A part of pay: how it is calculated, in which order, and to whom it is owed."""

    __tablename__: ClassVar[Any] = "hrm_component"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "earning", "deduction", "employer"),
        one_of("rule", "pay", "fixed", "percentage", "employee"),
        one_of("owed_to", "", "tax", "social_security", "other"),
        CheckConstraint("(kind = 'earning') = (owed_to = '')", name="owed"),
        Index("uq_hrm_component_rank", "rank", unique=True),
        STRICT,
    )

    code: str = columns.text(key=True)
    title: str = columns.text()
    kind: str = columns.text()
    rule: str = columns.text()
    owed_to: str = columns.text(default="")
    base: list[str] = columns.json()
    prorated: bool = columns.flag(default=True)
    rank: int = columns.whole()


class ComponentRateRow(Base, table=True):
    """The figures of a component from a day on."""

    __tablename__: ClassVar[Any] = "hrm_component_rate"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("rate >= 0", name="rate"),
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("ceiling >= 0", name="ceiling"),
        KEYED,
    )

    component: str = columns.text(key=True, references="hrm_component.code")
    since: date = columns.day(key=True)
    rate: Decimal | None = columns.rate(null=True)
    amount: Decimal | None = columns.money(null=True)
    ceiling: Decimal | None = columns.money(null=True)


class EmployeeAmountRow(Base, table=True):
    """What somebody gets or has withheld of a component each month, from a day on; zero ends it."""

    __tablename__: ClassVar[Any] = "hrm_employee_amount"
    __table_args__: ClassVar[Any] = (CheckConstraint("amount >= 0", name="amount"), KEYED)

    employee: str = columns.text(key=True, references="hrm_employee.number")
    component: str = columns.text(key=True, references="hrm_component.code")
    since: date = columns.day(key=True)
    amount: Decimal = columns.money(personal=True)


COMPONENT = table_of(ComponentRow)
COMPONENT_RATE = table_of(ComponentRateRow)
EMPLOYEE_AMOUNT = table_of(EmployeeAmountRow)
