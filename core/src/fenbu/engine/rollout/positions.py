"""Where in a TOML text each key and value stands; no TOML library that is kept up says so.

The text has been parsed already, so the scan may trust it: it only has to find its way past strings, comments,
brackets and braces. What it finds is held against the parse by a property test; where a path is not known, the
nearest one above it answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import tomli
from attrs import define, field, frozen

Path = tuple[str | int, ...]
"""Keys and indexes from the top: ``("stages", 0, "modules", 1)``."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]+")
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^"\\]|\\.)*"'),
    re.compile(r"'[^']*'"),
)


@frozen
class Span:
    """Where a value stands, as offsets in the text."""

    key: int
    """Where its key begins; for an element of an array, the element itself."""
    start: int
    end: int
    """Behind its last character; of a table, behind the last value that stands under its header."""
    header: bool = False
    """It is a table with a header of its own (``[modules.erp]``)."""


@define
class Positions:
    """The places of one text."""

    text: str
    spans: dict[Path, Span] = field(factory=dict)

    def find(self, path: Path) -> Span | None:
        """Return the span of a path, or of the nearest one above it."""
        for length in range(len(path), 0, -1):
            if (span := self.spans.get(path[:length])) is not None:
                return span
        return None

    def line_and_column(self, path: Path) -> tuple[int, int]:
        """Return where a key stands, both from one; line 1 when nothing of its path is in the text."""
        span = self.find(path)
        at = span.key if span else 0
        return self.text.count("\n", 0, at) + 1, at - (self.text.rfind("\n", 0, at) + 1) + 1


def positions_of(text: str) -> Positions:
    """Return where everything in a text stands; the text is TOML that tomli has read."""
    return _Scan(text).run()


@define
class _Scan:
    text: str
    at: int = 0
    found: Positions = field(init=False)
    table: Path = ()
    tables: dict[Path, int] = field(factory=dict)
    """Arrays of tables, to the index of their last table."""

    def __attrs_post_init__(self) -> None:
        self.found = Positions(self.text)

    def run(self) -> Positions:
        while True:
            self._skip(_BLANK)
            if self.at >= len(self.text):
                return self.found
            if self.text[self.at] == "[":
                self._header()
            else:
                self._pair(self.table)

    def _header(self) -> None:
        start = self.at
        brackets = 2 if self.text.startswith("[[", start) else 1
        self.at += brackets
        keys = [key for key, _at in self._keys("]")]
        self.at += brackets
        path: Path = ()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            last = number == len(keys)
            if last and brackets == 2:
                self.tables[path] = self.tables.get(path, -1) + 1
                self._note(path, Span(start, start, self.at))
            if path in self.tables:
                path = (*path, self.tables[path])
            self._note(path, Span(start, start, self.at, header=last), anew=last)
        self.table = path

    def _pair(self, base: Path) -> Span:
        path = base
        first = -1
        for key, at in self._keys("="):
            first = at if first < 0 else first
            path = (*path, key)
            self._note(path, Span(first, first, first))
        self.at += 1
        self._skip(_BLANK)
        span = self._value(path, first)
        for length in range(len(base) + 1, len(path)):
            self.found.spans[path[:length]] = Span(self.found.spans[path[:length]].key, first, span.end)
        if (owner := self.found.spans.get(base)) is not None and owner.header:
            self.found.spans[base] = Span(owner.key, owner.start, span.end, header=True)
        return span

    def _value(self, path: Path, key: int | None = None) -> Span:
        start = self.at
        opening = self.text[start]
        if opening == "[":
            for number in self._items("]"):
                self._value((*path, number))
        elif opening == "{":
            for _number in self._items("}"):
                self._pair(path)
        elif opening in "\"'":
            self._string()
        else:
            scalar = _SCALAR.match(self.text, start)
            self.at = start + len(scalar[0].rstrip()) if scalar else start + 1
        span = Span(start if key is None else key, start, self.at)
        self.found.spans[path] = span
        return span

    def _items(self, closing: str) -> Iterator[int]:
        """Stand at each item in turn up to the closing bracket; end behind it."""
        self.at += 1
        number = 0
        while True:
            self._skip(_BLANK)
            if self.text[self.at] == ",":
                self.at += 1
            elif self.text[self.at] == closing:
                self.at += 1
                return
            else:
                yield number
                number += 1

    def _keys(self, until: str) -> Iterator[tuple[str, int]]:
        while self.text[self.at] != until:
            self._skip(_BLANK)
            start = self.at
            if self.text[start] in "\"'":
                yield self._string(), start
            elif bare := _BARE.match(self.text, start):
                self.at = bare.end()
                yield bare[0], start
            else:  # a dot
                self.at += 1
            self._skip(_BLANK)

    def _string(self) -> str:
        start = self.at
        for shape in _STRINGS:
            quotes = '"""' if shape is _STRINGS[0] else "'''" if shape is _STRINGS[1] else ""
            if (not quotes or self.text.startswith(quotes, start)) and (
                match := shape.match(self.text, start)
            ):
                self.at = match.end()
                return str(tomli.loads(f"x = {match[0]}")["x"]) if not quotes else ""
        raise AssertionError(f"no string at {start}, though the text was read")

    def _skip(self, shape: re.Pattern[str]) -> None:
        match = shape.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _note(self, path: Path, span: Span, *, anew: bool = False) -> None:
        if anew or path not in self.found.spans:
            self.found.spans[path] = span


def paths_of(value: object, at: Path = ()) -> Iterator[Path]:
    """Yield the paths of everything in a parsed document."""
    items: Mapping[str | int, object] = (
        value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
    )
    for key, inner in items.items():
        yield (*at, key)
        yield from paths_of(inner, (*at, key))
