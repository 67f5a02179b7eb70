"""Types of fields that inputs of CRM share, beside those of `fenbu.inputs`: texts about persons, moments."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from fenbu.errors import FieldProblem, InputInvalid
from fenbu.i18n import _
from fenbu.inputs import AmountOrZero, CurrencyOrEmpty
from fenbu.values import Personal, minor_units, round_amount

MOST = Decimal(10) ** 11
"""The largest amount: more is a slip, and sums of many still fit."""

_EMAIL = re.compile(r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)+$")
_WORD = re.compile(r"^[a-z][a-z0-9_-]*$")
_PHONE = re.compile(r"^\+?[0-9][0-9 ()/.-]{2,39}$")


def _sensible(value: Decimal) -> Decimal:
    if value > MOST:
        raise ValueError(_("at most {most:f} is wanted").format(most=MOST))
    return value


def _with_zone(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(_("a time with its zone is wanted, such as 2026-03-01T09:30:00+00:00"))
    return value


def _word(value: str) -> str:
    if not _WORD.match(value):
        raise ValueError(_("a word in small letters, such as newsletter, is wanted"))
    return value


def _email_or_none(value: str) -> str:
    if value and not _EMAIL.match(value):
        raise ValueError(_("an address such as name@example.org is wanted"))
    return value


def _phone_or_none(value: str) -> str:
    if value and not _PHONE.match(value):
        raise ValueError(_("a number such as +44 20 7946 0000 is wanted"))
    return value


CustomerNumber = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
"""A customer's number: that of an account after a prefix is longer than a code may be."""
Reference = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f]*$")]
Purpose = Annotated[str, StringConstraints(max_length=64), AfterValidator(_word)]
Text = Annotated[str, StringConstraints(max_length=500)]
Country = Annotated[str, StringConstraints(max_length=100)]

Name = Annotated[str, StringConstraints(min_length=1, max_length=500), Personal]
PersonalText = Annotated[str, StringConstraints(max_length=500), Personal]
PersonalTitle = Annotated[str, StringConstraints(min_length=1, max_length=500), Personal]
Message = Annotated[str, StringConstraints(min_length=1, max_length=20_000), Personal]
Email = Annotated[str, StringConstraints(max_length=320), AfterValidator(_email_or_none), Personal]
Phone = Annotated[str, AfterValidator(_phone_or_none), Personal]

Moment = Annotated[datetime, AfterValidator(_with_zone)]
Expected = Annotated[AmountOrZero, AfterValidator(_sensible)]
"""An amount that somebody may owe or spend."""
CurrencyOrNone = Annotated[CurrencyOrEmpty, Field(description="The enterprise's own unless given")]


def require_payable(action: str, amount: Decimal, currency: str) -> None:
    """Refuse an amount of money that has more decimals than its currency (`InputInvalid`)."""
    if amount != round_amount(amount, currency):
        problem = _("{currency} has {count} decimals").format(currency=currency, count=minor_units(currency))
        raise InputInvalid(action, [FieldProblem("amount", problem, str(amount))])
