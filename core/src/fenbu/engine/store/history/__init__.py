"""How the kernel's tables came about: one Alembic revision a file, named by its number, newest last."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect

from fenbu.engine.store.errors import NotFenbu
from fenbu.engine.store.versions import version_table
from fenbu.i18n import _

FOLDER = Path(__file__).parent
MODULE = "fenbu"
"""The kernel's name as a module: its tables begin with it."""


@cache
def newest() -> str:
    """Return the newest revision, read from the names of the files: Alembic takes half a second to import."""
    return max(path.name for path in FOLDER.glob("[0-9]*.py")).split("_")[0]


def installed(connection: Connection) -> str | None:
    """Return the revision of the kernel's tables in this database; None when it has none of them."""
    if not inspect(connection).has_table(version_table(MODULE)):
        return None
    found: str | None = connection.exec_driver_sql(
        f"SELECT version_num FROM {version_table(MODULE)}"
    ).scalar()
    return found


def install(connection: Connection, url: str) -> None:
    """Make the kernel's tables, or bring them up to date, inside the caller's transaction.

    Raises:
        NotFenbu: The database has tables already, and none of them is the kernel's.
    """
    from fenbu.engine.store.migrations import upgrade

    if installed(connection) is None and (others := inspect(connection).get_table_names()):
        reason = _("it holds other tables ({tables})").format(tables=", ".join(sorted(others)[:3]))
        raise NotFenbu(url, reason)
    upgrade(connection, MODULE, FOLDER)
