"""Returns: goods that come back, from an order that left from here or without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from attrs import frozen
from pydantic import Field
from sqlalchemy import insert

from fenbu.contracts.scm import CostedLine, GoodsReturned
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input
from fenbu.values import line_amount, round_amount
from fenbu.work import Work
from fenbu_scm import backorders, items, locations, order_store, stock
from fenbu_scm.errors import ReturnTooLarge, ReturnUnclear
from fenbu_scm.holding import ZERO, require_bookable
from fenbu_scm.inputs import Quantity, Text, UnitCost
from fenbu_scm.numbers import next_number
from fenbu_scm.order import Demand
from fenbu_scm.order_store import Hand
from fenbu_scm.stock import Stock
from fenbu_scm.tables import RETURN, RETURN_LINE

_ADD = insert(RETURN)
_ADD_LINES = insert(RETURN_LINE)


class ReturnedLine(Input):
    """Pieces that came back."""

    line: int | None = Field(None, ge=1, description="Line of the order that they left with")
    item: Code | None = Field(None, description="Which, where there is no order")
    quantity: Quantity
    unit_cost: UnitCost | None = Field(
        None,
        description="What one is worth, without an order; the average of those that are here unless given",
    )
    location: Code | None = Field(None, description="Where they are put; as in the settings unless given")


class PostReturn(Input):
    """Goods that came back together."""

    lines: Sequence[ReturnedLine] = Field(min_length=1, max_length=10_000)
    order: Code | None = Field(
        None, description="The order that they left with; without it each line names an item"
    )
    account: str = Field("", max_length=64, description="Who brought them, where there is no order")
    reason: Text = ""
    day: Day | None = Field(None, description="Business date; today unless given")


@frozen
class _Back:
    item: str
    location: str
    quantity: Decimal
    value: Decimal
    order_line: int | None = None


def post(work: Work, wanted: PostReturn) -> dict[str, Any]:
    """Put goods that came back into stock: at what they left for, or at the average without an order.

    Raises:
        ReturnUnclear: A line names no line of the order, or no item without one.
        NotFound: The order did not leave from here; no such line, item or location.
        ReturnTooLarge: More comes back than left.
        UnknownCost: Without an order, and none has been here to tell what one is worth.
    """
    usual = locations.usual(work)
    places = locations.inside(work, {line.location or usual for line in wanted.lines})
    _check(wanted)
    if wanted.order is not None:
        hand = order_store.require(work, wanted.order)
        held, account = hand.stock, hand.order.account
        back = [_of_order(hand, line, line.location or usual) for line in wanted.lines]
    else:
        hand, account = None, wanted.account
        codes = [line.item or "" for line in wanted.lines]
        items.require(work, codes)
        held = stock.held(work, codes)
        back = [_without_order(held, line, line.location or usual) for line in wanted.lines]
    return _post(work, wanted, hand, held, places, back, account)


def _check(wanted: PostReturn) -> None:
    if wanted.order is not None:
        if any(line.line is None or line.item or line.unit_cost is not None for line in wanted.lines):
            raise ReturnUnclear(
                _(
                    "with an order, each line of the return names a line of that order, and neither item nor cost"
                )
            )
        if wanted.account:
            raise ReturnUnclear(_("the account is the order's; leave it out"))
    elif any(line.item is None or line.line is not None for line in wanted.lines):
        raise ReturnUnclear(
            _("without an order, each line of the return names an item, and no line of an order")
        )


def _of_order(hand: Hand, line: ReturnedLine, location: str) -> _Back:
    demand = hand.order.demand(line.line or 0)
    left = demand.dispatched - demand.returned
    if line.quantity > left:
        raise ReturnTooLarge(hand.order.number, demand.line, line.quantity, left)
    value = _share(demand, line.quantity, hand.stock[demand.item].currency)
    demand.returned += line.quantity
    demand.returned_cost += value
    demand.changed = True
    return _Back(demand.item, location, line.quantity, value, demand.line)


def _share(demand: Demand, quantity: Decimal, currency: str) -> Decimal:
    """Return what a quantity left for, so that the parts add up to what all of it left for."""
    done = demand.returned + quantity
    return round_amount(demand.cost * done / demand.dispatched, currency) - demand.returned_cost


def _without_order(held: Stock, line: ReturnedLine, location: str) -> _Back:
    item = line.item or ""
    holding = held[item]
    if line.unit_cost is not None:
        value = line_amount(line.quantity, line.unit_cost, holding.currency)
    elif holding.quantity:
        value = line_amount(line.quantity, holding.value / holding.quantity, holding.currency)
    else:
        value = holding.worth(line.quantity)
    return _Back(item, location, line.quantity, value)


def _post(
    work: Work,
    wanted: PostReturn,
    hand: Hand | None,
    held: Stock,
    places: Mapping[str, bool],
    back: Sequence[_Back],
    account: str,
) -> dict[str, Any]:
    number, day = next_number(work, "return"), wanted.day or work.today
    order = wanted.order or ""
    for one in back:
        held[one.item].put(one.location, one.quantity, one.value, sellable=places[one.location])
        held.note(
            "return",
            one.item,
            locations.CUSTOMER,
            one.location,
            one.quantity,
            one.value,
            day=day,
            document=number,
            order=order,
        )
    total = sum((one.value for one in back), ZERO)
    require_bookable(number, total)
    head = {"number": number, "order_number": order, "account": account, "reason": wanted.reason, "day": day}
    work.execute(_ADD, head | {"value": total, "posted_at": work.now, "posted_by": work.actor.name})
    work.execute(
        _ADD_LINES,
        [
            {
                "goods_return": number,
                "line": position,
                "order_line": one.order_line,
                "item": one.item,
                "location": one.location,
                "quantity": one.quantity,
                "value": one.value,
            }
            for position, one in enumerate(back, 1)
        ],
    )
    work.publish(
        GoodsReturned(
            document=order or number,
            goods_return=number,
            order=order,
            account=account,
            day=day,
            currency=work.enterprise.currency,
            lines=tuple(
                CostedLine(
                    line=one.order_line or position, item=one.item, quantity=one.quantity, cost=one.value
                )
                for position, one in enumerate(back, 1)
            ),
        )
    )
    if hand is not None:
        order_store.save(work, hand)
    filled = backorders.fill(work, held)
    return {"return": number, "value": total, "filled": filled}
