"""Two records turn out to be one customer: what hangs on one of them belongs to the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field
from sqlalchemy import BindParameter, Table, bindparam, delete, func, select, update

from fenbu.actions import Consequence
from fenbu.contracts.crm import CustomerMerged
from fenbu.i18n import N_, _
from fenbu.inputs import Input
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_crm import consent, customers, errors, parties
from fenbu_crm.customers import Customer
from fenbu_crm.inputs import CustomerNumber
from fenbu_crm.lifecycles import CUSTOMER as LIFECYCLE
from fenbu_crm.tables import ADDRESS, CASE, CONSENT, CONTACT, CREDIT_LIMIT, CUSTOMER, LEAD, OPPORTUNITY

_OLD: BindParameter[str] = bindparam("old")
_NEW: BindParameter[str] = bindparam("new")
_COUNTED: Sequence[tuple[str, Table]] = (
    (N_("contacts"), CONTACT),
    (N_("addresses"), ADDRESS),
    (N_("consents"), CONSENT),
    (N_("credit limits"), CREDIT_LIMIT),
    (N_("opportunities"), OPPORTUNITY),
    (N_("cases"), CASE),
)
_COUNTS = [
    (text, select(func.count()).select_from(table).where(table.c.customer == bindparam("wanted")))
    for text, table in _COUNTED
]


def _numbered(table: Table, column: str) -> tuple[Any, Any]:
    """Return how to find the last number among a customer's rows, and how to move rows behind it."""
    number = table.c[column]
    last = select(func.coalesce(func.max(number), 0)).where(table.c.customer == _NEW)
    move = update(table).where(table.c.customer == _OLD)
    return last, move.values({"customer": _NEW, column: number + bindparam("last")})


_LISTS = (_numbered(CONTACT, "contact"), _numbered(ADDRESS, "address"))
_DOCUMENTS = [
    update(table).where(table.c.customer == _OLD).values(customer=_NEW) for table in (LEAD, OPPORTUNITY, CASE)
]
_LIMITS = select(CREDIT_LIMIT).where(CREDIT_LIMIT.c.customer == _OLD)
_KEEP_LIMIT = upsert(CREDIT_LIMIT)
_DROP_LIMITS = delete(CREDIT_LIMIT).where(CREDIT_LIMIT.c.customer == _OLD)
_END = (
    update(CUSTOMER)
    .where(CUSTOMER.c.number == bindparam("wanted"))
    .values(
        state=bindparam("new_state"),
        merged_into=bindparam("into"),
        account=None,
        revision=CUSTOMER.c.revision + 1,
    )
)


class MergeCustomers(Input):
    """Two records of one customer."""

    customer: CustomerNumber = Field(description="The record that stays")
    duplicate: CustomerNumber = Field(description="The record whose everything goes to the other")


def link(work: Work, customer_number: str, holder_number: str | None, account: str) -> None:
    """Let a customer own an account; who came with the account only is the same customer.

    Args:
        work: The unit of work; the caller commits.
        customer_number: Who owns it.
        holder_number: Who owned it before, or None.
        account: Number of the account, which is known.

    Raises:
        NotFound, CustomerMerged, WalkInRefused: No such customer to link.
        AlreadyLinked: The customer has an account, or the account an own customer.
    """
    numbers = [customer_number, *([holder_number] if holder_number else [])]
    customer, *holders = customers.lock(work, *numbers)
    customers.refuse_walk_in(customer)
    if customer.account is not None:
        raise errors.AlreadyLinked(customer.number, customer.account)
    for holder in holders:
        customers.refuse_walk_in(holder)
        if holder.origin == customers.OWN:
            raise errors.AlreadyLinked(holder.number, account)
        _absorb(work, customer, holder)
    customers.own(work, customer.number, account)


def merge(work: Work, wanted: MergeCustomers) -> dict[str, Any]:
    """Let two records be one customer: everything of the duplicate belongs to the one that stays.

    Raises:
        SameCustomer, WalkInRefused: These two cannot be one.
        NotFound, CustomerMerged: No such customer.
        AlreadyLinked: Both have accounts, and a customer has one.
    """
    customer, duplicate = _two(work, wanted)
    account = duplicate.account
    _absorb(work, customer, duplicate)
    if account is not None:
        customers.own(work, customer.number, account)
    return {
        "customer": customer.number,
        "merged": duplicate.number,
        "account": account or customer.account or "",
    }


def preview_merge(work: Work, wanted: MergeCustomers) -> list[Consequence]:
    """Say what would move from one record to the other, for good."""
    _customer, duplicate = _two(work, wanted)
    moved = _counted(work, duplicate.number)
    told = [Consequence(text, str(count)) for text, count in moved if count]
    if duplicate.account:
        told.append(Consequence(_("account that changes hands"), duplicate.account))
    final = _("{duplicate} leads to {customer} from then on; this cannot be undone").format(
        duplicate=wanted.duplicate, customer=wanted.customer
    )
    return [*told, Consequence(final)]


def _two(work: Work, wanted: MergeCustomers) -> tuple[Customer, Customer]:
    if wanted.customer == wanted.duplicate:
        raise errors.SameCustomer(wanted.customer)
    found = [customers.find(work, number) for number in (wanted.customer, wanted.duplicate)]
    if not work.read_only:
        found = customers.lock(work, wanted.customer, wanted.duplicate)
    customer, duplicate = found
    customers.refuse_walk_in(customer)
    customers.refuse_walk_in(duplicate)
    if customer.account and duplicate.account:
        raise errors.AlreadyLinked(duplicate.number, duplicate.account)
    return customer, duplicate


def _absorb(work: Work, customer: Customer, duplicate: Customer) -> None:
    """Move everything of a duplicate to a customer, both locked; the account is free afterwards."""
    state = LIFECYCLE.next(duplicate.state, "merge", duplicate.number)
    values = {"wanted": duplicate.number, "new_state": state, "into": customer.number}
    work.execute(_END, values)
    parties.move(work, duplicate.number, customer.number)
    _move(work, duplicate.number, customer.number)
    work.publish(
        CustomerMerged(customer=customer.number, merged=duplicate.number, account=duplicate.account or "")
    )


def _counted(work: Work, customer: str) -> list[tuple[str, int]]:
    """Return what hangs on a customer, in words and numbers."""
    return [
        (_(text), int(work.execute(statement, {"wanted": customer}).scalar_one()))
        for text, statement in _COUNTS
    ]


def _move(work: Work, old: str, new: str) -> None:
    """Let everything of one record belong to another.

    Of consents the newest word counts; of credit limits the one of the record that stays.
    """
    for last, renumber in _LISTS:
        behind = work.execute(last, {"new": new}).scalar_one()
        work.execute(renumber, {"old": old, "new": new, "last": behind})
    for statement in _DOCUMENTS:
        work.execute(statement, {"old": old, "new": new})
    limits = [{**row, "customer": new} for row in work.execute(_LIMITS, {"old": old}).mappings()]
    if limits:
        work.execute(_KEEP_LIMIT[work.dialect], limits)
        work.execute(_DROP_LIMITS, {"old": old})
    consent.inherit(work, old, new)
