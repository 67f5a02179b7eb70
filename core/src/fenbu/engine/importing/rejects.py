"""The rejects file: rows that were not imported, as they were, with their line and the reason.

It is written in the format and encoding of its source (CSV for a database), so that it can be mended and imported
itself.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from fenbu.engine.importing.lines import text_writer
from fenbu.engine.importing.source import SQLITE, Record
from fenbu.errors import BadFile
from fenbu.i18n import _
from fenbu.importing import Profile

LINE, REASON = "line", "reason"


class Rejects:
    """The rejects file of a run; made with the first reject, an old one goes when there is none."""

    def __init__(self, path: Path, profile: Profile, columns: Sequence[str]) -> None:
        self.path = path
        self.rows = 0
        self._profile = profile
        self._columns = [name for name in columns if name not in (LINE, REASON)]
        self._keep = [place for place, name in enumerate(columns) if name not in (LINE, REASON)]
        self._width = len(columns)
        self._file: io.TextIOWrapper | None = None
        self._writer: Any = None

    def __enter__(self) -> Rejects:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
        elif error is None and _is_ours(self.path, self._profile):
            self.path.unlink()

    def write(self, record: Record, reason: str) -> None:
        """Write one row; on disk when `flush` is called.

        Raises:
            BadFile: The file cannot be written.
        """
        self.rows += 1
        file = self._file or self._open()
        if self._profile.format == "jsonl":
            file.write(_json_line(record, reason))
            return
        cells = list(record.original)
        if len(cells) == self._width:
            cells = [cells[place] for place in self._keep]
        # A row that is too short is filled up, so that line and reason stand in their columns.
        cells += [""] * (len(self._columns) - len(cells))
        self._writer.writerow([*cells, record.line, reason])

    def flush(self) -> None:
        """Bring what was written to the file, so that a kill loses none of it."""
        if self._file is not None:
            self._file.flush()

    def _open(self) -> io.TextIOWrapper:
        try:
            self._file = text_writer(self.path, self._profile.encoding)
        except OSError as error:
            raise BadFile(
                str(self.path),
                _("rejected rows cannot be written: {error}").format(error=error.strerror),
                way_out=_("name another place with --rejects"),
            ) from None
        if self._profile.format != "jsonl":
            self._writer = csv.writer(self._file, delimiter=_delimiter(self._profile), lineterminator="\n")
            self._writer.writerow([*self._columns, LINE, REASON])
        return self._file


def beside(path: Path, profile: Profile) -> Path:
    """Return where the rejects of a file are written: beside it."""
    suffix = "csv" if profile.format == SQLITE else profile.format
    return path.with_name(f"{path.name}.rejects.{suffix}")


def _is_ours(path: Path, profile: Profile) -> bool:
    """Say whether a file is the rejects of an earlier run and not something else of that name."""
    try:
        with path.open(encoding=profile.encoding, errors="replace") as file:
            start = file.readline(1 << 16)
    except (OSError, UnicodeError):
        return False
    if profile.format == "jsonl":
        return f'"{REASON}":' in start
    return start.rstrip("\n").split(_delimiter(profile))[-2:] == [LINE, REASON]


def _delimiter(profile: Profile) -> str:
    return "\t" if profile.format == "tsv" else profile.delimiter


def _json_line(record: Record, reason: str) -> str:
    """Add line and reason to an object's own text, so that its numbers stay as they were written."""
    text = record.original[0]
    told = json.dumps({LINE: record.line, REASON: reason}, ensure_ascii=False)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        text = json.dumps({"text": text})
    return f"{text[:-1]}{', ' if found or not isinstance(found, dict) else ''}{told[1:]}\n"
