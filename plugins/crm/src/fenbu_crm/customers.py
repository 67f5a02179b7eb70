"""Customers: people and companies that buy or may buy, and which records are one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Row, bindparam, insert, or_, select, update

from fenbu.contracts.crm import CustomerFacts, CustomerLinked, CustomerRegistered
from fenbu.errors import Changed, NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Input
from fenbu.work import Work
from fenbu_crm import errors, parties
from fenbu_crm.inputs import CustomerNumber, Name, PersonalText
from fenbu_crm.lifecycles import CustomerState
from fenbu_crm.numbers import next_number
from fenbu_crm.tables import CUSTOMER

OWN, ACCOUNT = "own", "account"
WALK_IN = "walk_in"

Customer = Row[Any]

_FIELDS = [CUSTOMER.c[name] for name in ("number", "kind", "state", "origin", "account", "name", "revision")]
_READ = select(*_FIELDS).where(CUSTOMER.c.number == bindparam("wanted"))
_LOCK_MANY = (
    select(*_FIELDS)
    .where(CUSTOMER.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(CUSTOMER.c.number)
    .with_for_update(key_share=True)
)
_OF_ACCOUNT = select(*_FIELDS).where(CUSTOMER.c.account == bindparam("wanted"))
_INSERT = insert(CUSTOMER)
_CHANGE = (
    update(CUSTOMER)
    .where(CUSTOMER.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in ("name", "kind", "revision")})
)
_LINK = (
    update(CUSTOMER)
    .where(CUSTOMER.c.number == bindparam("wanted"))
    .values(account=bindparam("new_account"), revision=CUSTOMER.c.revision + 1)
)
_PAGE = (
    select(CUSTOMER.c.number, CUSTOMER.c.account, CUSTOMER.c.kind)
    .where(CUSTOMER.c.number > bindparam("after"), CUSTOMER.c.state == CustomerState.ACTIVE)
    .order_by(CUSTOMER.c.number)
    .limit(bindparam("most"))
)
_ONE_OF_TWO = select(*_FIELDS).where(
    or_(CUSTOMER.c.account == bindparam("account"), CUSTOMER.c.number == bindparam("account"))
)


class RegisterCustomer(Input):
    """A customer as it is entered; who gives no name needs no record."""

    kind: Literal["company", "person"] = "company"
    name: Name = Field(description="What the company or person is called")


class ChangeCustomer(Input):
    """What is to be different about a customer; what is not named stays."""

    customer: CustomerNumber
    kind: Literal["company", "person"] | None = None
    name: PersonalText | None = None
    revision: int | None = Field(None, description="The revision you have seen; refused when it has moved")


class LinkCustomer(Input):
    """A customer and the account that is theirs."""

    customer: CustomerNumber
    account: Code = Field(description="Number of the account")


def register(work: Work, wanted: RegisterCustomer) -> dict[str, Any]:
    """Enter a customer, with a number of CRM's own, and tell the other modules."""
    return {"customer": enter(work, wanted.kind, wanted.name)}


def enter(work: Work, kind: str, name: str) -> str:
    """As `register`; return the number."""
    number = next_number(work, "customer")
    work.execute(_INSERT, new_row(work, number, kind, OWN, name=name))
    parties.add(work, parties.of_customer(number), number)
    work.publish(CustomerRegistered(customer=number, kind=kind))
    return number


def change(work: Work, wanted: ChangeCustomer) -> dict[str, Any]:
    """Change what a customer is called, or what kind it is.

    Raises:
        NotFound, CustomerMerged: No such customer.
        WalkInRefused: Nobody in particular.
        Changed: It has another revision than the one seen.
    """
    [customer] = lock(work, wanted.customer)
    refuse_walk_in(customer)
    if wanted.revision not in (None, customer.revision):
        raise Changed(_("customer {customer}").format(customer=customer.number))
    new = {
        "new_name": customer.name if wanted.name is None else wanted.name,
        "new_kind": wanted.kind or customer.kind,
        "new_revision": customer.revision + 1,
    }
    work.execute(_CHANGE, {"wanted": customer.number, **new})
    return {"customer": customer.number, "revision": customer.revision + 1}


def own(work: Work, customer: str, account: str) -> None:
    """Let an account that is nobody's be a customer's."""
    work.execute(_LINK, {"wanted": customer, "new_account": account})
    parties.give(work, parties.of_account(account), customer)
    work.publish(CustomerLinked(customer=customer, account=account))


def find(work: Work, number: str) -> Customer:
    """Return a customer.

    Raises:
        NotFound: No such customer.
        CustomerMerged: The number leads to another one, which the text names.
    """
    return _living(work, number, work.execute(_READ, {"wanted": number}).first())


def named(work: Work, number: str) -> Customer:
    """As `find`, and `WalkInRefused` where it is nobody in particular."""
    customer = find(work, number)
    refuse_walk_in(customer)
    return customer


def lock(work: Work, *numbers: str) -> list[Customer]:
    """Lock customers in one order and return them in that of their naming; raises as `find`."""
    rows = {row.number: row for row in work.execute(_LOCK_MANY, {"numbers": sorted(set(numbers))})}
    return [_living(work, number, rows.get(number)) for number in numbers]


def of_account(work: Work, account: str) -> Customer | None:
    """Return who owns an account."""
    return work.execute(_OF_ACCOUNT, {"wanted": account}).first()


def concerned(work: Work, account: str) -> Sequence[Customer]:
    """Return who owns an account, and who bears its number as their own."""
    return work.execute(_ONE_OF_TWO, {"account": account}).all()


def page(work: Work, after: str, limit: int) -> list[CustomerFacts]:
    """Return customers after a number, in the order of their numbers."""
    return [
        CustomerFacts(customer=row.number, account=row.account or "", kind=row.kind)
        for row in work.execute(_PAGE, {"after": after, "most": limit})
    ]


def refuse_walk_in(customer: Customer) -> None:
    """Refuse what makes no sense for those who give no name (`WalkInRefused`)."""
    if customer.kind == WALK_IN:
        raise errors.WalkInRefused(customer.number)


def new_row(
    work: Work, number: str, kind: str, origin: str, *, name: str = "", account: str | None = None
) -> dict[str, Any]:
    """Return a customer's row as it is stored first."""
    return {
        "number": number,
        "kind": kind,
        "state": CustomerState.ACTIVE,
        "origin": origin,
        "account": account,
        "name": name,
        "merged_into": "",
        "revision": 1,
        "registered_at": work.now,
        "registered_by": work.actor.name,
    }


def _living(work: Work, number: str, row: Customer | None) -> Customer:
    if row is None:
        raise NotFound(_("customer"), number, _("fenbu show crm.customers lists them"))
    if row.state == CustomerState.MERGED:
        into = parties.customer_of(work, parties.of_customer(number)) or ""
        raise errors.CustomerMerged(number, into)
    return row
