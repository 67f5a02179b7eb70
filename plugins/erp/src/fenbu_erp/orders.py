"""Placing sales orders: priced, taxed, asked about, frozen, announced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Row, bindparam, func, select

from fenbu.contracts.crm import crm_credit_limit
from fenbu.contracts.erp import OrderPlaced
from fenbu.errors import AlreadyExists
from fenbu.i18n import _
from fenbu.inputs import Code, Day, Input
from fenbu.values import line_amount
from fenbu.work import Work
from fenbu_erp import accounts, items, order_store, prices, requirements, taxes
from fenbu_erp.errors import CreditLimitExceeded, TotalNegative
from fenbu_erp.inputs import CurrencyOrNone, ExchangeRate, Price, Quantity
from fenbu_erp.lifecycles import OrderState
from fenbu_erp.numbers import next_number
from fenbu_erp.order import BY_HAND, ZERO, Line, Order
from fenbu_erp.rates import in_own, rate_on, require_bookable
from fenbu_erp.settings import ErpSettings
from fenbu_erp.tables import OPEN_ITEM, ORDER

_BY_REFERENCE = select(ORDER.c.number).where(
    ORDER.c.channel == bindparam("wanted_channel"),
    ORDER.c.reference == bindparam("wanted_reference"),
    ORDER.c.reference != "",
)
_OWED = select(func.sum(OPEN_ITEM.c.amount - OPEN_ITEM.c.matched)).where(
    OPEN_ITEM.c.account == bindparam("wanted"),
    OPEN_ITEM.c.currency == bindparam("wanted_currency"),
    OPEN_ITEM.c.amount != OPEN_ITEM.c.matched,
)
_ORDERED = select(func.sum(ORDER.c.total - ORDER.c.billed)).where(
    ORDER.c.account == bindparam("wanted"),
    ORDER.c.currency == bindparam("wanted_currency"),
    ORDER.c.state == OrderState.PLACED,
    ORDER.c.fulfilled + ORDER.c.cancelled < ORDER.c.ordered,
)


class PlaceLine(Input):
    """One line of an order to be placed."""

    item: Code
    quantity: Quantity = Field(description="In the item's unit; at most four decimals")
    unit_price: Price | None = Field(None, description="Without tax; the price list's unless given")


class PlaceOrder(Input):
    """A sales order."""

    account: Code = Field(accounts.WALK_IN, description="Who buys; the walk-in account unless given")
    lines: Sequence[PlaceLine] = Field(min_length=1, max_length=10_000)
    channel: str = Field("", max_length=64, description="How it came; the one in the settings unless given")
    day: Day | None = Field(None, description="Business date; today unless given")
    currency: CurrencyOrNone = ""
    exchange_rate: ExchangeRate | None = Field(
        None, description="What one unit of the currency is worth in the own one; by date unless given"
    )
    ship: Literal["partial", "complete"] | None = Field(
        None, description="Leave in parts or wait until complete; as in the settings unless given"
    )
    reference: str = Field(
        "", max_length=200, description="The buyer's or channel's own number, once a channel"
    )


def place(work: Work, wanted: PlaceOrder) -> dict[str, Any]:
    """Place an order: price it, ask what it waits for, freeze the answers, release what waits for nothing.

    Raises:
        NotFound: No such account or item.
        AlreadyExists: An order with this reference came by this channel before.
        AccountBlocked, ItemRetired, PriceMissing, PriceNegative, TaxRateMissing, ExchangeRateMissing,
        CreditLimitExceeded, TotalNegative, BeyondBooks, RequirementsCircular: As they say.
        HookFailed: A module that had to answer could not.
    """
    settings = work.settings(ErpSettings)
    account = accounts.buyer(work, wanted.account)
    channel = wanted.channel or settings.channel
    if wanted.reference:
        _refuse_known(work, channel, wanted.reference)
    day = wanted.day or work.today
    currency = wanted.currency or account.currency
    rate = rate_on(work, currency, day, wanted.exchange_rate)
    lines = priced(work, wanted.lines, account.number, currency, day, settings)
    order = _drafted(work, lines, account.number, currency)
    order.channel, order.reference, order.day, order.rate = channel, wanted.reference, day, rate
    order.ship = wanted.ship or settings.ship
    order.total_own = in_own(work, order.total, rate)
    require_bookable(order.total_own, work.enterprise.currency)
    _check_credit(work, order)

    order.number = next_number(work, "order")
    draft = order.draft()
    needed = requirements.ask(work, order, draft)
    work.publish(
        OrderPlaced(
            order=order.number,
            account=order.account,
            channel=order.channel,
            day=day,
            currency=currency,
            total=order.total,
            ship=order.ship,
            fulfiller=order.fulfiller,
            requirements=tuple(one.name for one in needed),
            lines=draft.lines,
        )
    )
    for one in needed:
        one.order_number, one.changed = order.number, True
    requirements.go_on(work, order, needed)
    order_store.add(work, order)
    requirements.save(work, needed)
    return {
        "order": order.number,
        "net": order.net,
        "tax": order.tax,
        "total": order.total,
        "currency": currency,
        "fulfiller": order.fulfiller,
        "requirements": [one.name for one in needed],
    }


def priced(
    work: Work,
    wanted: Sequence[PlaceLine],
    account: str,
    currency: str,
    day: date,
    settings: ErpSettings,
    *,
    selling: bool = True,
) -> list[Line]:
    """Return the lines with titles, prices, amounts and taxes: one statement for all items, one for prices.

    Args:
        work: Reads, and asks for prices.
        wanted: Items and quantities.
        account: Who buys.
        currency: Of the document.
        day: Its business date.
        settings: For the rule of rounding.
        selling: Items that are retired are refused; False takes them back all the same.
    """
    known = items.known(work, [line.item for line in wanted], selling=selling)
    listed = prices.listed(work, {line.item for line in wanted if line.unit_price is None}, currency, day)
    rates = taxes.rates_on(work, {row.tax_category for row in known.values()}, day)
    priced = []
    for position, line in enumerate(wanted, 1):
        item = known[line.item]
        unit_price = line.unit_price
        if unit_price is None:
            unit_price = prices.price_of(
                work, line.item, line.quantity, account, currency, day, listed.get(line.item)
            )
        priced.append(_line(position, item, line.quantity, unit_price, rates, currency, settings))
    return priced


def _line(
    position: int,
    item: Row[Any],
    quantity: Decimal,
    unit_price: Decimal,
    rates: Mapping[str, Decimal],
    currency: str,
    settings: ErpSettings,
) -> Line:
    prices.require_sensible(item.code, item.kind, unit_price)
    amount = line_amount(quantity, unit_price, currency, settings.rounding)
    require_bookable(amount, currency)
    rate = rates[item.tax_category]
    return Line(
        line=position,
        item=item.code,
        title=item.title,
        kind=item.kind,
        unit=item.unit,
        quantity=quantity,
        unit_price=unit_price,
        amount=amount,
        tax_category=item.tax_category,
        tax_rate=rate,
        tax=taxes.line_tax(amount, rate, currency, settings.rounding),
    )


def _drafted(work: Work, lines: list[Line], account: str, currency: str) -> Order:
    net = sum((line.amount for line in lines), ZERO)
    tax = sum((line.tax for line in lines), ZERO)
    require_bookable(net, currency)
    require_bookable(tax, currency)
    if net + tax < 0:
        raise TotalNegative(net + tax, currency)
    return Order(
        number="",
        state=OrderState.PLACED,
        account=account,
        channel="",
        reference="",
        day=work.today,
        currency=currency,
        rate=Decimal(1),
        ship="",
        fulfiller=BY_HAND,
        net=net,
        tax=tax,
        total=net + tax,
        total_own=ZERO,
        placed_at=work.now,
        placed_by=work.actor.name,
        lines=lines,
    )


def _refuse_known(work: Work, channel: str, reference: str) -> None:
    known = work.execute(_BY_REFERENCE, {"wanted_channel": channel, "wanted_reference": reference}).scalar()
    if known is not None:
        raise AlreadyExists(
            _("order with the reference"), _("{reference} ({order})").format(reference=reference, order=known)
        )


def _check_credit(work: Work, order: Order) -> None:
    """Refuse when a module sets a limit and the account would owe more, open orders included."""
    limit = work.ask(crm_credit_limit, account=order.account, currency=order.currency)
    if limit is None:
        return
    asked = {"wanted": order.account, "wanted_currency": order.currency}
    exposure = sum((work.execute(one, asked).scalar() or ZERO for one in (_OWED, _ORDERED)), ZERO)
    if exposure + order.total > limit.amount:
        raise CreditLimitExceeded(order.account, limit.amount, exposure, order.total, order.currency)
