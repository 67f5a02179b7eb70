"""Carries what a shop on SQLite has lived through into one on PostgreSQL, row by row.

A long history is grown four times faster on SQLite, whose commits then wait for nothing; PostgreSQL would take an hour
and a half for 50,000 orders. Both shops are founded alike, so what an enterprise is set up with stays as it is, and
everything that happened is put in its place. The rows are the same but for the partition of an event, which follows
from its key and the kind of database, and the counts that follow from partitions.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from fenbu.engine.flows.log import PARTITIONS, partition_of

SET_UP = (
    "fenbu_enterprise", "fenbu_module", "fenbu_setting", "fenbu_operator", "fenbu_operator_grant",
    "fenbu_subscription", "fenbu_subscription_topic", "fenbu_gathering",
)  # fmt: skip
"""What both shops have been given alike; so have they the versions of their tables."""

_DONE = """
    SELECT d.subscription, e.key, count(*)
    FROM fenbu_delivered d JOIN fenbu_event e ON e.seq = d.seq GROUP BY d.subscription, e.key
"""
_NUMBERING = """
    SELECT table_name, column_name, pg_get_serial_sequence(table_name, column_name) FROM information_schema.columns
    WHERE table_name = ANY(%s) AND (is_identity = 'YES' OR column_default LIKE 'nextval%%')
"""


def carry(lived: str, founded: str) -> None:
    """Put what happened in a shop on SQLite into one on PostgreSQL that was founded alike and has nobody in it.

    Args:
        lived: URL of the shop on SQLite, in which nothing waits to be delivered.
        founded: URL of the shop on PostgreSQL; what happened there is forgotten.
    """
    file, server = make_url(lived).database, make_url(founded).set(drivername="postgresql")
    assert file is not None
    with (
        closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source,
        psycopg.connect(server.render_as_string(hide_password=False)) as target,
    ):
        check_alike(source, target)
        # Neither triggers nor foreign keys: all of it comes, in the order of the tables' names.
        target.execute("SET session_replication_role = replica")
        names = list(happened(source))
        target.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, names))))
        for name in names:
            columns = [row[1] for row in source.execute(f'PRAGMA table_info("{name}")')]
            put(target, name, columns, rows_of(source, name, columns))
        number_on(target, names)


def check_alike(source: sqlite3.Connection, target: psycopg.Connection[Any]) -> None:
    """Refuse shops whose deliveries would mean another subscription."""
    asked = "SELECT id, name FROM fenbu_subscription ORDER BY id"
    if (here := source.execute(asked).fetchall()) != (there := target.execute(asked).fetchall()):
        raise RuntimeError(f"the shops were not founded alike: {here} and {there}")
    if source.execute("SELECT count(*) FROM fenbu_delivery").fetchone() != (0,):
        raise RuntimeError("something waits to be delivered")


def happened(source: sqlite3.Connection) -> Iterator[str]:
    """Yield the tables of what happened."""
    for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
        if name not in SET_UP and not name.startswith(("fenbu_version_", "sqlite_")):
            yield name


def rows_of(source: sqlite3.Connection, name: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield a table's rows; an event has its partition by PostgreSQL's count, and partitions are counted anew."""
    if name == "fenbu_partition":
        yield from counted(source)
        return
    rows = source.execute(f'SELECT * FROM "{name}"')
    if name != "fenbu_event":
        yield from rows
        return
    key, partition = columns.index("key"), columns.index("partition")
    for row in rows:
        yield *row[:partition], partition_of(row[key], "postgresql"), *row[partition + 1 :]


def counted(source: sqlite3.Connection) -> Iterator[tuple[int, int, int, int]]:
    """Yield the partitions of each subscription with what was done in them, as `fenbu_partition` has them."""
    done = Counter[tuple[int, int]]()
    for subscription, key, times in source.execute(_DONE):
        done[subscription, partition_of(key, "postgresql")] += times
    for (subscription,) in source.execute("SELECT id FROM fenbu_subscription"):
        for partition in range(PARTITIONS["postgresql"]):
            yield subscription, partition, done[subscription, partition], 0


def put(
    target: psycopg.Connection[Any], name: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Copy rows into a table."""
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with target.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(row)


def number_on(target: psycopg.Connection[Any], names: Sequence[str]) -> None:
    """Let the columns that number their rows go on behind the last one."""
    numbering = target.execute(_NUMBERING, [list(names)]).fetchall()
    for name, column, sequence in numbering:
        last = sql.SQL("SELECT setval(%s, max({})) FROM {}").format(
            sql.Identifier(column), sql.Identifier(name)
        )
        target.execute(last, [sequence])
