"""The price list: unit prices by item, currency and day, without tax."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import Field
from sqlalchemy import bindparam, select

from fenbu.contracts.erp import erp_line_price
from fenbu.inputs import Code, Day, Input
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_erp import items
from fenbu_erp.errors import PriceMissing, PriceNegative
from fenbu_erp.inputs import CurrencyOrNone, Price
from fenbu_erp.tables import PRICE

_LISTED = (
    select(PRICE.c.item, PRICE.c.unit_price)
    .where(PRICE.c.item.in_(bindparam("items", expanding=True)))
    .where(PRICE.c.currency == bindparam("wanted"))
    .where(PRICE.c.since <= bindparam("day"))
    .order_by(PRICE.c.item, PRICE.c.since)
)
_SAVE = upsert(PRICE, change=("unit_price",))


class SetPrice(Input):
    """An item's price from a day on."""

    item: Code
    unit_price: Price = Field(description="Without tax, for one unit; at most six decimals")
    currency: CurrencyOrNone = Field("", description="The enterprise's own unless given")
    since: Day | None = Field(None, description="First day of the price; today unless given")


def set_price(work: Work, price: SetPrice) -> dict[str, Any]:
    """Set an item's list price from a day on; a second price of the same day replaces the first.

    Raises:
        NotFound: No such item.
        PriceNegative: Goods cannot cost less than nothing.
    """
    item = items.known(work, [price.item])[price.item]
    require_sensible(price.item, item.kind, price.unit_price)
    row = {
        "item": price.item,
        "currency": price.currency or work.enterprise.currency,
        "since": price.since or work.today,
        "unit_price": price.unit_price,
    }
    work.execute(_SAVE[work.dialect], row)
    return row


def listed(work: Work, codes: Collection[str], currency: str, day: date) -> Mapping[str, Decimal]:
    """Return the list prices of a day, of those items that have one."""
    if not codes:
        return {}
    rows = work.execute(_LISTED, {"items": sorted(codes), "wanted": currency, "day": day})
    return {row.item: row.unit_price for row in rows}  # the latest comes last and stays


def price_of(
    work: Work, item: str, quantity: Decimal, account: str, currency: str, day: date, listed: Decimal | None
) -> Decimal:
    """Return the unit price of a line that names none: a module's, else the price list's.

    Raises:
        PriceMissing: Nobody knows one.
    """
    special = work.ask(erp_line_price, item=item, quantity=quantity, account=account, day=day)
    price = special if special is not None else listed
    if price is None:
        raise PriceMissing(item, currency, day)
    return price


def require_sensible(item: str, kind: str, unit_price: Decimal) -> None:
    """Refuse a negative price of goods (`PriceNegative`); a service may be a discount."""
    if unit_price < 0 and kind == items.GOODS:
        raise PriceNegative(item, unit_price)
