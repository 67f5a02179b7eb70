"""Customer relationship management: people, contacts, their history, the credit they are given.

CRM owns customers and which of them belongs to which account; ERP owns the accounts.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from fenbu.events import Lane, event
from fenbu.hooks import hookspec
from fenbu.i18n import N_
from fenbu.values import Money
from fenbu.work import Work


@frozen(kw_only=True)
class CustomerFacts:
    """A customer without anything personal."""

    customer: str
    account: str
    """Empty while no account is linked."""
    kind: str
    """``company``, ``person`` or ``walk_in``."""


@hookspec(kind="first")
def crm_credit_limit(work: Work, account: str, currency: str) -> Money | None:
    """Say how much this account may owe at most.

    Called: by ERP while an order is placed, inside its transaction, once an order.
    Answers: the first that is not None; without one no limit is kept.
    Args:
        work: The caller's unit of work; read only.
        account: Account number.
        currency: Currency of the order; the answer is in it.
    Returns:
        The limit with tax, zero for payment in advance only, or None when no limit is set.
    Failure: an exception refuses the order with `HookFailed`.
    Since: api 1.
    """
    raise NotImplementedError


@hookspec(kind="first")
def crm_customers(work: Work, after: str, limit: int) -> Sequence[CustomerFacts] | None:
    """Give a page of all customers, for a module that comes late.

    Called: by a module while it links its records, as often as there are pages.
    Answers: CRM's; None when the answering module keeps no customers.
    Args:
        work: Read only.
        after: Customer number after which the page begins; empty for the first.
        limit: At most this many.
    Returns:
        Customers in the order of their numbers; fewer than ``limit`` on the last page.
    Failure: an exception refuses the caller's operation.
    Since: api 1.
    """
    raise NotImplementedError


@event(
    "crm.customer-registered/1",
    lane=Lane.INFORMATION,
    key="customer",
    about={"customer": "customer", "account": "account"},
    says=N_("customer {customer} was registered"),
)
@frozen(kw_only=True)
class CustomerRegistered:
    """A customer was entered."""

    customer: str
    kind: str
    account: str = ""


@event(
    "crm.customer-linked/1",
    lane=Lane.INFORMATION,
    key="customer",
    about={"customer": "customer", "account": "account"},
    says=N_("customer {customer} was linked to account {account}"),
)
@frozen(kw_only=True)
class CustomerLinked:
    """A customer belongs to an account now."""

    customer: str
    account: str
