"""Rows of what may be sold, and to whom."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import STRICT, one_of, table_of
from fenbu_crm.lifecycles import LeadState, OpportunityState
from fenbu_crm.tables.base import Base


class LeadRow(Base, table=True):
    """Somebody who might become a customer."""

    __tablename__: ClassVar[Any] = "crm_lead"
    __table_args__: ClassVar[Any] = (
        one_of("state", *LeadState),
        one_of("kind", "company", "person"),
        CheckConstraint("(state = 'lost') = (reason <> '')", name="reason"),
        CheckConstraint("(state = 'converted') = (customer IS NOT NULL)", name="customer"),
        Index("ix_crm_lead_state", "state"),
        STRICT,
    )

    number: str = columns.text(key=True)
    state: str = columns.text()
    kind: str = columns.text()
    name: str = columns.text(personal=True)
    contact: str = columns.text(default="", personal=True)
    email: str = columns.text(default="", personal=True)
    phone: str = columns.text(default="", personal=True)
    source: str = columns.text()
    interest: str = columns.text(default="")
    owner: str = columns.text()
    reason: str = columns.text(default="")
    customer: str | None = columns.text(null=True, references="crm_customer.number")
    opportunity: str = columns.text(default="")
    entered_at: datetime = columns.moment()
    ended_at: datetime | None = columns.moment(null=True)


class OpportunityRow(Base, table=True):
    """Something that a customer may buy."""

    __tablename__: ClassVar[Any] = "crm_opportunity"
    __table_args__: ClassVar[Any] = (
        one_of("state", *OpportunityState),
        CheckConstraint("(state = 'lost') = (reason <> '')", name="reason"),
        CheckConstraint("(state IN ('won', 'lost')) = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("amount >= 0", name="amount"),
        Index("ix_crm_opportunity_state", "state", "close_on"),
        Index("ix_crm_opportunity_customer", "customer"),
        STRICT,
    )

    number: str = columns.text(key=True)
    customer: str = columns.text(references="crm_customer.number")
    state: str = columns.text()
    title: str = columns.text()
    currency: str = columns.text()
    amount: Decimal = columns.money()
    close_on: date = columns.day()
    owner: str = columns.text()
    lead: str = columns.text(default="")
    order_number: str = columns.text(default="")
    reason: str = columns.text(default="")
    opened_at: datetime = columns.moment()
    ended_at: datetime | None = columns.moment(null=True)


LEAD = table_of(LeadRow)
OPPORTUNITY = table_of(OpportunityRow)
