"""Rows of public holidays and leave."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, partial, table_of
from fenbu_hrm.lifecycles import LeaveState
from fenbu_hrm.tables.base import Base


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
        partial(
            "uq_hrm_leave_entry_grant", "employee", "leave_type", "year", where="kind = 'grant'", unique=True
        ),
        STRICT,
    )

    id: int | None = columns.serial(key=True, default=None)
    employee: str = columns.text(references="hrm_employee.number")
    leave_type: str = columns.text(references="hrm_leave_type.code", personal=True)
    year: int = columns.whole()
    kind: str = columns.text()
    days: Decimal = columns.quantity()
    document: str = columns.text(default="")
    reason: str = columns.text(default="", personal=True)
    entered_at: datetime = columns.moment()
    entered_by: str = columns.text()


class LeaveRequestRow(Base, table=True):
    """Somebody wants to be away."""

    __tablename__: ClassVar[Any] = "hrm_leave_request"
    __table_args__: ClassVar[Any] = (
        one_of("state", *LeaveState),
        CheckConstraint("last >= first", name="last"),
        CheckConstraint("days > 0", name="days"),
        Index("ix_hrm_leave_request_employee", "employee", "first"),
        Index("ix_hrm_leave_request_state", "state", "number"),
        STRICT,
    )

    number: str = columns.text(key=True)
    employee: str = columns.text(references="hrm_employee.number")
    leave_type: str = columns.text(references="hrm_leave_type.code", personal=True)
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
    note: str = columns.text(default="", personal=True)


class LeaveDaysRow(Base, table=True):
    """How many working days of a request fall into a year."""

    __tablename__: ClassVar[Any] = "hrm_leave_days"
    __table_args__: ClassVar[Any] = (CheckConstraint("days > 0", name="days"), KEYED)

    request: str = columns.text(key=True, references="hrm_leave_request.number")
    year: int = columns.whole(key=True)
    days: Decimal = columns.quantity()


HOLIDAY = table_of(HolidayRow)
LEAVE_TYPE = table_of(LeaveTypeRow)
LEAVE_BALANCE = table_of(LeaveBalanceRow)
LEAVE_ENTRY = table_of(LeaveEntryRow)
LEAVE_REQUEST = table_of(LeaveRequestRow)
LEAVE_DAYS = table_of(LeaveDaysRow)
