"""Business facts as text, for comparing two databases: the same business gives the same lines, whoever keeps it.

A module names its facts in ``Manifest.canonical``; what may differ between two runs of the same business (times,
surrogate keys, which of two documents has which number) it leaves out::

    def canonical(work: Work) -> Facts:
        return {
            "cards": rows(work, CARD, "account", "state", "points"),
            "earned": selected(work, select(ENTRY.c.account, func.sum(ENTRY.c.points)).group_by(ENTRY.c.account)),
        }

Each section is read when its turn comes, in the transaction of the work, so that one at a time is held in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Select, Table, select

from fenbu.work import Work

Facts = Mapping[str, Iterable[Any] | Mapping[str, Any]]
"""Section to its rows, in an order that does not depend on how they came to be."""


def rows(work: Work, table: Table, *names: str) -> Iterator[list[str]]:
    """Yield these columns of all rows of a table, sorted as text."""
    return selected(work, select(*(table.c[name] for name in names)))


def selected(work: Work, query: Select[Any]) -> Iterator[list[str]]:
    """Yield what a query finds, sorted as text; nothing is an empty text."""
    yield from sorted(written(row) for row in work.execute(query))


def written(row: Iterable[Any]) -> list[str]:
    """Return a row as texts."""
    return ["" if value is None else str(value) for value in row]
