"""Types of fields that inputs of ERP share, beside those of `fenbu.inputs`."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from fenbu.errors import FieldProblem, InputInvalid
from fenbu.i18n import _
from fenbu.inputs import NOT_NEGATIVE, POSITIVE, CurrencyOrEmpty, exact
from fenbu.values import PRICE_SCALE, QUANTITY_SCALE, RATE_SCALE, Personal, minor_units, round_amount

MOST_PIECES = Decimal(10) ** 10
"""Of one line: those of ten thousand lines still add up."""


def _countable(value: Decimal) -> Decimal:
    if value > MOST_PIECES:
        raise ValueError(_("{value} is larger than can be kept").format(value=value))
    return value


Text = Annotated[str, StringConstraints(max_length=1000)]
PersonalText = Annotated[str, StringConstraints(max_length=1000), Personal]

Quantity = Annotated[Decimal, exact(QUANTITY_SCALE), POSITIVE, AfterValidator(_countable)]
Price = Annotated[Decimal, exact(PRICE_SCALE)]
TaxRate = Annotated[Decimal, exact(RATE_SCALE), NOT_NEGATIVE]
ExchangeRate = Annotated[Decimal, exact(RATE_SCALE), POSITIVE]

CurrencyOrNone = Annotated[CurrencyOrEmpty, Field(description="empty: the account's")]


def require_payable(action: str, name: str, amount: Decimal, currency: str) -> None:
    """Refuse an amount of money that has more decimals than its currency.

    Raises:
        InputInvalid: Names the field.
    """
    if amount != round_amount(amount, currency):
        problem = _("must have no more decimals than {currency}, which has {count}").format(
            currency=currency, count=minor_units(currency)
        )
        raise InputInvalid(action, [FieldProblem(name, problem, str(abs(amount)))])
