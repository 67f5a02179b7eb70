"""The file that keeps what was purged: written whole or not at all, and checked before anything is deleted.

A gzip file of JSON lines. The first is the header; then, for each table, a line that names it and its columns, and a
line for each row with the values as the database stores them; the last says how many rows there are and what the
lines before it hash to (SHA-256). So it can be looked at with ``zcat`` and checked without the database.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import attrs
from attrs import field, frozen

from fenbu.engine.store.errors import ArchiveDamaged, NotArchivable
from fenbu.errors import AlreadyExists, BadFile
from fenbu.i18n import _

FORMAT = "fenbu.archive/1"

Row = Sequence[Any]


@frozen(kw_only=True)
class Header:
    """What an archive is of."""

    module: str
    version: str
    """Of the module's code when it was last enabled."""
    distribution: str
    revision: str
    """Of the module's tables, by its own history; empty when it has no tables."""
    kernel: str
    """Revision of the kernel's tables."""
    dialect: str
    """``sqlite`` or ``postgresql``."""
    enterprise: Mapping[str, Any]
    """Name, currency and moment of founding."""
    event: int
    """Number of the newest event when it was written; 0 for none."""
    event_id: str
    at: int
    """UTC microseconds."""
    how: str
    """``drain``, ``park`` or ``waive``: what became of what waited when the module was disabled."""
    snapshot: Mapping[str, Any]
    """The module as it was enabled: its tables, the steps of their history, its subscriptions."""


@frozen(kw_only=True)
class Section:
    """The rows of one table."""

    table: str
    columns: Sequence[str]
    counters: Mapping[str, int] = field(factory=dict)
    """What numbers the table's rows to the last number given, so that none is given twice."""
    rows: Iterable[Row] = ()


@frozen
class Contents:
    """What was found in a file whose checksum is right."""

    header: Header
    rows: Mapping[str, int]
    """Table to the number of its rows."""
    size: int
    """Bytes of the file."""
    checksum: str

    @property
    def total(self) -> int:
        """How many rows there are."""
        return sum(self.rows.values())


def write(path: Path, header: Header, sections: Iterable[Section], *, keep: bool = True) -> Contents:
    """Write an archive, read it back, and only then give it its name; it is on the disk when this returns.

    Args:
        path: Where it shall be; nothing may be there.
        header: First line.
        sections: Read once, in order.
        keep: False to write and check it, and leave nothing behind.

    Raises:
        AlreadyExists: There is such a file.
        BadFile: The folder cannot be written to.
        NotArchivable: A table has a value that no archive can hold.
        ArchiveDamaged: What was read back is not what was written.
    """
    if path.exists():
        raise AlreadyExists(_("file"), str(path))
    part = path.with_name(f".{path.name}.part")
    try:
        with _created(part) as file:
            counted, checksum = _write_lines(file, header, sections)
        found = read(part)
        if (found.header, dict(found.rows), found.checksum) != (header, counted, checksum):
            raise ArchiveDamaged(str(path), _("what was read back is not what was written"))
        if keep:
            _named(part, path)
        return found
    finally:
        part.unlink(missing_ok=True)


def read(path: Path) -> Contents:
    """Read a whole archive and check it; nothing is kept in memory but counts.

    Raises:
        BadFile: There is no such file, or it is none of ours or of a newer format.
        ArchiveDamaged: It is cut off or was changed.
    """
    lines = _lines(path)
    digest = hashlib.sha256()
    header, counted, table, last = None, dict[str, int](), "", None
    for line in lines:
        told = _parsed(path, line)
        if isinstance(told, dict) and "sha256" in told:
            last = told
            break
        digest.update(line)
        if header is None:
            header = _header(path, told)
        elif isinstance(told, dict):
            table = str(told["table"])
            counted[table] = 0
        else:
            counted[table] += 1
    if header is None or last is None:
        raise ArchiveDamaged(str(path), _("it ends too early"))
    if last != {"rows": counted, "sha256": digest.hexdigest()}:
        raise ArchiveDamaged(str(path), _("its checksum is not that of its contents"))
    return Contents(header, counted, path.stat().st_size, digest.hexdigest())


def sections(path: Path) -> Iterator[Section]:
    """Yield the tables of an archive that `read` has checked; each section's rows are read before the next one."""
    lines = _lines(path)
    next(lines)
    waiting = [_parsed(path, next(lines))]

    def rows() -> Iterator[Row]:
        for line in lines:
            told = _parsed(path, line)
            if isinstance(told, dict):
                waiting.append(told)
                return
            yield [_decoded(value) for value in told]

    while "table" in (told := waiting.pop()):
        section = Section(
            table=told["table"], columns=told["columns"], counters=told["counters"], rows=rows()
        )
        yield section
        for _unread in section.rows:
            pass


# --- lines ----------------------------------------------------------------------------------------------


def _write_lines(file: BinaryIO, header: Header, sections: Iterable[Section]) -> tuple[dict[str, int], str]:
    digest, counted = hashlib.sha256(), dict[str, int]()
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:

        def put(told: object) -> None:
            line = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            digest.update(line)
            packed.write(line)

        put({"format": FORMAT, **attrs.asdict(header)})
        for section in sections:
            put({"table": section.table, "columns": section.columns, "counters": section.counters})
            counted[section.table] = 0
            for row in section.rows:
                put([_encoded(section, at, value) for at, value in enumerate(row)])
                counted[section.table] += 1
        checksum = digest.hexdigest()
        put({"rows": counted, "sha256": checksum})
    file.flush()
    os.fsync(file.fileno())
    return counted, checksum


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as file:
            yield from file
    except gzip.BadGzipFile as error:
        raise BadFile(str(path), _("it is no archive: {reason}").format(reason=error)) from error
    except (EOFError, zlib.error) as error:
        raise ArchiveDamaged(str(path), str(error)) from error
    except OSError as error:
        raise BadFile(str(path), error.strerror or str(error)) from error


def _parsed(path: Path, line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise ArchiveDamaged(str(path), _("a line cannot be read: {reason}").format(reason=error)) from error


def _header(path: Path, told: Any) -> Header:
    form = told.get("format", "") if isinstance(told, dict) else ""
    if not str(form).startswith("fenbu.archive/"):
        raise BadFile(str(path), _("it is no archive of a module"))
    if form != FORMAT:
        raise BadFile(
            str(path),
            _("it is of the format {found}, this fenbu reads {known}").format(found=form, known=FORMAT),
            way_out=_("install the newer fenbu that wrote it"),
        )
    return Header(**{one.name: told[one.name] for one in attrs.fields(Header)})


# --- values ---------------------------------------------------------------------------------------------

_PLAIN = (str, int, float, type(None))  # a bool is an int
_MARK = "$"


def _encoded(section: Section, at: int, value: Any) -> Any:
    """Return a value as JSON knows it; what JSON does not know is marked with its kind."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return {_MARK: "bytes", "value": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, Decimal):
        return {_MARK: "decimal", "value": str(value)}
    if isinstance(value, datetime):
        return {_MARK: "datetime", "value": value.isoformat()}
    if isinstance(value, date):
        return {_MARK: "date", "value": value.isoformat()}
    raise NotArchivable(f"{section.table}.{section.columns[at]}", type(value).__name__)


_KINDS: Mapping[str, Any] = {
    "bytes": base64.b64decode,
    "decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


def _decoded(value: Any) -> Any:
    return _KINDS[value[_MARK]](value["value"]) if isinstance(value, dict) else value


# --- files ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _created(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that its owner alone may read: it holds what is personal."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise BadFile(str(path.parent), error.strerror or str(error)) from error
    with os.fdopen(descriptor, "wb") as file:
        yield file


def _named(part: Path, path: Path) -> None:
    """Give a finished file its name, for good, never that of another."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise AlreadyExists(_("file"), str(path)) from None
    except OSError:  # a file system without hard links
        part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
