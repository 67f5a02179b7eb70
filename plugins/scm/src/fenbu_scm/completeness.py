"""Which items the warehouse can promise and value, and which warehouses have a place for them."""

from __future__ import annotations

from sqlalchemy import select

from fenbu.completeness import Completeness, Counted, counted
from fenbu.i18n import N_
from fenbu.work import Work
from fenbu_scm.tables import ITEM, LOCATION, WAREHOUSE

_ITEMS = select(ITEM.c.code)
_WAREHOUSES = select(WAREHOUSE.c.code)
_PLACES = select(LOCATION.c.warehouse).where(
    LOCATION.c.warehouse == WAREHOUSE.c.code, LOCATION.c.kind == "stock"
)


def items_stocked(work: Work) -> Counted:
    """Count the items of which pieces are here."""
    return counted(work, _ITEMS, ITEM.c.quantity == 0)


def items_valued(work: Work) -> Counted:
    """Count the items of which it is known what a piece is worth."""
    return counted(work, _ITEMS, ITEM.c.unit_cost == 0)


def warehouses_furnished(work: Work) -> Counted:
    """Count the warehouses with a place for pieces that are for sale."""
    return counted(work, _WAREHOUSES, ~_PLACES.exists())


COMPLETENESS = (
    Completeness(
        name="scm.items_stocked",
        title=N_("Items with stock"),
        definition=N_("Of goods, those of which at least one piece is in a warehouse."),
        count=items_stocked,
        drill="scm.items",
        repair=N_("count the stock: fenbu do scm.stock.count, or fenbu do scm.receipt.post"),
    ),
    Completeness(
        name="scm.items_valued",
        title=N_("Items with a cost"),
        definition=N_("Of goods, those of which it is known what one piece is worth."),
        count=items_valued,
        drill="scm.items",
        repair=N_("fenbu do scm.item.value, or fenbu do scm.receipt.post with a cost"),
    ),
    Completeness(
        name="scm.warehouses_furnished",
        title=N_("Warehouses with a location for sale"),
        definition=N_("Of warehouses, those with a location whose pieces are for sale."),
        count=warehouses_furnished,
        drill="scm.warehouses",
        repair=N_("fenbu do scm.location.open"),
    ),
)
