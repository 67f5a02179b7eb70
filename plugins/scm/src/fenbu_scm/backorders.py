"""Backorders: what orders are short of is filled in the order of the orders, as soon as pieces are free.

Invariant: nobody waits for an item of which a piece is free. Whatever frees pieces (a receipt, a return, a find,
an order that lets go) calls `fill` in the same transaction, while it holds the items. It changes what the lines
have of these items and tells each order by an event; what follows for the order is decided in its own turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, bindparam, select, tuple_, update

from fenbu.contracts.erp import LineQuantity
from fenbu.contracts.scm import BackorderFilled
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_scm import stock as stocks
from fenbu_scm.stock import Stock
from fenbu_scm.tables import DEMAND, RESERVATION

_PLACE = (DEMAND.c.queued_at, DEMAND.c.order_number, DEMAND.c.line)
"""Where a line stands in the queue."""
_PAGE = 500
"""Lines of the queue looked at in one statement: many thousands may wait for the one piece that comes."""
_QUEUE = (
    select(*_PLACE, DEMAND.c.item, DEMAND.c.short)
    .where(DEMAND.c.short > 0, DEMAND.c.item.in_(bindparam("codes", expanding=True)))
    .order_by(*_PLACE)
    .limit(bindparam("most"))
)
_QUEUE_ON = _QUEUE.where(
    tuple_(*_PLACE) > tuple_(*(bindparam(f"after_{column.name}", type_=column.type) for column in _PLACE))
)
_QUANTITY = DEMAND.c.short.type
_FILL = (
    update(DEMAND)
    .where(DEMAND.c.order_number == bindparam("of_order"), DEMAND.c.line == bindparam("of_line"))
    .values(
        reserved=DEMAND.c.reserved + bindparam("filled", type_=_QUANTITY),
        short=DEMAND.c.short - bindparam("filled", type_=_QUANTITY),
    )
)
_RESERVE = upsert(RESERVATION, add=("quantity",))
"""More is promised to a line at a location."""


def fill(work: Work, stock: Stock) -> int:
    """Reserve what is free of the items in hand for those who wait for them; return for how many lines.

    The caller has stored its own changes of order lines; this stores the stock.
    """
    places: list[dict[str, Any]] = []
    filled: list[dict[str, Any]] = []
    by_order: dict[str, list[LineQuantity]] = {}
    for row in _queue(work, stock):
        taken = stock[row.item].reserve(row.short)
        if not taken:
            continue
        quantity = sum((part for _location, part in taken), Decimal(0))
        filled.append({"of_order": row.order_number, "of_line": row.line, "filled": quantity})
        places += [
            {
                "order_number": row.order_number,
                "line": row.line,
                "location": location,
                "item": row.item,
                "quantity": part,
                "shipping": Decimal(0),
            }
            for location, part in taken
        ]
        by_order.setdefault(row.order_number, []).append(
            LineQuantity(line=row.line, item=row.item, quantity=quantity)
        )
    if filled:
        work.execute(_FILL, filled)
        work.execute(_RESERVE[work.dialect], places)
    stocks.save(work, stock)
    for order, lines in by_order.items():
        work.publish(BackorderFilled(order=order, lines=tuple(lines)))
    return len(filled)


def _queue(work: Work, stock: Stock) -> Iterator[Row[Any]]:
    """Yield who waits for what is free, in the order of the queue, and look no further when nothing is left."""
    asked, values = _QUEUE, dict[str, Any]()
    while codes := [code for code, holding in stock.holdings.items() if holding.free > 0]:
        rows = work.execute(asked, values | {"codes": codes, "most": _PAGE}).all()
        yield from rows
        if len(rows) < _PAGE:
            return
        asked, values = (
            _QUEUE_ON,
            {f"after_{column.name}": rows[-1]._mapping[column.name] for column in _PLACE},
        )
