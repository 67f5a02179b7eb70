"""Numbers that ERP gives, each with its definition and the view that holds its rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import bindparam, func, select

from fenbu.i18n import N_
from fenbu.metrics import Metric
from fenbu.work import Work
from fenbu_erp.chart import Role
from fenbu_erp.lifecycles import OrderState, RequirementState
from fenbu_erp.tables import CHART, OPEN_ITEM, ORDER, POSTING, REQUIREMENT

_WINDOW = timedelta(days=30)

_REVENUE = (
    select(func.sum(-POSTING.c.amount_own))
    .join_from(POSTING, CHART, POSTING.c.chart == CHART.c.code)
    .where(CHART.c.kind == "revenue", POSTING.c.day > bindparam("since"))
)
_OPEN_ORDERS = select(func.count()).select_from(ORDER).where(ORDER.c.state == OrderState.PLACED)
_TODAY = select(func.count()).select_from(ORDER).where(ORDER.c.day == bindparam("today"))
_WORTH = select(func.sum(ORDER.c.total_own)).where(ORDER.c.day == bindparam("today"))
_OWN = OPEN_ITEM.c.amount_own - OPEN_ITEM.c.matched_own
_STILL = OPEN_ITEM.c.amount != OPEN_ITEM.c.matched
_OPEN = select(func.sum(_OWN)).where(OPEN_ITEM.c.control == bindparam("control"), _STILL)
_OVERDUE = select(func.sum(_OWN)).where(OPEN_ITEM.c.due < bindparam("today"), OPEN_ITEM.c.amount > 0, _STILL)
_FAILED = select(func.count()).select_from(REQUIREMENT).where(REQUIREMENT.c.state == RequirementState.FAILED)


def revenue(work: Work) -> Decimal:
    """Return what was earned in the last thirty days."""
    found: Decimal | None = work.execute(_REVENUE, {"since": work.today - _WINDOW}).scalar()
    return found or Decimal(0)


def orders_open(work: Work) -> int:
    """Return how many orders are neither closed nor cancelled."""
    return int(work.execute(_OPEN_ORDERS).scalar_one())


def orders_today(work: Work) -> int:
    """Return how many orders have today's business date."""
    return int(work.execute(_TODAY, {"today": work.today}).scalar_one())


def ordered_today(work: Work) -> Decimal:
    """Return what today's orders are worth."""
    found: Decimal | None = work.execute(_WORTH, {"today": work.today}).scalar()
    return found or Decimal(0)


def receivables(work: Work) -> Decimal:
    """Return what is owed to us."""
    return _open(work, Role.RECEIVABLES)


def deposits(work: Work) -> Decimal:
    """Return the customers' money that is matched to nothing yet."""
    return -_open(work, Role.DEPOSITS)


def overdue(work: Work) -> Decimal:
    """Return what is owed to us and was due before today."""
    found: Decimal | None = work.execute(_OVERDUE, {"today": work.today}).scalar()
    return found or Decimal(0)


def requirements_failed(work: Work) -> int:
    """Return how many requirements wait for a person."""
    return int(work.execute(_FAILED).scalar_one())


def _open(work: Work, role: Role) -> Decimal:
    found: Decimal | None = work.execute(_OPEN, {"control": role}).scalar()
    return found or Decimal(0)


METRICS = (
    Metric(
        name="erp.revenue",
        title=N_("Revenue, 30 days"),
        unit="money",
        definition=N_(
            "Credits less debits on ledger accounts of kind revenue, posted in the last 30 days, without tax."
        ),
        value=revenue,
        drill="erp.postings",
        window=_WINDOW,
    ),
    Metric(
        name="erp.orders_today",
        title=N_("Orders today"),
        unit="count",
        definition=N_("Orders with today's business date, cancelled ones included."),
        value=orders_today,
        drill="erp.orders",
        window=timedelta(days=1),
    ),
    Metric(
        name="erp.ordered_today",
        title=N_("Ordered today"),
        unit="money",
        definition=N_("Totals with tax of the orders with today's business date, in the own currency."),
        value=ordered_today,
        drill="erp.orders",
        window=timedelta(days=1),
    ),
    Metric(
        name="erp.orders_open",
        title=N_("Open orders"),
        unit="count",
        definition=N_("Orders that are neither closed nor cancelled."),
        value=orders_open,
        drill="erp.orders",
    ),
    Metric(
        name="erp.receivables",
        title=N_("Receivables"),
        unit="money",
        definition=N_("Invoices less credit notes that are not settled, in the own currency."),
        value=receivables,
        drill="erp.aged-receivables",
    ),
    Metric(
        name="erp.overdue",
        title=N_("Overdue"),
        unit="money",
        definition=N_("What is owed and was due before today, in the own currency."),
        value=overdue,
        drill="erp.open-items",
    ),
    Metric(
        name="erp.deposits",
        title=N_("Customer deposits"),
        unit="money",
        definition=N_("Money received that is matched to no invoice yet, in the own currency."),
        value=deposits,
        drill="erp.receipts",
    ),
    Metric(
        name="erp.requirements_failed",
        title=N_("Failed requirements"),
        unit="count",
        definition=N_("Requirements of orders that their owner could not meet and nobody has decided about."),
        value=requirements_failed,
        drill="erp.requirements",
    ),
)
