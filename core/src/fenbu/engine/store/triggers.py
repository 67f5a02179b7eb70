"""Triggers outlive the rebuilding of their tables.

SQLite cannot change most things about a table in place: Alembic's batch operations copy it and drop the
old one, and its triggers (append-only, balance) go with it without a word. Each migration step is therefore
run between two looks at the triggers, and what has gone by accident is made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from fenbu.migration import DROPPED

_TRIGGERS = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


@contextmanager
def keeping_triggers(connection: Connection) -> Iterator[None]:
    """Make triggers again that the body's rebuilding of tables has dropped; nothing on PostgreSQL.

    Those taken away with `fenbu.migration.drop_trigger`, or together with their table, stay away. One
    that no longer fits its table raises the database's error: the script has to drop and redefine it.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.info.pop(DROPPED, None)
    before = {name: (table, sql) for name, table, sql in connection.exec_driver_sql(_TRIGGERS)}
    yield
    dropped = connection.info.pop(DROPPED, set())
    after = {name for name, _table, _sql in connection.exec_driver_sql(_TRIGGERS)}
    tables = set(connection.exec_driver_sql(_TABLES).scalars())
    for name, (table, sql) in before.items():
        if name not in after and name not in dropped and table in tables:
            connection.exec_driver_sql(sql)
