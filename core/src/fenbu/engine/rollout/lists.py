"""Adding to a list of a rollout file and taking from it; every other byte stays, comments too."""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from typing import Any

import tomli

from fenbu.engine.rollout.faults import dotted
from fenbu.engine.rollout.positions import Path, Positions, positions_of
from fenbu.engine.rollout.writing import CannotWrite, written

_TO_COMMA = re.compile(r"(?:[ \t\r\n]|#[^\n]*+)*+,")  # never a comma within a comment
_BLANK_LINE = re.compile(r"[ \t]*\r?\n")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?(?=\r?\n)")


def add_item(text: str, path: Path, value: Any) -> str:
    """Return a text with a value added at the end of a list that has one already.

    Args:
        text: TOML without faults.
        path: Of the list.
        value: As `writing.written` takes it.

    Raises:
        CannotWrite: The list is empty, or is not written as one.
    """
    found, at = _list(text, path)
    if not found:
        raise CannotWrite(dotted(path))
    last = at.spans[(*path, len(found) - 1)]
    made = _added(text, at, path, last.key, last.end, value)
    return _checked(text, made, path, [*found, value])


def take_item(text: str, path: Path, index: int) -> str:
    """Return a text without one item of a list; a comment behind it stays, for it may be about more.

    Raises:
        CannotWrite: It cannot be taken without changing something else.
    """
    found, at = _list(text, path)
    here = at.spans[(*path, index)]
    start, end, rest = here.key, here.end, text[here.end :]
    if comma := _TO_COMMA.match(text, end):
        if comma[0].strip() == ",":
            end, rest = comma.end(), text[comma.end() :]
        else:  # a comment stands between
            rest = comma[0][:-1] + text[comma.end() :]
    elif index and text[at.spans[(*path, index - 1)].end : start].strip(" \t") == ",":
        start = at.spans[(*path, index - 1)].end
    return _checked(text, _joined(text[:start], rest), path, found[:index] + found[index + 1 :])


def _joined(before: str, rest: str) -> str:
    """Join what stood before an item and behind it, without a line or blanks of which nothing is left."""
    line = before.rfind("\n") + 1
    if not before[line:].strip() and (blank := _BLANK_LINE.match(rest)):
        return before[:line] + rest[blank.end() :]
    return before + (rest.lstrip(" \t") if before[-1] in "[ \t" else rest)


def _added(text: str, at: Positions, path: Path, begin: int, end: int, value: Any) -> str:
    around = at.spans[path]
    if "\n" not in text[around.start : around.end]:
        return f"{text[:end]}, {written(value)}{text[end:]}"
    comma = _TO_COMMA.match(text, end, around.end)
    behind = comma.end() if comma else end
    rest = _REST_OF_LINE.match(text, behind)
    line_end = rest.end() if rest else behind
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = text[text.rfind("\n", 0, begin) + 1 : begin]
    indent = indent if not indent.strip() else "    "
    joint = "" if comma else ","
    fresh = f"{newline}{indent}{written(value)}," if rest else f" {written(value)}"
    return text[:end] + joint + text[end:line_end] + fresh + text[line_end:]


def _list(text: str, path: Path) -> tuple[list[Any], Positions]:
    found: Any = tomli.loads(text, parse_float=Decimal)
    for part in path:
        found = found[part]
    at = positions_of(text)
    if not isinstance(found, list) or any((*path, number) not in at.spans for number in range(len(found))):
        raise CannotWrite(dotted(path))
    return found, at


def _checked(before: str, after: str, path: Path, wanted: list[Any]) -> str:
    """Return a text when it says what the one before said, but for the list."""
    document = copy.deepcopy(tomli.loads(before, parse_float=Decimal))
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = wanted
    try:
        fits = tomli.loads(after, parse_float=Decimal) == document
    except tomli.TOMLDecodeError:
        fits = False
    if not fits:
        raise CannotWrite(dotted(path))
    return after
