"""Where benchmarks make their databases: files in a temporary folder, and a private PostgreSQL.

Both wait for the disk at each commit, as they do where an enterprise is kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.pool import Pool

from fenbu.engine.kernel import Kernel
from fenbu.testing.databases import DatabaseServer, PostgresServer, SqliteServer
from fenbu.testing.enterprises import OWNER
from fenbu.testing.postgres import postgres_server


@contextmanager
def servers(only: str | None) -> Iterator[list[DatabaseServer]]:
    """Give a server of each kind, or of one, while the body runs.

    Args:
        only: ``sqlite`` or ``postgresql``; None for both.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        nullcontext(None) if only == "sqlite" else postgres_server(durable=True) as url,
    ):
        lite = [] if only == "postgresql" else [SqliteServer(Path(folder))]
        yield [*lite, *([PostgresServer(url)] if url else [])]


def kind(url: str) -> str:
    """Return ``sqlite`` or ``postgresql``."""
    return url.partition(":")[0].partition("+")[0]


def found(url: str, **options: Any) -> Kernel:
    """Found the enterprise of a benchmark; the kernel is the caller's to close. Options as `Kernel.init` takes them."""
    who = OWNER.name
    return Kernel.init(url, name="Bench", currency="GBP", time_zone="Europe/London", os_user=who, **options)


@contextmanager
def not_waiting() -> Iterator[None]:
    """Let no commit on SQLite in the body wait for the disk: to grow what is measured afterwards."""
    event.listen(Pool, "checkout", _not_waiting)
    try:
        yield
    finally:
        event.remove(Pool, "checkout", _not_waiting)


def _not_waiting(driver: Any, _record: Any, _proxy: Any) -> None:
    driver.execute("PRAGMA synchronous = OFF")


def vacuumed(url: str) -> None:
    """Let PostgreSQL do now what its autovacuum does within a minute or two.

    A copy is made of what stands: without this each copy would read its fresh rows the dear way, and plan by numbers
    of rows from long ago.
    """
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE)")
    server.dispose()
