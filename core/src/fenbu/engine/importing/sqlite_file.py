"""Rows of a query over a SQLite file, plain or gzipped, read only.

The query comes from a profile, which a stranger may have written: it may read the tables of this one file and
nothing else, neither write nor attach another file.
"""

from __future__ import annotations

import gzip
import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any
from urllib.parse import quote

from fenbu.engine.importing.lines import undecoded, with_bytes_kept
from fenbu.engine.importing.source import Record, check_columns
from fenbu.errors import BadFile
from fenbu.i18n import _
from fenbu.importing import Profile

_MAGIC = b"SQLite format 3\0"
_GZIP = b"\x1f\x8b"
_READING = frozenset(
    (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
)


def is_sqlite(path: Path) -> bool:
    """Say whether a file, or what is in the archive, is a SQLite database; what cannot be read is none."""
    try:
        with path.open("rb") as raw:
            start = raw.read(len(_MAGIC))
        if start.startswith(_GZIP):
            with gzip.open(path) as archive:
                start = archive.read(len(_MAGIC))
    except (OSError, EOFError, zlib.error):
        return False
    return start == _MAGIC


class SqliteFile:
    """The rows of a profile's query; memory stays at one row."""

    def __init__(self, path: Path, profile: Profile, wanted: Sequence[str], needed: Sequence[str]) -> None:
        """Open the file and begin the query.

        Raises:
            BadFile: The archive is damaged, the query cannot be run, or lacks a needed column.
        """
        self.path = path
        self.position = 0
        """Rows read so far."""
        self.size = 0
        """Rows that there are."""
        self._profile = profile
        self._open = ExitStack()
        try:
            self._connection = self._connect()
            self._cursor = self._begin()
            self.columns = [str(column[0]) for column in self._cursor.description]
            check_columns(path, self.columns, wanted, needed)
        except BaseException:
            self._open.close()
            raise
        places = {name: place for place, name in enumerate(self.columns)}
        self._places = [places.get(name) for name in wanted]

    def __enter__(self) -> SqliteFile:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._open.close()

    def __iter__(self) -> Iterator[Record]:
        while (row := self._next()) is not None:
            self.position += 1
            yield self._record(row)

    def _next(self) -> Sequence[Any] | None:
        try:
            row: Sequence[Any] | None = self._cursor.fetchone()
        except sqlite3.Error as error:
            told = _("it cannot be read any further: {error}").format(error=error)
            raise BadFile(str(self.path), told, self.position + 1) from None
        return row

    def _record(self, row: Sequence[Any]) -> Record:
        problem = ""
        cells = []
        for name, value in zip(self.columns, row, strict=True):
            cell = _text(value)
            if isinstance(value, bytes):
                problem = problem or _("{column} is no text or number").format(column=name)
            elif found := undecoded(cell, "utf-8"):
                problem = problem or f"{name}: {found}"
            cells.append(cell)
        picked = ["" if at is None else cells[at] for at in self._places]
        return Record(self.position, picked, cells, problem)

    def _connect(self) -> sqlite3.Connection:
        try:
            file = self._unpacked()
            connection = sqlite3.connect(f"file:{quote(str(file.resolve()))}?mode=ro", uri=True)
        except (OSError, EOFError, zlib.error, sqlite3.Error) as error:
            told = _("it cannot be opened: {error}").format(error=error)
            raise BadFile(str(self.path), told) from None
        self._open.enter_context(closing(connection))
        connection.text_factory = with_bytes_kept
        connection.set_authorizer(_only_reading)
        return connection

    def _unpacked(self) -> Path:
        """Return the file itself; of an archive its content in a folder that goes when this is closed."""
        with self.path.open("rb") as raw:
            if raw.read(len(_GZIP)) != _GZIP:
                return self.path
        folder = Path(self._open.enter_context(TemporaryDirectory(prefix="fenbu-import-")))
        with gzip.open(self.path) as archive, (folder / "source.db").open("wb") as file:
            shutil.copyfileobj(archive, file)
        return folder / "source.db"

    def _begin(self) -> sqlite3.Cursor:
        query = self._profile.query.strip().rstrip(";")
        if not query:
            raise BadFile(self._profile.name, _("the profile says no query, which a database wants"))
        try:
            [self.size] = self._connection.execute(f"SELECT count(*) FROM ({query})").fetchone()
            return self._connection.execute(query)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise BadFile(
                self._profile.name,
                _("its query cannot be run on {file}: {error}").format(file=self.path.name, error=error),
                way_out=_("a query reads tables of the file: SELECT … FROM … ORDER BY …"),
            ) from None


def _only_reading(operation: int, *_about: object) -> int:
    return sqlite3.SQLITE_OK if operation in _READING else sqlite3.SQLITE_DENY


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"  # the shortest number that is this one, written out
    return value.hex() if isinstance(value, bytes) else str(value)
