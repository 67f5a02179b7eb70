"""Receipts: goods that arrive from a supplier, or were there when the books were opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import bindparam, insert, select

from fenbu.contracts.scm import GoodsReceived
from fenbu.errors import AlreadyExists
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input
from fenbu.values import line_amount
from fenbu.work import Work
from fenbu_scm import backorders, items, locations, stock
from fenbu_scm.holding import ZERO, require_bookable
from fenbu_scm.inputs import Quantity, Text, UnitCost
from fenbu_scm.numbers import next_number
from fenbu_scm.tables import RECEIPT, RECEIPT_LINE

_BY_REFERENCE = select(RECEIPT.c.number).where(
    RECEIPT.c.supplier == bindparam("wanted_supplier"), RECEIPT.c.reference == bindparam("wanted_reference")
)
_ADD = insert(RECEIPT)
_ADD_LINES = insert(RECEIPT_LINE)


class ReceivedLine(Input):
    """Pieces of one item that arrived."""

    item: Code
    quantity: Quantity = Field(description="In the item's unit; at most four decimals")
    unit_cost: UnitCost = Field(description="What one costs, in the enterprise's currency")
    location: Code | None = Field(None, description="Where they are put; as in the settings unless given")


class PostReceipt(Input):
    """Goods that arrived together."""

    lines: Sequence[ReceivedLine] = Field(min_length=1, max_length=10_000)
    source: Literal["supplier", "opening"] = Field(
        "supplier", description="Bought, or there when the books were opened"
    )
    supplier: Text = Field("", description="From whom")
    reference: Text = Field("", description="Delivery note; once a supplier")
    day: Day | None = Field(None, description="Business date; today unless given")


def post(work: Work, wanted: PostReceipt) -> dict[str, Any]:
    """Put goods into stock at what they cost; those who wait for them are served in their order.

    Raises:
        NotFound: No such item or location.
        LocationUnsuited: A location outside.
        AlreadyExists: This delivery note was posted before.
    """
    if wanted.reference:
        _refuse_known(work, wanted)
    usual = locations.usual(work)
    places = locations.inside(work, {line.location or usual for line in wanted.lines})
    items.require(work, {line.item for line in wanted.lines})
    held = stock.held(work, {line.item for line in wanted.lines})
    currency = work.enterprise.currency
    number = next_number(work, "receipt")
    day = wanted.day or work.today
    rows, total = [], ZERO
    for position, line in enumerate(wanted.lines, 1):
        place = line.location or usual
        value = line_amount(line.quantity, line.unit_cost, currency)
        held[line.item].put(place, line.quantity, value, sellable=places[place])
        held.note("receipt", line.item, wanted.source, place, line.quantity, value, day=day, document=number)
        total += value
        rows.append(
            {
                "receipt": number,
                "line": position,
                "item": line.item,
                "location": place,
                "quantity": line.quantity,
                "unit_cost": line.unit_cost,
                "value": value,
            }
        )
    require_bookable(number, total)
    head = {"number": number, "source": wanted.source, "supplier": wanted.supplier, "day": day}
    by = {"reference": wanted.reference, "value": total, "posted_at": work.now, "posted_by": work.actor.name}
    work.execute(_ADD, head | by)
    work.execute(_ADD_LINES, rows)
    work.publish(GoodsReceived(receipt=number, source=wanted.source, day=day, currency=currency, value=total))
    filled = backorders.fill(work, held)
    return {"receipt": number, "value": total, "filled": filled}


def _refuse_known(work: Work, wanted: PostReceipt) -> None:
    values = {"wanted_supplier": wanted.supplier, "wanted_reference": wanted.reference}
    known = work.execute(_BY_REFERENCE, values).scalar()
    if known is not None:
        raise AlreadyExists(
            _("receipt with the reference"),
            _("{reference} ({receipt})").format(reference=wanted.reference, receipt=known),
        )
