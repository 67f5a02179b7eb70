"""SQLite: one file, many readers, one writer at a time behind the gate."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.engine import URL

from fenbu.engine.store.dialects import DialectName, raw, shown
from fenbu.engine.store.errors import (
    CopyRefused,
    DatabaseDamaged,
    DatabaseReadOnly,
    DatabaseReplaced,
    DatabaseUnreachable,
)
from fenbu.engine.store.gate import Gate, OpenGate, WriterGate
from fenbu.engine.store.scratch import Scratch, beside
from fenbu.i18n import _

_PRAGMAS = (
    "PRAGMA busy_timeout = 30000",
    "PRAGMA synchronous = FULL",  # NORMAL lost acknowledged commits in 1,472 of 4,000 simulated power cuts
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cache_size = -16000",
    "PRAGMA journal_size_limit = 67108864",
)
_POLL = 0.02


class _Connection(sqlite3.Connection):
    """A driver connection that remembers for whom it is writing (`guard`)."""

    fenbu_owner: Any = None


class Sqlite:
    """One SQLite file."""

    name: DialectName = "sqlite"

    def __init__(self, url: URL, gate: bool = True) -> None:
        self._path = Path(url.database or "").absolute()
        self.url = shown(url)
        self.gate: WriterGate = OpenGate()
        if gate:
            self.gate = Gate(Path(f"{self._path}.gate"))
        self.writer = _engine(url, "BEGIN IMMEDIATE", read_only=False)
        self.reader = _engine(url, "BEGIN", read_only=True)
        self._changed = threading.Condition()
        self._changes = 0
        self._number: tuple[int, int] | None = None
        """Of the file that was opened: device and inode."""

    def prepare(self) -> None:
        """Create the folder and the file, in WAL mode."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
        except (OSError, sqlite3.OperationalError) as error:
            raise DatabaseReadOnly(self.url, str(error)) from error

    def exists(self) -> bool:
        if self._path.is_dir():
            raise DatabaseUnreachable(self.url, _("it is a folder"))
        return self._path.exists() and self._path.stat().st_size > 0

    def check(self) -> None:
        """Compare the file at the address with the one that was there at the first call.

        SQLite goes on with a file that was deleted as long as it has it open, and all that is committed to it is
        lost with it. Its number cannot be given to another file meanwhile.
        """
        try:
            found = self._path.stat()
        except FileNotFoundError:
            raise DatabaseReplaced(self.url, _("it was deleted or moved")) from None
        number = found.st_dev, found.st_ino
        if self._number is None:
            self._number = number
        elif number != self._number:
            raise DatabaseReplaced(self.url, _("another file has taken its place"))

    @contextmanager
    def migrating(self, connection: Connection) -> Iterator[None]:
        """Rebuild tables safely: keys off before BEGIN, checked at the end, back on in any case.

        With foreign keys on, rebuilding a parent deletes or refuses its children; `legacy_alter_table` keeps
        triggers and views of other tables from being rewritten or refused while a table is away.
        """
        driver = raw(connection)
        driver.execute("PRAGMA foreign_keys = OFF")
        driver.execute("PRAGMA legacy_alter_table = ON")
        try:
            with connection.begin():
                yield
                self._check_keys(driver)
        finally:
            driver.execute("PRAGMA legacy_alter_table = OFF")
            driver.execute("PRAGMA foreign_keys = ON")

    def _check_keys(self, driver: sqlite3.Connection) -> None:
        broken = driver.execute("PRAGMA foreign_key_check").fetchmany(5)
        if broken:
            told = ", ".join(f"{table} {rowid} → {parent}" for table, rowid, parent, _number in broken)
            raise DatabaseDamaged(
                self.url, _("rows point at rows that are not there: {rows}").format(rows=told)
            )

    def clock(self, connection: Connection) -> int:  # noqa: ARG002  (the machine's clock is the database's)
        return time.time_ns() // 1000

    def watch(self) -> _VersionWatch:
        return _VersionWatch(self)

    def notify(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def copy(self, target: Path, mark: str) -> None:
        if target.exists():
            raise CopyRefused(self.url, _("{file} exists").format(file=target), _("name a new file"))
        partial = target.with_name(f"{target.name}.partial")
        partial.unlink(missing_ok=True)
        try:
            with closing(_plain(self._path)) as source:
                source.execute("VACUUM INTO ?", (str(partial),))
            with closing(sqlite3.connect(partial, isolation_level=None)) as copied:
                self._check_copy(copied)
                copied.execute("UPDATE fenbu_enterprise SET copy_of = ?", (mark,))
            _to_disk(partial)
            partial.rename(target)
            _to_disk(target.parent)
        finally:
            partial.unlink(missing_ok=True)

    def scratch(self, mark: str) -> Scratch:
        return beside(self._path, self.url, lambda target: self.copy(target, mark))

    def _check_copy(self, copied: sqlite3.Connection) -> None:
        verdict = copied.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise DatabaseDamaged(self.url, verdict)
        self._check_keys(copied)

    def side_folder(self, name: str) -> Path:
        return Path(f"{self._path}.{name}")

    def dispose(self) -> None:
        self.writer.dispose()
        self.reader.dispose()
        self.gate.close()


class _VersionWatch:
    """Waits on `PRAGMA data_version` (3 µs), which moves when another connection has committed.

    Waiters of the same process are woken at once by `notify`; other processes are seen within 20 ms.
    """

    def __init__(self, backend: Sqlite) -> None:
        self._backend = backend
        self._connection = _plain(backend._path)
        self._seen = self._version()

    def _version(self) -> int:
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def wait(self, timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        changed = self._backend._changed
        while True:
            with changed:
                noted = self._backend._changes
            version = self._version()
            if version != self._seen:
                self._seen = version
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            with changed:
                changed.wait_for(lambda noted=noted: self._backend._changes != noted, min(left, _POLL))  # type: ignore[misc]

    def close(self) -> None:
        self._connection.close()


def _plain(path: Path) -> sqlite3.Connection:
    """Open a connection outside the pools that can only read."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        check_same_thread=False,
        timeout=30,
        isolation_level=None,
    )


def _to_disk(path: Path) -> None:
    """Make a file's bytes, or a folder's names, survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _engine(url: URL, begin: str, read_only: bool) -> Engine:
    engine = create_engine(
        url,
        connect_args={"factory": _Connection, "timeout": 30},
        pool_size=8,
        max_overflow=24,
        pool_use_lifo=True,  # the connection used last has the warmest caches
    )

    @event.listens_for(engine, "connect")
    def _connect(driver: sqlite3.Connection, _record: object) -> None:
        driver.isolation_level = None  # SQLAlchemy begins and ends transactions, DDL included
        for pragma in _PRAGMAS:
            driver.execute(pragma)
        if read_only:
            driver.execute("PRAGMA query_only = ON")

    def do_begin(dbapi_connection: PoolProxiedConnection) -> None:
        dbapi_connection.driver_connection.execute(begin)  # type: ignore[union-attr]

    # An engine with a listener for events of connections looks for more of them at every statement.
    engine.dialect.do_begin = do_begin  # type: ignore[method-assign]
    return engine
