"""What the warehouse does when something has happened: each handler turns an event into a verb."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fenbu.contracts.erp import (
    ItemPublished,
    OrderAwaits,
    OrderCancelled,
    OrderReassessed,
    OrderReleased,
    RequirementWaived,
)
from fenbu.contracts.scm import BackorderFilled, ReservationDue
from fenbu.work import Work
from fenbu_scm import items, order_store, reservations, stock


def item_published(work: Work, event: ItemPublished) -> None:
    """Goods have a name and a unit."""
    items.publish(work, [event])


def lock_items(work: Work, events: Sequence[ItemPublished]) -> None:
    """Lock the items of a batch, in order."""
    stock.held(work, {event.item for event in events if event.kind == items.GOODS})


def awaits(work: Work, event: OrderAwaits) -> None:
    """What an order needs is reserved, or it waits for it."""
    if event.owner == reservations.MODULE:
        reservations.reserve(work, event)


def released(work: Work, event: OrderReleased) -> None:
    """What may leave is shipped."""
    reservations.release(work, event)


def cancelled(work: Work, event: OrderCancelled) -> None:
    """What a cancelled order holds is for others."""
    reservations.cancelled(work, event)


def waived(work: Work, event: RequirementWaived) -> None:
    """An order goes on without waiting for stock."""
    if event.owner == reservations.MODULE and event.requirement == reservations.REQUIREMENT:
        reservations.waived(work, event.order)


def reassessed(work: Work, event: OrderReassessed) -> None:
    """An order that another fulfils now needs nothing from here."""
    if event.fulfiller != reservations.MODULE:
        reservations.handed_over(work, event.order)


def filled(work: Work, event: BackorderFilled) -> None:
    """Pieces have come for an order that was short of them."""
    reservations.filled(work, event.order)


def due(work: Work, event: ReservationDue) -> None:
    """A reservation has waited long enough."""
    reservations.due(work, event.order)


def lock_orders(work: Work, events: Sequence[Any]) -> None:
    """Lock the orders of a batch, then every item that they want, in order, so that workers never wait in a ring."""
    wanted = {
        line.item
        for event in events
        if isinstance(event, OrderAwaits | OrderReleased)
        for line in event.lines
        if getattr(line, "kind", items.GOODS) == items.GOODS
    }
    order_store.lock_many(work, (event.order for event in events), wanted)
