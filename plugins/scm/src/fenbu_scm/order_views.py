"""Views of orders in the warehouse: what they want, hold, wait for, and what has left."""

from __future__ import annotations

from sqlalchemy import func, select

from fenbu import looks
from fenbu.i18n import N_
from fenbu.views import Column, Kind, Related, View
from fenbu_scm import references
from fenbu_scm.lifecycles import OrderState
from fenbu_scm.tables import DEMAND, ITEM, ORDER, RESERVATION, SHIPMENT, SHIPMENT_LINE

_O, _D, _R, _S, _L, _I = ORDER.c, DEMAND.c, RESERVATION.c, SHIPMENT.c, SHIPMENT_LINE.c, ITEM.c
_UNIT = Column("unit", N_("Unit"))
_UNIT_OF = func.coalesce(_I.unit, "").label("unit")

_SUMS = (
    select(
        _D.order_number,
        *(
            func.sum(_D[name], type_=_D[name].type).label(name)
            for name in ("wanted", "reserved", "short", "released", "dispatched")
        ),
    )
    .group_by(_D.order_number)
    .subquery()
)

ORDERS = View(
    name="scm.orders",
    title=N_("Orders in the warehouse"),
    help=N_("What orders want of the warehouse, and how far that has come; pieces of all lines added up."),
    query=looks.always(
        select(
            _O.number.label("order"),
            _O.state,
            _O.account,
            _O.ship,
            _O.day,
            *(
                func.coalesce(_SUMS.c[name], 0, type_=_D[name].type).label(name)
                for name in ("wanted", "reserved", "short", "released", "dispatched")
            ),
            _O.waived,
            _O.reason,
        ).select_from(ORDER.outerjoin(_SUMS, _SUMS.c.order_number == _O.number))
    ),
    columns=(
        references.order(),
        looks.state("state", N_("State")),
        references.account(),
        looks.day("day", N_("Day")),
        Column("wanted", N_("Wanted"), Kind.QUANTITY),
        Column("reserved", N_("Reserved"), Kind.QUANTITY),
        Column("short", N_("Short"), Kind.QUANTITY),
        Column("released", N_("Released"), Kind.QUANTITY),
        Column("dispatched", N_("Dispatched"), Kind.QUANTITY),
        looks.state("ship", N_("Leaves")),
        Column("waived", N_("Stock waived"), Kind.YES_NO),
        Column("reason", N_("Reason")),
    ),
    key=("-order",),
    record="order",
    filters=("state", "account", "ship", "day"),
    state="state",
    lifecycle="fenbu_scm.lifecycles:ORDER",
    actions=("scm.reservation.release", "scm.reservation.renew", "scm.return.post", "scm.order.stop"),
    related=(
        Related("scm.order-lines", "order", "order", N_("Lines")),
        Related("scm.reservations", "order", "order", N_("Reserved")),
        Related("scm.shipments", "order", "order", N_("Shipments")),
        Related("scm.returns", "order", "order", N_("Returns")),
    ),
)

ORDER_LINES = View(
    name="scm.order-lines",
    title=N_("Order lines in the warehouse"),
    query=looks.always(
        select(
            _D.order_number.label("order"),
            _D.line,
            _D.item,
            _D.wanted,
            _D.reserved,
            _D.short,
            _D.released,
            _D.shipping,
            _D.dispatched,
            _D.returned,
            _D.cost,
            _UNIT_OF,
        ).select_from(DEMAND.outerjoin(ITEM, _I.code == _D.item))
    ),
    columns=(
        Column("order", N_("Order"), ref="scm.orders"),
        looks.number("line", N_("Line")),
        references.item(),
        looks.quantity("wanted", N_("Wanted")),
        looks.quantity("reserved", N_("Reserved")),
        looks.quantity("short", N_("Short")),
        looks.quantity("released", N_("Released")),
        looks.quantity("shipping", N_("In shipments")),
        looks.quantity("dispatched", N_("Dispatched")),
        looks.quantity("returned", N_("Returned")),
        looks.money("cost", N_("Cost"), None),
        _UNIT,
    ),
    key=("order", "line"),
    record="order",
    filters=("order", "item", "short", "reserved"),
)

RESERVATIONS = View(
    name="scm.reservations",
    title=N_("Reservations"),
    help=N_("Pieces that are promised, to which order line and from which location."),
    query=looks.always(
        select(
            _R.order_number.label("order"), _R.line, _R.location, _R.item, _R.quantity, _R.shipping, _UNIT_OF
        ).select_from(RESERVATION.outerjoin(ITEM, _I.code == _R.item))
    ),
    columns=(
        Column("order", N_("Order"), ref="scm.orders"),
        looks.number("line", N_("Line")),
        references.item(),
        references.location(),
        looks.quantity("quantity", N_("Quantity")),
        looks.quantity("shipping", N_("In shipments")),
        _UNIT,
    ),
    key=("order", "line", "location"),
    record="order",
    filters=("order", "item", "location"),
    actions=("scm.reservation.release",),
)

BACKORDERS = View(
    name="scm.backorders",
    title=N_("Backorders"),
    help=N_("What orders are short of; who has waited longest is served first."),
    query=looks.always(
        select(_D.queued_at, _D.order_number.label("order"), _D.line, _D.item, _D.short, _D.wanted, _UNIT_OF)
        .select_from(DEMAND.outerjoin(ITEM, _I.code == _D.item))
        .where(_D.short > 0)
    ),
    columns=(
        Column("queued_at", N_("Waits since"), Kind.TIME),
        Column("order", N_("Order"), ref="scm.orders"),
        looks.number("line", N_("Line")),
        references.item(),
        looks.quantity("short", N_("Short")),
        looks.quantity("wanted", N_("Wanted")),
        _UNIT,
    ),
    key=("queued_at", "order", "line"),
    record="order",
    filters=("order", "item", "short"),
)

LAPSED = View(
    name="scm.lapsed",
    title=N_("Lapsed reservations"),
    help=N_(
        "Orders whose pieces were let go because what they waited for did not come; renew those still wanted."
    ),
    query=looks.always(
        select(_O.number.label("order"), _O.account, _O.day, _SUMS.c.wanted, _SUMS.c.dispatched, _O.reason)
        .join_from(ORDER, _SUMS, _SUMS.c.order_number == _O.number)
        .where(_O.state == OrderState.LAPSED)
    ),
    columns=(
        references.order(),
        references.account(),
        looks.day("day", N_("Day")),
        Column("wanted", N_("Wanted"), Kind.QUANTITY),
        Column("dispatched", N_("Dispatched"), Kind.QUANTITY),
        Column("reason", N_("Reason")),
    ),
    key=("order",),
    record="order",
    filters=("account", "day"),
    actions=("scm.reservation.renew",),
)

SHIPMENTS = View(
    name="scm.shipments",
    title=N_("Shipments"),
    query=looks.always(
        select(
            _S.number.label("shipment"),
            _S.state,
            _S.order_number.label("order"),
            _O.account,
            _S.day,
            _S.reference,
            _S.opened_at,
            _S.dispatched_at,
            _S.dispatched_by,
        ).join_from(SHIPMENT, ORDER, _O.number == _S.order_number)
    ),
    columns=(
        Column("shipment", N_("Shipment")),
        looks.state("state", N_("State")),
        Column("order", N_("Order"), ref="scm.orders"),
        references.account(),
        looks.day("day", N_("Left")),
        Column("reference", N_("Reference")),
        Column("opened_at", N_("Opened"), Kind.TIME),
        Column("dispatched_at", N_("Dispatched"), Kind.TIME),
        Column("dispatched_by", N_("By")),
    ),
    key=("-shipment",),
    record="shipment",
    filters=("state", "order", "account"),
    state="state",
    lifecycle="fenbu_scm.lifecycles:SHIPMENT",
    actions=("scm.shipment.dispatch", "scm.shipment.pack", "scm.shipment.unpack"),
    related=(Related("scm.shipment-lines", "shipment", "shipment", N_("Lines")),),
)

SHIPMENT_LINES = View(
    name="scm.shipment-lines",
    title=N_("Shipment lines"),
    query=looks.always(
        select(_L.shipment, _L.line, _L.location, _L.item, _L.quantity, _UNIT_OF).select_from(
            SHIPMENT_LINE.outerjoin(ITEM, _I.code == _L.item)
        )
    ),
    columns=(
        Column("shipment", N_("Shipment"), ref="scm.shipments"),
        looks.number("line", N_("Line")),
        references.item(),
        references.location(),
        looks.quantity("quantity", N_("Quantity")),
        _UNIT,
    ),
    key=("shipment", "line", "location"),
    record="shipment",
    filters=("shipment", "item", "location"),
)

ORDER_VIEWS = (ORDERS, ORDER_LINES, RESERVATIONS, BACKORDERS, LAPSED, SHIPMENTS, SHIPMENT_LINES)
