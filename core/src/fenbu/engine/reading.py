"""Reading views: pages by key, filters, records, and which actions a row offers; the same for every face.

A page is found by the key of the row before it and not by counting, so the millionth page costs what the first
does, and rows written meanwhile neither appear twice nor push others out.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import frozen
from sqlalchemy import ColumnElement, Select, Subquery, and_, false, or_, select, true, tuple_

from fenbu.engine.catalog.reference import resolve
from fenbu.errors import FieldProblem, InputInvalid, NotFound
from fenbu.i18n import N_, _
from fenbu.lifecycle import Lifecycle
from fenbu.values import (
    MONEY_SCALE,
    PRICE_SCALE,
    QUANTITY_SCALE,
    RATE_SCALE,
    STORE_MAXIMUM,
    exact_decimal,
)
from fenbu.views import Kind, View

if TYPE_CHECKING:
    from fenbu.actions import Action
    from fenbu.engine.assembly import Assembly
    from fenbu.work import Work

DEFAULT_LIMIT = 50
MOST = 10_000
"""Rows of one page at most."""

Row = Mapping[str, Any]


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
}
OPERATORS = tuple(_COMPARE)


@frozen(eq=False)
class RecordMissing(NotFound):
    """A view has no record with this key."""

    def __str__(self) -> str:
        return _("{view} has no record {key}").format(view=self.kind, key=self.key)


@frozen
class Condition:
    """One narrowing of a view."""

    column: str
    value: Any
    """As the column's kind has it, or the same as text."""
    operator: str = "="
    """``=``, ``!=``, ``>``, ``>=``, ``<``, ``<=``, or ``~`` for "contains"."""


@frozen
class Page:
    """Rows in the view's order, and where the next page begins."""

    rows: Sequence[Row]
    next: str | None
    """Given as ``after`` it continues here; None when nothing follows."""


@frozen
class _Order:
    """One column by which rows are ordered."""

    name: str
    down: bool
    nullable: bool = False


def page(
    work: Work,
    view: View,
    *,
    filters: Sequence[Condition] = (),
    sort: str = "",
    after: str = "",
    limit: int = DEFAULT_LIMIT,
) -> Page:
    """Return one page of a view.

    Args:
        work: A reading work; the view's query is asked in it.
        view: As declared.
        filters: All must hold.
        sort: A column of ``view.sorts`` or of its key, with ``-`` before it downwards; the key's order if empty.
        after: `Page.next` of the page before.
        limit: Rows wanted, 1 to `MOST`.

    Raises:
        ReadingRefused: No such column, a value of another kind, or an ``after`` of another order.
    """
    if not 1 <= limit <= MOST:
        raise _wrong(view, "limit", _("1 to {most} is wanted").format(most=MOST), str(limit))
    source = view.query(work).subquery()
    orders = _orders(view, sort)
    wanted = select(source).order_by(*(_ordered(source, order) for order in orders)).limit(limit + 1)
    wanted = _narrowed(wanted, source, view, filters)
    if after:
        wanted = wanted.where(_beyond(source, orders, _read_after(view, source, orders, after)))
    rows = [dict(row) for row in work.execute(wanted).mappings()]
    more = len(rows) > limit
    del rows[limit:]
    return Page(rows, _write_after(orders, rows[-1]) if more else None)


def count(work: Work, view: View, *, filters: Sequence[Condition] = (), most: int = MOST) -> int:
    """Return how many rows match, counting no further than ``most``."""
    source = view.query(work).subquery()
    limited = _narrowed(select(source.c[view.record]), source, view, filters).limit(most)
    return len(work.execute(limited).all())


def record(work: Work, view: View, key: str) -> Row:
    """Return one record by the value that people know it by.

    Raises:
        RecordMissing: There is none; the nearest that begin alike are named.
    """
    source = view.query(work).subquery()
    value = parse(view, view.record, key, source)
    row = work.execute(select(source).where(source.c[view.record] == value).limit(1)).mappings().first()
    if row is None:
        raise RecordMissing(view.name, key, _nearest(work, view, source, key))
    return dict(row)


def offered(assembly: Assembly, view: View, row: Row) -> list[Action]:
    """Return the actions that apply to a row in its state, in the order in which the view names them."""
    found = [assembly.actions[name].action for name in view.actions if name in assembly.actions]
    state = row.get(view.state) if view.state else None
    return [action for action in found if _allows(action, view, state)]


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
    kind = _kind(view, name, source)
    try:
        return _READ.get(kind, str)(value)
    except (ValueError, InvalidOperation):
        raise _wrong(view, name, _(_WANTED.get(kind, _NUMBER)), value) from None


def _kind(view: View, name: str, source: Subquery | None) -> Kind:
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
_KIND_OF = {int: Kind.NUMBER, Decimal: Kind.QUANTITY, date: Kind.DAY, datetime: Kind.TIME, bool: Kind.YES_NO}


def _condition(text: str) -> Condition:
    at = [(text.find(sign), -len(sign), sign) for sign in _COMPARE if sign in text]
    if not at or min(at)[0] == 0:
        problem = _("column=value is wanted; besides = there are {signs}").format(
            signs=" ".join(OPERATORS[1:])
        )
        raise ReadingRefused("VIEW", [FieldProblem("where", problem, text)])
    position, _length, sign = min(at)
    return Condition(text[:position].strip(), text[position + len(sign) :].strip(), sign)


def _narrowed(wanted: Select[Any], source: Subquery, view: View, filters: Sequence[Condition]) -> Select[Any]:
    for one in filters:
        allowed = filterable(view)
        if one.column not in allowed:
            near = get_close_matches(one.column, allowed, 1)
            told = _("did you mean {nearest}?").format(nearest=near[0]) if near else ", ".join(allowed)
            raise _wrong(view, one.column, _("this view is not narrowed by it ({told})").format(told=told))
        value = one.value if one.operator == "~" else parse(view, one.column, one.value, source)
        wanted = wanted.where(_COMPARE[one.operator](source.c[one.column], value))
    return wanted


def _orders(view: View, sort: str) -> list[_Order]:
    key = [_Order(name.removeprefix("-"), name.startswith("-")) for name in view.key]
    if not sort:
        return key
    name = sort.removeprefix("-")
    allowed = list(dict.fromkeys([*view.sorts, *(order.name for order in key)]))
    if name not in allowed:
        raise _wrong(view, "sort", _("one of {names} is wanted").format(names=", ".join(allowed)), sort)
    keys = {order.name for order in key}
    first = _Order(name, sort.startswith("-"), nullable=name not in keys)
    return [first, *(order for order in key if order.name != name)]


def _ordered(source: Subquery, order: _Order) -> ColumnElement[Any]:
    column = source.c[order.name]
    if not order.nullable:
        return column.desc() if order.down else column.asc()
    # Nothing counts as larger than anything, as PostgreSQL has it; SQLite would have it the other way round.
    return column.desc().nulls_first() if order.down else column.asc().nulls_last()


def _beyond(source: Subquery, orders: Sequence[_Order], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition for rows after these values; as one comparison of tuples where an index can follow it."""
    if len({order.down for order in orders}) == 1 and not any(order.nullable for order in orders):
        columns = tuple_(*(source.c[order.name] for order in orders))
        given = tuple_(*values, types=[source.c[order.name].type for order in orders])
        return columns < given if orders[0].down else columns > given
    beyond: ColumnElement[bool] = false()
    for order, value in reversed(list(zip(orders, values, strict=True))):
        column = source.c[order.name]
        if value is None:
            further: ColumnElement[bool] = column.is_not(None) if order.down else false()
            same: ColumnElement[bool] = column.is_(None)
        else:
            further = column < value if order.down else column > value
            if order.nullable and not order.down:
                further = or_(further, column.is_(None))
            same = column == value
        beyond = or_(further, and_(same, beyond))
    return and_(true(), beyond)


def _write_after(orders: Sequence[_Order], row: Row) -> str:
    values = [_as_text(row[order.name]) for order in orders]
    if len(values) == 1 and values[0] and not values[0].startswith("["):
        return values[0]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _read_after(view: View, source: Subquery, orders: Sequence[_Order], after: str) -> list[Any]:
    values: Any = [after]
    if after.startswith("["):
        try:
            values = json.loads(after)
        except ValueError:
            values = []
    if len(values) != len(orders):
        names = ", ".join(order.name for order in orders)
        problem = _("it does not belong to this order ({names}); begin without it").format(names=names)
        raise _wrong(view, "after", problem, after)
    return [
        None if value is None else parse(view, order.name, str(value), source)
        for order, value in zip(orders, values, strict=True)
    ]


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _nearest(work: Work, view: View, source: Subquery, key: str) -> str:
    """Say which records are spelled alike: those that contain the text, else nothing."""
    column = source.c[view.record]
    if _kind(view, view.record, source) is not Kind.TEXT:
        return ""
    alike = select(column).where(column.icontains(key, autoescape=True)).order_by(column).limit(3)
    found = [str(value) for value in work.execute(alike).scalars()]
    if not found:
        return _("fenbu show {view} lists what there is").format(view=view.name)
    return _("did you mean {nearest}?").format(nearest=" / ".join(found))


def _allows(action: Action, view: View, state: Any) -> bool:
    reference = action.lifecycle or view.lifecycle
    if action.verb is None or reference is None or state is None:
        return True
    lifecycle: Lifecycle[Any] = resolve(reference)
    return action.verb in lifecycle.actions(str(state))


def _wrong(view: View, field: str, problem: str, got: str = "") -> ReadingRefused:
    return ReadingRefused(view.name, [FieldProblem(field, problem, got)])
