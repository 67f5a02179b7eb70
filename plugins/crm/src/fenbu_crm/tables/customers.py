"""Rows of who customers are, how they are reached and what they may owe."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index

from fenbu import columns
from fenbu.tables import KEYED, STRICT, one_of, table_of
from fenbu_crm.lifecycles import ConsentState, CustomerState
from fenbu_crm.tables.base import Base


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


CUSTOMER = table_of(CustomerRow)
PARTY = table_of(PartyRow)
CONTACT = table_of(ContactRow)
ADDRESS = table_of(AddressRow)
CONSENT = table_of(ConsentRow)
CONSENT_ENTRY = table_of(ConsentEntryRow)
CREDIT_LIMIT = table_of(CreditLimitRow)
