"""Types of fields that inputs of HRM share, beside those of `fenbu.inputs`: months, days, what tells of a person."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from fenbu.i18n import _
from fenbu.inputs import NOT_NEGATIVE, POSITIVE, Code, Day, Title, exact
from fenbu.values import MONEY_SCALE, PRICE_SCALE, QUANTITY_SCALE, RATE_SCALE, Personal

_MONTH = re.compile(r"(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])")

MOST = Decimal(10) ** 9
"""What one amount may be."""


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


def _month(value: str) -> str:
    if not _MONTH.fullmatch(value):
        raise ValueError(_("a year and a month like 2026-03 are wanted"))
    return value


Text = Annotated[str, StringConstraints(max_length=200)]
Period = Annotated[str, AfterValidator(_month)]
"""A month, by year and month: ``2026-03``."""

EmployeeNumber = Annotated[Code, Field(description="Number, as hrm.employees shows it")]
DepartmentCode = Annotated[Code, Field(description="Code, as hrm.departments shows it")]
PositionCode = Annotated[Code, Field(description="Code, as hrm.positions shows it")]
LeaveTypeCode = Annotated[Code, Field(description="Code, as hrm.leave-types shows it")]
ComponentCode = Annotated[Code, Field(description="Code, as hrm.components shows it")]
RequestNumber = Annotated[Code, Field(description="Number, as hrm.leave-requests shows it")]
RunNumber = Annotated[Code, Field(description="Number, as hrm.payrolls shows it")]

_SENSIBLE = AfterValidator(_sensible)
_HALVES = AfterValidator(_whole_or_half)
_YEAR = AfterValidator(_days_of_a_year)

Amount = Annotated[Decimal, exact(MONEY_SCALE), NOT_NEGATIVE, _SENSIBLE]
OwnAmount = Annotated[Decimal, exact(MONEY_SCALE), NOT_NEGATIVE, _SENSIBLE, Personal()]
Pay = Annotated[Decimal, exact(PRICE_SCALE), NOT_NEGATIVE, _SENSIBLE, Personal()]
Fte = Annotated[Decimal, exact(QUANTITY_SCALE), POSITIVE, AfterValidator(_full_time_at_most)]
Percentage = Annotated[Decimal, exact(RATE_SCALE - 2), NOT_NEGATIVE, AfterValidator(_percent)]
LeaveDays = Annotated[Decimal, exact(QUANTITY_SCALE), NOT_NEGATIVE, _HALVES, _YEAR]
LeaveChange = Annotated[Decimal, exact(QUANTITY_SCALE), AfterValidator(_not_zero), _HALVES, _YEAR]

OwnLeaveType = Annotated[Code, Field(description="Code, as hrm.leave-types shows it"), Personal()]
"""Of one person: it may tell of sickness."""
PersonalTitle = Annotated[Title, Personal()]
PersonalText = Annotated[str, StringConstraints(max_length=200), Personal()]
PersonalDay = Annotated[Day, Personal()]
