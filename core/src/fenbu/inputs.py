"""What inputs of actions are made of: a base class and the types of fields that every business has.

Numbers arrive as text, integer or Decimal, never as float, whose digits are not what was written; what has more
decimals than the store keeps is refused, not rounded::

    class Redeem(Input):
        account: Code
        amount: Amount
        day: Day | None = None

A module adds its own limits to a type: ``Annotated[Decimal, exact(QUANTITY_SCALE), POSITIVE, AfterValidator(_few)]``.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from fenbu.i18n import _
from fenbu.values import MONEY_SCALE, exact_decimal, is_currency

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
"""Business dates that make sense; further away a day is a slip."""


class Input(BaseModel):
    """Base of all inputs: unknown fields are refused, texts are stripped, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def exact(scale: int) -> BeforeValidator:
    """Take a number exactly, with this many decimals at most."""

    def check(value: Any) -> Decimal:
        return exact_decimal(value, scale)

    return BeforeValidator(check)


def _typed_names(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError(_("must be more than zero"))
    return value


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError(_("must be zero or more"))
    return value


def _currency(value: str) -> str:
    if not is_currency(value):
        raise ValueError(_("a currency is three capital letters (ISO 4217)"))
    return value


def _currency_or_empty(value: str) -> str:
    return _currency(value) if value else value


def _business_day(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(_("must be a day between {first} and {last}").format(first=FIRST_DAY, last=LAST_DAY))
    return value


TYPED_NAMES = BeforeValidator(_typed_names)
"""Take ``"core erp.*"`` and ``"core,erp.*"`` as a person types them, beside a list."""
POSITIVE = AfterValidator(_positive)
NOT_NEGATIVE = AfterValidator(_not_negative)

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
"""What a person types to name a thing: an item, an account, a document."""
Title = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
"""Why somebody decides something; never empty."""
Day = Annotated[date, AfterValidator(_business_day)]
Amount = Annotated[Decimal, exact(MONEY_SCALE), POSITIVE]
AmountOrZero = Annotated[Decimal, exact(MONEY_SCALE), NOT_NEGATIVE]
Currency = Annotated[str, AfterValidator(_currency)]
CurrencyOrEmpty = Annotated[str, AfterValidator(_currency_or_empty)]
"""A field's description says what an empty one stands for."""
