"""What hangs on a customer, and how it moves when two records turn out to be one customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, Table, bindparam, delete, func, select, update

from fenbu.i18n import N_, _
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_crm import consent
from fenbu_crm.tables import ADDRESS, CASE, CONSENT, CONTACT, CREDIT_LIMIT, LEAD, OPPORTUNITY

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


def counted(work: Work, customer: str) -> list[tuple[str, int]]:
    """Return what hangs on a customer, in words and numbers."""
    return [
        (_(text), int(work.execute(statement, {"wanted": customer}).scalar_one()))
        for text, statement in _COUNTS
    ]


def move(work: Work, old: str, new: str) -> None:
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
