"""The one place that writes: data to stdout, narration, questions and errors to stderr.

The same output goes to a pipe and to a terminal, apart from colour and width. In JSON mode stdout holds one
document with its schema, and every line of stderr is one too. Control characters in data are made visible, so
that a name cannot move the cursor or hide text.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from fenbu.cli.layout import GAP, Cell, Heading, lay_out, visible, width_of, wrap
from fenbu.i18n import _

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_FEWEST_COLUMNS = 20
_PLAIN_PROGRESS_EVERY = 5.0


class Mode(Protocol):
    """What the output needs to know of the session."""

    @property
    def json(self) -> bool: ...


class Output:
    """Writes for one session."""

    def __init__(
        self,
        mode: Mode,
        *,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._mode = mode
        self.stdout = stdout or sys.stdout
        self.stderr = stderr or sys.stderr
        self._environment = environment

    # --- data: stdout -----------------------------------------------------------------------------------

    def line(self, text: str = "") -> None:
        """Write a line of data."""
        self.stdout.write(f"{text}\n")

    def document(self, kind: str, body: Mapping[str, Any]) -> None:
        """Write a JSON document of schema ``fenbu.<kind>/1``."""
        self.stdout.write(_json({"schema": f"fenbu.{kind}/1", **body}, indent=2) + "\n")

    def table(self, headings: Sequence[Heading], rows: Sequence[Sequence[Cell]]) -> None:
        """Write a table that fits the terminal; columns that do not are named on stderr, never left out in silence."""
        laid = lay_out(headings, rows, self.width)
        self.line("  ".join(self.style(text, "bold") for text in laid.heading).rstrip())
        for line in laid.lines:
            self.line("  ".join(self.style(cell.text, cell.style) for cell in line).rstrip())
        if laid.dropped:
            self.say(
                _(
                    "not shown for lack of width: {columns}; a wider terminal, --columns or --json show them"
                ).format(columns=", ".join(laid.dropped))
            )

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Write names with their values, one a line, the values aligned."""
        listed = list(pairs)
        widest = max((width_of(name) for name, _value in listed), default=0)
        room = None if self.width is None else max(self.width - widest - GAP, _FEWEST_COLUMNS)
        for name, value in listed:
            clear = visible(value)
            first, *rest = clear.split("\n") if room is None else wrap(clear, room)
            gap = " " * (widest - width_of(name))
            self.line(f"{self.style(name, 'dim')}{gap}  {first}".rstrip())
            for more in rest:
                self.line(f"{' ' * widest}  {more}")

    def title(self, text: str) -> None:
        """Write a heading over what follows."""
        self.line(self.style(text, "bold"))

    # --- narration: stderr ------------------------------------------------------------------------------

    def say(self, text: str, style: str = "") -> None:
        """Say what is happening, or what to do next."""
        self._tell("note", {"note": text}, text, style)

    def warn(self, text: str) -> None:
        """Say what needs attention."""
        self._tell("warning", {"warning": text}, f"⚠ {text}", "yellow")

    def error(
        self, code: str, message: str, *, hint: str = "", where: str = "", fields: Iterable[Any] = ()
    ) -> None:
        """Say what went wrong and what to do about it."""
        if self._mode.json:
            body: dict[str, Any] = {"code": code, "message": message, "hint": hint, "where": where}
            if listed := [{"field": f.field, "problem": f.problem, "got": f.got} for f in fields]:
                body["fields"] = listed
            self._write(_json({"schema": "fenbu.error/1", "error": body}))
            return
        first, *rest = self._broken(f"✖ {visible(message)}", "  ")
        self._write("\n".join([self._on_stderr("✖ ", "red") + first[2:], *rest]))
        if hint:
            self._write(self._on_stderr("\n".join(self._broken(f"  → {visible(hint)}", "    ")), "dim"))

    @contextmanager
    def progress(self, title: str, total: int | None = None) -> Iterator[Progress]:
        """Show how far a long work is: a bar on a terminal, else a line every few seconds."""
        if self._mode.json or not self._is_terminal(self.stderr):
            yield PlainProgress(self, title, total)
            return
        from fenbu.cli.bar import bar

        with bar(title, total, colour=self._coloured(self.stderr)) as shown:
            yield shown

    # --- how ----------------------------------------------------------------------------------------------

    @property
    def width(self) -> int | None:
        """Columns of the terminal; None in a pipe, where nothing is cut."""
        if not self._is_terminal(self.stdout):
            asked = self._environment.get("COLUMNS", "")
            return max(int(asked), _FEWEST_COLUMNS) if asked.isdigit() else None
        return max(shutil.get_terminal_size((80, 24)).columns, _FEWEST_COLUMNS)

    def style(self, text: str, *styles: str) -> str:
        """Colour a text for stdout, where colours are wanted."""
        return _styled(text, styles) if self._coloured(self.stdout) else text

    def _on_stderr(self, text: str, *styles: str) -> str:
        return _styled(text, styles) if self._coloured(self.stderr) else text

    def _coloured(self, stream: TextIO) -> bool:
        if self._environment.get("NO_COLOR"):
            return False
        if self._environment.get("FORCE_COLOR"):
            return True
        return self._is_terminal(stream) and self._environment.get("TERM") != "dumb"

    @staticmethod
    def _is_terminal(stream: TextIO) -> bool:
        try:
            return stream.isatty()
        except ValueError:  # closed
            return False

    def _tell(self, kind: str, body: Mapping[str, Any], text: str, style: str) -> None:
        if self._mode.json:
            self._write(_json({"schema": f"fenbu.{kind}/1", **body}))
        else:
            self._write(self._on_stderr("\n".join(self._broken(visible(text))), style))

    def _broken(self, text: str, indent: str = "") -> list[str]:
        """Break narration at words where the terminal ends; what goes elsewhere keeps its lines."""
        if not self._is_terminal(self.stderr):
            return [text]
        columns = max(shutil.get_terminal_size((80, 24)).columns, _FEWEST_COLUMNS)
        first, *more = wrap(text, columns, columns - len(indent))
        return [first, *(f"{indent}{line}" for line in more)]

    def _write(self, line: str) -> None:
        self.stdout.flush()  # what was written first appears first, also when both go to one place
        self.stderr.write(f"{line}\n")
        self.stderr.flush()


class Progress(Protocol):
    """How a long work says how far it is."""

    def at(self, done: int, note: str = "") -> None:
        """Say how much is done by now, and a word on it."""


class PlainProgress:
    """Progress without a terminal: a line now and then."""

    def __init__(self, out: Output, title: str, total: int | None) -> None:
        self._out, self._title, self._total = out, title, total
        self._said = time.monotonic()

    def at(self, done: int, note: str = "") -> None:
        now = time.monotonic()
        if now - self._said < _PLAIN_PROGRESS_EVERY:
            return
        self._said = now
        of = f"{done:,}" if self._total is None else f"{done:,} / {self._total:,}"
        self._out.say(f"{self._title}: {of} {note}".rstrip())


def _styled(text: str, styles: Sequence[str]) -> str:
    codes = ";".join(_STYLES[style] for style in styles if style)
    return f"\x1b[{codes}m{text}\x1b[0m" if codes and text.strip() else text


def _json(body: Mapping[str, Any], indent: int | None = None) -> str:
    return json.dumps(body, ensure_ascii=False, indent=indent, default=_plain)


def _plain(value: object) -> Any:
    """Return what JSON does not know: exact numbers and times as text, collections as lists."""
    from datetime import date, datetime
    from decimal import Decimal

    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    return str(value)
