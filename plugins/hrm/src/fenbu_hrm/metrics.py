"""Numbers that an administrator looks at every day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select

from fenbu.i18n import N_
from fenbu.metrics import Metric
from fenbu.work import Work
from fenbu_hrm.lifecycles import LeaveState, PaymentState, PayrollState
from fenbu_hrm.tables import ASSIGNMENT, EMPLOYMENT, LEAVE_REQUEST, PAYROLL

_WINDOW = timedelta(days=30)
_A, _S, _R = ASSIGNMENT.c, EMPLOYMENT.c, PAYROLL.c

_TODAY: Any = bindparam("today", type_=_S.since.type)
_SINCE: Any = bindparam("since_day", type_=_S.since.type)


def _running(columns: Any) -> Any:
    return (columns.since <= _TODAY, or_(columns.ends.is_(None), columns.ends > _TODAY))


_HEADCOUNT = select(func.count()).select_from(EMPLOYMENT).where(*_running(_S))
_FTE = select(func.coalesce(func.sum(_A.fte, type_=_A.fte.type), 0, type_=_A.fte.type)).where(*_running(_A))
_JOINED = select(func.count()).select_from(EMPLOYMENT).where(_S.since > _SINCE, _S.since <= _TODAY)
_LEFT = select(func.count()).select_from(EMPLOYMENT).where(_S.ends > _SINCE, _S.ends <= _TODAY)
_AWAY = select(func.count(LEAVE_REQUEST.c.employee.distinct())).where(
    LEAVE_REQUEST.c.state == LeaveState.APPROVED,
    LEAVE_REQUEST.c.first <= _TODAY,
    LEAVE_REQUEST.c.last >= _TODAY,
)
_WAITING = select(func.count()).where(LEAVE_REQUEST.c.state == LeaveState.REQUESTED)
_COST = (
    select(func.sum(_R.gross + _R.employer, type_=_R.gross.type).label("cost"), func.count().label("runs"))
    .where(_R.state.in_([PayrollState.APPROVED, PayrollState.REVERSED]))
    .group_by(_R.period)
    .order_by(_R.period.desc())
    .limit(1)
)
_OPEN = select(func.count()).where(
    _R.state.in_([PayrollState.DRAFT, PayrollState.CALCULATED, PayrollState.REVIEWED])
)
_UNPAID = select(func.coalesce(func.sum(_R.payable, type_=_R.payable.type), 0, type_=_R.payable.type)).where(
    _R.payment.in_([PaymentState.DUE, PaymentState.REQUESTED, PaymentState.FAILED])
)


def headcount(work: Work) -> int:
    """Return how many are employed today."""
    return int(_today(work, _HEADCOUNT))


def fte(work: Work) -> Decimal:
    """Return what those employed today add up to in full time."""
    found: Decimal = _today(work, _FTE)
    return found


def joined(work: Work) -> int:
    """Return how many have begun to work here."""
    return int(_today(work, _JOINED))


def left(work: Work) -> int:
    """Return how many have gone."""
    return int(_today(work, _LEFT))


def away(work: Work) -> int:
    """Return how many are on leave today."""
    return int(_today(work, _AWAY))


def leave_waiting(work: Work) -> int:
    """Return how many requests for leave nobody has decided."""
    return int(work.execute(_WAITING).scalar_one())


def payroll_cost(work: Work) -> Decimal | None:
    """Return what the last approved month has cost."""
    row = work.execute(_COST).first()
    return None if row is None else row.cost


def payrolls_open(work: Work) -> int:
    """Return how many payrolls nobody has approved."""
    return int(work.execute(_OPEN).scalar_one())


def net_unpaid(work: Work) -> Decimal:
    """Return what of net pay has not left us."""
    found: Decimal = work.execute(_UNPAID).scalar_one()
    return found


def _today(work: Work, statement: Select[Any]) -> Any:
    return work.execute(statement, {"today": work.today, "since_day": work.today - _WINDOW}).scalar_one()


METRICS = (
    Metric(
        name="hrm.headcount",
        title=N_("Headcount"),
        unit="count",
        definition=N_("People whose employment has begun and not ended today, those on leave included."),
        value=headcount,
        drill="hrm.departments",
    ),
    Metric(
        name="hrm.fte",
        title=N_("Full-time equivalents"),
        unit="quantity",
        definition=N_("Shares of full time of those who are employed today, added up."),
        value=fte,
        drill="hrm.departments",
    ),
    Metric(
        name="hrm.joined",
        title=N_("Joined, 30 days"),
        unit="count",
        definition=N_("Employments that began in the last 30 days."),
        value=joined,
        drill="hrm.employments",
        window=_WINDOW,
    ),
    Metric(
        name="hrm.left",
        title=N_("Left, 30 days"),
        unit="count",
        definition=N_("Employments that ended in the last 30 days."),
        value=left,
        drill="hrm.employments",
        window=_WINDOW,
    ),
    Metric(
        name="hrm.away",
        title=N_("On leave today"),
        unit="count",
        definition=N_("People with approved leave today."),
        value=away,
        drill="hrm.leave-requests",
    ),
    Metric(
        name="hrm.leave_waiting",
        title=N_("Leave to decide"),
        unit="count",
        definition=N_("Requests for leave that are neither approved nor declined."),
        value=leave_waiting,
        drill="hrm.leave-requests",
    ),
    Metric(
        name="hrm.payroll_cost",
        title=N_("Cost of the last payroll"),
        unit="money",
        definition=N_(
            "Gross pay and employer's share of the last month with an approved run, corrections counted."
        ),
        value=payroll_cost,
        drill="hrm.payroll-cost",
    ),
    Metric(
        name="hrm.payrolls_open",
        title=N_("Payrolls to approve"),
        unit="count",
        definition=N_("Runs that are drafts, calculated or reviewed."),
        value=payrolls_open,
        drill="hrm.payrolls",
    ),
    Metric(
        name="hrm.net_unpaid",
        title=N_("Net pay to pay"),
        unit="money",
        definition=N_("What approved runs owe to people and has not left us."),
        value=net_unpaid,
        drill="hrm.payrolls",
    ),
)
