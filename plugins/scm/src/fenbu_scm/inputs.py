"""Types of fields that inputs share: exact numbers, codes, reasons.

Numbers arrive as text, integer or Decimal, never as float, whose digits are not what was written.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

from fenbu.i18n import _
from fenbu.values import PRICE_SCALE, QUANTITY_SCALE, exact_decimal


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


Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000)]

Quantity = Annotated[Decimal, _exact(QUANTITY_SCALE), AfterValidator(_positive)]
QuantityOrZero = Annotated[Decimal, _exact(QUANTITY_SCALE), AfterValidator(_not_negative)]
Difference = Annotated[Decimal, _exact(QUANTITY_SCALE), AfterValidator(_not_zero)]
UnitCost = Annotated[Decimal, _exact(PRICE_SCALE), AfterValidator(_not_negative)]
