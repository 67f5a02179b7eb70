"""Types of fields that inputs of the warehouse share, beside those of `fenbu.inputs`."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from fenbu.i18n import _
from fenbu.inputs import NOT_NEGATIVE, POSITIVE, exact
from fenbu.values import PRICE_SCALE, QUANTITY_SCALE

MOST = Decimal(10) ** 9
"""Pieces of one line, and what one may cost."""


def _not_zero(value: Decimal) -> Decimal:
    if value == 0:
        raise ValueError(_("more or less than zero is wanted: above it was found, below it was lost"))
    return value


def _sensible(value: Decimal) -> Decimal:
    if abs(value) > MOST:
        raise ValueError(_("at most {most:f} is wanted").format(most=MOST))
    return value


Text = Annotated[str, StringConstraints(max_length=200)]

_SENSIBLE = AfterValidator(_sensible)
Quantity = Annotated[Decimal, exact(QUANTITY_SCALE), POSITIVE, _SENSIBLE]
QuantityOrZero = Annotated[Decimal, exact(QUANTITY_SCALE), NOT_NEGATIVE, _SENSIBLE]
Difference = Annotated[Decimal, exact(QUANTITY_SCALE), AfterValidator(_not_zero), _SENSIBLE]
UnitCost = Annotated[Decimal, exact(PRICE_SCALE), NOT_NEGATIVE, _SENSIBLE]
Worth = Annotated[Decimal, exact(PRICE_SCALE), POSITIVE, _SENSIBLE]
