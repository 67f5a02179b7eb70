"""One enterprise's database: transactions, time, waiting.

`Database` is what the rest of the engine holds. It hands out SQLAlchemy Core connections; nobody else
begins or ends a transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from fenbu.engine.store.dialects import Backend, DialectName, Watch, parse
from fenbu.engine.store.errors import DatabaseMissing, NotFenbu, OutcomeUnknown, SchemaDiffers
from fenbu.engine.store.guard import Statistics, watch_statements
from fenbu.engine.store.history import install, installed, newest
from fenbu.engine.store.infrastructure import connection_lost, explained, first_line
from fenbu.engine.store.prepared import prepare_statements
from fenbu.engine.store.scratch import Scratch
from fenbu.i18n import _

T = TypeVar("T")


class Database:
    """An open database of fenbu; shared by the threads of a process.

    Not to be carried over `fork`: a child process opens its own.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._watches = threading.local()
        backend.check()
        self.statistics = Statistics()
        watch_statements(backend.writer, self.statistics)
        watch_statements(backend.reader, self.statistics)
        prepare_statements(backend.writer)
        prepare_statements(backend.reader)

    @classmethod
    def open(cls, url: str, *, gate: bool = True) -> Database:
        """Open a database that `create` has made.

        Args:
            url: Of SQLite or PostgreSQL, or the path of a SQLite file.
            gate: Let one process write at a time on SQLite; without it only one process may write at all.

        Raises:
            DatabaseMissing: Nothing is there yet.
            DatabaseUnreachable: No server, no login, no access.
            NotFenbu: There is something else.
            SchemaDiffers: An older or newer fenbu made it.
        """
        backend = _backend(url, gate)
        if not backend.exists():
            raise DatabaseMissing(backend.url, _("there is nothing yet"))
        database = cls(backend)
        with database._explaining(), backend.reader.connect() as connection:
            found = installed(connection)
        if found is None:
            database.dispose()
            raise NotFenbu(backend.url, _("the kernel's tables are not there"))
        if found != newest():
            database.dispose()
            raise SchemaDiffers(backend.url, found, newest())
        return database

    @classmethod
    def create(cls, url: str, *, gate: bool = True) -> Database:
        """Make a database, or open the one that is there; the kernel's tables are brought up to date.

        The folder of a SQLite file is created; a PostgreSQL database is created when the server allows it.
        A database that holds other tables already is refused (`NotFenbu`). The row of the enterprise is not
        written here.
        """
        backend = _backend(url, gate)
        backend.prepare()
        database = cls(backend)
        with database.migrate() as connection:
            install(connection, backend.url)
        return database

    @property
    def dialect(self) -> DialectName:
        """Which of the two databases this is."""
        return self._backend.name

    @property
    def url(self) -> str:
        """The address as people may see it, without password."""
        return self._backend.url

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that may write; commit it at the end, or roll back when the body raises.

        SQLite: the gate, then ``BEGIN IMMEDIATE``. PostgreSQL: READ COMMITTED. Not to be nested in one thread.
        Failures of the machine come out as `StoreError` with the driver's error as cause; `DatabaseReplaced` when the
        file is no longer the one that was opened; `OutcomeUnknown` when the answer to the commit got lost.
        """
        with self._backend.gate, self._explaining(), self._counting():
            self._backend.check()
            with self._ended(self._backend.writer.begin()) as connection:
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one moment and cannot write."""
        with self._explaining(), self._backend.reader.begin() as connection:
            yield connection

    @contextmanager
    def migrate(self) -> Iterator[Connection]:
        """Open a transaction in which tables may be made, rebuilt and dropped, beside any other writing.

        On SQLite foreign keys are off inside and checked before the commit.
        """
        with (
            self._backend.gate,
            self._explaining(),
            self._counting(),
            self._backend.writer.connect() as connection,
            self._ended(self._backend.migrating(connection)),
        ):
            yield connection

    def check(self) -> None:
        """Raise `DatabaseReplaced` when the file was deleted or replaced since it was opened; cheap."""
        self._backend.check()

    def clock(self, connection: Connection) -> int:
        """Return the database's time in UTC microseconds."""
        return self._backend.clock(connection)

    def wait(self, timeout: float) -> bool:
        """Sleep until somebody has committed something, at most `timeout` seconds.

        Returns at once when that was since this thread's last call: look for work, then wait, and nothing is
        missed. May return True for nothing.

        Returns:
            Whether it is worth looking.
        """
        watch: Watch | None = getattr(self._watches, "watch", None)
        if watch is None:
            self._watches.watch = self._backend.watch()
            return True
        return watch.wait(timeout)

    def notify(self) -> None:
        """Wake those who wait; call it after a commit that made work for others."""
        self._backend.notify()

    def copy(self, target: Path, mark: str) -> None:
        """Write a verified copy of this moment beside running work; it is there whole or not at all.

        The copy is marked: no call to the outside leaves it until an operator has cleared the mark.

        Args:
            target: A file that does not exist yet.
            mark: What it is a copy of and for, kept in ``enterprise.copy_of``.

        Raises:
            CopyRefused: The target exists, or this is PostgreSQL, whose own tools make better copies.
            DatabaseDamaged: The copy does not pass SQLite's check, so the original is damaged too.
        """
        with self._explaining():
            self._backend.copy(target, mark)

    def scratch(self, mark: str) -> Scratch:
        """Make a marked copy of this moment beside running work, for trying something out; the caller removes it.

        Args:
            mark: As `copy` takes it.

        Raises:
            CopyRefused: No room, no right to make a database, no tools of the server; the text says which.
            DatabaseDamaged: As `copy` raises it.
        """
        with self._explaining():
            return self._backend.scratch(mark)

    def side_folder(self, name: str) -> Path:
        """Return the folder of this machine for what its processes tell each other about this database.

        It outlives them and need not exist yet: beside the file on SQLite, below the user's folder for states
        (XDG_STATE_HOME) on PostgreSQL.
        """
        return self._backend.side_folder(name)

    def dispose(self) -> None:
        """Close all connections that are not in use; the database can be used again afterwards."""
        watch: Watch | None = getattr(self._watches, "watch", None)
        if watch is not None:
            watch.close()
            del self._watches.watch
        self._backend.dispose()

    @contextmanager
    def _ended(self, transaction: AbstractContextManager[T]) -> Iterator[T]:
        """Open a transaction around the body; when the connection is lost at its very end, nobody knows that end."""
        over = False
        try:
            with transaction as opened:
                yield opened
                over = True
        except Exception as error:
            if over and connection_lost(error):
                raise OutcomeUnknown(self.url, first_line(error)) from error
            raise

    @contextmanager
    def _counting(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.statistics.rollbacks += 1
            raise
        self.statistics.commits += 1

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            clear = explained(error, self.url)
            if clear is None:
                raise
            raise clear from error


def _backend(url: str, gate: bool) -> Backend:
    parsed = parse(url)
    if parsed.get_backend_name() == "sqlite":
        from fenbu.engine.store.sqlite import Sqlite

        return Sqlite(parsed, gate)
    from fenbu.engine.store.postgresql import Postgres

    return Postgres(parsed)
