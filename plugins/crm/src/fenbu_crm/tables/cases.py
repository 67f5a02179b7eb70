"""Rows of what customers ask."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, partial, table_of
from fenbu_crm.lifecycles import CaseState
from fenbu_crm.tables.base import Base


class CaseRow(Base, table=True):
    """Something that a customer wants to be answered."""

    __tablename__: ClassVar[Any] = "crm_case"
    __table_args__: ClassVar[Any] = (
        one_of("state", *CaseState),
        CheckConstraint("(state IN ('open', 'reopened')) = (due_at IS NOT NULL)", name="due"),
        CheckConstraint("overdue = 0 OR due_at IS NOT NULL", name="overdue"),
        partial("ix_crm_case_due", "due_at", where="due_at IS NOT NULL"),
        Index("ix_crm_case_customer", "customer"),
        STRICT,
    )

    number: str = columns.text(key=True)
    customer: str = columns.text(references="crm_customer.number")
    state: str = columns.text()
    title: str = columns.text(personal=True)
    order_number: str = columns.text(default="")
    owner: str = columns.text()
    due_at: datetime | None = columns.moment(null=True)
    overdue: bool = columns.flag(default=False)
    promised_at: datetime = columns.moment()
    answered_at: datetime | None = columns.moment(null=True)
    opened_at: datetime = columns.moment()
    entries: int = columns.whole(default=1)


class CaseEntryRow(Base, table=True):
    """What was said in a case, and by whom."""

    __tablename__: ClassVar[Any] = "crm_case_entry"
    __table_args__: ClassVar[Any] = (KEYED,)

    case_number: str = columns.text(key=True, references="crm_case.number")
    entry: int = columns.whole(key=True)
    verb: str = columns.text()
    text: str = columns.text(personal=True)
    said_at: datetime = columns.moment()
    noted_by: str = columns.text()


CASE = table_of(CaseRow)
CASE_ENTRY = table_of(CaseEntryRow)
