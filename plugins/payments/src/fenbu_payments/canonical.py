"""The business facts of payments without what may differ between two runs of the same business.

Left out are times, surrogate numbers, who told an outcome first, and in which of two orders facts came.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from fenbu.canonical import Facts, rows, selected
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


def canonical(work: Work) -> Facts:
    """Return the facts of payments in a fixed order."""
    return {
        "payments": rows(
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
        "payouts": rows(
            work, PAYOUT, "order_number", "account", "gateway", "currency", "amount", "day", "state"
        ),
        "notices": rows(work, NOTICE, "gateway", "kind", "done", "amount", "currency", "state"),
    }


def _facts(work: Work) -> Iterator[list[str]]:
    by = (PAYMENT.c.order_number, PAYMENT.c.account, FACT.c.kind, FACT.c.step, FACT.c.amount, FACT.c.day)
    query = (
        select(*by, func.count())
        .join_from(FACT, PAYMENT, PAYMENT.c.number == FACT.c.subject)
        .where(FACT.c.step != Step.BEGUN, FACT.c.kind != Kind.PENDING)
        .group_by(*by)
    )
    return selected(work, query)
