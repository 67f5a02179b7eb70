"""Rows of the supply chain: columns, keys, CHECKs, indexes; no rules.

Pieces move between locations; the moves are the truth, everything else that is kept of quantities and values
follows from them and is re-derived by checks. Values are in the enterprise's currency.

Invariants that the database holds (triggers are made by the migration):

- On hand is never below zero, reserved never below zero nor above what is on hand.
- Moves, receipts, returns and adjustments are written once.
- Of an order line: reserved + short + dispatched ≤ wanted; shipping ≤ reserved;
  dispatched + shipping ≤ released ≤ wanted; returned ≤ dispatched.
- An item without pieces has no value.

Locks are taken in one order everywhere: the order's row, then the items by code, then the number series. All
rows about the pieces of an item (stock, reservations, what order lines have of it) change under its lock.
"""

from fenbu_scm.tables.base import Base
from fenbu_scm.tables.documents import ADJUSTMENT, ADJUSTMENT_LINE, RECEIPT, RECEIPT_LINE, RETURN, RETURN_LINE
from fenbu_scm.tables.orders import DEMAND, ORDER, RESERVATION, SHIPMENT, SHIPMENT_LINE
from fenbu_scm.tables.stock import ITEM, LOCATION, MOVE, STOCK, WAREHOUSE

__all__ = [
    "ADJUSTMENT",
    "ADJUSTMENT_LINE",
    "DEMAND",
    "ITEM",
    "LOCATION",
    "MOVE",
    "ORDER",
    "RECEIPT",
    "RECEIPT_LINE",
    "RESERVATION",
    "RETURN",
    "RETURN_LINE",
    "SHIPMENT",
    "SHIPMENT_LINE",
    "STOCK",
    "WAREHOUSE",
    "Base",
]
