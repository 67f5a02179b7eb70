"""The business facts of the warehouse without what may differ between two runs of the same business.

Left out are times, surrogate keys and numbers of documents; these appear as sets only.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from fenbu.canonical import Facts, rows, selected
from fenbu.work import Work
from fenbu_scm.tables import (
    ADJUSTMENT,
    DEMAND,
    ITEM,
    LOCATION,
    MOVE,
    ORDER,
    RECEIPT,
    RESERVATION,
    RETURN,
    SHIPMENT,
    SHIPMENT_LINE,
    STOCK,
)

_SERIES = (("receipts", RECEIPT), ("returns", RETURN), ("adjustments", ADJUSTMENT))


def canonical(work: Work) -> Facts:
    """Return the warehouse's business facts in a fixed order."""
    return {
        "locations": rows(work, LOCATION, "code", "kind", "warehouse", "title", "rank"),
        "items": rows(work, ITEM, "code", "title", "unit", "quantity", "value"),
        "stock": rows(work, STOCK, "item", "location", "on_hand", "reserved"),
        "moves": _moves(work),
        "orders": rows(work, ORDER, "number", "state", "account", "ship", "waived"),
        "order_lines": rows(
            work,
            DEMAND,
            "order_number",
            "line",
            "item",
            "wanted",
            "reserved",
            "short",
            "released",
            "dispatched",
            "returned",
        ),
        "reservations": rows(work, RESERVATION, "order_number", "line", "location", "item", "quantity"),
        "shipped": _shipped(work),
        "receipts": rows(work, RECEIPT, "source", "supplier", "reference", "day", "value"),
        "returns": rows(work, RETURN, "order_number", "account", "reason", "day", "value"),
        "adjustments": rows(work, ADJUSTMENT, "reason", "day"),
        "numbers": {name: sorted(work.execute(select(table.c.number)).scalars()) for name, table in _SERIES},
    }


def _moves(work: Work) -> Iterator[list[str]]:
    """Return the sums of the moves, by what can be told without numbers of documents."""
    by = (MOVE.c.kind, MOVE.c.day, MOVE.c.item, MOVE.c.source, MOVE.c.target, MOVE.c.order_number)
    query = select(
        *by,
        func.sum(MOVE.c.quantity, type_=MOVE.c.quantity.type),
        func.sum(MOVE.c.value, type_=MOVE.c.value.type),
    ).group_by(*by)
    return selected(work, query)


def _shipped(work: Work) -> Iterator[list[str]]:
    """Return what orders have in shipments, by state."""
    by = (SHIPMENT.c.order_number, SHIPMENT.c.state, SHIPMENT_LINE.c.line, SHIPMENT_LINE.c.location)
    query = (
        select(*by, func.sum(SHIPMENT_LINE.c.quantity, type_=SHIPMENT_LINE.c.quantity.type))
        .join_from(SHIPMENT_LINE, SHIPMENT, SHIPMENT.c.number == SHIPMENT_LINE.c.shipment)
        .group_by(*by)
    )
    return selected(work, query)
