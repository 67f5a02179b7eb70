"""The business facts of the warehouse without what may differ between two runs of the same business.

Left out are times, surrogate keys and numbers of documents; these appear as sets only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, func, select

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


def canonical(work: Work) -> Mapping[str, Any]:
    """Return the warehouse's business facts as JSON-able lists in a fixed order."""
    return {
        "locations": _rows(work, LOCATION, "code", "kind", "warehouse", "title", "rank"),
        "items": _rows(work, ITEM, "code", "title", "unit", "quantity", "value"),
        "stock": _rows(work, STOCK, "item", "location", "on_hand", "reserved"),
        "moves": _moves(work),
        "orders": _rows(work, ORDER, "number", "state", "account", "ship", "waived"),
        "order_lines": _rows(
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
        "reservations": _rows(work, RESERVATION, "order_number", "line", "location", "item", "quantity"),
        "shipped": _shipped(work),
        "receipts": _rows(work, RECEIPT, "source", "supplier", "reference", "day", "value"),
        "returns": _rows(work, RETURN, "order_number", "account", "reason", "day", "value"),
        "adjustments": _rows(work, ADJUSTMENT, "reason", "day"),
        "numbers": {name: sorted(work.execute(select(table.c.number)).scalars()) for name, table in _SERIES},
    }


def _rows(work: Work, table: Table, *names: str) -> list[list[str]]:
    return sorted(_plain(row) for row in work.execute(select(*(table.c[name] for name in names))))


def _moves(work: Work) -> list[list[str]]:
    """Return the sums of the moves, by what can be told without numbers of documents."""
    by = (MOVE.c.kind, MOVE.c.day, MOVE.c.item, MOVE.c.source, MOVE.c.target, MOVE.c.order_number)
    query = select(
        *by,
        func.sum(MOVE.c.quantity, type_=MOVE.c.quantity.type),
        func.sum(MOVE.c.value, type_=MOVE.c.value.type),
    ).group_by(*by)
    return sorted(_plain(row) for row in work.execute(query))


def _shipped(work: Work) -> list[list[str]]:
    """Return what orders have in shipments, by state."""
    by = (SHIPMENT.c.order_number, SHIPMENT.c.state, SHIPMENT_LINE.c.line, SHIPMENT_LINE.c.location)
    query = (
        select(*by, func.sum(SHIPMENT_LINE.c.quantity, type_=SHIPMENT_LINE.c.quantity.type))
        .join_from(SHIPMENT_LINE, SHIPMENT, SHIPMENT.c.number == SHIPMENT_LINE.c.shipment)
        .group_by(*by)
    )
    return sorted(_plain(row) for row in work.execute(query))


def _plain(row: Any) -> list[str]:
    return ["" if value is None else str(value) for value in row]
