"""Tables as text: as wide as the terminal, numbers to the right, Chinese characters two columns wide.

When a table is too wide, texts are wrapped; when that is not enough, columns are left out from the right and named.
Control characters in data are written out, so that a name cannot move the cursor or hide text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
GAP = 2
_NARROWEST = 14
"""A text column is not wrapped narrower than this, nor than its longest word of up to `_WORD`."""
_WORD = 26
_OPENING, _CLOSING = "（《“‘「『【", "，。；：、！？）》”’」』】…"
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60"
_TOGETHER = re.compile(
    f"[{_OPENING}]*(?:[^{_WIDE}{_OPENING}{_CLOSING}]+|[{_WIDE}])[{_CLOSING}]*|[{_CLOSING}]+|[{_OPENING}]+"
)
"""A Chinese character or another word, with the punctuation that no line may part from it."""


class Heading(NamedTuple):
    """The head of a column."""

    title: str
    right: bool = False
    """Numbers stand to the right."""
    wraps: bool = False
    """Texts may be wrapped when the terminal is narrow."""


class Cell(NamedTuple):
    """What stands in a table."""

    text: str
    style: str = ""


class Laid(NamedTuple):
    """A table ready to be written: padded texts, line by line."""

    heading: list[str]
    lines: list[list[Cell]]
    dropped: list[str]


def lay_out(headings: Sequence[Heading], rows: Sequence[Sequence[Cell]], width: int | None) -> Laid:
    """Fit a table into a width.

    Args:
        headings: One a column; the first column is never left out.
        rows: Cells, one a column.
        width: Columns of the terminal; None leaves everything as wide as it is.
    """
    clean = [[Cell(visible(cell.text), cell.style) for cell in row] for row in rows]
    widest = [
        max((_widest_line(row[index].text) for row in clean), default=0) for index in range(len(headings))
    ]
    natural = [max(width_of(head.title), wide) for head, wide in zip(headings, widest, strict=True)]
    if width is None:
        kept = dict(enumerate(natural))
    else:
        least = [_least(head, [row[index].text for row in clean]) for index, head in enumerate(headings)]
        kept = _fitted(headings, natural, widest, least, width)
    heading = [_padded(headings[index].title, kept[index], headings[index].right) for index in kept]
    lines = [
        [
            Cell(_padded(part, kept[index], headings[index].right), row[index].style)
            for index, part in zip(kept, parts, strict=True)
        ]
        for row in clean
        for parts in _stacked([wrap(row[index].text, kept[index]) for index in kept])
    ]
    return Laid(heading, lines, [head.title for index, head in enumerate(headings) if index not in kept])


def _fitted(
    headings: Sequence[Heading],
    natural: Sequence[int],
    widest: Sequence[int],
    least: Sequence[int],
    width: int,
) -> dict[int, int]:
    """Return the columns that fit, with their widths.

    Texts are narrowed first; then columns are left out from the right, those in which nothing stands before others
    and the first with numbers last.
    """
    figures = next((index for index, head in enumerate(headings) if head.right), 0)
    going = sorted(range(1, len(headings)), key=lambda index: (widest[index] > 0, index == figures, -index))
    kept = list(range(len(headings)))
    while True:
        widths = _narrowed({index: natural[index] for index in kept}, least, width)
        if widths is not None:
            return widths
        if not going:
            return {0: max(1, min(natural[0], width))}
        kept.remove(going.pop(0))


def _least(head: Heading, texts: Sequence[str]) -> int:
    """Return how narrow a column may become; a column that does not wrap stays as it is."""
    if not head.wraps:
        return 10**6
    longest = max((width_of(part) for text in texts for _glue, part in _parts(text)), default=0)
    return max(_NARROWEST, width_of(head.title), min(longest, _WORD))


def _narrowed(widths: dict[int, int], least: Sequence[int], width: int) -> dict[int, int] | None:
    """Narrow the widest texts until all fits; None when that is not enough."""
    excess = sum(widths.values()) + GAP * (len(widths) - 1) - width
    while excess > 0:
        wide = [index for index in widths if widths[index] > least[index]]
        if not wide:
            return None
        index = max(wide, key=lambda one: widths[one])
        step = min(excess, widths[index] - least[index], max(1, excess // len(wide)))
        widths[index] -= step
        excess -= step
    return widths


def _stacked(columns: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    height = max((len(column) for column in columns), default=1)
    for level in range(height):
        yield [column[level] if level < len(column) else "" for column in columns]


def width_of(text: str) -> int:
    """Return how many columns a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _widest_line(text: str) -> int:
    return max((width_of(line) for line in text.split("\n")), default=0)


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - width_of(text))
    return space + text if right else text + space


def wrap(text: str, width: int, later: int | None = None) -> list[str]:
    """Break a text into lines of at most a width.

    Lines end at spaces, between Chinese characters where no punctuation would be left alone, and within words that
    are longer than a line.

    Args:
        text: Its own ends of lines stay.
        width: Columns of each line.
        later: Columns of all lines but the first, where they differ.
    """
    later = width if later is None else later
    lines: list[str] = []
    for paragraph in text.split("\n"):
        if width_of(paragraph) <= (later if lines else width):
            lines.append(paragraph)
            continue
        line = ""
        for glue, part in _parts(paragraph):
            room = later if lines else width
            candidate = f"{line}{glue}{part}" if line else part
            if width_of(candidate) <= room:
                line = candidate
                continue
            if line:
                lines.append(line)
            *full, line = _chopped(part, min(width, later))
            lines += full
        lines.append(line)
    return lines


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a line is filled with, each with what joins it to the part before: a space or nothing."""
    for word in text.split(" "):
        glue = " "
        for part in [word] if word.isascii() else _TOGETHER.findall(word):
            yield glue, part
            glue = ""


def _chopped(word: str, width: int) -> list[str]:
    parts, part, used = [], "", 0
    for character in word:
        taken = _width(character)
        if used + taken > width and part:
            parts.append(part)
            part, used = "", 0
        part, used = part + character, used + taken
    return [*parts, part]


def visible(text: str) -> str:
    """Return a text with its control and direction characters written out."""
    return _HIDDEN.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
