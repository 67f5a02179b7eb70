"""Types of fields that inputs share: exact amounts, codes, texts.

Amounts arrive as text, integer or Decimal, never as float, whose digits are not what was written.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from fenbu.i18n import _
from fenbu.values import MONEY_SCALE, exact_decimal, is_currency


class Input(BaseModel):
    """Base of all inputs: unknown fields are refused, texts are stripped, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _exact(value: Any) -> Decimal:
    return exact_decimal(value, MONEY_SCALE)


def _positive(value: Decimal) -> Decimal:
    if value <= 0:
        raise ValueError(_("more than zero is wanted"))
    return value


def _currency_or_none(value: str) -> str:
    if value and not is_currency(value):
        raise ValueError(_("a currency is three capital letters (ISO 4217)"))
    return value


Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Reference = Annotated[str, StringConstraints(max_length=200)]
Amount = Annotated[Decimal, BeforeValidator(_exact), AfterValidator(_positive)]
CurrencyOrNone = Annotated[
    str, AfterValidator(_currency_or_none), Field(description="empty: the enterprise's own")
]
