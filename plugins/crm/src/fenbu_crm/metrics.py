"""Numbers that an administrator looks at every day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, func, or_, select

from fenbu.i18n import N_
from fenbu.metrics import Metric
from fenbu.work import Work
from fenbu_crm import segments
from fenbu_crm.customers import WALK_IN
from fenbu_crm.lifecycles import AWAITING_ANSWER, OPEN_STAGES, CustomerState, LeadState, OpportunityState
from fenbu_crm.segments import Segment
from fenbu_crm.tables import CASE, CUSTOMER, LEAD, OPPORTUNITY

_MONTH, _QUARTER = timedelta(days=30), timedelta(days=90)

_O = OPPORTUNITY.c
_CUSTOMERS = select(func.count()).where(CUSTOMER.c.state == CustomerState.ACTIVE, CUSTOMER.c.kind != WALK_IN)
_LEADS = select(func.count()).where(LEAD.c.state.in_([LeadState.NEW, LeadState.CONTACTED]))
_OPEN_AMOUNT = select(
    func.coalesce(func.sum(_O.amount, type_=_O.amount.type), 0, type_=_O.amount.type)
).where(_O.state.in_(OPEN_STAGES), _O.currency == bindparam("currency"))
_DECIDED = select(
    func.count().label("decided"),
    func.sum(case((_O.state == OpportunityState.WON, 1), else_=0), type_=Integer).label("won"),
).where(_O.ended_at >= bindparam("since", type_=_O.ended_at.type))
_CASES_OPEN = select(func.count()).where(CASE.c.state.in_(AWAITING_ANSWER))
_OVERDUE = select(func.count()).where(CASE.c.due_at < bindparam("now", type_=CASE.c.due_at.type))
_PROMISED = select(
    func.count().label("promised"),
    func.sum(
        case((and_(CASE.c.answered_at.is_not(None), CASE.c.answered_at <= CASE.c.promised_at), 1), else_=0),
        type_=Integer,
    ).label("kept"),
).where(
    CASE.c.opened_at >= bindparam("since", type_=CASE.c.opened_at.type),
    or_(
        CASE.c.answered_at.is_not(None), CASE.c.promised_at < bindparam("now", type_=CASE.c.promised_at.type)
    ),
)


def customers(work: Work) -> int:
    """Return how many customers are known."""
    return int(work.execute(_CUSTOMERS).scalar_one())


def leads_open(work: Work) -> int:
    """Return how many leads are not decided."""
    return int(work.execute(_LEADS).scalar_one())


def open_amount(work: Work) -> Decimal:
    """Return what is expected of open opportunities."""
    found: Decimal = work.execute(_OPEN_AMOUNT, {"currency": work.enterprise.currency}).scalar_one()
    return found


def win_rate(work: Work) -> Decimal | None:
    """Return the percentage of opportunities that were won, of those decided in 90 days."""
    row = work.execute(_DECIDED, {"since": work.now - _QUARTER}).one()
    return _percent(row.won, row.decided)


def cases_open(work: Work) -> int:
    """Return how many cases wait for an answer."""
    return int(work.execute(_CASES_OPEN).scalar_one())


def cases_overdue(work: Work) -> int:
    """Return how many cases wait longer than was promised."""
    return int(work.execute(_OVERDUE, {"now": work.now}).scalar_one())


def answered_in_time(work: Work) -> Decimal | None:
    """Return the percentage of cases of 30 days that had their first answer as promised."""
    row = work.execute(_PROMISED, {"since": work.now - _MONTH, "now": work.now}).one()
    return _percent(row.kept, row.promised)


def champions(work: Work) -> int:
    """Return how many customers buy lately and often."""
    return _in_segments(work, Segment.CHAMPIONS)


def at_risk(work: Work) -> int:
    """Return how many customers have bought often, and not lately."""
    return _in_segments(work, Segment.AT_RISK, Segment.CANNOT_LOSE)


def _in_segments(work: Work, *names: Segment) -> int:
    found = segments.query(work).subquery()
    return int(work.execute(select(func.count()).where(found.c.segment.in_(names))).scalar_one())


def _percent(part: Any, whole: Any) -> Decimal | None:
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1")) if whole else None


METRICS = (
    Metric(
        name="crm.customers",
        title=N_("Customers"),
        unit="count",
        definition=N_(
            "Customers known by a record of their own; merged ones and walk-in buyers are left out."
        ),
        value=customers,
        drill="crm.customers",
    ),
    Metric(
        name="crm.champions",
        title=N_("Champions"),
        unit="count",
        definition=N_("Customers in the best fifth by recency and the two best by frequency."),
        value=champions,
        drill="crm.segments",
    ),
    Metric(
        name="crm.at_risk",
        title=N_("Customers at risk"),
        unit="count",
        definition=N_("Customers who have ordered often and are in the two last fifths by recency."),
        value=at_risk,
        drill="crm.segments",
    ),
    Metric(
        name="crm.leads_open",
        title=N_("Open leads"),
        unit="count",
        definition=N_("Leads that are neither converted nor lost."),
        value=leads_open,
        drill="crm.leads",
    ),
    Metric(
        name="crm.open_amount",
        title=N_("Pipeline"),
        unit="money",
        definition=N_("What is expected of open opportunities in the enterprise's own currency."),
        value=open_amount,
        drill="crm.pipeline",
    ),
    Metric(
        name="crm.win_rate",
        title=N_("Win rate, 90 days"),
        unit="percent",
        definition=N_("Of the opportunities decided in the last 90 days, those that were won, by number."),
        value=win_rate,
        drill="crm.opportunities",
        window=_QUARTER,
    ),
    Metric(
        name="crm.cases_open",
        title=N_("Cases to answer"),
        unit="count",
        definition=N_("Cases in which an answer is due."),
        value=cases_open,
        drill="crm.cases",
    ),
    Metric(
        name="crm.cases_overdue",
        title=N_("Overdue cases"),
        unit="count",
        definition=N_("Cases in which an answer should have been given by now."),
        value=cases_overdue,
        drill="crm.cases",
    ),
    Metric(
        name="crm.answered_in_time",
        title=N_("Answered in time, 30 days"),
        unit="percent",
        definition=N_(
            "Of the cases opened in the last 30 days that are answered or should be, those whose first answer came "
            "as promised."
        ),
        value=answered_in_time,
        drill="crm.cases",
        window=_MONTH,
    ),
)
