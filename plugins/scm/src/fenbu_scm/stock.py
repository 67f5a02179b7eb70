"""Locks items, loads their stock, and stores what has changed: one statement a table, however many items.

Who changes anything about the pieces of an item holds its row in ``scm_item``; rows are locked in the order of
their codes. What is stored is a difference, on the condition that it fits: even without the lock nothing could
be promised twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import define, field
from sqlalchemy import bindparam, insert, select, update

from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_scm.errors import Oversold
from fenbu_scm.holding import ZERO, Holding, Pile
from fenbu_scm.lifecycles import OrderState
from fenbu_scm.locations import STOCK_KIND
from fenbu_scm.tables import ITEM, LOCATION, MOVE, ORDER, RESERVATION, STOCK

_LOCK = (
    select(ITEM.c.code, ITEM.c.quantity, ITEM.c.value, ITEM.c.unit_cost)
    .where(ITEM.c.code.in_(bindparam("codes", expanding=True)))
    .order_by(ITEM.c.code)
    .with_for_update(key_share=True)
)
_ADD = upsert(ITEM)
_PILES = (
    select(STOCK.c.item, STOCK.c.location, LOCATION.c.kind, STOCK.c.on_hand, STOCK.c.reserved)
    .join_from(STOCK, LOCATION, LOCATION.c.code == STOCK.c.location)
    .where(STOCK.c.item.in_(bindparam("codes", expanding=True)))
    .order_by(STOCK.c.item, LOCATION.c.rank, LOCATION.c.code)
)
_REVALUE = (
    update(ITEM)
    .where(ITEM.c.code == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in ("quantity", "value", "unit_cost")})
)
_NEW_HAND = STOCK.c.on_hand + bindparam("on_hand_change", type_=STOCK.c.on_hand.type)
_NEW_RESERVED = STOCK.c.reserved + bindparam("reserved_change", type_=STOCK.c.reserved.type)
_CHANGE = (
    update(STOCK)
    .where(
        STOCK.c.item == bindparam("wanted"),
        STOCK.c.location == bindparam("wanted_location"),
        _NEW_RESERVED >= 0,
        _NEW_RESERVED <= _NEW_HAND,
    )
    .values(on_hand=_NEW_HAND, reserved=_NEW_RESERVED)
)
_INSERT = insert(STOCK)
_MOVE = insert(MOVE)
_HOLDERS = (
    select(RESERVATION.c.order_number)
    .join_from(RESERVATION, ORDER, ORDER.c.number == RESERVATION.c.order_number)
    .where(
        RESERVATION.c.item == bindparam("wanted"),
        RESERVATION.c.location == bindparam("wanted_location"),
        ORDER.c.state == OrderState.OPEN,
    )
    .order_by(RESERVATION.c.order_number.desc())
    .limit(3)
)


@define
class Stock:
    """Items whose rows this transaction holds, and the moves that are to be written."""

    holdings: dict[str, Holding]
    moves: list[dict[str, Any]] = field(factory=list)

    def __getitem__(self, item: str) -> Holding:
        return self.holdings[item]

    def note(
        self,
        kind: str,
        item: str,
        source: str,
        target: str,
        quantity: Decimal,
        value: Decimal,
        *,
        day: date,
        document: str,
        order: str = "",
    ) -> None:
        """Remember a move for the ledger."""
        self.moves.append(
            {
                "day": day,
                "kind": kind,
                "item": item,
                "source": source,
                "target": target,
                "quantity": quantity,
                "value": value,
                "document": document,
                "order_number": order,
            }
        )


def lock(work: Work, items: Collection[str]) -> Stock:
    """Lock items in the order of their codes and load their piles; an item never heard of gets a row."""
    codes = sorted(set(items))
    if not codes:
        return Stock({})
    rows = _locked(work, codes)
    if missing := [code for code in codes if code not in rows]:
        work.execute(_ADD[work.dialect], [new_item(code) for code in missing])
        rows = _locked(work, codes)
    for pile in work.execute(_PILES, {"codes": codes}):
        rows[pile.item].piles.append(
            Pile(pile.location, pile.kind == STOCK_KIND, pile.on_hand, pile.reserved)
        )
    return Stock(rows)


def new_item(code: str, title: str = "", unit: str = "") -> Mapping[str, Any]:
    """Return the row of an item without pieces."""
    return {
        "code": code,
        "title": title,
        "unit": unit,
        "lead_days": None,
        "quantity": ZERO,
        "value": ZERO,
        "unit_cost": ZERO,
    }


def holders(work: Work, item: str, location: str) -> list[str]:
    """Return some of the orders to which pieces at a location are promised, the youngest first."""
    return list(work.execute(_HOLDERS, {"wanted": item, "wanted_location": location}).scalars())


def save(work: Work, stock: Stock) -> None:
    """Store what has changed of stock and values, and write the moves."""
    for holding in stock.holdings.values():
        _forget_empty(holding)
    _save_piles(work, stock.holdings.values())
    revalued = [holding for holding in stock.holdings.values() if holding.revalued]
    if revalued:
        work.execute(
            _REVALUE,
            [
                {
                    "wanted": one.item,
                    "new_quantity": one.quantity,
                    "new_value": one.value,
                    "new_unit_cost": one.unit_cost,
                }
                for one in revalued
            ],
        )
        for one in revalued:
            one.revalued = False
    if stock.moves:
        by = {"moved_at": work.now, "moved_by": work.actor.name}
        work.execute(_MOVE, [move | by for move in stock.moves])
        stock.moves.clear()


def _locked(work: Work, codes: list[str]) -> dict[str, Holding]:
    currency = work.enterprise.currency
    return {
        row.code: Holding(row.code, row.quantity, row.value, row.unit_cost, currency)
        for row in work.execute(_LOCK, {"codes": codes})
    }


def _forget_empty(holding: Holding) -> None:
    """Drop piles that were only asked about."""
    holding.piles = [pile for pile in holding.piles if pile.stored or pile.on_hand]


def _save_piles(work: Work, holdings: Iterable[Holding]) -> None:
    fresh, changed = [], []
    for holding in holdings:
        for pile in holding.piles:
            key = {"item": holding.item, "location": pile.location}
            if not pile.stored:
                fresh.append(key | {"on_hand": pile.on_hand, "reserved": pile.reserved})
                pile.stored = True
            elif pile.on_hand_change or pile.reserved_change:
                changed.append(
                    {
                        "wanted": holding.item,
                        "wanted_location": pile.location,
                        "on_hand_change": pile.on_hand_change,
                        "reserved_change": pile.reserved_change,
                    }
                )
            pile.on_hand_change = pile.reserved_change = ZERO
    if fresh:
        work.execute(_INSERT, fresh)
    if changed:
        done = work.execute(_CHANGE, changed).rowcount
        if done != len(changed):
            raise Oversold(len(changed), done)
