"""INSERT … ON CONFLICT DO NOTHING for both databases, built once."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(table: Table) -> Mapping[str, Executable]:
    """Return, by dialect, the statement that inserts a row and returns its key, or nothing when it is there."""
    keys = tuple(table.primary_key)
    return {
        "sqlite": sqlite.insert(table).on_conflict_do_nothing().returning(*keys),
        "postgresql": postgresql.insert(table).on_conflict_do_nothing().returning(*keys),
    }
