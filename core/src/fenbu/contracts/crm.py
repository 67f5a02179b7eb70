"""Customer relationship management: people, contacts, their history, the credit they are given.

CRM owns customers and which of them belongs to which account; ERP owns the accounts. Its events say that
something became of a customer and never what a person is called or has written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

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


# --- events: customers --------------------------------------------------------------------------------

_CUSTOMER = {"customer": "customer"}


@event(
    "crm.customer-registered/1",
    lane=Lane.INFORMATION,
    key="customer",
    about={"customer": "customer", "account": "account"},
    says=N_("customer {customer} was registered"),
)
@frozen(kw_only=True)
class CustomerRegistered:
    """A customer was entered, or an account was opened for somebody who is one from then on."""

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


@event(
    "crm.customer-merged/1",
    lane=Lane.INFORMATION,
    key="customer",
    about={"customer": "customer", "merged": "merged"},
    says=N_("{merged} was the same customer, and is {customer} from now on"),
)
@frozen(kw_only=True)
class CustomerMerged:
    """Two records were one customer; everything of the one belongs to the other now."""

    customer: str
    """Who stays."""
    merged: str
    """Number that leads to the other from now on."""
    account: str = ""
    """Account that came with it, if one did."""


@event(
    "crm.consent-changed/1",
    lane=Lane.INFORMATION,
    key="customer",
    about=_CUSTOMER,
    says=N_("consent to {purpose}: {state} ({source})"),
)
@frozen(kw_only=True)
class ConsentChanged:
    """A customer gave or withdrew consent to a purpose."""

    customer: str
    purpose: str
    state: str
    """``given`` or ``withdrawn``."""
    source: str
    """How it was told: a form, a call, a letter."""


@event(
    "crm.credit-limit-set/1",
    lane=Lane.CAPITAL,
    key="customer",
    about=_CUSTOMER,
    says=N_("credit limit: {amount} {currency}"),
)
@frozen(kw_only=True)
class CreditLimitSet:
    """A customer may owe up to another amount; without an amount no limit is kept."""

    customer: str
    currency: str
    amount: Decimal | None


# --- events: leads and opportunities ------------------------------------------------------------------


@event(
    "crm.lead-entered/1",
    lane=Lane.INFORMATION,
    key="lead",
    about={"lead": "lead"},
    says=N_("lead {lead} came from {source}"),
)
@frozen(kw_only=True)
class LeadEntered:
    """Somebody might become a customer."""

    lead: str
    source: str


@event(
    "crm.lead-converted/1",
    lane=Lane.INFORMATION,
    key="lead",
    about={"lead": "lead", "customer": "customer", "opportunity": "opportunity"},
    says=N_("lead {lead} became customer {customer} with opportunity {opportunity}"),
)
@frozen(kw_only=True)
class LeadConverted:
    """A lead is a customer now, with an opportunity."""

    lead: str
    customer: str
    opportunity: str


@event(
    "crm.lead-lost/1",
    lane=Lane.INFORMATION,
    key="lead",
    about={"lead": "lead"},
    says=N_("lead {lead} is lost: {reason}"),
)
@frozen(kw_only=True)
class LeadLost:
    """Nobody will come of this lead."""

    lead: str
    reason: str


_OPPORTUNITY = {"opportunity": "opportunity", "customer": "customer"}


@event(
    "crm.opportunity-opened/1",
    lane=Lane.INFORMATION,
    key="opportunity",
    about=_OPPORTUNITY,
    says=N_("opportunity {opportunity}: {amount} {currency} expected by {close_on}"),
)
@frozen(kw_only=True)
class OpportunityOpened:
    """A customer may buy something."""

    opportunity: str
    customer: str
    currency: str
    amount: Decimal
    """Expected."""
    close_on: date
    """When it should be decided."""


@event(
    "crm.opportunity-moved/1",
    lane=Lane.INFORMATION,
    key="opportunity",
    about=_OPPORTUNITY,
    says=N_("opportunity {opportunity} is {stage}"),
)
@frozen(kw_only=True)
class OpportunityMoved:
    """An opportunity stands at another stage."""

    opportunity: str
    customer: str
    stage: str


@event(
    "crm.opportunity-won/1",
    lane=Lane.INFORMATION,
    key="opportunity",
    about={**_OPPORTUNITY, "order": "order"},
    says=N_("opportunity {opportunity} is won: {amount} {currency}"),
)
@frozen(kw_only=True)
class OpportunityWon:
    """The customer has decided for us."""

    opportunity: str
    customer: str
    currency: str
    amount: Decimal
    order: str = ""


@event(
    "crm.opportunity-lost/1",
    lane=Lane.INFORMATION,
    key="opportunity",
    about=_OPPORTUNITY,
    says=N_("opportunity {opportunity} is lost: {reason}"),
)
@frozen(kw_only=True)
class OpportunityLost:
    """The customer has decided otherwise."""

    opportunity: str
    customer: str
    reason: str


# --- events: cases ------------------------------------------------------------------------------------

_CASE = {"case": "case", "customer": "customer"}


@event(
    "crm.case-opened/1",
    lane=Lane.INFORMATION,
    key="case",
    about={**_CASE, "order": "order"},
    says=N_("case {case} was opened; an answer is due by {due}"),
)
@frozen(kw_only=True)
class CaseOpened:
    """A customer asked for something."""

    case: str
    customer: str
    due: datetime
    order: str = ""
    """The order it is about, if it is about one."""


@event(
    "crm.case-moved/1",
    lane=Lane.INFORMATION,
    key="case",
    about=_CASE,
    says=N_("case {case} is {state}"),
)
@frozen(kw_only=True)
class CaseMoved:
    """A case was answered, waits for the customer, was heard of again, is resolved or closed."""

    case: str
    customer: str
    state: str
    due: datetime | None = None
    """By when an answer is due; None when none is."""


@event(
    "crm.answer-due/1",
    lane=Lane.INFORMATION,
    key="case",
    about={"case": "case"},
    says=N_("an answer to case {case} is due"),
)
@frozen(kw_only=True)
class AnswerDue:
    """A timer: by now the customer should have been answered; cancelled by the answer."""

    case: str
    due: datetime


@event(
    "crm.case-overdue/1",
    lane=Lane.INFORMATION,
    key="case",
    about=_CASE,
    says=N_("case {case} was not answered in time"),
)
@frozen(kw_only=True)
class CaseOverdue:
    """A customer waits for an answer longer than was promised."""

    case: str
    customer: str
    due: datetime
