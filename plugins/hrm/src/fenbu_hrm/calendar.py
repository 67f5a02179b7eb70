"""Working days: those of the week on which people work, without public holidays; and months."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from attrs import frozen
from pydantic import Field
from sqlalchemy import bindparam, delete, select

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Day, Input, Title
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_hrm.settings import HrmSettings
from fenbu_hrm.tables import HOLIDAY

_A_DAY = timedelta(days=1)
_BETWEEN = select(HOLIDAY.c.day).where(
    HOLIDAY.c.day >= bindparam("first", type_=HOLIDAY.c.day.type),
    HOLIDAY.c.day < bindparam("ends", type_=HOLIDAY.c.day.type),
)
_SAVE = upsert(HOLIDAY, change=("title",))
_DELETE = delete(HOLIDAY).where(HOLIDAY.c.day == bindparam("wanted", type_=HOLIDAY.c.day.type))


class Holiday(Input):
    """A day on which nobody works."""

    day: Day
    title: Title


class SetHolidays(Input):
    """Public holidays; a known day gets the new title."""

    holidays: Sequence[Holiday] = Field(min_length=1, max_length=1000)


class HolidayRef(Input):
    """A public holiday."""

    day: Day


@frozen
class Month:
    """A calendar month: ``first ≤ day < ends``."""

    first: date
    ends: date

    @classmethod
    def of(cls, period: str) -> Month:
        """Return the month that is written ``2026-03``."""
        first = date.fromisoformat(f"{period}-01")
        return cls(first, first + timedelta(days=monthrange(first.year, first.month)[1]))

    @property
    def period(self) -> str:
        """As it is written: ``2026-03``."""
        return f"{self.first:%Y-%m}"

    @property
    def next(self) -> Month:
        """The month after it."""
        return Month.of(f"{self.ends:%Y-%m}")

    def day(self, number: int) -> date:
        """Return a day of it by its number; the last where it is shorter."""
        return min(self.first + timedelta(days=number - 1), self.ends - _A_DAY)


def set_holidays(work: Work, wanted: SetHolidays) -> dict[str, Any]:
    """Enter public holidays; leave that is asked for already keeps its days."""
    rows = {one.day: {"day": one.day, "title": one.title} for one in wanted.holidays}
    work.execute(_SAVE[work.dialect], list(rows.values()))
    return {"holidays": len(rows)}


def remove_holiday(work: Work, wanted: HolidayRef) -> dict[str, Any]:
    """Let people work on a day again; leave that is asked for already keeps its days.

    Raises:
        NotFound: It is no public holiday.
    """
    if not work.execute(_DELETE, {"wanted": wanted.day}).rowcount:
        raise NotFound(_("public holiday"), str(wanted.day), _("fenbu show hrm.holidays lists them"))
    return {"day": wanted.day}


def working_days(work: Work, first: date, ends: date) -> list[date]:
    """Return the working days from a day on and before another, in order."""
    free = set(work.execute(_BETWEEN, {"first": first, "ends": ends}).scalars())
    return list(_worked(first, ends, work.settings(HrmSettings).weekend, free))


def by_year(days: Sequence[date]) -> Mapping[int, int]:
    """Count days by their year."""
    found: dict[int, int] = {}
    for day in days:
        found[day.year] = found.get(day.year, 0) + 1
    return found


def _worked(first: date, ends: date, weekend: Collection[int], free: Collection[date]) -> Iterator[date]:
    day = first
    while day < ends:
        if day.isoweekday() not in weekend and day not in free:
            yield day
        day += _A_DAY
