"""Records of a source: CSV, TSV and JSON lines, streamed, with what is wrong in each (databases: `sqlite_file`).

A record that cannot be read whole is still handed on, so that its document can be refused as a whole;
only a file that is no table at all raises `BadFile`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn, Protocol

from attrs import frozen

from fenbu.engine.importing.lines import LINES_OF_A_RECORD, Lines, TooLong, undecoded
from fenbu.errors import BadFile
from fenbu.i18n import _
from fenbu.importing import Profile

SQLITE = "sqlite"
FORMATS = ("csv", "tsv", "jsonl", SQLITE)


@frozen
class Record:
    """One record of a source: where it stands, its wanted cells, and what is wrong with it."""

    line: int
    """Number of its first line in the file, from 1."""
    cells: Sequence[str]
    """Texts of the wanted columns, in their order; empty where the source has none."""
    original: Sequence[str]
    """Cells of all columns as they stand in the file; of JSON lines the line alone."""
    problem: str = ""


class Source(Protocol):
    """Records in the order of a file."""

    @property
    def columns(self) -> Sequence[str]:
        """Names of all columns of the file, in their order."""
        ...

    def __iter__(self) -> Iterator[Record]: ...


def open_source(lines: Lines, profile: Profile, wanted: Sequence[str], needed: Sequence[str]) -> Source:
    """Return the records of opened lines.

    Args:
        lines: The file.
        profile: Says the format and the delimiter.
        wanted: Columns whose cells each record carries.
        needed: Those of them without which nothing can be imported.

    Raises:
        BadFile: The header lacks a needed column (the nearest is named), or names a wanted one twice.
    """
    if profile.format == "jsonl":
        return _JsonLines(lines, profile, wanted)
    if profile.format in FORMATS:
        return _Separated(lines, profile, wanted, needed)
    raise BadFile(
        profile.name,
        _("the format {got} is unknown; known are {known}").format(
            got=profile.format, known=", ".join(FORMATS)
        ),
    )


class _Separated:
    """Comma or tab separated values with a header."""

    def __init__(self, lines: Lines, profile: Profile, wanted: Sequence[str], needed: Sequence[str]) -> None:
        self._lines = lines
        self._encoding = profile.encoding
        delimiter = "\t" if profile.format == "tsv" else profile.delimiter
        self._rows = csv.reader(lines, delimiter=delimiter, strict=True)
        self.columns = self._header()
        check_columns(lines.path, self.columns, wanted, needed)
        places = {name: place for place, name in enumerate(self.columns)}
        self._places = [places.get(name) for name in wanted]

    def __iter__(self) -> Iterator[Record]:
        while (record := self._next()) is not None:
            if any(record.original) or record.problem:
                yield record

    def _next(self) -> Record | None:
        lines = self._lines
        lines.begin()
        try:
            cells = next(self._rows, None)
            problem = ""
        except (csv.Error, TooLong) as error:
            problem = _unreadable(error, len(lines.taken), whole=lines.taken[-1].whole)
            lines.put_back_all_but_first()
            cells = self._split(lines.taken[0].text)
        if cells is None:
            return None
        problem = problem or self._problem(cells)
        picked = ["" if at is None or at >= len(cells) else cells[at] for at in self._places]
        return Record(lines.taken[0].number, picked, cells, problem)

    def _problem(self, cells: Sequence[str]) -> str:
        for line in self._lines.taken:
            if found := undecoded(line.text, self._encoding):
                return found
        if cells and len(cells) != len(self.columns):
            return _("it has {got} fields, the header has {wanted}").format(
                got=len(cells), wanted=len(self.columns)
            )
        return ""

    def _split(self, line: str) -> list[str]:
        """Take a line apart that is no record, as far as it goes: its reference may still be seen."""
        return [cell.strip('"')[:1000] for cell in line.rstrip("\r\n").split(self._rows.dialect.delimiter)]

    def _header(self) -> list[str]:
        while (first := self._next_header()) is not None:
            if any(first):
                return [name.strip() for name in first]
        raise BadFile(str(self._lines.path), _("it has no header"))

    def _next_header(self) -> list[str] | None:
        self._lines.begin()
        try:
            return next(self._rows, None)
        except (csv.Error, TooLong) as error:
            problem = _unreadable(error, len(self._lines.taken), whole=self._lines.taken[-1].whole)
            raise BadFile(str(self._lines.path), problem, self._lines.taken[0].number) from None


class _JsonLines:
    """One JSON object a line."""

    columns: Sequence[str] = ()

    def __init__(self, lines: Lines, profile: Profile, wanted: Sequence[str]) -> None:
        self._lines = lines
        self._encoding = profile.encoding
        self._wanted = tuple(wanted)

    def __iter__(self) -> Iterator[Record]:
        while True:
            self._lines.begin()
            try:
                text = next(self._lines, None)
            except TooLong:
                text = self._lines.taken[0].text[:1000]
                yield Record(self._number, self._nothing, [text], _("the line is too long"))
                continue
            if text is None:
                return
            if text.strip():
                yield self._record(text)

    @property
    def _number(self) -> int:
        return self._lines.taken[0].number

    @property
    def _nothing(self) -> Sequence[str]:
        return [""] * len(self._wanted)

    def _record(self, text: str) -> Record:
        original = [text.strip()]
        try:
            found = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            return Record(
                self._number, self._nothing, original, _("it is no JSON: {error}").format(error=error)
            )
        if not isinstance(found, Mapping):
            return Record(self._number, self._nothing, original, _("a JSON object is wanted"))
        problem = undecoded(text, self._encoding)
        cells = []
        for name in self._wanted:
            value = found.get(name)
            if isinstance(value, Mapping | list | bool):
                problem = problem or _("{column} is no text or number").format(column=name)
                value = None
            cell = "" if value is None else str(value)
            problem = problem or _not_text(cell, name)
            cells.append(cell)
        return Record(self._number, cells, original, problem)


def check_columns(path: Path, columns: Sequence[str], wanted: Sequence[str], needed: Sequence[str]) -> None:
    """Refuse a table that lacks what is needed.

    Args:
        path: Of the file.
        columns: Names of all its columns.
        wanted: Those whose cells each record carries.
        needed: Those of them without which nothing can be imported.

    Raises:
        BadFile: A needed column is missing (the nearest is named), or a wanted one stands there twice.
    """
    missing = [name for name in needed if name not in columns]
    if missing:
        _refuse_header(path, columns, missing)
    if twice := sorted({name for name in wanted if columns.count(name) > 1}):
        names = ", ".join(twice)
        raise BadFile(str(path), _("the header names {columns} twice").format(columns=names), 1)


def _refuse_header(path: Path, columns: Sequence[str], missing: Sequence[str]) -> NoReturn:
    told = []
    folded = {name.casefold().replace(" ", ""): name for name in columns}
    for name in missing:
        near = get_close_matches(name.casefold(), list(folded), 1, 0.6)
        told.append(
            _("{column} (the nearest is {nearest})").format(column=name, nearest=folded[near[0]])
            if near
            else name
        )
    problem = _("the header lacks {columns}").format(columns=", ".join(told))
    way_out = _("the file has: {columns}; mend its header or the profile's columns").format(
        columns=", ".join(columns)
    )
    raise BadFile(str(path), problem, 1, way_out=way_out)


def _not_text(cell: str, column: str) -> str:
    """Find what JSON may write with escapes and no database keeps: NUL and halves of characters."""
    if "\0" in cell or (not cell.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in cell)):
        return _("{column} holds a character that is none").format(column=column)
    return ""


def _no_constant(name: str) -> Any:
    raise ValueError(_("{name} is no number").format(name=name))


def _unreadable(error: Exception, lines: int, *, whole: bool) -> str:
    """Say in a person's words why a record could not be read."""
    text = str(error)
    if isinstance(error, TooLong):
        if not whole:
            return _("the line is too long")
        return _("a quoted field goes on for more than {lines} lines; is its closing quote missing?").format(
            lines=LINES_OF_A_RECORD
        )
    if "field limit" in text:
        return _("a field has more than {limit} characters; is its closing quote missing?").format(
            limit=csv.field_size_limit()
        )
    if "end of data" in text:
        return _("a quoted field is not closed")
    if "expected after" in text:
        return _("a quote stands in the middle of a field")
    return _("it cannot be read ({lines} lines): {error}").format(lines=lines, error=text)
