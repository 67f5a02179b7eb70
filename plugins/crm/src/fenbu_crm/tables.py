"""Rows of customer relations: columns, keys, CHECKs, indexes; no rules.

Others speak of a customer by several names: its number, the number of its account, the number of a record that
was merged with it. Each such name is a *party* (``account ACME``, ``customer C-000001``) and belongs to one
customer at a time. What others tell is kept by party, so that it need not be rewritten, nor come later, when
somebody finds out whose account it is.

Invariants that the database holds (triggers are made by the migration):

- An account belongs to at most one customer, and a customer that was merged has none.
- What was said about consent is written once.
- A credit limit is not below zero; what is expected of an opportunity neither.
- An answer is due exactly while a case is open or reopened.

Locks are taken in one order everywhere: customers by number, then what hangs on them, then the number series.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.events import Lane
from fenbu.tables import KEYED, STRICT, one_of, partial, table_of, tables
from fenbu_crm.lifecycles import CaseState, ConsentState, CustomerState, LeadState, OpportunityState

if TYPE_CHECKING:
    from fenbu.tables import ModuleTable as Base
else:
    Base = tables("crm")


# --- customers ------------------------------------------------------------------------------------------


class CustomerRow(Base, table=True):
    """A person or company that buys or may buy; buyers who give no name are one customer together."""

    __tablename__: ClassVar[Any] = "crm_customer"
    __table_args__: ClassVar[Any] = (
        one_of("kind", "company", "person", "walk_in"),
        one_of("state", *CustomerState),
        one_of("origin", "own", "account"),
        CheckConstraint("(state = 'merged') = (merged_into <> '')", name="merged"),
        CheckConstraint("state = 'active' OR account IS NULL", name="account"),
        Index("ix_crm_customer_state", "state", "kind"),
        STRICT,
    )

    number: str = columns.text(key=True)
    kind: str = columns.text()
    state: str = columns.text(default="active")
    origin: str = columns.text()
    account: str | None = columns.text(null=True, unique=True)
    name: str = columns.text(default="", personal=True)
    merged_into: str = columns.text(default="")
    revision: int = columns.whole(default=1)
    registered_at: datetime = columns.moment()
    registered_by: str = columns.text()


class PartyRow(Base, table=True):
    """A name under which others speak of a customer."""

    __tablename__: ClassVar[Any] = "crm_party"
    __table_args__: ClassVar[Any] = (Index("ix_crm_party_customer", "customer"), KEYED)

    party: str = columns.text(key=True)
    customer: str = columns.text(references="crm_customer.number")


class ContactRow(Base, table=True):
    """Somebody to talk to at a customer."""

    __tablename__: ClassVar[Any] = "crm_contact"
    __table_args__: ClassVar[Any] = (KEYED,)

    customer: str = columns.text(key=True, references="crm_customer.number")
    contact: int = columns.whole(key=True)
    name: str = columns.text(personal=True)
    role: str = columns.text(default="")
    email: str = columns.text(default="", personal=True)
    phone: str = columns.text(default="", personal=True)


class AddressRow(Base, table=True):
    """Where a customer is, or wants goods or letters."""

    __tablename__: ClassVar[Any] = "crm_address"
    __table_args__: ClassVar[Any] = (one_of("kind", "main", "delivery", "invoice", "other"), KEYED)

    customer: str = columns.text(key=True, references="crm_customer.number")
    address: int = columns.whole(key=True)
    kind: str = columns.text()
    street: str = columns.text(default="", personal=True)
    postcode: str = columns.text(default="", personal=True)
    city: str = columns.text(default="", personal=True)
    country: str = columns.text(default="")


class ConsentRow(Base, table=True):
    """What a customer has said last about a purpose."""

    __tablename__: ClassVar[Any] = "crm_consent"
    __table_args__: ClassVar[Any] = (one_of("state", *ConsentState), KEYED)

    customer: str = columns.text(key=True, references="crm_customer.number")
    purpose: str = columns.text(key=True)
    state: str = columns.text()
    said_at: datetime = columns.moment()
    source: str = columns.text()


class ConsentEntryRow(Base, table=True):
    """What a customer has ever said about a purpose, and who noted it."""

    __tablename__: ClassVar[Any] = "crm_consent_entry"
    __table_args__: ClassVar[Any] = (
        one_of("state", *ConsentState),
        Index("ix_crm_consent_entry_customer", "customer", "purpose", "id"),
        STRICT,
    )

    id: int | None = columns.serial(key=True, default=None)
    customer: str = columns.text(references="crm_customer.number")
    purpose: str = columns.text()
    state: str = columns.text()
    said_at: datetime = columns.moment()
    source: str = columns.text()
    noted_at: datetime = columns.moment()
    noted_by: str = columns.text()


class CreditLimitRow(Base, table=True):
    """How much a customer may owe in one currency."""

    __tablename__: ClassVar[Any] = "crm_credit_limit"
    __table_args__: ClassVar[Any] = (CheckConstraint("amount >= 0", name="amount"), KEYED)

    customer: str = columns.text(key=True, references="crm_customer.number")
    currency: str = columns.text(key=True)
    amount: Decimal = columns.money()
    reason: str = columns.text(default="")
    set_at: datetime = columns.moment()
    set_by: str = columns.text()


# --- what others tell -----------------------------------------------------------------------------------


class OrderRow(Base, table=True):
    """An order as far as it says something about who buys."""

    __tablename__: ClassVar[Any] = "crm_order"
    __table_args__: ClassVar[Any] = (Index("ix_crm_order_party", "party", "day"), STRICT)

    number: str = columns.text(key=True)
    party: str = columns.text()
    day: date = columns.day()
    currency: str = columns.text()
    total: Decimal = columns.money()
    cancelled: bool = columns.flag(default=False)


class TimelineRow(Base, table=True):
    """One thing that happened to a party: an event of any module."""

    __tablename__: ClassVar[Any] = "crm_timeline"
    __table_args__: ClassVar[Any] = (
        one_of("lane", *Lane),
        Index("ix_crm_timeline_party", "party", "event"),
        Index("ix_crm_timeline_order", "order_number", "event"),
        STRICT,
    )

    event: int | None = columns.serial(key=True, default=None)
    party: str = columns.text()
    happened_at: datetime = columns.moment()
    day: date | None = columns.day(null=True)
    topic: str = columns.text()
    lane: str = columns.text()
    order_number: str = columns.text(default="")
    subject: str = columns.text(default="")
    amount: Decimal | None = columns.money(null=True)
    currency: str = columns.text(default="")
    fact: str = columns.text(default="")


# --- who might buy --------------------------------------------------------------------------------------


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


# --- who asks -------------------------------------------------------------------------------------------


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


CUSTOMER = table_of(CustomerRow)
PARTY = table_of(PartyRow)
CONTACT = table_of(ContactRow)
ADDRESS = table_of(AddressRow)
CONSENT = table_of(ConsentRow)
CONSENT_ENTRY = table_of(ConsentEntryRow)
CREDIT_LIMIT = table_of(CreditLimitRow)
ORDER = table_of(OrderRow)
TIMELINE = table_of(TimelineRow)
LEAD = table_of(LeadRow)
OPPORTUNITY = table_of(OpportunityRow)
CASE = table_of(CaseRow)
CASE_ENTRY = table_of(CaseEntryRow)
