"""Items as the warehouse knows them: told by ERP, asked for where the telling is still on its way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import Field
from sqlalchemy import bindparam, func, select, update

from fenbu.contracts.erp import ItemPublished, erp_item_facts
from fenbu.contracts.scm import Promise
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Code, Input
from fenbu.statements import upsert
from fenbu.tables import QuantityType
from fenbu.work import Work
from fenbu_scm import stock
from fenbu_scm.errors import CostKnown
from fenbu_scm.holding import ZERO
from fenbu_scm.inputs import Worth
from fenbu_scm.locations import STOCK_KIND
from fenbu_scm.settings import ScmSettings
from fenbu_scm.tables import ITEM, LOCATION, STOCK

GOODS = "goods"

_PUBLISH = upsert(ITEM, change=("title", "unit"))
_KNOWN = select(ITEM.c.code, ITEM.c.title).where(ITEM.c.code.in_(bindparam("codes", expanding=True)))
_PLAN = update(ITEM).where(ITEM.c.code == bindparam("wanted")).values(lead_days=bindparam("new_lead_days"))
_FREE = (
    select(
        ITEM.c.lead_days,
        func.sum(STOCK.c.on_hand - STOCK.c.reserved, type_=QuantityType()).label("free"),
    )
    .select_from(
        ITEM.outerjoin(
            STOCK.join(LOCATION, (LOCATION.c.code == STOCK.c.location) & (LOCATION.c.kind == STOCK_KIND)),
            STOCK.c.item == ITEM.c.code,
        )
    )
    .where(ITEM.c.code == bindparam("wanted"))
    .group_by(ITEM.c.lead_days)
)


class PlanItem(Input):
    """How an item is replenished."""

    item: Code
    lead_days: int | None = Field(
        None, ge=0, le=3650, description="Days until more can be here; as in the settings unless given"
    )


class ValueItem(Input):
    """What one piece of an item is worth of which none is here."""

    item: Code
    unit_cost: Worth = Field(
        description="In the enterprise's currency; holds until pieces come at their own cost"
    )


def publish(work: Work, events: Sequence[ItemPublished]) -> None:
    """Note what goods are called and counted in; services are not kept here."""
    rows = [stock.new_item(one.item, one.title, one.unit) for one in events if one.kind == GOODS]
    if rows:
        work.execute(_PUBLISH[work.dialect], rows)


def require(work: Work, codes: Collection[str]) -> None:
    """See to it that all these items are known, asking ERP for those that are not.

    Raises:
        NotFound: ERP does not know one either, or it is a service.
    """
    missing = _missing(work, codes)
    if missing:
        _learn(work, missing)
        missing = _missing(work, codes)
    for code in missing:
        raise NotFound(_("stocked item"), code, _("enter it first, as goods: fenbu do erp.item.register"))


def plan(work: Work, wanted: PlanItem) -> dict[str, Any]:
    """Say how many days it takes until more of an item can be here.

    Raises:
        NotFound: No such item.
    """
    require(work, [wanted.item])
    work.execute(_PLAN, {"wanted": wanted.item, "new_lead_days": wanted.lead_days})
    return {"item": wanted.item, "lead_days": wanted.lead_days}


def value(work: Work, wanted: ValueItem) -> dict[str, Any]:
    """Say what one piece is worth while none is here, so that what is found or comes back can be valued.

    Raises:
        NotFound: No such item.
        CostKnown: Pieces are here.
    """
    require(work, [wanted.item])
    held = stock.held(work, [wanted.item])
    holding = held[wanted.item]
    if holding.quantity:
        raise CostKnown(holding.item, holding.quantity, holding.unit_cost)
    holding.unit_cost, holding.revalued = wanted.unit_cost, True
    stock.save(work, held)
    return {"item": wanted.item, "unit_cost": wanted.unit_cost}


def promise(work: Work, item: str, quantity: Decimal, day: Any) -> Promise | None:
    """Say when this much of an item can leave: on the day wanted if it is free, else when more can be here.

    Without a known lead time it promises what is free.
    """
    row = work.execute(_FREE, {"wanted": item}).first()
    if row is None:
        return None
    free = row.free or ZERO
    if free >= quantity:
        return Promise(day, quantity)
    lead = row.lead_days if row.lead_days is not None else work.settings(ScmSettings).lead_days
    if not lead:
        return Promise(day, free)
    return Promise(max(day, work.today + timedelta(days=lead)), quantity)


def _missing(work: Work, codes: Collection[str]) -> list[str]:
    """Return codes that are not known, or known from an order only."""
    known = {row.code for row in work.execute(_KNOWN, {"codes": list(set(codes))}) if row.title}
    return sorted(set(codes) - known)


def _learn(work: Work, wanted: Collection[str]) -> None:
    """Ask ERP for these items: their events may still be on the way."""
    rows = [
        stock.new_item(one.item, one.title, one.unit)
        for one in work.ask(erp_item_facts, codes=list(wanted)) or ()
        if one.kind == GOODS
    ]
    if rows:
        work.execute(_PUBLISH[work.dialect], rows)
