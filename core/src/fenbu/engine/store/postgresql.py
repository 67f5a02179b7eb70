"""PostgreSQL: many workers on many machines."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from fenbu.engine.store.dialects import DialectName, raw, shown
from fenbu.engine.store.errors import CopyRefused, DatabaseUnreachable
from fenbu.engine.store.gate import OpenGate, WriterGate
from fenbu.engine.store.scratch import Scratch, on_server
from fenbu.i18n import _

_SETTINGS = {
    "lock_timeout": "5s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    # The server notices within half a minute that a client's machine is gone, and lets its locks go.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "client_encoding": "UTF8",
}
_KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "connect_timeout": 10}
_CHANNEL = "fenbu"
_GATHER = 0.01
_POLL = 2.0


class Postgres:
    """One database of a PostgreSQL server."""

    name: DialectName = "postgresql"

    def __init__(self, url: URL) -> None:
        self._url = url
        self.url = shown(url)
        self.gate: WriterGate = OpenGate()
        self.writer = _engine(url)
        # A reading transaction sees one moment, as it does on SQLite.
        self.reader: Engine = self.writer.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._notifier = _Notifier(self)

    def connect(self, database: str | None = None) -> Any:
        """Open a driver connection in autocommit, outside the pool."""
        import psycopg

        url = self._url.set(drivername="postgresql", database=database or self._url.database)
        try:
            return psycopg.connect(
                url.render_as_string(hide_password=False),
                autocommit=True,
                **_KEEPALIVE,  # type: ignore[arg-type]
            )
        except psycopg.OperationalError as error:
            raise DatabaseUnreachable(self.url, _first_line(error)) from error

    def prepare(self) -> None:
        """Create the database when it is not there and the server allows it."""
        if self.exists():
            return
        import psycopg
        from psycopg import sql

        with self.connect("postgres") as connection:
            try:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(
                        sql.Identifier(self._url.database or "")
                    )
                )
            except psycopg.Error as error:
                reason = _("it is not there and may not be created: {reason}").format(
                    reason=_first_line(error)
                )
                raise DatabaseUnreachable(self.url, reason) from error

    def exists(self) -> bool:
        try:
            self.connect().close()
        except DatabaseUnreachable as error:
            # A failed connection attempt carries no SQLSTATE, only the server's text; ask the server.
            try:
                with self.connect("postgres") as connection:
                    found = connection.execute(
                        "SELECT 1 FROM pg_database WHERE datname = %s", (self._url.database,)
                    ).fetchone()
            except DatabaseUnreachable:
                raise error from None
            if found:
                raise
            return False
        return True

    def check(self) -> None:
        """A server does not let go of a database that somebody is connected to."""

    @contextmanager
    def migrating(self, connection: Connection) -> Iterator[None]:
        """A migration may take longer than a statement of daily work."""
        with connection.begin():
            raw(connection).execute("SET LOCAL statement_timeout = 0")
            yield

    def clock(self, connection: Connection) -> int:
        row = (
            raw(connection)
            .execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
            .fetchone()
        )
        return int(row[0])

    def watch(self) -> _ListenWatch:
        return _ListenWatch(self)

    def notify(self) -> None:
        self._notifier.ask()

    def copy(self, target: Path, mark: str) -> None:  # noqa: ARG002
        raise CopyRefused(
            self.url,
            _("the server's own tools make copies of PostgreSQL"),
            _("pg_dump --format=custom --file={target}").format(target=target),
        )

    def scratch(self, mark: str) -> Scratch:
        return on_server(self._url, self.url, self.connect, mark)

    def side_folder(self, name: str) -> Path:
        home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
        return home / "fenbu" / f"{hashlib.sha256(self.url.encode()).hexdigest()[:16]}.{name}"

    def dispose(self) -> None:
        self._notifier.close()
        self.writer.dispose()


class _ListenWatch:
    """Waits on LISTEN; what is missed while the connection is away is covered by the callers' polling."""

    def __init__(self, backend: Postgres) -> None:
        self._backend = backend
        self._connection: Any = None
        self._try_to_listen()

    def _try_to_listen(self) -> bool:
        """Listen; return False where the server is away or, standing by, lets nobody listen."""
        import psycopg

        try:
            self._listen()
        except (psycopg.Error, DatabaseUnreachable):
            self.close()
        return self._connection is not None

    def _listen(self) -> None:
        self._connection = self._backend.connect()
        self._connection.execute(f"LISTEN {_CHANNEL}")

    def wait(self, timeout: float) -> bool:
        """As `Watch.wait`; also True after 2 s in any case, because a notification may be lost."""
        import psycopg

        if self._connection is None:
            if self._try_to_listen():
                return True  # what happened while nobody listened is unknown: look
            time.sleep(min(timeout, 0.2))
            return False
        try:
            found = any(
                True for _note in self._connection.notifies(timeout=min(timeout, _POLL), stop_after=1)
            )
        except psycopg.Error:
            self.close()
            time.sleep(min(timeout, 0.2))
            return False
        return found or timeout > _POLL

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


class _Notifier:
    """Sends gathered notifications on a connection of its own.

    NOTIFY inside a transaction takes a global lock at commit and cost 16-29 % of the commits.
    """

    def __init__(self, backend: Postgres) -> None:
        self._backend = backend
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._open = True

    def ask(self) -> None:
        self._asked.set()
        if self._thread is None or not self._thread.is_alive():
            with self._lock:
                if self._thread is None or not self._thread.is_alive():
                    self._open = True
                    self._thread = threading.Thread(target=self._run, name="fenbu-notify", daemon=True)
                    self._thread.start()

    def close(self) -> None:
        """Send what is asked for and stop."""
        thread = self._thread
        if thread is not None and thread.is_alive():
            self._open = False
            self._asked.set()
            thread.join(2.0)
        self._thread = None

    def _run(self) -> None:
        import psycopg

        connection: Any = None
        try:
            while self._open or self._asked.is_set():
                self._asked.wait()
                self._asked.clear()
                try:
                    if connection is None or connection.closed:
                        connection = self._backend.connect()
                    connection.execute(f"NOTIFY {_CHANNEL}")
                except (psycopg.Error, DatabaseUnreachable):
                    connection = None  # waiters poll as well; the next change tries again
                time.sleep(_GATHER)
        finally:
            if connection is not None:
                connection.close()


def _engine(url: URL) -> Engine:
    options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items() if name != "client_encoding")
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        connect_args={"options": options, **_KEEPALIVE},
        pool_size=8,
        max_overflow=24,
        pool_use_lifo=True,
    )

    @event.listens_for(engine, "do_connect")
    def _open(_dialect: Any, _record: object, given: Any, named: Any) -> Any:
        from fenbu.engine.store.exchange import connection_class

        # What is executed twice is a constant of some module, and comes again.
        return connection_class().connect(*given, prepare_threshold=1, **named)

    @event.listens_for(engine, "connect", insert=True)  # before SQLAlchemy asks for the version
    def _connect(driver: Any, _record: object) -> None:
        driver.fenbu_owner = None

    @event.listens_for(engine, "checkin")
    def _checkin(driver: Any, _record: object) -> None:
        # A reader's connection comes back told to write, which a server that takes no writes for now refuses in words
        # of its own, and which would overrule one that only asks for it (default_transaction_read_only).
        if driver is not None and driver.read_only is not None and not driver.closed:
            driver.read_only = None

    return engine


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
