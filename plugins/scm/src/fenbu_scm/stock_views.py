"""Views of places and pieces: what is where, what it is worth, how it got there."""

from __future__ import annotations

from sqlalchemy import func, select

from fenbu import looks
from fenbu.i18n import N_
from fenbu.views import Column, Kind, Related, View
from fenbu_scm import references
from fenbu_scm.tables import ITEM, LOCATION, MOVE, STOCK, WAREHOUSE

_I, _S, _M, _P = ITEM.c, STOCK.c, MOVE.c, LOCATION.c
_UNIT = Column("unit", N_("Unit"))

STOCK_VIEW = View(
    name="scm.stock",
    title=N_("Stock"),
    help=N_("Pieces by item and location: on hand, promised, free."),
    query=looks.always(
        select(
            _S.item,
            _S.location,
            _I.title,
            _P.kind,
            _S.on_hand,
            _S.reserved,
            (_S.on_hand - _S.reserved).label("free"),
            _I.unit,
        ).select_from(STOCK.join(ITEM, _I.code == _S.item).join(LOCATION, _P.code == _S.location))
    ),
    columns=(
        references.item(),
        Column("title", N_("Title")),
        references.location(),
        looks.quantity("on_hand", N_("On hand")),
        looks.quantity("reserved", N_("Reserved")),
        looks.quantity("free", N_("Free")),
        _UNIT,
        looks.state("kind", N_("Kind")),
    ),
    key=("item", "location"),
    record="item",
    filters=("item", "location", "kind", "on_hand", "reserved", "free"),
    actions=("scm.stock.adjust", "scm.stock.count", "scm.stock.transfer"),
    related=(
        Related("scm.moves", "item", "item", N_("Moves")),
        Related("scm.reservations", "item", "item", N_("Promised to")),
        Related("scm.backorders", "item", "item", N_("Waited for by")),
    ),
)

ITEMS = View(
    name="scm.items",
    title=N_("Stocked items"),
    help=N_("Items with their pieces in all warehouses, at moving-average cost."),
    query=looks.always(
        select(
            _I.code.label("item"),
            _I.title,
            _I.unit,
            _I.quantity,
            _I.value,
            _I.unit_cost,
            _I.lead_days,
        )
    ),
    columns=(
        Column("item", N_("Item"), ref="erp.items"),
        Column("title", N_("Title")),
        looks.quantity("quantity", N_("On hand")),
        _UNIT,
        looks.money("value", N_("Value", "worth"), None),
        Column("unit_cost", N_("Unit cost"), Kind.PRICE),
        looks.number("lead_days", N_("Lead days")),
    ),
    key=("item",),
    record="item",
    filters=("item", "title", "quantity", "value"),
    actions=("scm.item.plan",),
    related=(
        Related("scm.stock", "item", "item", N_("Stock")),
        Related("scm.moves", "item", "item", N_("Moves")),
        Related("scm.backorders", "item", "item", N_("Waited for by")),
    ),
)

MOVES = View(
    name="scm.moves",
    title=N_("Moves"),
    help=N_("The ledger of pieces: every move between two locations, newest first."),
    query=looks.always(
        select(
            _M.id,
            _M.day,
            _M.kind,
            _M.item,
            _M.source,
            _M.target,
            _M.quantity,
            _I.unit,
            _M.value,
            _M.document,
            _M.order_number.label("order"),
            _M.moved_at,
            _M.moved_by,
        ).join_from(MOVE, ITEM, _I.code == _M.item)
    ),
    columns=(
        looks.number("id", N_("Move")),
        looks.day("day", N_("Day")),
        looks.state("kind", N_("Kind")),
        references.item(),
        references.location("source", N_("From")),
        references.location("target", N_("To")),
        looks.quantity("quantity", N_("Quantity")),
        _UNIT,
        looks.money("value", N_("Value", "worth"), None),
        Column("document", N_("Document")),
        references.order(),
        Column("moved_at", N_("At"), Kind.TIME),
        Column("moved_by", N_("By")),
    ),
    key=("-id",),
    record="id",
    filters=("item", "kind", "source", "target", "document", "order", "day"),
)

LOCATIONS = View(
    name="scm.locations",
    title=N_("Locations"),
    query=looks.always(
        select(
            _P.code.label("location"),
            _P.title,
            _P.kind,
            func.coalesce(_P.warehouse, "").label("warehouse"),
            _P.rank,
        )
    ),
    columns=(
        Column("location", N_("Location")),
        Column("title", N_("Title")),
        looks.state("kind", N_("Kind")),
        Column("warehouse", N_("Warehouse"), ref="scm.warehouses"),
        looks.number("rank", N_("Rank")),
    ),
    key=("location",),
    record="location",
    filters=("kind", "warehouse"),
    related=(Related("scm.stock", "location", "location", N_("Stock")),),
)

WAREHOUSES = View(
    name="scm.warehouses",
    title=N_("Warehouses"),
    query=looks.always(select(WAREHOUSE.c.code.label("warehouse"), WAREHOUSE.c.title)),
    columns=(Column("warehouse", N_("Warehouse")), Column("title", N_("Title"))),
    key=("warehouse",),
    record="warehouse",
    related=(Related("scm.locations", "warehouse", "warehouse", N_("Locations")),),
)

STOCK_VIEWS = (STOCK_VIEW, ITEMS, MOVES, LOCATIONS, WAREHOUSES)
