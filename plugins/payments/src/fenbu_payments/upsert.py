"""INSERT … ON CONFLICT DO NOTHING for both databases, built once."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_new(table: Table) -> Mapping[str, Executable]:
    """Return, by dialect, the statement that inserts a row unless one with its keys is there."""
    return {
        "sqlite": sqlite.insert(table).on_conflict_do_nothing(),
        "postgresql": postgresql.insert(table).on_conflict_do_nothing(),
    }
