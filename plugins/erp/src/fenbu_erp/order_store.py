"""Loads an order with its lines, locked, and stores what has changed: one statement a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import fields
from sqlalchemy import bindparam, insert, select, update

from fenbu.contracts.erp import OpenLine
from fenbu.errors import NotFound, TransitionRefused
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_erp.lifecycles import ORDER as LIFECYCLE
from fenbu_erp.order import Line, Order
from fenbu_erp.tables import FULFILMENT, FULFILMENT_LINE, ORDER, ORDER_LINE

_SUMS = ("ordered", "released", "fulfilled", "invoiced", "cancelled", "credited")
_MOVING = ("state", "fulfiller", "billed", "settled", "fulfilments")
_LINE_MOVING = ("released", "fulfilled", "invoiced", "cancelled", "credited")
_LINE_FIELDS = tuple(f.name for f in fields(Line) if f.name != "changed")
_ORDER_FIELDS = tuple(f.name for f in fields(Order) if f.name not in ("lines", "handed_over"))

_ORDER_COLUMNS = [ORDER.c[name] for name in _ORDER_FIELDS]
_READ = select(*_ORDER_COLUMNS).where(ORDER.c.number == bindparam("wanted"))
_ONE = _READ.with_for_update(key_share=True)
_MANY = (
    select(*_ORDER_COLUMNS)
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
_LINES = (
    select(*(ORDER_LINE.c[name] for name in _LINE_FIELDS))
    .where(ORDER_LINE.c.order_number == bindparam("wanted"))
    .order_by(ORDER_LINE.c.line)
)
_LINES_OF_MANY = (
    select(ORDER_LINE.c.order_number, *(ORDER_LINE.c[name] for name in _LINE_FIELDS))
    .where(ORDER_LINE.c.order_number.in_(bindparam("numbers", expanding=True)))
    .order_by(ORDER_LINE.c.order_number, ORDER_LINE.c.line)
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
    row = work.execute(_READ if work.read_only else _ONE, {"wanted": number}).first()
    if row is None:
        raise NotFound(_("order"), number, _("fenbu show erp.orders lists them"))
    if verb and verb not in LIFECYCLE.actions(row.state):
        raise TransitionRefused(number, verb, row.state, LIFECYCLE.actions(row.state))
    order = Order(**row._mapping)
    order.lines = [Line(*tuple(line)) for line in work.execute(_LINES, {"wanted": number})]
    return order


def load_many(work: Work, numbers: Iterable[str]) -> dict[str, Order]:
    """Return orders with their lines by number, their rows locked in the order of their numbers."""
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    orders = {row.number: Order(**row._mapping) for row in work.execute(_MANY, {"numbers": wanted})}
    for line in work.execute(_LINES_OF_MANY, {"numbers": wanted}):
        orders[line.order_number].lines.append(Line(*tuple(line)[1:]))
    return orders


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


def save(work: Work, order: Order) -> None:
    """Store what has changed of an order."""
    values = {f"new_{name}": getattr(order, name) for name in _MOVING}
    values |= {f"new_{name}": total for name, total in order.sums().items()}
    work.execute(_UPDATE, {"wanted": order.number, **values})
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
