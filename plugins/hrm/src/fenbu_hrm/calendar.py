"""Months, and working days: those of the week on which people work, without public holidays."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta

from attrs import frozen

from fenbu.work import Work
from fenbu_hrm import holidays
from fenbu_hrm.settings import HrmSettings

_A_DAY = timedelta(days=1)


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


def working_days(work: Work, first: date, ends: date) -> list[date]:
    """Return the working days from a day on and before another, in order."""
    free = holidays.between(work, first, ends)
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
