"""The business facts of ERP without what may differ between two runs of the same business.

Left out are times, surrogate keys and which of two invoices has which number; invoices, credit notes and
entries are described by their content, their numbers appear as a set only.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Table, func, select

from fenbu.canonical import Facts, rows, selected
from fenbu.work import Work
from fenbu_erp.ledger_views import trial_balance
from fenbu_erp.tables import (
    ACCOUNT,
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


def canonical(work: Work) -> Facts:
    """Return ERP's business facts in a fixed order."""
    return {
        "items": rows(work, ITEM, "code", "title", "kind", "unit", "tax_category", "state"),
        "accounts": rows(work, ACCOUNT, "number", "kind", "name", "currency", "state"),
        "orders": rows(work, ORDER, *_but(ORDER, "placed_at", "placed_by")),
        "order_lines": rows(work, ORDER_LINE, *_but(ORDER_LINE)),
        "requirements": rows(work, REQUIREMENT, "order_number", "name", "owner", "state", "reason"),
        "fulfilments": rows(work, FULFILMENT_LINE, *_but(FULFILMENT_LINE)),
        "invoices": _documents(work, INVOICE, INVOICE_LINE, "invoice", "order_number", "fulfilment"),
        "credit_notes": _documents(
            work, CREDIT_NOTE, CREDIT_NOTE_LINE, "credit_note", "order_number", "reference", "reason"
        ),
        "receipts": rows(work, RECEIPT, "account", "order_number", "day", "currency", "amount", "reference"),
        "postings": _postings(work),
        "open": _open(work),
        "balances": selected(work, trial_balance(work)),
        "periods": rows(work, PERIOD, "code", "state"),
        "numbers": {name: sorted(work.execute(select(table.c.number)).scalars()) for name, table in _SERIES},
    }


def _but(table: Table, *names: str) -> list[str]:
    return [column.name for column in table.c if column.name not in names]


def _documents(work: Work, head: Table, lines: Table, link: str, *own: str) -> Iterator[list[str]]:
    """Return a document's lines, each with what its head says; without numbers."""
    skip = {link, "line"}
    query = select(
        *(head.c[name] for name in (*own, "account", "day", "currency", "rate", "total", "total_own")),
        *(column for column in lines.c if column.name not in skip),
    ).join_from(head, lines, lines.c[link] == head.c.number)
    return selected(work, query)


def _postings(work: Work) -> Iterator[list[str]]:
    """Return the sums of what was posted, by what can be told without numbers."""
    by = (ENTRY.c.kind, ENTRY.c.business_day, POSTING.c.chart, POSTING.c.party, POSTING.c.currency)
    query = (
        select(*by, func.count(), func.sum(POSTING.c.amount), func.sum(POSTING.c.amount_own))
        .join_from(POSTING, ENTRY, POSTING.c.entry == ENTRY.c.number)
        .group_by(*by)
    )
    return selected(work, query)


def _open(work: Work) -> Iterator[list[str]]:
    names = ("kind", "account", "order_number", "control", "currency", "amount", "matched", "day", "due")
    return rows(work, OPEN_ITEM, *names)
