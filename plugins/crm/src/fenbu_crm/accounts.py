"""Accounts of others and whose they are: each belongs to one customer, known before or brought along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from fenbu.contracts.crm import CustomerRegistered
from fenbu.contracts.erp import AccountFacts, erp_accounts
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_crm import customers, merging, numbers, parties
from fenbu_crm.customers import LinkCustomer
from fenbu_crm.errors import NoAccounts
from fenbu_crm.lifecycles import CustomerState
from fenbu_crm.tables import CUSTOMER, PARTY

_PAGE = 1000

_ADD = upsert(CUSTOMER, returning=(CUSTOMER.c.number,))
_KNOWN = select(PARTY.c.party).where(PARTY.c.party.in_(bindparam("parties", expanding=True)))


def opened(work: Work, account: str, kind: str) -> None:
    """Know whose a new account is: the customer's whose number it bears, or somebody's who comes with it.

    Whoever is known already is left as they are, so that it may be heard of again and again.
    """
    concerned = {row.number: row for row in customers.concerned(work, account)}
    if any(row.account == account for row in concerned.values()):
        return
    namesake = concerned.get(account)
    if namesake is not None and namesake.state == CustomerState.ACTIVE and namesake.account is None:
        customers.own(work, namesake.number, account)
        return
    number = numbers.of_account(account)
    row = customers.new_row(work, number, kind, customers.ACCOUNT, account=account)
    if work.execute(_ADD[work.dialect], row).first() is None:
        return
    parties.give(work, parties.of_account(account), number)
    parties.add(work, parties.of_customer(number), number)
    work.publish(CustomerRegistered(customer=number, kind=kind, account=account))


def link(work: Work, wanted: LinkCustomer) -> dict[str, Any]:
    """Let a customer own an account; who only came with the account is the same customer.

    Raises:
        NoAccounts: No module keeps accounts.
        NotFound: No such customer or account.
        CustomerMerged, WalkInRefused, AlreadyLinked: These two cannot belong together.
    """
    customers.named(work, wanted.customer)
    holder = customers.of_account(work, wanted.account)
    if holder is None:
        _require(work, wanted.account)
    merging.link(work, wanted.customer, holder.number if holder else None, wanted.account)
    return {
        "customer": wanted.customer,
        "account": wanted.account,
        "merged": holder.number if holder else "",
    }


def learn(work: Work) -> int:
    """Ask for all accounts, and know whose each is; return how many were not known. Hooks must answer."""
    added, after = 0, ""
    while page := work.ask(erp_accounts, after=after, limit=_PAGE):
        for one in unknown(work, page):
            opened(work, one.account, one.kind)
            added += 1
        after = page[-1].account
    return added


def unknown(work: Work, page: Sequence[AccountFacts]) -> list[AccountFacts]:
    """Return those accounts that are nobody's here."""
    names = {parties.of_account(one.account): one for one in page}
    known = set(work.execute(_KNOWN, {"parties": list(names)}).scalars())
    return [one for party, one in names.items() if party not in known]


def _require(work: Work, account: str) -> None:
    """See to it that an account exists whose opening was not heard of yet."""
    after = ""
    while page := work.ask(erp_accounts, after=after, limit=_PAGE):
        if any(one.account == account for one in page):
            return
        after = page[-1].account
    if page is None:
        raise NoAccounts()
    raise NotFound(_("account"), account, _("open it first: fenbu do erp.account.register"))
