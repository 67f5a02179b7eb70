"""Loads an order with its lines, locked, in one statement, and stores what has changed in one a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import fields
from sqlalchemy import Row, and_, bindparam, insert, select, update

from fenbu.contracts.erp import OpenLine
from fenbu.errors import NotFound, TransitionRefused
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_erp.lifecycles import ORDER as LIFECYCLE
from fenbu_erp.order import Head, Line, Order, Part
from fenbu_erp.tables import FULFILMENT, FULFILMENT_LINE, ORDER, ORDER_LINE

_SUMS = ("ordered", "released", "fulfilled", "invoiced", "cancelled", "credited")
_MOVING = ("state", "fulfiller", "billed", "settled", "fulfilments")
_LINE_MOVING = ("released", "fulfilled", "invoiced", "cancelled", "credited")
_LINE_FIELDS = tuple(f.name for f in fields(Line) if f.name != "changed")
_ORDER_FIELDS = tuple(f.name for f in fields(Order) if f.name not in ("lines", "handed_over", "stored"))

_HEAD_FIELDS = tuple(f.name for f in fields(Head))
_WIDTH = len(_ORDER_FIELDS)
_END = _WIDTH + len(_LINE_FIELDS)

_WHOLE = (
    select(*(ORDER.c[name] for name in _ORDER_FIELDS), *(ORDER_LINE.c[name] for name in _LINE_FIELDS))
    .join_from(ORDER, ORDER_LINE, ORDER_LINE.c.order_number == ORDER.c.number)
    .where(ORDER.c.number == bindparam("wanted"))
    .order_by(ORDER_LINE.c.line)
)
# Who waited for the order's row gets of each table the newest rows that are locked, and as they were when the statement
# began those that are not: hence the lines too. None is added or taken away once the order is placed.
_ONE = _WHOLE.with_for_update(of=[ORDER, ORDER_LINE], key_share=True)
_FULFILLED = (
    select(
        *_WHOLE.selected_columns, FULFILMENT_LINE.c.quantity, FULFILMENT_LINE.c.amount, FULFILMENT_LINE.c.tax
    )
    .join_from(ORDER, ORDER_LINE, ORDER_LINE.c.order_number == ORDER.c.number)
    .outerjoin(
        FULFILMENT_LINE,
        and_(
            FULFILMENT_LINE.c.order_number == ORDER.c.number,
            FULFILMENT_LINE.c.line == ORDER_LINE.c.line,
            FULFILMENT_LINE.c.fulfilment == bindparam("wanted_fulfilment"),
        ),
    )
    .where(ORDER.c.number == bindparam("wanted"))
    .order_by(ORDER_LINE.c.line)
    .with_for_update(of=[ORDER, ORDER_LINE], key_share=True)
)
_HEADS = (
    select(*(ORDER.c[name] for name in _HEAD_FIELDS))
    .where(ORDER.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(ORDER.c.number)
    .with_for_update(key_share=True)
)
_LOCK = (
    select(ORDER.c.number)
    .where(ORDER.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(ORDER.c.number)
    .with_for_update(key_share=True)
)
_OPEN_LINES = (
    select(
        ORDER_LINE.c.order_number,
        ORDER.c.fulfiller,
        ORDER_LINE.c.line,
        ORDER_LINE.c.item,
        (ORDER_LINE.c.quantity - ORDER_LINE.c.cancelled - ORDER_LINE.c.fulfilled).label("rest"),
        (ORDER_LINE.c.released - ORDER_LINE.c.fulfilled).label("released"),
    )
    .join_from(ORDER_LINE, ORDER, ORDER_LINE.c.order_number == ORDER.c.number)
    .where(
        ORDER.c.number.in_(bindparam("numbers", expanding=True)),
        ORDER_LINE.c.quantity - ORDER_LINE.c.cancelled > ORDER_LINE.c.fulfilled,
    )
    .order_by(ORDER_LINE.c.order_number, ORDER_LINE.c.line)
)
_INSERT = insert(ORDER)
_INSERT_LINES = insert(ORDER_LINE)
_UPDATE = (
    update(ORDER)
    .where(ORDER.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in (*_MOVING, *_SUMS)})
)
_UPDATE_LINES = (
    update(ORDER_LINE)
    .where(ORDER_LINE.c.order_number == bindparam("wanted"), ORDER_LINE.c.line == bindparam("wanted_line"))
    .values({name: bindparam(f"new_{name}") for name in _LINE_MOVING})
)
_UPDATE_HEADS = (
    update(ORDER)
    .where(ORDER.c.number == bindparam("wanted"))
    .values(state=bindparam("new_state"), settled=bindparam("new_settled"))
)
_INSERT_FULFILMENTS = insert(FULFILMENT)
_INSERT_FULFILMENT_LINES = insert(FULFILMENT_LINE)


def load(work: Work, number: str, verb: str = "") -> Order:
    """Return an order with its lines, its row locked until the transaction ends (not in a work that only reads).

    Args:
        work: The caller commits.
        number: Of the order.
        verb: What is about to be done, checked against the lifecycle when given.

    Raises:
        NotFound: No such order.
        TransitionRefused: Its state does not allow the verb.
    """
    rows = work.execute(_WHOLE if work.read_only else _ONE, {"wanted": number}).all()
    return _order(rows, number, verb)


def load_fulfilled(work: Work, number: str, fulfilment: int) -> tuple[Order, list[Part]]:
    """Return an order as `load` does, and what was handed over of it by one of its fulfilments."""
    rows = work.execute(_FULFILLED, {"wanted": number, "wanted_fulfilment": fulfilment}).all()
    order = _order(rows, number)
    found = zip(order.lines, (row[-3:] for row in rows), strict=True)
    return order, [Part(line, *tuple(part)) for line, part in found if part[0] is not None]


def heads(work: Work, numbers: Iterable[str]) -> dict[str, Head]:
    """Return orders without their lines by number, their rows locked in the order of their numbers."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    return {row[0]: Head(*tuple(row)) for row in work.execute(_HEADS, {"numbers": wanted})}


def head(work: Work, number: str) -> Head:
    """Return an order without its lines, its row locked; `NotFound` when there is none."""
    found = heads(work, [number])
    if number not in found:
        raise _unknown(number)
    return found[number]


def open_lines(work: Work, numbers: Iterable[str]) -> list[OpenLine]:
    """Return what is neither fulfilled nor cancelled of these orders, by order and line; nothing is locked."""
    rows = work.execute(_OPEN_LINES, {"numbers": list(numbers)})
    return [
        OpenLine(
            order=row.order_number,
            fulfiller=row.fulfiller,
            line=row.line,
            item=row.item,
            rest=row.rest,
            released=row.released,
        )
        for row in rows
    ]


def lock(work: Work, numbers: Iterable[str]) -> None:
    """Lock the rows of these orders, in the order of their numbers."""
    work.execute(_LOCK, {"numbers": sorted(set(numbers))}).all()


def add(work: Work, order: Order) -> None:
    """Store a new order with its lines and what was already handed over of it."""
    row: dict[str, Any] = {name: getattr(order, name) for name in _ORDER_FIELDS}
    work.execute(_INSERT, row | order.sums())
    work.execute(
        _INSERT_LINES,
        [
            {"order_number": order.number, **{name: getattr(line, name) for name in _LINE_FIELDS}}
            for line in order.lines
        ],
    )
    _add_fulfilments(work, order)


def save_heads(work: Work, orders: Iterable[Head]) -> None:
    """Store where these orders stand and what of them is settled."""
    rows = [{"wanted": one.number, "new_state": one.state, "new_settled": one.settled} for one in orders]
    if rows:
        work.execute(_UPDATE_HEADS, rows)


def save(work: Work, order: Order) -> None:
    """Store what has changed of an order."""
    values = _moving(order)
    if values != order.stored:
        work.execute(_UPDATE, {"wanted": order.number, **values})
        order.stored = values
    moved = [line for line in order.lines if line.changed]
    if moved:
        work.execute(
            _UPDATE_LINES,
            [
                {
                    "wanted": order.number,
                    "wanted_line": line.line,
                    **{f"new_{name}": getattr(line, name) for name in _LINE_MOVING},
                }
                for line in moved
            ],
        )
        for line in moved:
            line.changed = False
    _add_fulfilments(work, order)


def _order(rows: Sequence[Row[Any]], number: str, verb: str = "") -> Order:
    """Return an order from its rows, one a line; refuse what `load` refuses."""
    if not rows:
        raise _unknown(number)
    order = Order(*rows[0][:_WIDTH])
    if verb and verb not in LIFECYCLE.actions(order.state):
        raise TransitionRefused(number, verb, order.state, LIFECYCLE.actions(order.state))
    order.lines = [Line(*row[_WIDTH:_END]) for row in rows]
    order.stored = _moving(order)
    return order


def _unknown(number: str) -> NotFound:
    return NotFound(_("order"), number, _("fenbu show erp.orders lists them"))


def _moving(order: Order) -> dict[str, Any]:
    """Return what of an order's row may have changed."""
    values = {f"new_{name}": getattr(order, name) for name in _MOVING}
    return values | {f"new_{name}": total for name, total in order.sums().items()}


def _add_fulfilments(work: Work, order: Order) -> None:
    if not order.handed_over:
        return
    work.execute(
        _INSERT_FULFILMENTS,
        [
            {
                "order_number": order.number,
                "number": one.number,
                "day": one.day,
                "fulfiller": one.fulfiller,
                "reference": one.reference,
                "amount": one.amount,
                "fulfilled_at": work.now,
            }
            for one in order.handed_over
        ],
    )
    work.execute(
        _INSERT_FULFILMENT_LINES,
        [
            {
                "order_number": order.number,
                "fulfilment": one.number,
                "line": part.line.line,
                "quantity": part.quantity,
                "amount": part.amount,
                "tax": part.tax,
            }
            for one in order.handed_over
            for part in one.parts
        ],
    )
    order.handed_over.clear()
