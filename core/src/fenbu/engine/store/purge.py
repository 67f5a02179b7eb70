"""Takes a module's tables away, also when its package is no longer there."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from fenbu.engine.store.migrations import version_table

_FUNCTIONS = text(
    "SELECT DISTINCT tgfoid::regproc::text FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN "
    "(SELECT oid FROM pg_class WHERE relname = ANY(:tables) AND relnamespace = current_schema()::regnamespace)"
)


def module_tables(connection: Connection, module: str) -> dict[str, int]:
    """Return a module's tables with their number of rows, by name."""
    names = sorted(name for name in inspect(connection).get_table_names() if name.startswith(f"{module}_"))
    return {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in names}


def drop_module(connection: Connection, module: str) -> None:
    """Drop a module's tables with all their rows and rules, and forget its migrations.

    Args:
        connection: From `Database.migrate`; the caller commits.
        module: Its tables begin with this name and an underscore.
    """
    tables = list(module_tables(connection, module))
    if connection.dialect.name == "sqlite":
        for table in tables:
            connection.exec_driver_sql(f'DROP TABLE "{table}"')
    elif tables:
        functions = list(connection.execute(_FUNCTIONS, {"tables": tables}).scalars())
        connection.exec_driver_sql("DROP TABLE " + ", ".join(f'"{table}"' for table in tables))
        for function in functions:
            connection.exec_driver_sql(f"DROP FUNCTION {function}()")
    connection.exec_driver_sql(f'DROP TABLE IF EXISTS "{version_table(module)}"')
