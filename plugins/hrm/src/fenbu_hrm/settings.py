"""Settings of human resources; each has a default, so that the module works before anybody has set anything."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from fenbu.i18n import _
from fenbu.settings import Settings
from fenbu.values import Rounding


def _some_work(days: tuple[int, ...]) -> tuple[int, ...]:
    if set(days) >= set(range(1, 8)):
        raise ValueError(_("at least one day of the week is worked"))
    return days


Weekday = Annotated[int, Field(ge=1, le=7)]
Weekend = Annotated[tuple[Weekday, ...], AfterValidator(_some_work)]


class HrmSettings(Settings):
    """How this enterprise employs and pays people."""

    pay_day: Annotated[int, Field(ge=0, le=31)] = Field(
        25,
        description="Day of the month on which the payroll is due; its last day where it is shorter; 0 by hand",
    )
    proration: Literal["calendar_days", "working_days"] = Field(
        "calendar_days",
        description="By which days a month's pay is divided for those who come, leave or change in it",
    )
    weekly_hours: Annotated[Decimal, Field(gt=0, le=168)] = Field(
        Decimal(40), description="Hours of a full week, by which pay by the hour becomes pay by the month"
    )
    rounding: Rounding = Field(
        Rounding.HALF_UP, description="Rule by which each component of a payslip is rounded"
    )
    weekend: Weekend = Field((6, 7), description="Days of the week on which nobody works; 1 is Monday")
