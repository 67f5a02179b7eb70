"""Conditions that narrow a view: written as text, read by the kind of their column, turned into SQL."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import partial
from typing import Any

from attrs import frozen
from sqlalchemy import ColumnElement, Select, Subquery, and_, false, or_, true

from fenbu.errors import FieldProblem, InputInvalid
from fenbu.i18n import N_, _, originals
from fenbu.values import (
    MONEY_SCALE,
    PRICE_SCALE,
    QUANTITY_SCALE,
    RATE_SCALE,
    STORE_MAXIMUM,
    exact_decimal,
)
from fenbu.views import Kind, View


@frozen(eq=False)
class ReadingRefused(InputInvalid):
    """A view was asked for a column, a value or a page that it does not have."""

    @property
    def hint(self) -> str:
        return _("fenbu show {view} --help lists columns, filters and sorts").format(view=self.action)


_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "~": lambda column, text: column.icontains(text, autoescape=True),
    "!~": lambda column, text: or_(column.is_(None), ~column.icontains(text, autoescape=True)),
}
_CONTAINS = ("~", "!~")
_SHOWN = ("=", "!=", "~", "!~")
"""With these a state may be named as it is shown."""


@frozen
class Condition:
    """One narrowing of a view."""

    column: str
    value: Any
    """As the column's kind has it, or the same as text."""
    operator: str = "="
    """``=``, ``!=``, ``>``, ``>=``, ``<``, ``<=``, ``~`` for "contains" or ``!~`` for "does not"."""


ANYWHERE = "*"
"""In place of a column: in any column that holds text and narrows the view; goes with ``~`` and ``!~``."""


def conditions(texts: Sequence[str]) -> list[Condition]:
    """Return the conditions that texts like ``state=placed`` or ``total>=100`` say.

    Raises:
        ReadingRefused: A text is none.
    """
    return [_condition(text) for text in texts]


def filterable(view: View) -> list[str]:
    """Return the columns by which a view may be narrowed."""
    key = [name.removeprefix("-") for name in view.key]
    named = [*view.filters, view.record, *([view.state] if view.state else []), *view.sorts, *key]
    return list(dict.fromkeys(named))


def parse(view: View, name: str, value: Any, source: Subquery | None = None) -> Any:
    """Return a value as a column of the view has it; text is read by the column's kind.

    Raises:
        ReadingRefused: It is no such value.
    """
    if not isinstance(value, str):
        return value
    kind = kind_of(view, name, source)
    try:
        return _READ.get(kind, str)(value)
    except (ValueError, InvalidOperation):
        raise refused(view, name, _(_WANTED.get(kind, _NUMBER)), value) from None


def narrowed(
    wanted: Select[Any],
    source: Subquery,
    view: View,
    filters: Sequence[Condition],
    unseen: Collection[str] = (),
) -> Select[Any]:
    """Return a query on a view narrowed by all of these; words are not looked for in columns that are unseen.

    Raises:
        ReadingRefused: The view is not narrowed by such a column, or the value is of another kind.
    """
    for one in filters:
        if one.column == ANYWHERE:
            wanted = wanted.where(_anywhere(source, view, one, unseen))
        else:
            wanted = wanted.where(_named(source, view, one))
    return wanted


def _named(source: Subquery, view: View, one: Condition) -> ColumnElement[bool]:
    allowed = filterable(view)
    if one.column not in allowed:
        near = get_close_matches(one.column, allowed, 1)
        told = _("did you mean {nearest}?").format(nearest=near[0]) if near else ", ".join(allowed)
        raise refused(view, one.column, _("this view is not narrowed by it ({told})").format(told=told))
    if one.operator not in _CONTAINS:
        value = parse(view, one.column, one.value, source)
    elif kind_of(view, one.column, source) in _TEXTS:
        value = one.value
    else:
        problem = _("~ looks within text, which this is not; = < > compare it")
        raise refused(view, one.column, problem, f"~{one.value}")
    return _compared(source.c[one.column], one.operator, value, kind_of(view, one.column, source))


def _anywhere(source: Subquery, view: View, one: Condition, unseen: Collection[str]) -> ColumnElement[bool]:
    found = [
        _compared(source.c[name], one.operator, str(one.value), kind)
        for name in filterable(view)
        if (kind := kind_of(view, name, source)) in _TEXTS and name not in unseen
    ]
    return and_(true(), *found) if one.operator == "!~" else or_(false(), *found)


def _compared(column: Any, sign: str, value: Any, kind: Kind) -> ColumnElement[bool]:
    """Return the comparison in SQL; a state may be written as faces show it, in the operator's language."""
    found: ColumnElement[bool] = _COMPARE[sign](column, value)
    shown = originals(value) if kind is Kind.STATE and sign in _SHOWN else ()
    if not shown:
        return found
    return or_(found, column.in_(shown)) if sign in ("=", "~") else and_(found, column.not_in(shown))


def kind_of(view: View, name: str, source: Subquery | None) -> Kind:
    """Return the kind of a column, as declared or, of one that is not shown, as the database has it."""
    for column in view.columns:
        if column.name == name:
            return column.kind
    python: Any = str
    if source is not None:
        try:
            python = source.c[name].type.python_type
        except NotImplementedError:
            python = str
    return _KIND_OF.get(python, Kind.TEXT)


def refused(view: View, field: str, problem: str, got: str = "") -> ReadingRefused:
    """Return the error that says what is wrong with one part of what a view was asked for."""
    return ReadingRefused(view.name, [FieldProblem(field, problem, got)])


def _condition(text: str) -> Condition:
    at = [(text.find(sign), -len(sign), sign) for sign in _COMPARE if sign in text]
    if not at or min(at)[0] == 0:
        others = " ".join(sign for sign in _COMPARE if sign != "=")
        problem = _("column=value is wanted; besides = there are {signs}").format(signs=others)
        raise ReadingRefused("VIEW", [FieldProblem("where", problem, text)])
    position, _length, sign = min(at)
    return Condition(text[:position].strip(), text[position + len(sign) :].strip(), sign)


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _yes_no(text: str) -> bool:
    meaning = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if text.lower() not in meaning:
        raise ValueError(text)
    return meaning[text.lower()]


def _whole(text: str) -> int:
    number = int(text)
    if abs(number) > STORE_MAXIMUM:
        raise ValueError(text)
    return number


_READ: Mapping[Kind, Callable[[str], Any]] = {
    Kind.MONEY: partial(exact_decimal, scale=MONEY_SCALE),
    Kind.QUANTITY: partial(exact_decimal, scale=QUANTITY_SCALE),
    Kind.PRICE: partial(exact_decimal, scale=PRICE_SCALE),
    Kind.RATE: partial(exact_decimal, scale=RATE_SCALE),
    Kind.NUMBER: _whole,
    Kind.DAY: date.fromisoformat,
    Kind.TIME: _time,
    Kind.YES_NO: _yes_no,
}
_NUMBER = N_("must be a number, written as 12.5")
_WANTED: Mapping[Kind, str] = {
    Kind.MONEY: N_("must be an amount, written as 12.50"),
    Kind.NUMBER: N_("must be a whole number"),
    Kind.DAY: N_("must be a day, written as 2026-01-31"),
    Kind.TIME: N_("must be a time, written as 2026-01-31T12:00"),
    Kind.YES_NO: N_("must be true or false"),
}
_TEXTS = (Kind.TEXT, Kind.STATE)
_KIND_OF = {int: Kind.NUMBER, Decimal: Kind.QUANTITY, date: Kind.DAY, datetime: Kind.TIME, bool: Kind.YES_NO}
