"""The business facts of CRM without what may differ between two runs of the same business.

Left out are times, surrogate keys and the numbers of events and of documents other than orders; these appear as
sets only. Segments are the view's, so that two runs with the same orders must agree on every score.
"""

from __future__ import annotations

from sqlalchemy import select

from fenbu.canonical import Facts, rows, selected
from fenbu.work import Work
from fenbu_crm import segments
from fenbu_crm.tables import (
    ADDRESS,
    CASE,
    CASE_ENTRY,
    CONSENT,
    CONTACT,
    CREDIT_LIMIT,
    CUSTOMER,
    LEAD,
    OPPORTUNITY,
    ORDER,
    PARTY,
    TIMELINE,
)

_T = TIMELINE.c
_HAPPENED = select(
    PARTY.c.customer, _T.topic, _T.day, _T.lane, _T.order_number, _T.amount, _T.currency, _T.fact
).join_from(TIMELINE, PARTY, PARTY.c.party == _T.party)
_SUBJECTS = select(_T.topic, _T.subject).where(_T.subject != _T.order_number)


def canonical(work: Work) -> Facts:
    """Return CRM's business facts in a fixed order."""
    return {
        "customers": rows(
            work, CUSTOMER, "number", "kind", "state", "origin", "account", "name", "merged_into"
        ),
        "parties": rows(work, PARTY, "party", "customer"),
        "contacts": rows(work, CONTACT, "customer", "contact", "name", "role", "email", "phone"),
        "addresses": rows(
            work, ADDRESS, "customer", "address", "kind", "street", "postcode", "city", "country"
        ),
        "consents": rows(work, CONSENT, "customer", "purpose", "state", "source"),
        "credit_limits": rows(work, CREDIT_LIMIT, "customer", "currency", "amount", "reason"),
        "orders": rows(work, ORDER, "number", "party", "day", "currency", "total", "cancelled"),
        "timelines": selected(work, _HAPPENED),
        "subjects": selected(work, _SUBJECTS),
        "segments": selected(work, segments.query(work)),
        "leads": rows(work, LEAD, "number", "state", "name", "source", "reason", "customer", "opportunity"),
        "opportunities": rows(
            work,
            OPPORTUNITY,
            "number",
            "state",
            "customer",
            "title",
            "currency",
            "amount",
            "close_on",
            "order_number",
            "reason",
        ),
        "cases": rows(work, CASE, "number", "state", "customer", "title", "order_number", "entries"),
        "case_entries": rows(work, CASE_ENTRY, "case_number", "entry", "verb", "text"),
    }
