"""Payroll in the books: wages as an expense of each department, what is owed of them as liabilities.

HRM calculates and approves; here each run is posted once, whoever tells of it how often.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from sqlalchemy import bindparam, select

from fenbu.contracts.erp import PayrollPosted
from fenbu.contracts.hrm import PayrollApproved, PayrollLine, PayrollPaid
from fenbu.errors import Permanent
from fenbu.i18n import _
from fenbu.work import Work
from fenbu_erp import ledger
from fenbu_erp.chart import Role
from fenbu_erp.ledger import Sheet
from fenbu_erp.order import ZERO
from fenbu_erp.rates import rate_on
from fenbu_erp.tables import ENTRY

PAYROLL, PAYMENT = "payroll", "payroll_payment"
"""Kinds of entries."""

EXPENSES = {"gross": Role.WAGES, "employer_share": Role.EMPLOYER_SHARE}
"""Component to the role that it is debited to, a posting a department."""
OWED = {
    "tax": Role.WAGE_TAX,
    "social_security": Role.SOCIAL_SECURITY,
    "employer_share": Role.SOCIAL_SECURITY,
    "other_deduction": Role.DEDUCTIONS,
    "net": Role.NET_PAY,
}
"""Component to the role that it is credited to, a posting a role."""

_POSTED = (
    select(ENTRY.c.number)
    .where(ENTRY.c.document == bindparam("run"), ENTRY.c.kind == bindparam("kind"))
    .limit(1)
)


def post(work: Work, event: PayrollApproved) -> None:
    """Post a payroll run, once: expenses by department, liabilities, what is owed to those who work here.

    Raises:
        Permanent: It has a component that the books do not know.
        EntryUnbalanced: Gross and employer's share are not what is owed.
        RoleMissing: The chart has no account for wages; add one and retry.
    """
    if _known(work, event.run, PAYROLL):
        return
    with ledger.opened(work, event.day) as books:
        sheet = books.sheet(event.currency, rate_on(work, event.currency, event.day))
        _fill(sheet, event)
        if not sheet.postings:
            return
        text = _("payroll {period}").format(period=event.period)
        if event.corrects:
            text = _("payroll {period}, takes {run} back").format(period=event.period, run=event.corrects)
        entry = books.post(PAYROLL, sheet.balanced(), document=event.run, text=text)
    day, _period = books.posted_on
    work.publish(PayrollPosted(run=event.run, entry=entry, day=day))


def paid(work: Work, event: PayrollPaid) -> None:
    """Post that the net pay of a run has left us, once."""
    if _known(work, event.run, PAYMENT):
        return
    with ledger.opened(work, event.day) as books:
        sheet = books.sheet(event.currency, rate_on(work, event.currency, event.day))
        sheet.debit(Role.NET_PAY, event.amount)
        sheet.credit(Role(event.place), event.amount)
        books.post(PAYMENT, sheet.balanced(), document=event.run, text=event.payout)


def _fill(sheet: Sheet, event: PayrollApproved) -> None:
    """Debit expenses by line, credit what is owed by role."""
    owed: defaultdict[Role, Decimal] = defaultdict(lambda: ZERO)
    for line in event.lines:
        if line.component not in EXPENSES and line.component not in OWED:
            raise Permanent(
                _("payroll {run} has a component {component}, which the books do not know").format(
                    run=event.run, component=line.component
                )
            )
        if (expense := EXPENSES.get(line.component)) is not None:
            sheet.debit(expense, line.amount, text=_told(line))
        if (liability := OWED.get(line.component)) is not None:
            owed[liability] += line.amount
    for role, amount in owed.items():
        sheet.credit(role, amount)


def _known(work: Work, run: str, kind: str) -> bool:
    return work.execute(_POSTED, {"run": run, "kind": kind}).first() is not None


def _told(line: PayrollLine) -> str:
    if line.cost_centre and line.cost_centre != line.department:
        return f"{line.department} / {line.cost_centre}"
    return line.department
