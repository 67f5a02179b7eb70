"""Parties: the names under which others speak of a customer, and whose they are."""

from __future__ import annotations

from sqlalchemy import bindparam, select, update

from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_crm.tables import PARTY

_ADD = upsert(PARTY)
_SET = upsert(PARTY, change=("customer",))
_MOVE = update(PARTY).where(PARTY.c.customer == bindparam("old")).values(customer=bindparam("new"))
_NAMES = select(PARTY.c.party).where(PARTY.c.customer == bindparam("wanted")).order_by(PARTY.c.party)
_OF = select(PARTY.c.customer).where(PARTY.c.party == bindparam("wanted"))


def of_account(account: str) -> str:
    """Return the party that an account is."""
    return f"account {account}"


def of_customer(customer: str) -> str:
    """Return the party that a customer's number is."""
    return f"customer {customer}"


def add(work: Work, party: str, customer: str) -> None:
    """Let a party be this customer, unless it is somebody already."""
    work.execute(_ADD[work.dialect], {"party": party, "customer": customer})


def give(work: Work, party: str, customer: str) -> None:
    """Let a party be this customer from now on, whoever it was."""
    work.execute(_SET[work.dialect], {"party": party, "customer": customer})


def move(work: Work, old: str, new: str) -> None:
    """Let all names of one customer lead to another."""
    work.execute(_MOVE, {"old": old, "new": new})


def customer_of(work: Work, party: str) -> str | None:
    """Return whose name this is."""
    found: str | None = work.execute(_OF, {"wanted": party}).scalar()
    return found


def names(work: Work, customer: str) -> list[str]:
    """Return all parties that a customer is, in order."""
    return list(work.execute(_NAMES, {"wanted": customer}).scalars())
