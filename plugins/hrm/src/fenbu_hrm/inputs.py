"""Types of fields that inputs share: exact numbers, codes, months, what tells of a person.

Numbers arrive as text, integer or Decimal, never as float, whose digits are not what was written.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from fenbu.i18n import _
from fenbu.values import MONEY_SCALE, PRICE_SCALE, QUANTITY_SCALE, RATE_SCALE, Personal, exact_decimal

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
"""Business dates that make sense; further away a day is a slip."""

_MONTH = re.compile(r"(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])")

MOST = Decimal(10) ** 9
"""What one amount may be."""


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
        raise ValueError(_("more or less than zero is wanted: above it is given, below it is taken away"))
    return value


def _whole_or_half(value: Decimal) -> Decimal:
    if value * 2 % 1:
        raise ValueError(_("whole or half days are wanted"))
    return value


def _sensible(value: Decimal) -> Decimal:
    if abs(value) > MOST:
        raise ValueError(_("at most {most:f} is wanted").format(most=MOST))
    return value


def _full_time_at_most(value: Decimal) -> Decimal:
    if value > 1:
        raise ValueError(_("at most 1 is wanted, which is full time"))
    return value


def _percent(value: Decimal) -> Decimal:
    if value > 100:
        raise ValueError(_("at most 100 per cent is wanted"))
    return value


def _days_of_a_year(value: Decimal) -> Decimal:
    if abs(value) > 366:
        raise ValueError(_("a year has at most 366 days"))
    return value


def _business_day(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(
            _("a day between {first} and {last} is wanted").format(first=FIRST_DAY, last=LAST_DAY)
        )
    return value


def _month(value: str) -> str:
    if not _MONTH.fullmatch(value):
        raise ValueError(_("a year and a month like 2026-03 are wanted"))
    return value


Day = Annotated[date, AfterValidator(_business_day)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(max_length=200)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Month = Annotated[str, AfterValidator(_month)]

EmployeeNumber = Annotated[Code, Field(description="Number, as hrm.employees shows it")]
DepartmentCode = Annotated[Code, Field(description="Code, as hrm.departments shows it")]
PositionCode = Annotated[Code, Field(description="Code, as hrm.positions shows it")]
LeaveTypeCode = Annotated[Code, Field(description="Code, as hrm.leave-types shows it")]
ComponentCode = Annotated[Code, Field(description="Code, as hrm.components shows it")]
RequestNumber = Annotated[Code, Field(description="Number, as hrm.leave-requests shows it")]
RunNumber = Annotated[Code, Field(description="Number, as hrm.payrolls shows it")]

_SENSIBLE = AfterValidator(_sensible)
_POSITIVE = AfterValidator(_positive)
_NOT_NEGATIVE = AfterValidator(_not_negative)
_HALVES = AfterValidator(_whole_or_half)
_YEAR = AfterValidator(_days_of_a_year)

Amount = Annotated[Decimal, _exact(MONEY_SCALE), _NOT_NEGATIVE, _SENSIBLE]
OwnAmount = Annotated[Decimal, _exact(MONEY_SCALE), _NOT_NEGATIVE, _SENSIBLE, Personal()]
Pay = Annotated[Decimal, _exact(PRICE_SCALE), _NOT_NEGATIVE, _SENSIBLE, Personal()]
Fte = Annotated[Decimal, _exact(QUANTITY_SCALE), _POSITIVE, AfterValidator(_full_time_at_most)]
Percentage = Annotated[Decimal, _exact(RATE_SCALE - 2), _NOT_NEGATIVE, AfterValidator(_percent)]
LeaveDays = Annotated[Decimal, _exact(QUANTITY_SCALE), _NOT_NEGATIVE, _HALVES, _YEAR]
LeaveChange = Annotated[Decimal, _exact(QUANTITY_SCALE), AfterValidator(_not_zero), _HALVES, _YEAR]

OwnLeaveType = Annotated[Code, Field(description="Code, as hrm.leave-types shows it"), Personal()]
"""Of one person: it may tell of sickness."""
PersonalTitle = Annotated[str, StringConstraints(min_length=1, max_length=500), Personal()]
PersonalText = Annotated[str, StringConstraints(max_length=200), Personal()]
PersonalDay = Annotated[date, AfterValidator(_business_day), Personal()]
