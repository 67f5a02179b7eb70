"""The business facts of payments without what may differ between two runs of the same business.

Left out are times, surrogate numbers, who told an outcome first, and in which of two orders facts came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, func, select

from fenbu.work import Work
from fenbu_payments.payment import Kind, Step
from fenbu_payments.tables import FACT, NOTICE, PAYMENT, PAYOUT

_AMOUNTS = (
    "requested",
    "forgone",
    "authorised",
    "capturing",
    "captured",
    "voided",
    "refunding",
    "refunded",
    "due",
    "returns",
    "fee",
)


def canonical(work: Work) -> Mapping[str, Any]:
    """Return the facts of payments as JSON-able lists in a fixed order."""
    return {
        "payments": _rows(
            work,
            PAYMENT,
            "order_number",
            "account",
            "gateway",
            "currency",
            "day",
            "state",
            "let_go",
            *_AMOUNTS,
        ),
        "facts": _facts(work),
        "payouts": _rows(
            work, PAYOUT, "order_number", "account", "gateway", "currency", "amount", "day", "state"
        ),
        "notices": _rows(work, NOTICE, "gateway", "kind", "done", "amount", "currency", "state"),
    }


def _facts(work: Work) -> list[list[str]]:
    by = (PAYMENT.c.order_number, PAYMENT.c.account, FACT.c.kind, FACT.c.step, FACT.c.amount, FACT.c.day)
    query = (
        select(*by, func.count())
        .join_from(FACT, PAYMENT, PAYMENT.c.number == FACT.c.subject)
        .where(FACT.c.step != Step.BEGUN, FACT.c.kind != Kind.PENDING)
        .group_by(*by)
    )
    return sorted(_plain(row) for row in work.execute(query))


def _rows(work: Work, table: Table, *names: str) -> list[list[str]]:
    return sorted(_plain(row) for row in work.execute(select(*(table.c[name] for name in names))))


def _plain(row: Any) -> list[str]:
    return ["" if value is None else str(value) for value in row]
