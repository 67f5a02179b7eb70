"""Supply chain management: places and pieces, what is promised, what has left, what came back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from attrs import frozen

from fenbu.contracts.erp import LineQuantity
from fenbu.events import Lane, event
from fenbu.hooks import hookspec
from fenbu.i18n import N_
from fenbu.work import Work


@frozen
class Promise:
    """When how much of an item can leave."""

    day: date
    quantity: Decimal


@frozen(kw_only=True)
class CostedLine:
    """A quantity of an order line with what it cost."""

    line: int
    item: str
    quantity: Decimal
    cost: Decimal
    """Moving-average cost of the whole quantity, in the enterprise's currency."""


@hookspec(kind="first", begins=True)
def scm_available_to_promise(work: Work, item: str, quantity: Decimal, day: date) -> Promise | None:
    """Say when this much of an item can leave the warehouse.

    Called: while an order is priced or placed, inside its transaction; once a line.
    Answers: the first that is not None; without one the order promises no date.
    Args:
        work: The caller's unit of work; read only.
        item: Item code as published in ``erp.item-published``.
        quantity: In the item's unit of measure; positive, four decimals.
        day: The day wanted, in the enterprise's time zone.
    Returns:
        The earliest day and the quantity free on it, or None when the item is not stocked here.
    Failure: an exception refuses the order line with `HookFailed`, which names the module.
    Since: api 1.
    """
    raise NotImplementedError


@event(
    "scm.backorder-raised/1",
    lane=Lane.GOODS,
    key="order",
    about={"order": "order"},
    says=N_("short of stock, waits as backorder: {lines}"),
)
@frozen(kw_only=True)
class BackorderRaised:
    """Quantities that could not be reserved wait for goods to arrive."""

    order: str
    lines: tuple[LineQuantity, ...]


@event(
    "scm.backorder-filled/1",
    lane=Lane.GOODS,
    key="order",
    about={"order": "order"},
    says=N_("goods came for the backorder: {lines}"),
)
@frozen(kw_only=True)
class BackorderFilled:
    """Pieces that came, or that somebody else let go, are reserved for what an order was short of."""

    order: str
    lines: tuple[LineQuantity, ...]


@event(
    "scm.reservation-due/1",
    lane=Lane.GOODS,
    key="order",
    about={"order": "order"},
    says=N_("the reservation has waited long enough"),
)
@frozen(kw_only=True)
class ReservationDue:
    """A timer: what is reserved and was not released by now is let go; cancelled when it is released."""

    order: str


@event(
    "scm.reservation-lapsed/1",
    lane=Lane.GOODS,
    key="order",
    about={"order": "order"},
    says=N_("the reservation lapsed: {reason}"),
)
@frozen(kw_only=True)
class ReservationLapsed:
    """Reserved quantities were let go because what they waited for did not come in time."""

    order: str
    reason: str
    lines: tuple[LineQuantity, ...]


@event(
    "scm.goods-dispatched/1",
    lane=Lane.GOODS,
    key="order",
    about={"order": "order", "shipment": "shipment"},
    day="day",
    says=N_("shipment {shipment} left: {lines}"),
)
@frozen(kw_only=True)
class GoodsDispatched:
    """Goods of an order left the warehouse; ERP records the fulfilment and posts the cost."""

    order: str
    shipment: str
    day: date
    currency: str
    lines: tuple[CostedLine, ...]


@event(
    "scm.goods-returned/1",
    lane=Lane.GOODS,
    key="document",
    about={"order": "order", "return": "goods_return"},
    day="day",
    says=N_("goods came back ({goods_return}): {lines}"),
)
@frozen(kw_only=True)
class GoodsReturned:
    """Goods came back into a location; ERP posts their value."""

    document: str
    """Key: the original order's number, or the return's own when there is none."""
    goods_return: str
    order: str = ""
    account: str
    day: date
    currency: str
    lines: tuple[CostedLine, ...]


@event(
    "scm.stock-adjusted/1",
    lane=Lane.GOODS,
    key="adjustment",
    about={"item": "item", "adjustment": "adjustment"},
    day="day",
    says=N_("stock of {item} adjusted by {quantity}: {reason}"),
)
@frozen(kw_only=True)
class StockAdjusted:
    """A count or a loss changed what is on hand."""

    adjustment: str
    item: str
    quantity: Decimal
    """Positive when found, negative when lost."""
    value: Decimal
    """At moving-average cost, signed as the quantity, in the enterprise's currency."""
    reason: str
    day: date


@event(
    "scm.goods-received/1",
    lane=Lane.GOODS,
    key="receipt",
    about={"goods_receipt": "receipt"},
    day="day",
    says=N_("receipt {receipt} of goods worth {value} {currency}"),
)
@frozen(kw_only=True)
class GoodsReceived:
    """Goods arrived from a supplier or as opening stock; ERP posts their value."""

    receipt: str
    source: str
    """``supplier`` or ``opening``."""
    day: date
    currency: str
    value: Decimal
