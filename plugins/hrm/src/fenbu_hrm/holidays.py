"""Public holidays: days on which nobody works."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import Field
from sqlalchemy import bindparam, delete, select

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import Day, Input, Title
from fenbu.statements import upsert
from fenbu.work import Work
from fenbu_hrm.tables import HOLIDAY

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


def enter(work: Work, wanted: SetHolidays) -> dict[str, Any]:
    """Enter public holidays; leave that is asked for already keeps its days."""
    rows = {one.day: {"day": one.day, "title": one.title} for one in wanted.holidays}
    work.execute(_SAVE[work.dialect], list(rows.values()))
    return {"holidays": len(rows)}


def remove(work: Work, wanted: HolidayRef) -> dict[str, Any]:
    """Let people work on a day again; leave that is asked for already keeps its days.

    Raises:
        NotFound: It is no public holiday.
    """
    if not work.execute(_DELETE, {"wanted": wanted.day}).rowcount:
        raise NotFound(_("public holiday"), str(wanted.day), _("fenbu show hrm.holidays lists them"))
    return {"day": wanted.day}


def between(work: Work, first: date, ends: date) -> frozenset[date]:
    """Return the public holidays from a day on and before another."""
    return frozenset(work.execute(_BETWEEN, {"first": first, "ends": ends}).scalars())
