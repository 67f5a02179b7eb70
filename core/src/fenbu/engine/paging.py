"""Pages of a view: the order of its rows, and the place in it where the next page begins."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from attrs import evolve, frozen
from sqlalchemy import ColumnElement, Subquery, and_, false, or_, true, tuple_

from fenbu.engine.conditions import parse, refused
from fenbu.i18n import _
from fenbu.views import View


@frozen
class Order:
    """One column by which rows are ordered."""

    name: str
    down: bool
    nullable: bool = False


def orders(view: View, sort: str) -> list[Order]:
    """Return the columns by which a page is ordered, down to the key, so that no two rows are equal.

    Raises:
        ReadingRefused: The view is not sorted by such a column.
    """
    key = [Order(name.removeprefix("-"), name.startswith("-")) for name in view.key]
    if not sort:
        return key
    name = sort.removeprefix("-")
    allowed = list(dict.fromkeys([*view.sorts, *(order.name for order in key)]))
    if name not in allowed:
        raise refused(view, "sort", _("one of {names} is wanted").format(names=", ".join(allowed)), sort)
    keys = {order.name for order in key}
    first = Order(name, sort.startswith("-"), nullable=name not in keys)
    return [first, *(order for order in key if order.name != name)]


def turned(orders: Sequence[Order]) -> list[Order]:
    """Return an order turned round, in which the last row is the first."""
    return [evolve(order, down=not order.down) for order in orders]


def ordered(source: Subquery, order: Order) -> ColumnElement[Any]:
    """Return the order by one column as both databases have it."""
    column = source.c[order.name]
    if not order.nullable:
        return column.desc() if order.down else column.asc()
    # Nothing counts as larger than anything, as PostgreSQL has it; SQLite would have it the other way round.
    return column.desc().nulls_first() if order.down else column.asc().nulls_last()


def beyond(source: Subquery, orders: Sequence[Order], values: Sequence[Any]) -> ColumnElement[bool]:
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


def write_after(orders: Sequence[Order], row: Mapping[str, Any]) -> str:
    """Return the place of a row in an order as text; a key of one column is itself."""
    values = [_as_text(row[order.name]) for order in orders]
    if len(values) == 1 and values[0] and not values[0].startswith("["):
        return values[0]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def write_key(view: View, row: Mapping[str, Any]) -> str:
    """Return the values of a row's key as a JSON list of texts; each finds it again as a condition."""
    return json.dumps([_as_text(row[name.removeprefix("-")]) for name in view.key], ensure_ascii=False)


def read_after(view: View, source: Subquery, orders: Sequence[Order], after: str) -> list[Any]:
    """Return the values of the row after which a page begins, one for each column of the order.

    Raises:
        ReadingRefused: The text was written for another order, or a value is of another kind.
    """
    values: Any = [after]
    if after.startswith("["):
        try:
            values = json.loads(after)
        except ValueError:
            values = []
    if len(values) != len(orders):
        names = ", ".join(order.name for order in orders)
        problem = _("it does not belong to this order ({names}); begin without it").format(names=names)
        raise refused(view, "after", problem, after)
    return [
        None if value is None else parse(view, order.name, str(value), source)
        for order, value in zip(orders, values, strict=True)
    ]


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
