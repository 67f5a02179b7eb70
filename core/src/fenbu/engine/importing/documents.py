"""Documents: rows with one reference, gathered; whole or not at all.

Rows of a document follow each other, yet two tills that write into one file interleave: a document
therefore stays open until `WINDOW` rows of others have come. Documents come out in the order of their
first rows, whatever was between. A row that does not say where it belongs spoils the documents around it,
because it may be part of either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from attrs import define, field

from fenbu.engine.importing.columns import Mapped
from fenbu.engine.importing.source import Record
from fenbu.i18n import _
from fenbu.importing import SourceRow

WINDOW = 200
"""Rows of other documents that may stand between two rows of one."""
SPAN = 20_000
"""Rows from the first to the last of a document; a longer one is refused, so that memory stays flat."""


@define
class Gathered:
    """All rows of one document as they were read."""

    reference: str
    """Empty for a row that names none."""
    rows: list[SourceRow] = field(factory=list)
    records: list[Record] = field(factory=list)
    problems: dict[int, str] = field(factory=dict)
    """Line to what is wrong with it."""
    first: int = 0
    """Position of its first row among all rows."""
    last: int = 0
    """Position of its last row among all rows."""
    _content: hashlib._Hash = field(factory=hashlib.sha256)

    @property
    def first_line(self) -> int:
        """Line in the file on which it begins."""
        return self.records[0].line

    @property
    def last_line(self) -> int:
        """Line in the file on which its last row begins."""
        return self.records[-1].line

    @property
    def digest(self) -> str:
        """Of the content: the mapped cells of all rows, in order; not of the place in the file."""
        return self._content.hexdigest()[:32]

    def add(self, mapped: Mapped, position: int) -> None:
        """Add a row."""
        self.rows.append(mapped.row)
        self.records.append(mapped.record)
        self._content.update("\x1f".join(mapped.texts).encode("utf-8", "surrogatepass") + b"\x1e")
        self.last = position
        if mapped.problem:
            self.problems[mapped.record.line] = mapped.problem


def gather(rows: Iterable[Mapped]) -> Iterator[Gathered]:
    """Yield the documents of a source, each whole, in the order of their first rows.

    At most `SPAN` rows are held, in a source whose documents stand together `WINDOW` and one document.
    """
    waiting: dict[str, Gathered] = {}
    lost: Mapped | None = None
    before: Gathered | None = None
    for position, mapped in enumerate(rows):
        if not mapped.reference:
            lost = mapped
            if before is not None:
                _spoil(before, mapped)
            yield _alone(mapped, position)
            continue
        document = waiting.get(mapped.reference)
        if document is None:
            document = waiting[mapped.reference] = Gathered(mapped.reference, first=position)
        document.add(mapped, position)
        before = document
        if lost is not None:
            _spoil(document, lost)
            lost = None
        yield from _closed(waiting, position)
    yield from waiting.values()


def _closed(waiting: dict[str, Gathered], position: int) -> Iterator[Gathered]:
    """Take the first documents as long as none of them can still get a row."""
    while waiting:
        reference, document = next(iter(waiting.items()))
        if position - document.first >= SPAN:
            limit = _("its rows are spread over more than {limit} rows of the file").format(limit=SPAN)
            document.problems.setdefault(document.first_line, limit)
        elif position - document.last <= WINDOW:
            return
        del waiting[reference]
        yield document


def _alone(mapped: Mapped, position: int) -> Gathered:
    document = Gathered("")
    document.add(mapped, position)
    document.problems.setdefault(mapped.record.line, _("it names no document"))
    return document


def _spoil(document: Gathered, lost: Mapped) -> None:
    document.problems.setdefault(
        document.first_line,
        _("line {line} beside it names no document and may be part of it").format(line=lost.record.line),
    )
