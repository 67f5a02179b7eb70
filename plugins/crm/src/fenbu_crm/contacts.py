"""How a customer is reached: whom to talk to, and where they are."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Table, bindparam, delete, func, insert, select, update

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Input
from fenbu.work import Work
from fenbu_crm import customers
from fenbu_crm.inputs import Country, CustomerNumber, Email, Name, PersonalText, Phone, Text
from fenbu_crm.tables import ADDRESS, CONTACT

_CONTACT = ("name", "role", "email", "phone")
_ADDRESS = ("kind", "street", "postcode", "city", "country")


class AddContact(Input):
    """Somebody to talk to."""

    customer: CustomerNumber
    name: Name
    role: Text = Field("", description="What they do there: buyer, bookkeeping")
    email: Email = ""
    phone: Phone = ""


class ChangeContact(Input):
    """What is to be different about a contact; what is not named stays."""

    customer: CustomerNumber
    contact: int = Field(ge=1, description="Its number at the customer")
    name: Name | None = None
    role: Text | None = None
    email: Email | None = None
    phone: Phone | None = None


class ContactRef(Input):
    """A contact."""

    customer: CustomerNumber
    contact: int = Field(ge=1, description="Its number at the customer")


class AddAddress(Input):
    """Where a customer is, or wants goods or letters."""

    customer: CustomerNumber
    kind: Literal["main", "delivery", "invoice", "other"] = "main"
    street: PersonalText = ""
    postcode: PersonalText = ""
    city: PersonalText = ""
    country: Country = ""


class ChangeAddress(Input):
    """What is to be different about an address; what is not named stays."""

    customer: CustomerNumber
    address: int = Field(ge=1, description="Its number at the customer")
    kind: Literal["main", "delivery", "invoice", "other"] | None = None
    street: PersonalText | None = None
    postcode: PersonalText | None = None
    city: PersonalText | None = None
    country: Country | None = None


class AddressRef(Input):
    """An address."""

    customer: CustomerNumber
    address: int = Field(ge=1, description="Its number at the customer")


class _List:
    """The rows of one kind that a customer has, numbered from 1."""

    def __init__(self, table: Table, number: str, fields: tuple[str, ...]) -> None:
        self._number, self._fields = number, fields
        column = table.c[number]
        mine = (table.c.customer == bindparam("wanted")) & (column == bindparam("wanted_number"))
        self._last = select(func.coalesce(func.max(column), 0)).where(table.c.customer == bindparam("wanted"))
        self._insert = insert(table)
        self._read = select(table).where(mine)
        self._change = update(table).where(mine).values({name: bindparam(f"new_{name}") for name in fields})
        self._drop = delete(table).where(mine)

    def add(self, work: Work, customer: str, values: dict[str, Any]) -> int:
        """Add a row behind the others of a customer, which is locked."""
        number = int(work.execute(self._last, {"wanted": customer}).scalar_one()) + 1
        work.execute(self._insert, {**values, "customer": customer, self._number: number})
        return number

    def change(self, work: Work, customer: str, number: int, values: dict[str, Any]) -> None:
        """Change what is given; NotFound when there is no such row."""
        key = {"wanted": customer, "wanted_number": number}
        row = work.execute(self._read, key).mappings().first()
        if row is None:
            raise self._missing(customer, number)
        new = {name: values.get(name, row[name]) for name in self._fields}
        work.execute(self._change, {**key, **{f"new_{name}": value for name, value in new.items()}})

    def drop(self, work: Work, customer: str, number: int) -> None:
        """Delete a row; NotFound when there is none."""
        if work.execute(self._drop, {"wanted": customer, "wanted_number": number}).rowcount == 0:
            raise self._missing(customer, number)

    def _missing(self, customer: str, number: int) -> NotFound:
        kind = _("contact of {customer}") if self._number == "contact" else _("address of {customer}")
        hint = _("fenbu show crm.customers {customer} lists them").format(customer=customer)
        return NotFound(kind.format(customer=customer), str(number), hint)


_CONTACTS = _List(CONTACT, "contact", _CONTACT)
_ADDRESSES = _List(ADDRESS, "address", _ADDRESS)


def put(work: Work, customer: str, **values: str) -> int:
    """Add a contact to a customer who is locked or new; return its number."""
    return _CONTACTS.add(work, customer, values)


def add_contact(work: Work, wanted: AddContact) -> dict[str, Any]:
    """Note somebody to talk to; raises NotFound, CustomerMerged or WalkInRefused about the customer."""
    return {"customer": wanted.customer, "contact": _add(work, _CONTACTS, wanted)}


def change_contact(work: Work, wanted: ChangeContact) -> dict[str, Any]:
    """Change a contact; NotFound when there is none of this number."""
    _change(work, _CONTACTS, wanted, wanted.contact)
    return {"customer": wanted.customer, "contact": wanted.contact}


def remove_contact(work: Work, wanted: ContactRef) -> dict[str, Any]:
    """Forget a contact; NotFound when there is none of this number."""
    customers.lock(work, wanted.customer)
    _CONTACTS.drop(work, wanted.customer, wanted.contact)
    return {"customer": wanted.customer, "contact": wanted.contact}


def add_address(work: Work, wanted: AddAddress) -> dict[str, Any]:
    """Note where a customer is; raises NotFound, CustomerMerged or WalkInRefused about the customer."""
    return {"customer": wanted.customer, "address": _add(work, _ADDRESSES, wanted)}


def change_address(work: Work, wanted: ChangeAddress) -> dict[str, Any]:
    """Change an address; NotFound when there is none of this number."""
    _change(work, _ADDRESSES, wanted, wanted.address)
    return {"customer": wanted.customer, "address": wanted.address}


def remove_address(work: Work, wanted: AddressRef) -> dict[str, Any]:
    """Forget an address; NotFound when there is none of this number."""
    customers.lock(work, wanted.customer)
    _ADDRESSES.drop(work, wanted.customer, wanted.address)
    return {"customer": wanted.customer, "address": wanted.address}


def _add(work: Work, rows: _List, wanted: AddContact | AddAddress) -> int:
    [customer] = customers.lock(work, wanted.customer)
    customers.refuse_walk_in(customer)
    return rows.add(work, customer.number, wanted.model_dump(exclude={"customer"}))


def _change(work: Work, rows: _List, wanted: ChangeContact | ChangeAddress, number: int) -> None:
    customers.lock(work, wanted.customer)
    values = wanted.model_dump(exclude={"customer", "contact", "address"}, exclude_none=True)
    rows.change(work, wanted.customer, number, values)
