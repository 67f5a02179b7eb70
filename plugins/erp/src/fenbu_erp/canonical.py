"""The business facts of ERP without what may differ between two runs of the same business.

Left out are times, surrogate keys and which of two invoices has which number; invoices, credit notes and
entries are described by their content, their numbers appear as a set only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, func, select

from fenbu.work import Work
from fenbu_erp.ledger_views import trial_balance
from fenbu_erp.tables import (
    ACCOUNT,
    CHART,
    CREDIT_NOTE,
    CREDIT_NOTE_LINE,
    ENTRY,
    FULFILMENT_LINE,
    INVOICE,
    INVOICE_LINE,
    ITEM,
    OPEN_ITEM,
    ORDER,
    ORDER_LINE,
    PERIOD,
    POSTING,
    RECEIPT,
    REQUIREMENT,
)

_SERIES = (("invoices", INVOICE), ("credit_notes", CREDIT_NOTE), ("receipts", RECEIPT), ("entries", ENTRY))


def canonical(work: Work) -> Mapping[str, Any]:
    """Return ERP's business facts as JSON-able lists in a fixed order."""
    return {
        "items": _rows(work, ITEM, "code", "title", "kind", "unit", "tax_category", "state"),
        "accounts": _rows(work, ACCOUNT, "number", "kind", "name", "currency", "state"),
        "orders": _rows(work, ORDER, *_but(ORDER, "placed_at", "placed_by")),
        "order_lines": _rows(work, ORDER_LINE, *_but(ORDER_LINE)),
        "requirements": _rows(work, REQUIREMENT, "order_number", "name", "owner", "state", "reason"),
        "fulfilments": _rows(work, FULFILMENT_LINE, *_but(FULFILMENT_LINE)),
        "invoices": _documents(work, INVOICE, INVOICE_LINE, "invoice", "order_number", "fulfilment"),
        "credit_notes": _documents(
            work, CREDIT_NOTE, CREDIT_NOTE_LINE, "credit_note", "order_number", "reference", "reason"
        ),
        "receipts": _rows(work, RECEIPT, "account", "order_number", "day", "currency", "amount", "reference"),
        "postings": _postings(work),
        "open": _open(work),
        "balances": [_plain(row) for row in work.execute(trial_balance(work).order_by(CHART.c.code))],
        "periods": _rows(work, PERIOD, "code", "state"),
        "numbers": {name: sorted(work.execute(select(table.c.number)).scalars()) for name, table in _SERIES},
    }


def _but(table: Table, *names: str) -> list[str]:
    return [column.name for column in table.c if column.name not in names]


def _rows(work: Work, table: Table, *names: str) -> list[list[str]]:
    return sorted(_plain(row) for row in work.execute(select(*(table.c[name] for name in names))))


def _documents(work: Work, head: Table, lines: Table, link: str, *own: str) -> list[list[str]]:
    """Return a document's lines, each with what its head says; without numbers."""
    skip = {link, "line"}
    query = select(
        *(head.c[name] for name in (*own, "account", "day", "currency", "rate", "total", "total_own")),
        *(column for column in lines.c if column.name not in skip),
    ).join_from(head, lines, lines.c[link] == head.c.number)
    return sorted(_plain(row) for row in work.execute(query))


def _postings(work: Work) -> list[list[str]]:
    """Return the sums of what was posted, by what can be told without numbers."""
    by = (ENTRY.c.kind, ENTRY.c.business_day, POSTING.c.chart, POSTING.c.party, POSTING.c.currency)
    query = (
        select(*by, func.count(), func.sum(POSTING.c.amount), func.sum(POSTING.c.amount_own))
        .join_from(POSTING, ENTRY, POSTING.c.entry == ENTRY.c.number)
        .group_by(*by)
    )
    return sorted(_plain(row) for row in work.execute(query))


def _open(work: Work) -> list[list[str]]:
    names = ("kind", "account", "order_number", "control", "currency", "amount", "matched", "day", "due")
    return _rows(work, OPEN_ITEM, *names)


def _plain(row: Any) -> list[str]:
    return ["" if value is None else str(value) for value in row]
