"""INSERT … ON CONFLICT for both databases, built once.

SQLAlchemy has the statement by dialect only; a dictionary by ``work.dialect`` holds the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Column, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

ByDialect = Mapping[str, Executable]


def upsert(table: Table, *, change: Sequence[str] = (), returning: Sequence[Column[str]] = ()) -> ByDialect:
    """Insert rows; where the key is taken, change these columns, or leave the row as it is.

    Args:
        table: Into which.
        change: Columns that take the new value where the key is known; none leaves known rows alone.
        returning: Columns of the rows that were inserted or changed.
    """
    keys = table.primary_key
    built: dict[str, Executable] = {}
    for name, insert in (("sqlite", sqlite.insert(table)), ("postgresql", postgresql.insert(table))):
        taken = (
            insert.on_conflict_do_update(keys, set_={column: insert.excluded[column] for column in change})
            if change
            else insert.on_conflict_do_nothing()
        )
        built[name] = taken.returning(*returning) if returning else taken
    return built
