"""Types of fields that inputs share: exact numbers, codes, days.

Numbers arrive as text, integer or Decimal, never as float, whose digits are not what was written.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from fenbu.errors import FieldProblem, InputInvalid
from fenbu.i18n import _
from fenbu.values import (
    MONEY_SCALE,
    PRICE_SCALE,
    QUANTITY_SCALE,
    RATE_SCALE,
    Personal,
    exact_decimal,
    is_currency,
    minor_units,
    round_amount,
)

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
"""Business dates that make sense; further away a day is a slip, and what is due after it has no date."""


MOST_PIECES = Decimal(10) ** 10
"""Of one line: those of ten thousand lines still add up."""


class Input(BaseModel):
    """Base of all inputs: unknown fields are refused, texts are stripped, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _exact(scale: int) -> BeforeValidator:
    def check(value: Any) -> Decimal:
        return exact_decimal(value, scale)

    return BeforeValidator(check)


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError(_("more than zero is wanted"))
    return value


def _countable(value: Decimal) -> Decimal:
    if value > MOST_PIECES:
        raise ValueError(_("{value} is larger than can be kept").format(value=value))
    return value


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError(_("zero or more is wanted"))
    return value


def _currency(value: str) -> str:
    if not is_currency(value):
        raise ValueError(_("a currency is three capital letters (ISO 4217)"))
    return value


def _currency_or_none(value: str) -> str:
    return _currency(value) if value else value


def _business_day(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(
            _("a day between {first} and {last} is wanted").format(first=FIRST_DAY, last=LAST_DAY)
        )
    return value


Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Text = Annotated[str, StringConstraints(max_length=1000)]
PersonalText = Annotated[str, StringConstraints(max_length=1000), Personal]

Day = Annotated[date, AfterValidator(_business_day)]

Quantity = Annotated[Decimal, _exact(QUANTITY_SCALE), AfterValidator(_positive), AfterValidator(_countable)]
Price = Annotated[Decimal, _exact(PRICE_SCALE)]
Amount = Annotated[Decimal, _exact(MONEY_SCALE), AfterValidator(_positive)]
AmountOrZero = Annotated[Decimal, _exact(MONEY_SCALE), AfterValidator(_not_negative)]
TaxRate = Annotated[Decimal, _exact(RATE_SCALE), AfterValidator(_not_negative)]
ExchangeRate = Annotated[Decimal, _exact(RATE_SCALE), AfterValidator(_positive)]

Currency = Annotated[str, AfterValidator(_currency)]
CurrencyOrNone = Annotated[str, AfterValidator(_currency_or_none), Field(description="empty: the account's")]


def require_payable(action: str, name: str, amount: Decimal, currency: str) -> None:
    """Refuse an amount of money that has more decimals than its currency.

    Raises:
        InputInvalid: Names the field.
    """
    if amount != round_amount(amount, currency):
        problem = _("{currency} has {count} decimals").format(currency=currency, count=minor_units(currency))
        raise InputInvalid(action, [FieldProblem(name, problem, str(abs(amount)))])
