"""Human resources' answers to the hooks of others: short, the rules are in the files of the nouns."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from fenbu.contracts.module import InFlight
from fenbu.hooks import hookimpl
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_hrm.lifecycles import LeaveState, PaymentState, PayrollState
from fenbu_hrm.tables import LEAVE_REQUEST, PAYROLL

MODULE = "hrm"

_RUNS = (
    select(PAYROLL.c.number, func.count().over().label("total"))
    .where(PAYROLL.c.state.in_([PayrollState.DRAFT, PayrollState.CALCULATED, PayrollState.REVIEWED]))
    .order_by(PAYROLL.c.number)
    .limit(3)
)
_UNPAID = (
    select(PAYROLL.c.number, func.count().over().label("total"))
    .where(PAYROLL.c.payment.in_([PaymentState.DUE, PaymentState.REQUESTED, PaymentState.FAILED]))
    .order_by(PAYROLL.c.number)
    .limit(3)
)
_REQUESTS = (
    select(LEAVE_REQUEST.c.number, func.count().over().label("total"))
    .where(LEAVE_REQUEST.c.state == LeaveState.REQUESTED)
    .order_by(LEAVE_REQUEST.c.number)
    .limit(3)
)


@hookimpl
def module_in_flight(work: Work, module: str) -> Sequence[InFlight]:
    """Payrolls that nobody has approved or paid, leave that nobody has decided."""
    if module != MODULE:
        return []
    found = []
    for kind, statement in (
        (_("payrolls that are not approved"), _RUNS),
        (_("payrolls that are not paid"), _UNPAID),
        (_("requests for leave that wait for an answer"), _REQUESTS),
    ):
        rows = work.execute(statement).all()
        if rows:
            found.append(InFlight(kind, rows[0].total, tuple(row[0] for row in rows)))
    return found
