"""A module's tables as a whole: read to be archived, taken away, filled again, without a line of the module's code."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from sqlalchemy import Connection, inspect, text

from fenbu.engine.store.archive import Row, Section
from fenbu.engine.store.versions import version_table

_CHUNK = 500
_FUNCTIONS = text(
    "SELECT DISTINCT tgfoid::regproc::text FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN "
    "(SELECT oid FROM pg_class WHERE relname = ANY(:tables) AND relnamespace = current_schema()::regnamespace)"
)
_TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
_FOREIGN_KEYS = (
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE contype = 'f' AND conrelid = %s::regclass"
)
_SEQUENCE = (
    "SELECT pg_get_serial_sequence(%s, attname) FROM pg_attribute "
    "WHERE attrelid = %s::regclass AND attname = %s AND attnum > 0"
)


def module_tables(connection: Connection, module: str, others: Collection[str] = ()) -> dict[str, int]:
    """Return a module's tables with their number of rows, by name.

    Args:
        connection: To read with.
        module: Its tables begin with this name and an underscore.
        others: Names of other modules: what begins with a longer one of them (``shop_online``) is not ``shop``'s.
    """
    longer = tuple(f"{other}_" for other in others if other.startswith(f"{module}_"))
    names = sorted(
        name
        for name in inspect(connection).get_table_names()
        if name.startswith(f"{module}_") and not name.startswith(longer)
    )
    return {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names}


def contents(connection: Connection, tables: Iterable[str]) -> Iterator[Section]:
    """Yield the rows of tables as they are stored, by primary key; a chunk at a time is in memory."""
    for table in tables:
        columns = stored_columns(connection, table)
        key = inspect(connection).get_pk_constraint(table)["constrained_columns"] or columns
        asked = f'SELECT {_listed(columns)} FROM "{table}" ORDER BY {_listed(key)}'
        yield Section(
            table=table,
            columns=columns,
            counters=_counters(connection, table, columns),
            rows=rows(connection, asked),
        )


def rows(connection: Connection, statement: str) -> Iterator[Row]:
    """Yield what a statement finds, as the driver gives it."""
    for row in connection.exec_driver_sql(statement, execution_options={"yield_per": _CHUNK}):
        yield tuple(row)


def stored_columns(connection: Connection, table: str) -> list[str]:
    """Return the columns of a table, but for those that the database computes."""
    return [str(one["name"]) for one in inspect(connection).get_columns(table) if not one.get("computed")]


def drop_module(connection: Connection, module: str, tables: Collection[str] | None = None) -> None:
    """Drop a module's tables with all their rows and rules, and forget its migrations.

    Args:
        connection: From `Database.migrate`; the caller commits.
        module: Its tables begin with this name and an underscore.
        tables: Those to drop; all that begin so when None.
    """
    names = list(module_tables(connection, module) if tables is None else tables)
    if connection.dialect.name == "sqlite":
        for table in names:
            connection.exec_driver_sql(f'DROP TABLE "{table}"')
    elif names:
        functions = list(connection.execute(_FUNCTIONS, {"tables": names}).scalars())
        connection.exec_driver_sql("DROP TABLE " + _listed(names))
        for function in functions:
            connection.exec_driver_sql(f"DROP FUNCTION {function}()")
    connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{version_table(module)}"')


@contextmanager
def being_filled(connection: Connection, tables: Collection[str]) -> Iterator[None]:
    """Empty tables, and let their rules (triggers, foreign keys) sleep while the body fills them.

    The rules have judged these rows when they were written; some would judge them wrongly in another order. What
    foreign keys point at is checked at the end, on SQLite before the commit.

    Args:
        connection: From `Database.migrate`.
        tables: All that the body fills, just made.
    """
    silence = _silenced_sqlite if connection.dialect.name == "sqlite" else _silenced_postgresql
    waking = [statement for table in tables for statement in silence(connection, table)]
    for table in tables:
        connection.exec_driver_sql(f'DELETE FROM "{table}"')
    yield
    for statement in waking:
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def fill(connection: Connection, section: Section) -> int:
    """Put the rows of a section into its table; return how many."""
    mark, overriding = (
        ("?", "") if connection.dialect.name == "sqlite" else ("%s", " OVERRIDING SYSTEM VALUE")
    )
    values = ", ".join(mark for _column in section.columns)
    insert = f'INSERT INTO "{section.table}" ({_listed(section.columns)}){overriding} VALUES ({values})'
    count, waiting = 0, iter(section.rows)
    while chunk := [tuple(row) for row in islice(waiting, _CHUNK)]:
        connection.exec_driver_sql(insert, chunk)
        count += len(chunk)
    _set_counters(connection, section)
    return count


def _silenced_sqlite(connection: Connection, table: str) -> list[str]:
    """Take a table's triggers away; returns what makes them again."""
    triggers = connection.exec_driver_sql(_TRIGGERS, (table,)).all()
    for name, _sql in triggers:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    return [sql for _name, sql in triggers]


def _silenced_postgresql(connection: Connection, table: str) -> list[str]:
    """Put a table's triggers to sleep and take its foreign keys away; returns what undoes both."""
    keys = connection.exec_driver_sql(_FOREIGN_KEYS, (f'"{table}"',)).all()
    connection.exec_driver_sql(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    for name, _definition in keys:
        connection.exec_driver_sql(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    back = [f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}' for name, definition in keys]
    return [*back, f'ALTER TABLE "{table}" ENABLE TRIGGER USER']


# --- numbers that are given once -------------------------------------------------------------------------


def _counters(connection: Connection, table: str, columns: Iterable[str]) -> dict[str, int]:
    """Return what numbers a table's rows, to the last number given."""
    if connection.dialect.name == "sqlite":
        if not inspect(connection).has_table("sqlite_sequence"):
            return {}
        asked = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        last = connection.exec_driver_sql(asked, (table,)).scalar()
        return {} if last is None else {"": int(last)}
    found: dict[str, int] = {}
    for column in columns:
        if sequence := _sequence(connection, table, column):
            asked = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"
            found[column] = int(connection.exec_driver_sql(asked).scalar_one())
    return found


def _set_counters(connection: Connection, section: Section) -> None:
    for column, last in section.counters.items():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (section.table,))
            insert = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)"
            connection.exec_driver_sql(insert, (section.table, last))
        elif last and (sequence := _sequence(connection, section.table, column)):
            connection.exec_driver_sql("SELECT setval(%s, %s)", (sequence, last))


def _sequence(connection: Connection, table: str, column: str) -> str | None:
    quoted = f'"{table}"'
    found: str | None = connection.exec_driver_sql(_SEQUENCE, (quoted, quoted, column)).scalar()
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
