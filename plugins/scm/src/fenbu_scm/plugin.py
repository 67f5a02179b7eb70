"""The warehouse's answers to the hooks of others: short, the rules are in the files of the nouns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import func, or_, select

from fenbu.contracts.erp import Awaited, DraftOrder, LineQuantity, Requirement
from fenbu.contracts.module import InFlight
from fenbu.contracts.scm import Promise
from fenbu.hooks import Refusal, hookimpl
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_scm import items, order_store, reservations, shipments
from fenbu_scm.lifecycles import ShipmentState
from fenbu_scm.tables import DEMAND, SHIPMENT

_HELD = (
    select(DEMAND.c.order_number, func.count().over().label("total"))
    .where(or_(DEMAND.c.reserved > 0, DEMAND.c.short > 0))
    .group_by(DEMAND.c.order_number)
    .order_by(DEMAND.c.order_number)
    .limit(3)
)
_HERE = (
    select(SHIPMENT.c.number, func.count().over().label("total"))
    .where(SHIPMENT.c.state.in_([ShipmentState.OPEN, ShipmentState.PACKED]))
    .order_by(SHIPMENT.c.number)
    .limit(3)
)


@hookimpl
def erp_order_requirements(work: Work, order: DraftOrder) -> Sequence[Requirement]:  # noqa: ARG001
    """Stock is promised before anything else happens to an order of goods."""
    goods = any(line.kind == items.GOODS for line in order.lines)
    return [Requirement(reservations.REQUIREMENT, reservations.MODULE)] if goods else []


@hookimpl
def erp_order_fulfiller(work: Work, order: DraftOrder) -> str | None:  # noqa: ARG001
    """Goods leave from the warehouse."""
    return reservations.MODULE if any(line.kind == items.GOODS for line in order.lines) else None


@hookimpl
def erp_order_cancellation(work: Work, order: str, lines: Sequence[LineQuantity]) -> Refusal | None:
    """What is packed or has left cannot be called back."""
    return shipments.veto_cancellation(work, order, lines)


@hookimpl
def erp_order_unheard(work: Work, awaited: Sequence[Awaited]) -> Sequence[Awaited]:
    """Orders that wait for stock or shipment, and have neither a shortage nor an open shipment here."""
    mine = [one for one in awaited if one.module == reservations.MODULE]
    busy = order_store.with_work_left(work, {one.order for one in mine})
    return [one for one in mine if one.order not in busy and not work.waiting(key=one.order)]


@hookimpl
def scm_available_to_promise(work: Work, item: str, quantity: Decimal, day: date) -> Promise | None:
    """When this much can leave."""
    return items.promise(work, item, quantity, day)


@hookimpl
def module_in_flight(work: Work, module: str) -> Sequence[InFlight]:
    """Orders that hold pieces or wait for them, shipments that have not left."""
    if module != reservations.MODULE:
        return []
    found = []
    for kind, statement in (
        (_("orders that hold pieces or wait for them"), _HELD),
        (_("shipments that have not left"), _HERE),
    ):
        rows = work.execute(statement).all()
        if rows:
            found.append(InFlight(kind, rows[0].total, tuple(row[0] for row in rows)))
    return found
