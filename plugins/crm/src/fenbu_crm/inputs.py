"""Types of fields that inputs share: codes, texts about persons, amounts, moments.

Amounts arrive as text, integer or Decimal, never as float, whose digits are not what was written.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from fenbu.errors import FieldProblem, InputInvalid
from fenbu.i18n import _
from fenbu.values import MONEY_SCALE, Personal, exact_decimal, is_currency, minor_units, round_amount

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
"""Business dates that make sense; further away a day is a slip."""

MOST = Decimal(10) ** 11
"""The largest amount: more is a slip, and sums of many still fit."""

_EMAIL = re.compile(r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)+$")
_PHONE = re.compile(r"^\+?[0-9][0-9 ()/.-]{2,39}$")


class Input(BaseModel):
    """Base of all inputs: unknown fields are refused, texts are stripped, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _exact(value: Any) -> Decimal:
    return exact_decimal(value, MONEY_SCALE)


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError(_("zero or more is wanted"))
    if value > MOST:
        raise ValueError(_("at most {most:f} is wanted").format(most=MOST))
    return value


def _currency_or_none(value: str) -> str:
    if value and not is_currency(value):
        raise ValueError(_("a currency is three capital letters (ISO 4217)"))
    return value


def _business_day(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(
            _("a day between {first} and {last} is wanted").format(first=FIRST_DAY, last=LAST_DAY)
        )
    return value


def _with_zone(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(_("a time with its zone is wanted, such as 2026-03-01T09:30:00+00:00"))
    return value


def _email_or_none(value: str) -> str:
    if value and not _EMAIL.match(value):
        raise ValueError(_("an address such as name@example.org is wanted"))
    return value


def _phone_or_none(value: str) -> str:
    if value and not _PHONE.match(value):
        raise ValueError(_("a number such as +44 20 7946 0000 is wanted"))
    return value


Code = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
Reference = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f]*$")]
Purpose = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_-]*$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(max_length=500)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Country = Annotated[str, StringConstraints(max_length=100)]

Name = Annotated[str, StringConstraints(min_length=1, max_length=500), Personal]
PersonalText = Annotated[str, StringConstraints(max_length=500), Personal]
PersonalTitle = Annotated[str, StringConstraints(min_length=1, max_length=500), Personal]
Message = Annotated[str, StringConstraints(min_length=1, max_length=20_000), Personal]
Email = Annotated[str, StringConstraints(max_length=320), AfterValidator(_email_or_none), Personal]
Phone = Annotated[str, AfterValidator(_phone_or_none), Personal]

Day = Annotated[date, AfterValidator(_business_day)]
Moment = Annotated[datetime, AfterValidator(_with_zone)]
AmountOrZero = Annotated[Decimal, BeforeValidator(_exact), AfterValidator(_not_negative)]
CurrencyOrNone = Annotated[
    str, AfterValidator(_currency_or_none), Field(description="The enterprise's own unless given")
]


def require_payable(action: str, amount: Decimal, currency: str) -> None:
    """Refuse an amount of money that has more decimals than its currency (`InputInvalid`)."""
    if amount != round_amount(amount, currency):
        problem = _("{currency} has {count} decimals").format(currency=currency, count=minor_units(currency))
        raise InputInvalid(action, [FieldProblem("amount", problem, str(amount))])
