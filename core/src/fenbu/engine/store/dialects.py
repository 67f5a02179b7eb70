"""What differs between SQLite and PostgreSQL, behind one shape.

Everything above the store runs the same SQL on both. What cannot be the same is here: how a connection is
set up, how a transaction begins, who may write at once, what the time is, how a waiting worker learns of
a change, and what a migration needs before and after.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from fenbu.engine.store.errors import DatabaseUnreachable
from fenbu.engine.store.gate import WriterGate
from fenbu.engine.store.scratch import Scratch
from fenbu.i18n import _

DialectName = Literal["sqlite", "postgresql"]


class Watch(Protocol):
    """One waiter's memory of the last state that it has seen."""

    def wait(self, timeout: float) -> bool:
        """Return True as soon as something was committed since the last call, False after `timeout`."""

    def close(self) -> None:
        """Give its connection back."""


class Backend(Protocol):
    """One of the two databases, opened."""

    name: DialectName
    url: str
    """As shown to people: without password."""
    writer: Engine
    reader: Engine
    gate: WriterGate

    def prepare(self) -> None:
        """Make sure that there is a database to connect to; create what may be created."""

    def exists(self) -> bool:
        """Say whether there is a database to connect to; raises `DatabaseUnreachable` when it cannot tell."""

    def check(self) -> None:
        """Raise `DatabaseReplaced` when what is open is no longer what its address names; 2 µs."""

    def migrating(self, connection: Connection) -> AbstractContextManager[None]:
        """Open, around the body, a transaction in which tables may be rebuilt; commit or roll back."""

    def clock(self, connection: Connection) -> int:
        """Return the database's time in UTC microseconds; it moves within a transaction."""

    def watch(self) -> Watch:
        """Return a new waiter."""

    def notify(self) -> None:
        """Wake the waiters soon; costs the caller nothing noticeable."""

    def copy(self, target: Path, mark: str) -> None:
        """Write a verified and marked copy to a new file."""

    def scratch(self, mark: str) -> Scratch:
        """Make a marked copy for trying something out."""

    def side_folder(self, name: str) -> Path:
        """Return the folder of this machine for what processes tell each other about this database."""

    def dispose(self) -> None:
        """Close everything; the backend can be used again afterwards."""


def parse(address: str) -> URL:
    """Return the URL of an address: a URL, or the path of a SQLite file.

    Raises:
        DatabaseUnreachable: It is neither, or names a database that fenbu does not know.
    """
    if "://" not in address:
        return URL.create("sqlite", database=str(Path(address).expanduser()))
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise DatabaseUnreachable(address, str(error)) from error
    kind = url.get_backend_name()
    if kind == "postgres":  # the spelling that many hosts hand out
        url = url.set(drivername="postgresql")
        kind = "postgresql"
    if kind == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if kind != "sqlite":
        raise DatabaseUnreachable(
            shown(url), _("fenbu knows sqlite and postgresql, not {kind}").format(kind=kind)
        )
    if not url.database or url.database == ":memory:":
        raise DatabaseUnreachable(shown(url), _("fenbu needs a file: several connections work on it at once"))
    return url.set(drivername="sqlite")


def shown(url: URL) -> str:
    """Return the URL as people may see it: no password, no driver name."""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def raw(connection: Connection) -> Any:
    """Return the driver's own connection, for the few statements where SQLAlchemy's layer is the cost."""
    return connection.connection.driver_connection
