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

from fenbu.statements import locks_rows, upsert
from fenbu.work import Work
from fenbu_scm.errors import Oversold
from fenbu_scm.holding import ZERO, Holding, Pile
from fenbu_scm.lifecycles import OrderState
from fenbu_scm.locations import STOCK_KIND
from fenbu_scm.tables import ITEM, LOCATION, MOVE, ORDER, RESERVATION, STOCK

_LOCK = (
    select(ITEM.c.code)
    .where(ITEM.c.code.in_(bindparam("codes", expanding=True)))
    .order_by(ITEM.c.code)
    .with_for_update(key_share=True)
)
_ADD = upsert(ITEM)
_LOAD = (
    select(
        ITEM.c.code,
        ITEM.c.quantity,
        ITEM.c.value,
        ITEM.c.unit_cost,
        STOCK.c.location,
        LOCATION.c.kind,
        STOCK.c.on_hand,
        STOCK.c.reserved,
    )
    .outerjoin_from(ITEM, STOCK, STOCK.c.item == ITEM.c.code)
    .outerjoin(LOCATION, LOCATION.c.code == STOCK.c.location)
    .where(ITEM.c.code.in_(bindparam("codes", expanding=True)))
    .order_by(ITEM.c.code, LOCATION.c.rank, LOCATION.c.code)
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


def held(work: Work, items: Collection[str]) -> Stock:
    """Lock items in the order of their codes and load their piles; an item never heard of gets a row."""
    lock(work, items)
    return load(work, items)


def lock(work: Work, items: Collection[str]) -> None:
    """Lock items in the order of their codes."""
    codes = sorted(set(items))
    if codes and locks_rows(work):
        work.execute(_LOCK, {"codes": codes})


def load(work: Work, items: Collection[str]) -> Stock:
    """Load the piles of items that are locked; an item never heard of gets a row."""
    codes = sorted(set(items))
    if not codes:
        return Stock({})
    stock = Stock(_loaded(work, codes))
    if missing := [code for code in codes if code not in stock.holdings]:
        work.execute(_ADD[work.dialect], [new_item(code) for code in missing])
        return held(work, codes)
    return stock


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


def _loaded(work: Work, codes: Collection[str]) -> dict[str, Holding]:
    currency = work.enterprise.currency
    found: dict[str, Holding] = {}
    for code, quantity, value, unit_cost, location, kind, on_hand, reserved in map(
        tuple, work.execute(_LOAD, {"codes": codes})
    ):
        if code not in found:
            found[code] = Holding(code, quantity, value, unit_cost, currency)
        if location is not None:
            found[code].piles.append(Pile(location, kind == STOCK_KIND, on_hand, reserved))
    return found


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
