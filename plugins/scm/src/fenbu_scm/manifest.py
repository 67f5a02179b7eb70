"""What the supply chain is, as pure data; it names its code and imports none of it."""

from __future__ import annotations

from fenbu.actions import Action
from fenbu.i18n import N_
from fenbu.manifest import Manifest, Subscription

_SHIPMENT = "fenbu_scm.lifecycles:SHIPMENT"
_ORDER = "fenbu_scm.lifecycles:ORDER"

PLACES = (
    Action(
        name="scm.warehouse.open",
        title=N_("Open warehouse"),
        input="fenbu_scm.locations:OpenWarehouse",
        run="fenbu_scm.locations:open_warehouse",
        view="scm.warehouses",
    ),
    Action(
        name="scm.location.open",
        title=N_("Open location"),
        input="fenbu_scm.locations:OpenLocation",
        run="fenbu_scm.locations:open_location",
        view="scm.locations",
    ),
    Action(
        name="scm.item.plan",
        title=N_("Plan item"),
        input="fenbu_scm.items:PlanItem",
        run="fenbu_scm.items:plan",
        help=N_("Say how many days it takes until more of an item can be here."),
        view="scm.items",
        subject="item",
    ),
    Action(
        name="scm.item.value",
        title=N_("Value item"),
        input="fenbu_scm.items:ValueItem",
        run="fenbu_scm.items:value",
        help=N_(
            "Say what one piece is worth while none is here: what is found or comes back is valued by it."
        ),
        view="scm.items",
        subject="item",
    ),
)

STOCK = (
    Action(
        name="scm.receipt.post",
        title=N_("Post receipt"),
        input="fenbu_scm.receipts:PostReceipt",
        run="fenbu_scm.receipts:post",
        help=N_(
            "Goods have arrived, or were there from the beginning; those who wait are served in their order."
        ),
        view="scm.receipts",
    ),
    Action(
        name="scm.stock.adjust",
        title=N_("Adjust stock"),
        input="fenbu_scm.adjustments:AdjustStock",
        run="fenbu_scm.adjustments:adjust",
        help=N_("Pieces were found or lost, and why."),
        view="scm.stock",
    ),
    Action(
        name="scm.stock.count",
        title=N_("Count stock"),
        input="fenbu_scm.adjustments:CountStock",
        run="fenbu_scm.adjustments:count",
        help=N_("Compare counted pieces with the books; what differs is adjusted."),
        view="scm.stock",
    ),
    Action(
        name="scm.stock.transfer",
        title=N_("Transfer stock"),
        input="fenbu_scm.adjustments:TransferStock",
        run="fenbu_scm.adjustments:transfer",
        view="scm.stock",
        subject="item",
    ),
    Action(
        name="scm.return.post",
        title=N_("Post return"),
        input="fenbu_scm.returns:PostReturn",
        run="fenbu_scm.returns:post",
        help=N_("Goods have come back, from an order that left from here or without one."),
        view="scm.returns",
        subject="order",
    ),
)

ORDERS = (
    Action(
        name="scm.reservation.release",
        title=N_("Let reservation go"),
        input="fenbu_scm.reservations:ReleaseReservation",
        run="fenbu_scm.reservations:let_go",
        help=N_("What is reserved for an order and not released is for others."),
        view="scm.orders",
        subject="order",
        verb="lapse",
        lifecycle=_ORDER,
    ),
    Action(
        name="scm.reservation.renew",
        title=N_("Renew reservation"),
        input="fenbu_scm.reservations:RenewReservation",
        run="fenbu_scm.reservations:renew",
        help=N_("Reserve anew for an order whose reservation lapsed."),
        view="scm.orders",
        subject="order",
        verb="renew",
        lifecycle=_ORDER,
    ),
    Action(
        name="scm.order.stop",
        title=N_("Stop order"),
        input="fenbu_scm.reservations:StopOrder",
        run="fenbu_scm.reservations:stop",
        help=N_("Let go what is held for an order that was settled while the warehouse was switched off."),
        view="scm.orders",
        subject="order",
        verb="stop",
        lifecycle=_ORDER,
    ),
    Action(
        name="scm.shipment.pack",
        title=N_("Pack shipment"),
        input="fenbu_scm.shipments:ShipmentRef",
        run="fenbu_scm.shipments:pack",
        view="scm.shipments",
        subject="shipment",
        verb="pack",
        lifecycle=_SHIPMENT,
    ),
    Action(
        name="scm.shipment.unpack",
        title=N_("Unpack shipment"),
        input="fenbu_scm.shipments:ShipmentRef",
        run="fenbu_scm.shipments:unpack",
        view="scm.shipments",
        subject="shipment",
        verb="unpack",
        lifecycle=_SHIPMENT,
    ),
    Action(
        name="scm.shipment.dispatch",
        title=N_("Dispatch shipment"),
        input="fenbu_scm.shipments:DispatchShipment",
        run="fenbu_scm.shipments:dispatch",
        help=N_("The shipment has left; its invoice follows."),
        view="scm.shipments",
        subject="shipment",
        verb="dispatch",
        lifecycle=_SHIPMENT,
    ),
)

SUBSCRIPTIONS = (
    Subscription(
        "scm.items",
        title=N_("Know what goods are called"),
        on={"erp.item-published/1": "fenbu_scm.flows:item_published"},
        history="catch_up",
        locks="fenbu_scm.flows:lock_items",
    ),
    Subscription(
        "scm.orders",
        title=N_("Reserve, ship and let go what orders ask for"),
        on={
            "erp.order-awaits/1": "fenbu_scm.flows:awaits",
            "erp.order-released/1": "fenbu_scm.flows:released",
            "erp.order-cancelled/1": "fenbu_scm.flows:cancelled",
            "erp.requirement-waived/1": "fenbu_scm.flows:waived",
            "erp.order-reassessed/1": "fenbu_scm.flows:reassessed",
            "scm.backorder-filled/1": "fenbu_scm.flows:filled",
            "scm.reservation-due/1": "fenbu_scm.flows:due",
        },
        route={"erp.order-awaits/1": "stock", "erp.order-released/1": "scm"},
        locks="fenbu_scm.flows:lock_orders",
    ),
)

MANIFEST = Manifest(
    name="scm",
    title=N_("Stock, shipments and returns"),
    summary=N_("Places and pieces: what is there, what is promised to whom, what has left and what it cost."),
    requires=("fenbu>=1,<2", "capability:sales.orders", "capability:items"),
    provides=("stock.reservation", "stock.valuation"),
    settings="fenbu_scm.settings:ScmSettings",
    tables="fenbu_scm.tables:Base",
    migrations="fenbu_scm.migrations",
    seed="fenbu_scm.seed:seed",
    hooks="fenbu_scm.plugin",
    actions=(*PLACES, *STOCK, *ORDERS),
    views="fenbu_scm.views:VIEWS",
    metrics="fenbu_scm.views:METRICS",
    checks="fenbu_scm.views:CHECKS",
    completeness="fenbu_scm.completeness:COMPLETENESS",
    lifecycles="fenbu_scm.lifecycles:LIFECYCLES",
    subscriptions=SUBSCRIPTIONS,
    explain={
        "shipment": "scm.shipments",
        "goods_receipt": "scm.receipts",
        "return": "scm.returns",
        "adjustment": "scm.adjustments",
    },
    canonical="fenbu_scm.canonical:canonical",
)
