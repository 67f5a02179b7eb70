"""The servers on which benchmarks make their databases: files in a temporary folder, and a private PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from fenbu.testing.databases import DatabaseServer, PostgresServer, SqliteServer
from fenbu.testing.postgres import postgres_server


@contextmanager
def servers(only: str | None) -> Iterator[list[DatabaseServer]]:
    """Give a server of each kind, or of one, while the body runs.

    Args:
        only: ``sqlite`` or ``postgresql``; None for both.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        nullcontext(None) if only == "sqlite" else postgres_server() as url,
    ):
        lite = [] if only == "postgresql" else [SqliteServer(Path(folder))]
        yield [*lite, *([PostgresServer(url)] if url else [])]
