"""Opening a file of any format: its records, and how far one has read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from fenbu.engine.importing.lines import Lines
from fenbu.engine.importing.source import SQLITE, Source, open_source
from fenbu.engine.importing.sqlite_file import SqliteFile, is_sqlite
from fenbu.importing import Profile


class Progressing(Protocol):
    """Something that is being read."""

    @property
    def position(self) -> int:
        """How far: bytes, or rows."""
        ...

    @property
    def size(self) -> int:
        """How much there is of it."""
        ...


@contextmanager
def opened(
    path: Path, profile: Profile, wanted: Sequence[str], needed: Sequence[str]
) -> Iterator[tuple[Source, Progressing]]:
    """Give the records of a file around the body; what a database has rejected is read as CSV.

    Raises:
        BadFile: The file is no table of this profile.
    """
    if profile.format == SQLITE and is_sqlite(path):
        with SqliteFile(path, profile, wanted, needed) as rows:
            yield rows, rows
        return
    with Lines(path, profile.encoding) as lines:
        yield open_source(lines, profile, wanted, needed), lines
