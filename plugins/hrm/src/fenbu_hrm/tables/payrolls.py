"""Rows of payroll runs and payslips."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, partial, table_of
from fenbu_hrm.lifecycles import PaymentState, PayrollState
from fenbu_hrm.tables.base import Base

_COUNTS = "kind = 'regular' AND state NOT IN ('discarded', 'reversed')"
_CORRECTS = "kind = 'correction' AND state <> 'discarded'"


class PayrollRow(Base, table=True):
    """A payroll run of a month, or one that takes another back."""

    __tablename__: ClassVar[Any] = "hrm_payroll"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "regular", "correction"),
        one_of("state", *PayrollState),
        one_of("payment", *PaymentState),
        CheckConstraint("(kind = 'correction') = (corrects IS NOT NULL)", name="corrects"),
        CheckConstraint("net = gross - deductions", name="net"),
        CheckConstraint("payable >= 0", name="payable"),
        partial("uq_hrm_payroll_period", "period", where=_COUNTS, unique=True),
        partial("uq_hrm_payroll_corrects", "corrects", where=_CORRECTS, unique=True),
        Index("ix_hrm_payroll_day", "day", "number"),
        STRICT,
    )

    number: str = columns.text(key=True)
    period: str = columns.text()
    kind: str = columns.text()
    corrects: str | None = columns.text(null=True, references="hrm_payroll.number")
    state: str = columns.text()
    day: date = columns.day()
    employees: int = columns.whole(default=0)
    gross: Decimal = columns.money()
    deductions: Decimal = columns.money()
    employer: Decimal = columns.money()
    net: Decimal = columns.money()
    payable: Decimal = columns.money()
    problem: str = columns.text(default="")
    entry: str = columns.text(default="")
    posted_on: date | None = columns.day(null=True)
    payment: str = columns.text(default="none")
    payout: str = columns.text(default="")
    paid_on: date | None = columns.day(null=True)
    opened_at: datetime = columns.moment()
    opened_by: str = columns.text()


class PayrollStepRow(Base, table=True):
    """Who did what to a run: whoever made or reviewed it does not approve it."""

    __tablename__: ClassVar[Any] = "hrm_payroll_step"
    __table_args__: ClassVar[Any] = (
        one_of("verb", "open", "calculate", "correct", "review", "approve", "discard"),
        KEYED,
    )

    run: str = columns.text(key=True, references="hrm_payroll.number")
    position: int = columns.whole(key=True)
    verb: str = columns.text()
    actor: str = columns.text()
    at: datetime = columns.moment()
    note: str = columns.text(default="")


class PayslipRow(Base, table=True):
    """What a run comes to for one employee."""

    __tablename__: ClassVar[Any] = "hrm_payslip"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("net = gross - deductions", name="net"),
        CheckConstraint("payable >= 0", name="payable"),
        Index("ix_hrm_payslip_employee", "employee", "run"),
        KEYED,
    )

    run: str = columns.text(key=True, references="hrm_payroll.number")
    employee: str = columns.text(key=True, references="hrm_employee.number")
    gross: Decimal = columns.money(personal=True)
    deductions: Decimal = columns.money(personal=True)
    employer: Decimal = columns.money(personal=True)
    net: Decimal = columns.money(personal=True)
    payable: Decimal = columns.money(personal=True)


class PayslipLineRow(Base, table=True):
    """One component of a payslip in one department."""

    __tablename__: ClassVar[Any] = "hrm_payslip_line"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "earning", "deduction", "employer"),
        one_of("owed_to", "", "tax", "social_security", "other"),
        CheckConstraint("days >= 0 AND days <= of_days", name="days"),
        KEYED,
    )

    run: str = columns.text(key=True, references="hrm_payroll.number")
    employee: str = columns.text(key=True, references="hrm_employee.number")
    line: int = columns.whole(key=True)
    component: str = columns.text(references="hrm_component.code")
    kind: str = columns.text()
    owed_to: str = columns.text(default="")
    department: str = columns.text(references="hrm_department.code")
    cost_centre: str = columns.text(default="")
    days: int = columns.whole()
    of_days: int = columns.whole()
    amount: Decimal = columns.money(personal=True)


PAYROLL = table_of(PayrollRow)
PAYROLL_STEP = table_of(PayrollStepRow)
PAYSLIP = table_of(PayslipRow)
PAYSLIP_LINE = table_of(PayslipLineRow)
