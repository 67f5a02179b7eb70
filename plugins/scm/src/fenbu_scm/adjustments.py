"""Counts, corrections with a reason, and transfers between locations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen
from pydantic import Field
from sqlalchemy import insert

from fenbu.contracts.scm import StockAdjusted
from fenbu.inputs import Code, Day, Input, Reason
from fenbu.values import line_amount
from fenbu.work import Work
from fenbu_scm import backorders, items, locations, stock
from fenbu_scm.errors import CountedTwice, NotFree, SameLocation
from fenbu_scm.holding import ZERO
from fenbu_scm.inputs import Difference, Quantity, QuantityOrZero, UnitCost
from fenbu_scm.locations import LOST
from fenbu_scm.numbers import next_number
from fenbu_scm.stock import Stock
from fenbu_scm.tables import ADJUSTMENT, ADJUSTMENT_LINE

_ADD = insert(ADJUSTMENT)
_ADD_LINES = insert(ADJUSTMENT_LINE)


class AdjustLine(Input):
    """Pieces of one item that were found or lost."""

    item: Code
    quantity: Difference = Field(description="Above zero: found; below zero: lost")
    location: Code | None = Field(None, description="Where; as in the settings unless given")
    unit_cost: UnitCost | None = Field(
        None, description="What a found one is worth; the average of those that are here unless given"
    )


class AdjustStock(Input):
    """What is on hand differs from the books, and why."""

    lines: Sequence[AdjustLine] = Field(min_length=1, max_length=10_000)
    reason: Reason
    day: Day | None = Field(None, description="Business date; today unless given")


class CountLine(Input):
    """How many pieces of one item were counted at one location."""

    item: Code
    counted: QuantityOrZero
    location: Code | None = Field(None, description="Where; as in the settings unless given")


class CountStock(Input):
    """A stock-taking."""

    lines: Sequence[CountLine] = Field(min_length=1, max_length=10_000)
    reason: Reason = Field("count", description="What the adjustments are called")
    day: Day | None = Field(None, description="Business date; today unless given")


class TransferStock(Input):
    """Free pieces to be carried from one location to another."""

    item: Code
    quantity: Quantity
    source: Code = Field(description="Location where they are")
    target: Code = Field(description="Location where they go")
    day: Day | None = Field(None, description="Business date; today unless given")


@frozen
class _Change:
    item: str
    location: str
    quantity: Decimal
    unit_cost: Decimal | None = None
    value: Decimal = ZERO


def adjust(work: Work, wanted: AdjustStock) -> dict[str, Any]:
    """Correct what is on hand by what was found or lost; pieces that are promised cannot be lost.

    Raises:
        NotFound: No such item or location.
        LocationUnsuited: A location outside.
        NotFree: More is lost than is there and promised to nobody.
        UnknownCost: Pieces of an item were found that has never been here, without a cost.
    """
    usual = locations.usual(work)
    held, places = _held(
        work, [line.item for line in wanted.lines], [line.location or usual for line in wanted.lines]
    )
    changes = [
        _Change(line.item, line.location or usual, line.quantity, line.unit_cost) for line in wanted.lines
    ]
    return _post(work, held, places, changes, wanted.reason, wanted.day or work.today)


def count(work: Work, wanted: CountStock) -> dict[str, Any]:
    """Compare counted pieces with the books and correct what differs.

    Raises:
        CountedTwice: An item at a location stands on two lines.
        NotFound, LocationUnsuited, NotFree, UnknownCost: As for an adjustment.
    """
    usual = locations.usual(work)
    seen: set[tuple[str, str]] = set()
    for line in wanted.lines:
        key = (line.item, line.location or usual)
        if key in seen:
            raise CountedTwice(*key)
        seen.add(key)
    held, places = _held(
        work, [line.item for line in wanted.lines], [line.location or usual for line in wanted.lines]
    )
    changes = []
    for line in wanted.lines:
        place = line.location or usual
        difference = line.counted - held[line.item].pile(place, sellable=places[place]).on_hand
        if difference:
            changes.append(_Change(line.item, place, difference))
    if not changes:
        backorders.fill(work, held)
        return {"adjustment": "", "counted": len(wanted.lines), "differing": 0, "value": ZERO}
    done = _post(work, held, places, changes, wanted.reason, wanted.day or work.today)
    return {
        "adjustment": done["adjustment"],
        "counted": len(wanted.lines),
        "differing": len(changes),
        "value": done["value"],
    }


def transfer(work: Work, wanted: TransferStock) -> dict[str, Any]:
    """Carry free pieces from one location to another; their value stays what it is.

    Raises:
        SameLocation: It leads nowhere.
        NotFound, LocationUnsuited, NotFree: As for an adjustment.
    """
    if wanted.source == wanted.target:
        raise SameLocation(wanted.source)
    held, places = _held(work, [wanted.item], [wanted.source, wanted.target])
    try:
        held[wanted.item].move(wanted.source, wanted.target, wanted.quantity, sellable=places[wanted.target])
    except NotFree as refused:
        raise _named(work, refused) from None
    number = next_number(work, "transfer")
    held.note(
        "transfer",
        wanted.item,
        wanted.source,
        wanted.target,
        wanted.quantity,
        ZERO,
        day=wanted.day or work.today,
        document=number,
    )
    backorders.fill(work, held)
    return {"transfer": number, "item": wanted.item, "quantity": wanted.quantity}


def _held(work: Work, codes: Sequence[str], named: Sequence[str]) -> tuple[Stock, dict[str, bool]]:
    places = locations.inside(work, named)
    items.require(work, codes)
    return stock.held(work, codes), dict(places)


def _post(
    work: Work, held: Stock, places: dict[str, bool], changes: Sequence[_Change], reason: str, day: date
) -> dict[str, Any]:
    done = [_apply(work, held, places, change) for change in changes]
    number = next_number(work, "adjustment")
    for change in done:
        found = change.quantity > 0
        held.note(
            "adjustment",
            change.item,
            LOST if found else change.location,
            change.location if found else LOST,
            abs(change.quantity),
            abs(change.value),
            day=day,
            document=number,
        )
        work.publish(
            StockAdjusted(
                adjustment=number,
                item=change.item,
                quantity=change.quantity,
                value=change.value,
                reason=reason,
                day=day,
            )
        )
    by = {"posted_at": work.now, "posted_by": work.actor.name}
    work.execute(_ADD, {"number": number, "reason": reason, "day": day} | by)
    work.execute(
        _ADD_LINES,
        [
            {
                "adjustment": number,
                "line": position,
                "item": change.item,
                "location": change.location,
                "quantity": change.quantity,
                "value": change.value,
            }
            for position, change in enumerate(done, 1)
        ],
    )
    filled = backorders.fill(work, held)
    value = sum((change.value for change in done), ZERO)
    return {"adjustment": number, "value": value, "filled": filled}


def _apply(work: Work, held: Stock, places: dict[str, bool], change: _Change) -> _Change:
    holding = held[change.item]
    if change.quantity < 0:
        try:
            return evolve(change, value=-holding.take(change.location, -change.quantity, promised=False))
        except NotFree as refused:
            raise _named(work, refused) from None
    if change.unit_cost is None:
        value = holding.worth(change.quantity) if holding.quantity == 0 else _average(held, change)
    else:
        value = line_amount(change.quantity, change.unit_cost, work.enterprise.currency)
    holding.put(change.location, change.quantity, value, sellable=places[change.location])
    return evolve(change, value=value)


def _average(held: Stock, change: _Change) -> Decimal:
    """Return what found pieces are worth beside those that are here."""
    holding = held[change.item]
    return line_amount(change.quantity, holding.value / holding.quantity, holding.currency)


def _named(work: Work, refused: NotFree) -> NotFree:
    """Add to whom pieces are promised."""
    return evolve(refused, orders=stock.holders(work, refused.item, refused.location))
