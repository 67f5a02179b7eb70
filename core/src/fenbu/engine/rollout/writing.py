"""Changing one value of a rollout file and nothing else: every other byte stays, comments and ends of lines too.

The value is written by tomlkit; where it goes is known by `positions`, because tomlkit moves comments and blank lines
when it adds to a table. What was written is read again before it is returned.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import tomli
from attrs import frozen

from fenbu.engine.rollout.faults import dotted
from fenbu.engine.rollout.positions import Path, Positions, positions_of
from fenbu.errors import FenbuError
from fenbu.i18n import _


@frozen(eq=False)
class CannotWrite(FenbuError):
    """A value cannot be put into the file without changing something else."""

    path: str

    def __str__(self) -> str:
        return _("{path} cannot be written into the file without changing something else").format(
            path=self.path
        )

    @property
    def hint(self) -> str:
        return _("write it by hand")


def set_setting(text: str, module: str, name: str, value: Any, *, stage: int | None = None) -> str:
    """Return a file's text with a setting of a module changed, at the start or from a stage on.

    Args:
        text: Of a file without faults.
        module: Named in the plan.
        name: Of the setting.
        value: Text, whole or exact number, true or false, a day, or lists and tables of these.
        stage: Index of the stage; None for the module's own table.

    Raises:
        CannotWrite: The table for it is written in a way that nothing can be added to.
    """
    base: Path = ("modules", module, "settings") if stage is None else ("stages", stage, "settings", module)
    return set_value(text, (*base, name), value)


def set_value(text: str, path: Path, value: Any) -> str:
    """Return a text with one value changed or added; otherwise as `set_setting`."""
    wanted = _with(tomli.loads(text, parse_float=Decimal), path, value)
    at = positions_of(text)
    made = _replaced(at, path, value) if path in at.spans else _added(at, path, value)
    try:
        fits = tomli.loads(made, parse_float=Decimal) == wanted
    except tomli.TOMLDecodeError:
        fits = False
    if not fits:
        raise CannotWrite(dotted(path))
    return made


def _replaced(at: Positions, path: Path, value: Any) -> str:
    span = at.spans[path]
    return at.text[: span.start] + written(value) + at.text[span.end :]


def _added(at: Positions, path: Path, value: Any) -> str:
    """Add a value behind the last one of its table, or with a new header behind the nearest table above."""
    table = path[:-1]
    newline = "\r\n" if "\r\n" in at.text else "\n"
    line = f"{key(path[-1])} = {written(value)}"
    span = at.spans.get(table)
    if span is None:
        names = ".".join(key(part) for part in table if not isinstance(part, int))
        end = _end_of_line(at.text, _end_below(at, table))
        return _inserted(at.text, end, f"{newline}[{names}]{newline}{line}", newline)
    if span.header:
        return _inserted(at.text, _end_of_line(at.text, span.end), line, newline)
    inner = at.text[span.start : span.end]
    if inner.startswith("{") and inner.endswith("}"):
        body = inner[1:-1].rstrip()
        joint = "" if not body.strip() or body.endswith(",") else ","
        return f"{at.text[: span.start]}{{{body}{joint} {line} }}{at.text[span.end :]}"
    raise CannotWrite(dotted(path))


def _end_below(at: Positions, table: Path) -> int:
    """Return where the nearest table above ends, with the tables under it that have headers of their own."""
    for length in range(len(table) - 1, 0, -1):
        if ends := [span.end for place, span in at.spans.items() if place[:length] == table[:length]]:
            return max(ends)
    return len(at.text)


def _inserted(text: str, at: int, line: str, newline: str) -> str:
    before, after = text[:at], text[at:]
    return f"{before}{newline}{line}{after}" if after else f"{before.rstrip(newline)}{newline}{line}{newline}"


def _end_of_line(text: str, at: int) -> int:
    """Return where the line ends on which an offset stands; a comment behind the value stays with it."""
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - 1 if text[end - 1] == "\r" else end


def key(part: str | int) -> str:
    """Write a key, quoted where it has to be."""
    import tomlkit

    bare = str(part)
    return (
        bare
        if bare.replace("-", "").replace("_", "").isalnum() and bare.isascii()
        else tomlkit.item(bare).as_string()
    )


def written(value: Any) -> str:
    """Write a value as TOML, on one line; an exact number keeps its digits."""
    import tomlkit

    if isinstance(value, Decimal):
        told = format(value, "f")
        return told if "." in told else f"{told}.0"
    if isinstance(value, Mapping):
        return (
            "{ " + ", ".join(f"{key(name)} = {written(one)}" for name, one in value.items()) + " }"
            if value
            else "{}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    return str(tomlkit.item(value).as_string())


def _with(document: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(document)
    place: Any = made
    for part in path[:-1]:
        place = place[part] if isinstance(part, int) else place.setdefault(part, {})
    place[path[-1]] = list(value) if isinstance(value, tuple) else value
    return made
