"""Statements that SQLAlchemy writes differently for each database, built once for both.

A statement by dialect is asked for with ``work.dialect``::

    _PUBLISH = upsert(ITEM, change=("title", "unit"))

    def publish(work: Work, rows: Sequence[Mapping[str, Any]]) -> None:
        work.execute(_PUBLISH[work.dialect], rows)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from fenbu.work import Work

ByDialect = Mapping[str, Executable]
"""The name of a dialect, as in ``work.dialect``, to its statement."""


def upsert(
    table: Table,
    *,
    change: Sequence[str] = (),
    add: Sequence[str] = (),
    returning: Sequence[Column[Any]] = (),
) -> ByDialect:
    """Insert rows; where the key is taken, change these columns, or leave the row as it is.

    Args:
        table: Into which.
        change: Columns that take the new value where the key is known.
        add: Columns to whose value the new one is added. With neither, known rows are left alone.
        returning: Columns of the rows that were inserted or changed; a row left alone is not among them.
    """
    built: dict[str, Executable] = {}
    for name, insert in (("sqlite", sqlite.insert(table)), ("postgresql", postgresql.insert(table))):
        new: dict[str, Any] = {column: insert.excluded[column] for column in change}
        new |= {column: table.c[column] + insert.excluded[column] for column in add}
        taken = (
            insert.on_conflict_do_update(table.primary_key, set_=new)
            if new
            else insert.on_conflict_do_nothing()
        )
        built[name] = taken.returning(*returning) if returning else taken
    return built


def locks_rows(work: Work) -> bool:
    """Say whether a work has to lock the rows that it is about to change.

    On SQLite nobody else writes as long as a work does that may write; one that only reads changes nothing.
    """
    return work.dialect == "postgresql" and not work.read_only
