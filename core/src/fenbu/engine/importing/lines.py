"""Physical lines of a file, plain or gzipped, of any size and of any quality.

Nothing here trusts the file: a line that cannot be decoded, a line without end, a damaged archive are
named with their number. Memory stays at one line of at most `LINE_LIMIT` characters.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from attrs import frozen

from fenbu.errors import BadFile
from fenbu.i18n import _

LINE_LIMIT = 1 << 20
"""Characters of one line; what is longer is no line of a table."""
LINES_OF_A_RECORD = 1000
"""Lines that one record may span by quoted line breaks."""

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UNDECODED = "fenbu-undecoded"
_FIRST, _LAST = 0xDC00, 0xDCFF


def _keep_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    """Carry bytes that are no text through as lone surrogates, and put them back when writing."""
    if isinstance(error, UnicodeDecodeError):
        return "".join(chr(_FIRST + byte) for byte in error.object[error.start : error.end]), error.end
    if isinstance(error, UnicodeEncodeError):
        kept = error.object[error.start : error.end]
        return bytes(ord(c) - _FIRST if _FIRST <= ord(c) <= _LAST else 63 for c in kept), error.end
    raise error


codecs.register_error(_UNDECODED, _keep_bytes)


def with_bytes_kept(raw: bytes) -> str:
    """Return UTF-8 as text; bytes that are none stay visible to `undecoded`, and are put back when written."""
    return raw.decode("utf-8", _UNDECODED)


class TooLong(Exception):
    """A line or a record goes on for longer than a table's does; its first line is bad, the next is new."""


@frozen
class Line:
    """One physical line with its end, and its number from 1."""

    number: int
    text: str
    whole: bool
    """False when it was longer than `LINE_LIMIT` and only its beginning is kept."""


class Lines:
    """The lines of a file, one after the other; those of the record in hand can be put back."""

    def __init__(self, path: Path, encoding: str) -> None:
        self.path = path
        self.size = 0
        self.taken: list[Line] = []
        """Lines handed out since `begin`."""
        self._encoding = encoding
        self._again: deque[Line] = deque()
        self._number = 0
        self._raw, self._text = self._open()

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._text.close()
        self._raw.close()

    @property
    def position(self) -> int:
        """Bytes of the file read so far (of the archive, when it is one)."""
        return self._raw.tell()

    def begin(self) -> None:
        """Begin a record: what was taken before is done with."""
        self.taken.clear()

    def put_back_all_but_first(self) -> None:
        """Let the lines after the first be read again, as records of their own."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._read()
        self.taken.append(line)
        if not line.whole or len(self.taken) > LINES_OF_A_RECORD:
            raise TooLong
        return line.text

    def _read(self) -> Line:
        try:
            text = self._text.readline(LINE_LIMIT)
            whole = len(text) < LINE_LIMIT or text.endswith(("\n", "\r"))
            rest = text
            while not whole and rest and not rest.endswith(("\n", "\r")):
                rest = self._text.readline(LINE_LIMIT)
        except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeError) as error:
            raise self._bad(_("it cannot be read any further: {error}").format(error=error)) from None
        except OSError as error:
            raise self._bad(error.strerror or str(error)) from None
        if not text:
            raise StopIteration
        self._number += 1
        return Line(self._number, text, whole)

    def _open(self) -> tuple[IO[bytes], io.TextIOWrapper]:
        try:
            codecs.lookup(self._encoding)
            raw = self.path.open("rb")
            self.size = self.path.stat().st_size
        except LookupError:
            raise self._bad(_("the profile's encoding {name} is none").format(name=self._encoding)) from None
        except OSError as error:
            raise self._bad(error.strerror or str(error)) from None
        start = raw.read(4)
        raw.seek(0)
        self._refuse_what_is_no_text(start)
        binary = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if start.startswith(_GZIP) else raw
        encoding = "utf-8-sig" if codecs.lookup(self._encoding).name == "utf-8" else self._encoding
        return raw, io.TextIOWrapper(binary, encoding, errors=_UNDECODED, newline="")

    def _refuse_what_is_no_text(self, start: bytes) -> None:
        if not start:
            raise self._bad(_("it is empty"))
        if start == _ZIP:
            way_out = _("save the sheet as CSV and import that")
            raise self._bad(_("it is a workbook or another zip archive, not text"), way_out)
        if start.startswith(_UTF16) and "16" not in self._encoding:
            way_out = _("save it as UTF-8, or say encoding = utf-16 in the profile")
            raise self._bad(
                _("it is written in UTF-16, the profile says {name}").format(name=self._encoding), way_out
            )

    def _bad(self, problem: str, way_out: str = "") -> BadFile:
        return BadFile(str(self.path), problem, self._number + 1 if self._number else None, way_out=way_out)


def undecoded(text: str, encoding: str) -> str:
    """Say what in a text is not of its encoding or no text at all; empty when all is well."""
    if "\0" in text:
        return _("a NUL byte stands at character {column}").format(column=text.index("\0") + 1)
    if text.isascii():
        return ""
    for column, character in enumerate(text, 1):
        if _FIRST <= ord(character) <= _LAST:
            byte = ord(character) - _FIRST
            return _("the byte 0x{byte:02X} at character {column} is not {encoding}").format(
                byte=byte, column=column, encoding=encoding
            )
    return ""


def text_writer(path: Path, encoding: str) -> io.TextIOWrapper:
    """Open a file for writing back what was read, bytes that are no text included.

    Raises:
        OSError: The folder cannot be written.
    """
    return path.open("w", encoding=encoding, errors=_UNDECODED, newline="")
