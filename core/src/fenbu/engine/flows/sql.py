"""Statements written once for both databases.

A template may hold ``{seqs}``, the condition that `seq` is one of a list: SQLite gets the list as one JSON
parameter and PostgreSQL as an array, so the text stays the same whatever its length and is parsed once.

CROSS JOIN with its conditions in WHERE is an ordinary join to PostgreSQL, and to SQLite one in the order written:
from the subscription to its partitions to their deliveries, each by its key, however many rows there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache

from sqlalchemy import TextClause, text

OLDEST = """(SELECT min(d.seq) FROM fenbu_delivery d WHERE d.subscription = p.subscription
        AND d.partition = p.partition AND d.state = w.state)"""
"""The oldest event that stands in a state `w` in a partition `p`: by the key, however many stand there."""

_SEQS = {
    "sqlite": "seq IN (SELECT value FROM json_each(:seqs))",
    "postgresql": "seq = ANY(:seqs)",
}
_NOW = {
    "sqlite": "NULL",
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)",
}
_LOCK = {"sqlite": "", "postgresql": "FOR UPDATE"}
_LOCK_FREE = {"sqlite": "", "postgresql": "FOR UPDATE SKIP LOCKED"}


@cache
def statement(template: str, dialect: str) -> TextClause:
    """Return a template as a statement of one database.

    Besides ``{seqs}`` it may end in ``{lock}`` (wait for the rows) or ``{lock_free}`` (leave out what somebody
    else holds); SQLite locks nothing, since its writer is alone. ``{now}`` is the server's time in UTC
    microseconds, for a statement that goes there anyway; NULL on SQLite, which is no further away than a clock.
    """
    return text(
        template.format(
            seqs=_SEQS[dialect], now=_NOW[dialect], lock=_LOCK[dialect], lock_free=_LOCK_FREE[dialect]
        )
    )


def packed(dialect: str, values: Iterable[int]) -> str | list[int]:
    """Return a list of numbers as the one parameter that ``{seqs}`` takes."""
    listed = list(values)
    return json.dumps(listed) if dialect == "sqlite" else listed
