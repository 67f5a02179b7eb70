"""A filter as people type it in front of a list, read as conditions of its view.

``acme !cancelled state:placed total:>100``: every word is somewhere in the row, none after ``!`` is, and what has a
column's name or title before it is looked for there: within text, else as the value itself or compared with it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from fenbu.engine.conditions import ANYWHERE, Condition, filterable, kind_of
from fenbu.i18n import _
from fenbu.views import Kind, View

_NAMED = re.compile(r"([^:=<>!~]+)(?::|(?=[=<>!~]))(>=|<=|!=|!~|[=<>~!])?(.*)", re.DOTALL)
_TEXTS = (Kind.TEXT, Kind.STATE)


def searched(view: View, typed: str) -> list[Condition]:
    """Return the conditions that a typed filter means; what is still being typed (``state:``) means none.

    A part that names no column by which the view is narrowed is a word like any other, so a time or an address may
    be typed as it is.
    """
    return [condition for part in _parts(typed) if (condition := _condition(view, part)) is not None]


def _parts(typed: str) -> Sequence[str]:
    """Split at spaces that stand outside quotes; an open quote is closed by the end."""
    splitter = shlex.shlex(typed, posix=True)
    splitter.whitespace_split, splitter.commenters, splitter.escape, splitter.quotes = True, "", "", '"'
    try:
        return list(splitter)
    except ValueError:
        return _parts(f'{typed}"')


def _condition(view: View, part: str) -> Condition | None:
    out = part.startswith("!") and len(part) > 1
    found = _NAMED.fullmatch(part.removeprefix("!") if out else part)
    if found is not None and (name := _column(view, found[1])):
        return _compared(view, name, found[2] or "", found[3], out=out)
    word = part.removeprefix("!") if out else part
    return Condition(ANYWHERE, word, "!~" if out else "~") if word != "!" else None


def _compared(view: View, name: str, sign: str, value: str, *, out: bool) -> Condition | None:
    if not value:
        return None
    within = kind_of(view, name, None) in _TEXTS
    if sign in ("", "!"):
        sign = ("!" if sign else "") + ("~" if within else "=")
    if out:
        sign = _OPPOSITES[sign]
    return Condition(name, value, sign)


_OPPOSITES = {"=": "!=", "!=": "=", "~": "!~", "!~": "~", ">": "<=", "<=": ">", "<": ">=", ">=": "<"}


def _column(view: View, named: str) -> str:
    """Return the column meant by its name, its title, or the one beginning of either that fits; empty for none."""
    names = dict(_named(view))
    wanted = named.strip().casefold()
    if wanted in names:
        return names[wanted]
    fitting = {column for told, column in names.items() if told.startswith(wanted)}
    return fitting.pop() if len(fitting) == 1 else ""


def _named(view: View) -> Iterator[tuple[str, str]]:
    titles = {column.name: column.title for column in view.columns}
    for name in filterable(view):
        yield _(titles.get(name, name)).casefold(), name
        yield name.casefold(), name
