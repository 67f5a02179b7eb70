"""The business facts of CRM without what may differ between two runs of the same business.

Left out are times, surrogate keys and the numbers of events and of documents other than orders; these appear as
sets only. Segments are the view's, so that two runs with the same orders must agree on every score.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, Table, select

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


def canonical(work: Work) -> Mapping[str, Any]:
    """Return CRM's business facts as JSON-able lists in a fixed order."""
    return {
        "customers": _rows(
            work, CUSTOMER, "number", "kind", "state", "origin", "account", "name", "merged_into"
        ),
        "parties": _rows(work, PARTY, "party", "customer"),
        "contacts": _rows(work, CONTACT, "customer", "contact", "name", "role", "email", "phone"),
        "addresses": _rows(
            work, ADDRESS, "customer", "address", "kind", "street", "postcode", "city", "country"
        ),
        "consents": _rows(work, CONSENT, "customer", "purpose", "state", "source"),
        "credit_limits": _rows(work, CREDIT_LIMIT, "customer", "currency", "amount", "reason"),
        "orders": _rows(work, ORDER, "number", "party", "day", "currency", "total", "cancelled"),
        "timelines": _chosen(work, _HAPPENED),
        "subjects": _chosen(work, _SUBJECTS),
        "segments": _chosen(work, segments.query(work)),
        "leads": _rows(work, LEAD, "number", "state", "name", "source", "reason", "customer", "opportunity"),
        "opportunities": _rows(
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
        "cases": _rows(work, CASE, "number", "state", "customer", "title", "order_number", "entries"),
        "case_entries": _rows(work, CASE_ENTRY, "case_number", "entry", "verb", "text"),
    }


def _rows(work: Work, table: Table, *names: str) -> list[list[str]]:
    return _chosen(work, select(*(table.c[name] for name in names)))


def _chosen(work: Work, query: Select[Any]) -> list[list[str]]:
    return sorted(["" if value is None else str(value) for value in row] for row in work.execute(query))
