"""Questions about the health of what CRM keeps, each one statement or a few over whole tables.

What others tell is judged at rest: keys with deliveries still to come are left out and counted.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, func, literal, or_, select

from fenbu.checks import at_rest, count, found
from fenbu.contracts.erp import erp_accounts
from fenbu.i18n import N_, _
from fenbu.metrics import Check, Finding
from fenbu.work import Work
from fenbu_crm import accounts, parties
from fenbu_crm.lifecycles import CustomerState
from fenbu_crm.tables import CASE, CONSENT, CONSENT_ENTRY, CUSTOMER, ORDER, PARTY, TIMELINE

_PAGE = 1000
_GRACE = timedelta(hours=1)
"""A timer may ring this much late before somebody should look."""


_ACCOUNT_PARTY = literal(parties.of_account("")).concat(CUSTOMER.c.account)
_LOST_ACCOUNTS = (
    select(CUSTOMER.c.number)
    .select_from(CUSTOMER.outerjoin(PARTY, PARTY.c.party == _ACCOUNT_PARTY))
    .where(
        CUSTOMER.c.account.is_not(None),
        or_(PARTY.c.customer.is_(None), PARTY.c.customer != CUSTOMER.c.number),
    )
    .order_by(CUSTOMER.c.number)
)
_NAMELESS = (
    select(CUSTOMER.c.number)
    .select_from(
        CUSTOMER.outerjoin(PARTY, PARTY.c.party == literal(parties.of_customer("")).concat(CUSTOMER.c.number))
    )
    .where(PARTY.c.customer.is_(None))
    .order_by(CUSTOMER.c.number)
)
_ASTRAY = (
    select(PARTY.c.party)
    .join_from(PARTY, CUSTOMER, CUSTOMER.c.number == PARTY.c.customer)
    .where(CUSTOMER.c.state != CustomerState.ACTIVE)
    .order_by(PARTY.c.party)
)


def names_lead_to_customers(work: Work) -> Finding:
    """Say whether each account and each number leads to the one customer whose it is."""
    wrong = [name for one in (_LOST_ACCOUNTS, _NAMELESS, _ASTRAY) for name in work.execute(one).scalars()]
    told = _("{count} names lead to nobody or to the wrong customer: {named}")
    return found(told, wrong, count(work, PARTY), 0)


def accounts_have_customers(work: Work) -> Finding:
    """Say whether every account that others keep belongs to a customer."""
    counted, after = 0, ""
    missing: list[str] = []
    while page := work.ask(erp_accounts, after=after, limit=_PAGE):
        counted += len(page)
        missing += (one.account for one in accounts.unknown(work, page))
        after = page[-1].account
    rest, skipped = at_rest(work, missing)
    return found(_("{count} accounts belong to no customer: {named}"), rest, counted, skipped)


_PLACED = "erp.order-placed"
_UNTOLD = (
    select(ORDER.c.number)
    .select_from(
        ORDER.outerjoin(TIMELINE, (TIMELINE.c.order_number == ORDER.c.number) & (TIMELINE.c.topic == _PLACED))
    )
    .where(
        or_(
            TIMELINE.c.event.is_(None),
            TIMELINE.c.party.is_distinct_from(ORDER.c.party),
            TIMELINE.c.day.is_distinct_from(ORDER.c.day),
            TIMELINE.c.amount.is_distinct_from(ORDER.c.total),
            TIMELINE.c.currency.is_distinct_from(ORDER.c.currency),
        )
    )
    .order_by(ORDER.c.number)
)
"""Joined by the order alone: given the party too, SQLite would read all that its party ever did, order by order."""
_STRAY = (
    select(TIMELINE.c.order_number)
    .select_from(TIMELINE.outerjoin(ORDER, ORDER.c.number == TIMELINE.c.order_number))
    .where(TIMELINE.c.topic == _PLACED, ORDER.c.number.is_(None))
    .order_by(TIMELINE.c.order_number)
)


def orders_match_the_timeline(work: Work) -> Finding:
    """Say whether the orders by which customers are judged are those that their timelines tell of."""
    wrong = [number for one in (_UNTOLD, _STRAY) for number in work.execute(one).scalars()]
    rest, skipped = at_rest(work, wrong)
    told = _("{count} orders differ from what the timeline tells: {named}")
    return found(told, rest, count(work, ORDER), skipped)


_NEWEST = (
    select(
        CONSENT_ENTRY.c.customer,
        CONSENT_ENTRY.c.purpose,
        func.max(CONSENT_ENTRY.c.id).label("id"),
    )
    .group_by(CONSENT_ENTRY.c.customer, CONSENT_ENTRY.c.purpose)
    .subquery()
)
_OTHERWISE = (
    select(CONSENT.c.customer, CONSENT.c.purpose)
    .select_from(
        CONSENT.outerjoin(
            _NEWEST,
            (_NEWEST.c.customer == CONSENT.c.customer) & (_NEWEST.c.purpose == CONSENT.c.purpose),
        ).outerjoin(CONSENT_ENTRY, CONSENT_ENTRY.c.id == _NEWEST.c.id)
    )
    .where(
        or_(
            CONSENT_ENTRY.c.id.is_(None),
            CONSENT_ENTRY.c.state != CONSENT.c.state,
            CONSENT_ENTRY.c.said_at != CONSENT.c.said_at,
        )
    )
    .order_by(CONSENT.c.customer, CONSENT.c.purpose)
)


def consent_is_what_was_said_last(work: Work) -> Finding:
    """Say whether each consent is the last of its entries."""
    wrong = [f"{row.customer} {row.purpose}" for row in work.execute(_OTHERWISE)]
    return found(_("{count} consents are not what was said last: {named}"), wrong, count(work, CONSENT), 0)


_UNRUNG = (
    select(CASE.c.number)
    .where(CASE.c.due_at < bindparam("before", type_=CASE.c.due_at.type), CASE.c.overdue == False)  # noqa: E712
    .order_by(CASE.c.number)
)


def overdue_cases_are_told(work: Work) -> Finding:
    """Say whether whoever waits longer than was promised was told of."""
    wrong = work.execute(_UNRUNG, {"before": work.now - _GRACE}).scalars()
    rest, skipped = at_rest(work, wrong)
    return found(
        _("{count} cases are overdue and nobody was told: {named}"), rest, count(work, CASE), skipped
    )


_REPLAY = N_("write the timeline anew: fenbu flows replay crm.timeline")

CHECKS = (
    Check(
        name="crm.names_lead_to_customers",
        title=N_("Every name leads to its customer"),
        run=names_lead_to_customers,
        repair=N_("find out who wrote past CRM; restore a backup"),
    ),
    Check(
        name="crm.accounts_have_customers",
        title=N_("Every account belongs to a customer"),
        run=accounts_have_customers,
        repair=N_("fenbu flows dead shows deliveries that failed; retry them"),
    ),
    Check(
        name="crm.orders_match_the_timeline",
        title=N_("Customers are judged by the orders of their timelines"),
        run=orders_match_the_timeline,
        repair=_REPLAY,
    ),
    Check(
        name="crm.consent_is_what_was_said_last",
        title=N_("Consent is what was said last"),
        run=consent_is_what_was_said_last,
        repair=N_("find out who wrote past CRM; ask the customer"),
    ),
    Check(
        name="crm.overdue_cases_are_told",
        title=N_("Whoever waits too long is told of"),
        run=overdue_cases_are_told,
        repair=N_("fenbu flows status shows what holds the timers up; is a worker running?"),
    ),
)
