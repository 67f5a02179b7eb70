"""Types of fields that inputs share: exact numbers, codes, reasons.

Numbers arrive as text, integer or Decimal, never as float, whose digits are not what was written.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from fenbu.i18n import _
from fenbu.values import PRICE_SCALE, QUANTITY_SCALE, exact_decimal

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
"""Business dates that make sense; further away a day is a slip."""

MOST = Decimal(10) ** 9
"""Pieces of one line, and what one may cost."""


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


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError(_("zero or more is wanted"))
    return value


def _not_zero(value: Decimal) -> Decimal:
    if value == 0:
        raise ValueError(_("more or less than zero is wanted: above it was found, below it was lost"))
    return value


def _sensible(value: Decimal) -> Decimal:
    if abs(value) > MOST:
        raise ValueError(_("at most {most:f} is wanted").format(most=MOST))
    return value


def _business_day(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(
            _("a day between {first} and {last} is wanted").format(first=FIRST_DAY, last=LAST_DAY)
        )
    return value


Day = Annotated[date, AfterValidator(_business_day)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000)]

_SENSIBLE = AfterValidator(_sensible)
Quantity = Annotated[Decimal, _exact(QUANTITY_SCALE), AfterValidator(_positive), _SENSIBLE]
QuantityOrZero = Annotated[Decimal, _exact(QUANTITY_SCALE), AfterValidator(_not_negative), _SENSIBLE]
Difference = Annotated[Decimal, _exact(QUANTITY_SCALE), AfterValidator(_not_zero), _SENSIBLE]
UnitCost = Annotated[Decimal, _exact(PRICE_SCALE), AfterValidator(_not_negative), _SENSIBLE]
