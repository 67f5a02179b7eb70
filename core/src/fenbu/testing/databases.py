"""Databases for tests: created empty or copied from a template, dropped when the test is over.

Invariant: a name is given out once, so no test sees what another has written.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from sqlalchemy import Engine

Kind = Literal["sqlite", "postgresql"]
Build = Callable[[str], None]

PATIENCE = 5.0  # seconds for connections that a template's builder has closed to be gone from the server


class DatabaseCopy(Protocol):
    """What the fixture `database_copy` gives: `(name, build)` to the URL of a copy."""

    def __call__(self, name: str, build: Build) -> str: ...


class TemplateInUse(Exception):
    """A template cannot be copied, because its builder left a connection open."""

    def __init__(self, name: str, evidence: str) -> None:
        super().__init__(
            f"The database template {name!r} is still in use ({evidence}). A template is copied closed: "
            "dispose of every engine and kernel at the end of the function that builds it."
        )


class DatabaseServer(Protocol):
    """A place where databases of one kind are made. URLs are SQLAlchemy's."""

    def create(self) -> str:
        """Create an empty database."""
        ...

    def copy(self, name: str, build: Build) -> str:
        """Copy the template `name`, which `build(url)` fills when it is asked for the first time."""
        ...

    def clone(self, url: str) -> str:
        """Copy a database that this server gave out and that nobody has open."""
        ...

    def drop(self, url: str) -> None:
        """Remove a database that this server gave out, whoever is connected to it."""
        ...


class SqliteServer:
    """SQLite files, each in a folder of its own below `root`, because a database brings side files."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._templates: dict[str, Path] = {}

    def create(self) -> str:
        """Name a database file in a new folder; the file comes into being when it is first opened."""
        return _sqlite_url(self._folder() / "fenbu.db")

    def copy(self, name: str, build: Build) -> str:
        """Copy the closed file of the template `name`.

        Raises:
            TemplateInUse: A write-ahead log lies beside the template, so its file alone is not the database.
        """
        if name not in self._templates:
            template = self._folder() / "fenbu.db"
            build(_sqlite_url(template))
            _refuse_open(name, template)
            self._templates[name] = template
        return self._copied(self._templates[name])

    def clone(self, url: str) -> str:
        """Copy a database's file, as it is now.

        Raises:
            TemplateInUse: A write-ahead log lies beside it, so its file alone is not the database.
        """
        file = _file(url)
        _refuse_open(url, file)
        return self._copied(file)

    def drop(self, url: str) -> None:
        """Remove the folder of a database, with its side files."""
        shutil.rmtree(_file(url).parent)

    def _copied(self, file: Path) -> str:
        target = self._folder() / "fenbu.db"
        shutil.copyfile(file, target)
        return _sqlite_url(target)

    def _folder(self) -> Path:
        folder = self._root / secrets.token_hex(6)
        folder.mkdir(parents=True)
        return folder


class PostgresServer:
    """Databases on the PostgreSQL server at `url`, whose user may create databases."""

    def __init__(self, url: str) -> None:
        from sqlalchemy.engine import make_url

        self._url = make_url(url)
        self._templates: dict[str, str] = {}

    def create(self) -> str:
        """Create an empty database; about 25 ms."""
        return self._url_of(self._new(template=None))

    def copy(self, name: str, build: Build) -> str:
        """Create a database from the template `name`; about 25 ms.

        Raises:
            TemplateInUse: The builder's connections are still open after five seconds.
        """
        if name not in self._templates:
            template = self._new(template=None)
            try:
                build(self._url_of(template))
                self._await_no_connections(name, template)
            except BaseException:
                self._drop(template)
                raise
            self._templates[name] = template
        return self._url_of(self._new(template=self._templates[name]))

    def clone(self, url: str) -> str:
        """Copy a database, as it is now.

        Raises:
            TemplateInUse: Somebody is still connected to it after five seconds.
        """
        database = _database(url)
        self._await_no_connections(database, database)
        return self._url_of(self._new(template=database))

    def drop(self, url: str) -> None:
        """Drop a database and end the sessions that are still connected to it."""
        self._drop(_database(url))

    def close(self) -> None:
        """Drop the templates and let go of the server."""
        while self._templates:
            self._drop(self._templates.popitem()[1])
        self._admin.dispose()

    def _new(self, template: str | None) -> str:
        name = f"fenbu_test_{secrets.token_hex(6)}"
        source = f' TEMPLATE "{template}"' if template else ""
        with self._admin.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"{source}{self._strategy}')
        return name

    def _drop(self, database: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _await_no_connections(self, name: str, database: str) -> None:
        """Wait until the server has noticed that the builder is gone, which takes it some milliseconds."""
        deadline = time.monotonic() + PATIENCE
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
        with self._admin.connect() as connection:
            while open_ones := connection.exec_driver_sql(count, (database,)).scalar_one():
                if time.monotonic() > deadline:
                    raise TemplateInUse(name, f"{open_ones} connections are open")
                time.sleep(0.01)

    def _url_of(self, database: str) -> str:
        return self._url.set(database=database).render_as_string(hide_password=False)

    @cached_property
    def _admin(self) -> Engine:
        """Keep one connection, outside any transaction, as CREATE DATABASE wants it."""
        from sqlalchemy import create_engine

        return create_engine(self._url, isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True)

    @cached_property
    def _strategy(self) -> str:
        """Copy files where nobody waits for the disk; through the log of a server that keeps what it is told."""
        with self._admin.connect() as connection:
            synced = connection.exec_driver_sql("SHOW fsync").scalar_one()
        return " STRATEGY FILE_COPY" if synced == "off" else ""


class Databases:
    """The ground of a test run: one server a kind, each started when it is first asked for."""

    def __init__(self, starters: dict[Kind, Callable[[], DatabaseServer]]) -> None:
        self._starters = starters
        self._running: dict[Kind, DatabaseServer] = {}

    def server(self, kind: Kind) -> DatabaseServer:
        """Give the server of this kind, started at the first call."""
        if kind not in self._running:
            self._running[kind] = self._starters[kind]()
        return self._running[kind]


def _refuse_open(name: str, file: Path) -> None:
    if (log := file.with_name(f"{file.name}-wal")).exists():
        raise TemplateInUse(name, f"{log.name} lies beside it")


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _database(url: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).database or ""


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"
