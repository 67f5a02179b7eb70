"""Fiscal periods: months, made when something is first posted in them; closed in order, for good."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy import and_, bindparam, case, false, func, insert, literal, select, update

from fenbu.contracts.erp import PeriodClosed
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.inputs import LAST_DAY, Input
from fenbu.statements import upsert
from fenbu.tables import Day, MoneyType
from fenbu.work import Work
from fenbu_erp.errors import PeriodBlocked
from fenbu_erp.lifecycles import PERIOD as LIFECYCLE
from fenbu_erp.lifecycles import PeriodState
from fenbu_erp.tables import BALANCE, PERIOD, POSTING

_WRITTEN = re.compile(r"(19|2[0-9])[0-9]{2}-(0[1-9]|1[0-2])")

_SHARED = select(PERIOD.c.state).where(PERIOD.c.code == bindparam("wanted")).with_for_update(read=True)
_LOCKED = select(PERIOD).where(PERIOD.c.code == bindparam("wanted")).with_for_update(key_share=True)
_CLOSED_UNTIL = select(func.max(PERIOD.c.last)).where(PERIOD.c.state == PeriodState.CLOSED)
_EARLIER_OPEN = (
    select(PERIOD.c.code)
    .where(PERIOD.c.state == PeriodState.OPEN, PERIOD.c.last < bindparam("first"))
    .order_by(PERIOD.c.code)
    .limit(1)
)
_LAST_CLOSED = (
    select(PERIOD.c.code, PERIOD.c.last)
    .where(PERIOD.c.state == PeriodState.CLOSED, PERIOD.c.last <= bindparam("until", type_=Day()))
    .order_by(PERIOD.c.last.desc())
    .limit(1)
)
_ADD = upsert(PERIOD)
_CLOSE = (
    update(PERIOD)
    .where(PERIOD.c.code == bindparam("wanted"))
    .values(state=PeriodState.CLOSED, closed_at=bindparam("at"), closed_by=bindparam("by"))
)


def _month(value: str) -> str:
    if not _WRITTEN.fullmatch(value):
        raise ValueError(_("must be a month, written as 2026-03"))
    return value


Month = Annotated[str, AfterValidator(_month)]


class ClosePeriod(Input):
    """A month that is over."""

    period: Month = Field(description="Year and month: 2026-03")


def open_day(work: Work, day: date) -> tuple[date, str]:
    """Return the day on which something of this business date is posted, and its period, made if need be.

    That is the day itself, or the first open day when its period is closed. The period is locked against
    closing until the transaction ends.
    """
    alone = False
    while True:
        code = code_of(day)
        state = work.execute(_SHARED, {"wanted": code}).scalar()
        if state == PeriodState.OPEN:
            return day, code
        closed_until = work.execute(_CLOSED_UNTIL).scalar()
        if closed_until is not None and day <= closed_until:
            day = closed_until + timedelta(days=1)
        elif not alone:
            _make_or_close_alone(work)
            alone = True  # and look again at what was closed meanwhile
        else:
            work.execute(_ADD[work.dialect], _row(code))


def close(work: Work, wanted: ClosePeriod) -> dict[str, Any]:
    """Close a month: it accepts no more postings, and its balances are kept.

    Raises:
        PeriodBlocked: It is not over, an earlier one is open, or deliveries of its days still wait.
        TransitionRefused: It is closed already.
    """
    first, last = _days(wanted.period)
    if last >= work.today:
        raise PeriodBlocked(
            wanted.period,
            _("it is not over before {day}").format(day=last + timedelta(days=1)),
            _("close it after its last day"),
        )
    _make_or_close_alone(work)
    work.execute(_ADD[work.dialect], _row(wanted.period))
    row = work.execute(_LOCKED, {"wanted": wanted.period}).first()
    if row is None:  # just written
        raise NotFound(_("period"), wanted.period)
    state = LIFECYCLE.next(row.state, "close", wanted.period)
    _refuse_gaps(work, wanted.period, first, last)
    _keep_balances(work, wanted.period, first, last)
    work.execute(_CLOSE, {"wanted": wanted.period, "at": work.now, "by": work.actor.name})
    work.publish(PeriodClosed(period=wanted.period, first=first, last=last))
    return {"period": wanted.period, "state": state, "first": first, "last": last}


def closed_until(work: Work, until: date = LAST_DAY) -> tuple[str, date] | None:
    """Return the last closed period that ends by a day, and its last day; None when none is closed."""
    row = work.execute(_LAST_CLOSED, {"until": until}).first()
    return None if row is None else (row.code, row.last)


def code_of(day: date) -> str:
    """Return the period of a day: ``2026-03``."""
    return f"{day:%Y-%m}"


def _make_or_close_alone(work: Work) -> None:
    """Wait for whoever makes or closes a period: a month being made cannot be seen by who closes a later one.

    The series of the kernel serves as the lock; nobody reads its number.
    """
    work.number("period")


def _refuse_gaps(work: Work, period: str, first: date, last: date) -> None:
    earlier = work.execute(_EARLIER_OPEN, {"first": first}).scalar()
    if earlier is not None:
        raise PeriodBlocked(
            period,
            _("the earlier period {earlier} is open").format(earlier=earlier),
            _("close {earlier} first: fenbu do erp.period.close").format(earlier=earlier),
        )
    closed = work.execute(_CLOSED_UNTIL).scalar()
    if closed is not None and last <= closed:
        raise PeriodBlocked(
            period,
            _("the books are closed until {day} already").format(day=closed),
            _("nothing can be posted in it any more, so there is nothing to close"),
        )
    if waiting := work.waiting(until=last):
        raise PeriodBlocked(
            period,
            _("{count} deliveries of its days still wait").format(count=waiting),
            _("run a worker until they are done (fenbu worker); fenbu flows dead shows what failed"),
        )


def _keep_balances(work: Work, period: str, first: date, last: date) -> None:
    """Write what the period leaves on each account: its turnover, and the balance since the beginning.

    It starts from what the last closed period left, so that old postings are not read again.
    """
    before, until = closed_until(work) or ("", date.min)
    zero = literal(0, MoneyType())
    moved = select(
        POSTING.c.chart, POSTING.c.amount_own.label("own"), (POSTING.c.day >= first).label("inside")
    ).where(POSTING.c.day > until, POSTING.c.day <= last)
    carried = select(BALANCE.c.chart, BALANCE.c.balance, false()).where(BALANCE.c.period == before)
    rows = moved.union_all(carried).subquery()
    own = rows.c.own
    left = select(
        literal(period),
        rows.c.chart,
        func.sum(case((and_(rows.c.inside, own > zero), own), else_=zero)),
        func.sum(case((and_(rows.c.inside, own < zero), -own), else_=zero)),
        func.sum(own),
    ).group_by(rows.c.chart)
    work.execute(insert(BALANCE).from_select(["period", "chart", "debit", "credit", "balance"], left))


def _days(code: str) -> tuple[date, date]:
    year, month = int(code[:4]), int(code[5:])
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _row(code: str) -> dict[str, Any]:
    first, last = _days(code)
    return {
        "code": code,
        "first": first,
        "last": last,
        "state": PeriodState.OPEN,
        "closed_at": None,
        "closed_by": "",
    }
