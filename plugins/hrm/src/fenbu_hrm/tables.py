"""Rows of human resources: columns, keys, CHECKs, indexes; no rules.

What was true of somebody from a day on is an interval ``since ≤ day < ends``; an interval without end goes on.
Amounts are in the enterprise's currency.

Invariants that the database holds (triggers are made by the migration):

- Intervals of one employee do not overlap, neither employments nor assignments.
- A balance of leave is not below zero unless its type allows it.
- The ledger of leave and the steps of a payroll are written once; a payslip of an approved run does not change.
- A month has one regular run that counts, a run one correction that counts.

Locks are taken in one order everywhere: the employee's row, then balances, then runs, then the number series.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, Index, text

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, table_of, tables

if TYPE_CHECKING:
    from fenbu.tables import ModuleTable as Base
else:
    Base = tables("hrm")

_COUNTS = "kind = 'regular' AND state NOT IN ('discarded', 'reversed')"
_CORRECTS = "kind = 'correction' AND state <> 'discarded'"


# --- where people work, and as what ---------------------------------------------------------------------


class DepartmentRow(Base, table=True):
    """A part of the enterprise; parts have parts."""

    __tablename__: ClassVar[Any] = "hrm_department"
    __table_args__: ClassVar[Any] = (
        one_of("state", "open", "closed"),
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


# --- people ---------------------------------------------------------------------------------------------


class EmployeeRow(Base, table=True):
    """Somebody who works or has worked here: the row that is locked for all of their history."""

    __tablename__: ClassVar[Any] = "hrm_employee"
    __table_args__: ClassVar[Any] = (
        one_of("state", "employed", "left"),
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


# --- leave ----------------------------------------------------------------------------------------------


class HolidayRow(Base, table=True):
    """A public holiday."""

    __tablename__: ClassVar[Any] = "hrm_holiday"

    day: date = columns.day(key=True)
    title: str = columns.text()


class LeaveTypeRow(Base, table=True):
    """A kind of leave, and how many days of it a year gives."""

    __tablename__: ClassVar[Any] = "hrm_leave_type"
    __table_args__: ClassVar[Any] = (CheckConstraint("days >= 0", name="days"), STRICT)

    code: str = columns.text(key=True)
    title: str = columns.text()
    days: Decimal = columns.quantity()
    overdraw: bool = columns.flag(default=False)


class LeaveBalanceRow(Base, table=True):
    """Days of a kind of leave that somebody has left of a year."""

    __tablename__: ClassVar[Any] = "hrm_leave_balance"
    __table_args__: ClassVar[Any] = (CheckConstraint("days >= 0 OR overdraw = 1", name="days"), KEYED)

    employee: str = columns.text(key=True, references="hrm_employee.number")
    leave_type: str = columns.text(key=True, references="hrm_leave_type.code")
    year: int = columns.whole(key=True)
    days: Decimal = columns.quantity()
    overdraw: bool = columns.flag()


class LeaveEntryRow(Base, table=True):
    """Days granted, taken or given back: the ledger that balances follow from."""

    __tablename__: ClassVar[Any] = "hrm_leave_entry"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "grant", "taken", "returned", "adjusted"),
        CheckConstraint("(kind = 'taken') = (days < 0) OR kind = 'adjusted'", name="sign"),
        Index("ix_hrm_leave_entry_balance", "employee", "leave_type", "year"),
        Index(
            "uq_hrm_leave_entry_grant",
            "employee",
            "leave_type",
            "year",
            unique=True,
            sqlite_where=text("kind = 'grant'"),
            postgresql_where=text("kind = 'grant'"),
        ),
        STRICT,
    )

    id: int | None = columns.serial(key=True, default=None)
    employee: str = columns.text(references="hrm_employee.number")
    leave_type: str = columns.text(references="hrm_leave_type.code")
    year: int = columns.whole()
    kind: str = columns.text()
    days: Decimal = columns.quantity()
    document: str = columns.text(default="")
    reason: str = columns.text(default="")
    entered_at: datetime = columns.moment()
    entered_by: str = columns.text()


class LeaveRequestRow(Base, table=True):
    """Somebody wants to be away."""

    __tablename__: ClassVar[Any] = "hrm_leave_request"
    __table_args__: ClassVar[Any] = (
        one_of("state", "requested", "approved", "declined", "cancelled"),
        CheckConstraint("last >= first", name="last"),
        CheckConstraint("days > 0", name="days"),
        Index("ix_hrm_leave_request_employee", "employee", "first"),
        Index("ix_hrm_leave_request_state", "state", "number"),
        STRICT,
    )

    number: str = columns.text(key=True)
    employee: str = columns.text(references="hrm_employee.number")
    leave_type: str = columns.text(references="hrm_leave_type.code")
    first: date = columns.day()
    last: date = columns.day()
    half_day: bool = columns.flag(default=False)
    days: Decimal = columns.quantity()
    state: str = columns.text()
    reason: str = columns.text(default="", personal=True)
    requested_at: datetime = columns.moment()
    requested_by: str = columns.text()
    decided_at: datetime | None = columns.moment(null=True)
    decided_by: str = columns.text(default="")
    note: str = columns.text(default="")


class LeaveDaysRow(Base, table=True):
    """How many working days of a request fall into a year."""

    __tablename__: ClassVar[Any] = "hrm_leave_days"
    __table_args__: ClassVar[Any] = (CheckConstraint("days > 0", name="days"), KEYED)

    request: str = columns.text(key=True, references="hrm_leave_request.number")
    year: int = columns.whole(key=True)
    days: Decimal = columns.quantity()


# --- pay ------------------------------------------------------------------------------------------------


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


class PayrollRow(Base, table=True):
    """A payroll run of a month, or one that takes another back."""

    __tablename__: ClassVar[Any] = "hrm_payroll"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "regular", "correction"),
        one_of("state", "draft", "calculated", "reviewed", "approved", "reversed", "discarded"),
        one_of("payment", "none", "due", "requested", "failed", "paid"),
        CheckConstraint("(kind = 'correction') = (corrects IS NOT NULL)", name="corrects"),
        CheckConstraint("net = gross - deductions", name="net"),
        CheckConstraint("payable >= 0", name="payable"),
        Index(
            "uq_hrm_payroll_period",
            "period",
            unique=True,
            sqlite_where=text(_COUNTS),
            postgresql_where=text(_COUNTS),
        ),
        Index(
            "uq_hrm_payroll_corrects",
            "corrects",
            unique=True,
            sqlite_where=text(_CORRECTS),
            postgresql_where=text(_CORRECTS),
        ),
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


DEPARTMENT = table_of(DepartmentRow)
POSITION = table_of(PositionRow)
EMPLOYEE = table_of(EmployeeRow)
EMPLOYMENT = table_of(EmploymentRow)
ASSIGNMENT = table_of(AssignmentRow)
HOLIDAY = table_of(HolidayRow)
LEAVE_TYPE = table_of(LeaveTypeRow)
LEAVE_BALANCE = table_of(LeaveBalanceRow)
LEAVE_ENTRY = table_of(LeaveEntryRow)
LEAVE_REQUEST = table_of(LeaveRequestRow)
LEAVE_DAYS = table_of(LeaveDaysRow)
COMPONENT = table_of(ComponentRow)
COMPONENT_RATE = table_of(ComponentRateRow)
EMPLOYEE_AMOUNT = table_of(EmployeeAmountRow)
PAYROLL = table_of(PayrollRow)
PAYROLL_STEP = table_of(PayrollStepRow)
PAYSLIP = table_of(PayslipRow)
PAYSLIP_LINE = table_of(PayslipLineRow)
