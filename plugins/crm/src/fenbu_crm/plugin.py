"""CRM's answers to the hooks of others: short, the rules are in the files of the nouns."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from fenbu.contracts.crm import CustomerFacts
from fenbu.contracts.module import AlsoKnown, InFlight
from fenbu.hooks import hookimpl
from fenbu.i18n import _
from fenbu.values import Money
from fenbu.work import Work
from fenbu_crm import credit, customers, parties
from fenbu_crm.lifecycles import AWAITING_ANSWER, OPEN_STAGES
from fenbu_crm.tables import CASE, OPPORTUNITY

_MODULE = "crm"
_ASKED = (
    select(CASE.c.number, func.count().over().label("total"))
    .where(CASE.c.state.in_(AWAITING_ANSWER))
    .order_by(CASE.c.number)
    .limit(3)
)
_HOPED_FOR = (
    select(OPPORTUNITY.c.number, func.count().over().label("total"))
    .where(OPPORTUNITY.c.state.in_(OPEN_STAGES))
    .order_by(OPPORTUNITY.c.number)
    .limit(3)
)


@hookimpl
def crm_credit_limit(work: Work, account: str, currency: str) -> Money | None:
    """How far the owner of the account may go into debt."""
    return credit.of_account(work, account, currency)


@hookimpl
def crm_customers(work: Work, after: str, limit: int) -> Sequence[CustomerFacts] | None:
    """All customers, page by page."""
    return customers.page(work, after, limit)


@hookimpl
def module_also_known(work: Work, kind: str, number: str) -> Sequence[AlsoKnown]:
    """A customer's story is that of their account, and of the records that were merged with theirs."""
    if kind != "customer":
        return []
    return [AlsoKnown(*party.split(" ", 1)) for party in parties.names(work, number)]


@hookimpl
def module_in_flight(work: Work, module: str) -> Sequence[InFlight]:
    """Customers who wait for an answer, opportunities that are not decided."""
    if module != _MODULE:
        return []
    found = []
    for kind, statement in (
        (_("cases that wait for an answer"), _ASKED),
        (_("opportunities that are not decided"), _HOPED_FOR),
    ):
        rows = work.execute(statement).all()
        if rows:
            found.append(InFlight(kind, rows[0].total, tuple(row[0] for row in rows)))
    return found
