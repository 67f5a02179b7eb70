"""Questions about the health of human resources, each one statement or a few over whole tables.

What others have to do about a payroll is judged at rest: runs with deliveries still to come are left out and counted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, and_, case, func, literal, or_, select

from fenbu.checks import at_rest, count, found
from fenbu.i18n import N_, _
from fenbu.metrics import Check, Finding, Health
from fenbu.tables import MoneyType
from fenbu.work import Work
from fenbu_hrm.component import DEDUCTION, EARNING, EMPLOYER
from fenbu_hrm.runs import BOOKED
from fenbu_hrm.tables import (
    ASSIGNMENT,
    EMPLOYMENT,
    LEAVE_BALANCE,
    LEAVE_DAYS,
    LEAVE_ENTRY,
    LEAVE_REQUEST,
    PAYROLL,
    PAYSLIP,
    PAYSLIP_LINE,
)

_NEVER = "9999-12-31"
"""Sorts behind every day: stands for an end that is not known."""


def _ends(columns: Any) -> Any:
    return func.coalesce(columns.ends, literal(_NEVER))


# --- history --------------------------------------------------------------------------------------------


def _overlaps(table: Table) -> Any:
    one, other = table.alias("one"), table.alias("other")
    return (
        select(one.c.employee)
        .join_from(
            one,
            other,
            and_(
                one.c.employee == other.c.employee,
                one.c.since < other.c.since,
                _ends(one.c) > other.c.since,
            ),
        )
        .distinct()
        .order_by(one.c.employee)
    )


_OVERLAPS = (_overlaps(ASSIGNMENT), _overlaps(EMPLOYMENT))
_A, _E = ASSIGNMENT.c, EMPLOYMENT.c
_FOLLOWS = ASSIGNMENT.alias("follows")
_BEGUN = EMPLOYMENT.alias("begun")
_OPEN_ENDS = (
    # An assignment ends with the employment, or where the next one begins.
    select(_A.employee)
    .where(
        ~select(_FOLLOWS.c.employee)
        .where(_FOLLOWS.c.employee == _A.employee, _FOLLOWS.c.since == _A.ends)
        .exists(),
        ~select(_E.employee)
        .where(_E.employee == _A.employee, _E.since <= _A.since, _ends(_E) == _ends(_A))
        .exists(),
    )
    .distinct()
    .order_by(_A.employee)
)
_UNASSIGNED = (
    select(_BEGUN.c.employee)
    .where(~select(_A.employee).where(_A.employee == _BEGUN.c.employee, _A.since == _BEGUN.c.since).exists())
    .distinct()
    .order_by(_BEGUN.c.employee)
)


def history_has_no_overlap(work: Work) -> Finding:
    """Say whether nobody is at two places at once."""
    wrong = [employee for statement in _OVERLAPS for employee in work.execute(statement).scalars()]
    return found(_("{count} employees have history that overlaps: {named}"), wrong, count(work, ASSIGNMENT))


def history_fills_employment(work: Work) -> Finding:
    """Say whether everybody has an assignment on each day of the employment, and on no other."""
    wrong = sorted({*work.execute(_OPEN_ENDS).scalars(), *work.execute(_UNASSIGNED).scalars()})
    return found(_("{count} employees have days without assignment: {named}"), wrong, count(work, EMPLOYMENT))


# --- leave ----------------------------------------------------------------------------------------------

_B, _L = LEAVE_BALANCE.c, LEAVE_ENTRY.c
_DIFFERENCES = (
    select(_B.employee, _B.leave_type, _B.year, _B.days.label("days"))
    .union_all(select(_L.employee, _L.leave_type, _L.year, -_L.days))
    .subquery()
)
_OFF_LEDGER = (
    select(_DIFFERENCES.c.employee)
    .group_by(_DIFFERENCES.c.employee, _DIFFERENCES.c.leave_type, _DIFFERENCES.c.year)
    .having(func.sum(_DIFFERENCES.c.days) != 0)
    .order_by(_DIFFERENCES.c.employee)
)
_COUNTED = (
    select(LEAVE_DAYS.c.request, func.sum(LEAVE_DAYS.c.days, type_=LEAVE_DAYS.c.days.type).label("days"))
    .group_by(LEAVE_DAYS.c.request)
    .subquery()
)
_TAKEN = (
    select(_L.document, func.sum(-_L.days, type_=_L.days.type).label("days"))
    .where(_L.kind.in_(["taken", "returned"]))
    .group_by(_L.document)
    .subquery()
)
_R = LEAVE_REQUEST.c
_OFF_REQUESTS = (
    select(_R.number)
    .select_from(
        LEAVE_REQUEST.outerjoin(_COUNTED, _COUNTED.c.request == _R.number).outerjoin(
            _TAKEN, _TAKEN.c.document == _R.number
        )
    )
    .where(
        or_(
            func.coalesce(_COUNTED.c.days, 0, type_=_R.days.type) != _R.days,
            func.coalesce(_TAKEN.c.days, 0, type_=_R.days.type)
            != case((_R.state == "approved", _R.days), else_=literal(0, _R.days.type)),
        )
    )
    .order_by(_R.number)
)


def leave_matches_ledger(work: Work) -> Finding:
    """Say whether what is left of leave is what was given less what was taken, and taken what was approved."""
    wrong = [*work.execute(_OFF_LEDGER).scalars(), *work.execute(_OFF_REQUESTS).scalars()]
    counted = count(work, LEAVE_BALANCE) + count(work, LEAVE_REQUEST)
    return found(_("{count} differ from the ledger of leave: {named}"), wrong, counted)


# --- pay ------------------------------------------------------------------------------------------------

_S, _N, _P = PAYSLIP.c, PAYSLIP_LINE.c, PAYROLL.c


def _sum(kind: str) -> Any:
    return func.sum(case((_N.kind == kind, _N.amount), else_=0), type_=MoneyType())


_LINES = (
    select(
        _N.run,
        _N.employee,
        _sum(EARNING).label("gross"),
        _sum(DEDUCTION).label("deductions"),
        _sum(EMPLOYER).label("employer"),
    )
    .group_by(_N.run, _N.employee)
    .subquery()
)
_OFF_SLIPS = (
    select(_S.run)
    .select_from(PAYSLIP.outerjoin(_LINES, and_(_LINES.c.run == _S.run, _LINES.c.employee == _S.employee)))
    .where(
        or_(
            *(
                func.coalesce(_LINES.c[name], 0, type_=MoneyType()) != _S[name]
                for name in ("gross", "deductions", "employer")
            )
        )
    )
    .distinct()
)
_AMOUNTS = ("gross", "deductions", "employer", "net", "payable")
_SLIPS = (
    select(
        _S.run,
        func.count().label("employees"),
        *(func.sum(_S[name], type_=MoneyType()).label(name) for name in _AMOUNTS),
    )
    .group_by(_S.run)
    .subquery()
)
_OFF_RUNS = (
    select(_P.number)
    .select_from(PAYROLL.outerjoin(_SLIPS, _SLIPS.c.run == _P.number))
    .where(
        or_(
            func.coalesce(_SLIPS.c.employees, 0) != _P.employees,
            *(func.coalesce(_SLIPS.c[name], 0, type_=MoneyType()) != _P[name] for name in _AMOUNTS),
        )
    )
)
_UNPOSTED = (
    select(_P.number)
    .where(_P.state.in_(BOOKED), _P.entry == "", or_(_P.gross != 0, _P.employer != 0))
    .order_by(_P.number)
)


def payroll_is_sum_of_lines(work: Work) -> Finding:
    """Say whether each run is the sum of its payslips, and each payslip that of its lines."""
    wrong = sorted({*work.execute(_OFF_SLIPS).scalars(), *work.execute(_OFF_RUNS).scalars()})
    return found(_("{count} payrolls are not the sum of their lines: {named}"), wrong, count(work, PAYROLL))


def approved_is_posted(work: Work) -> Finding:
    """Say whether every approved run stands in the books, where books are kept."""
    if not work.enabled("ledger"):
        return Finding(Health.OK, _("nobody here keeps books"), count(work, PAYROLL))
    rest, skipped = at_rest(work, work.execute(_UNPOSTED).scalars())
    told = _("{count} payrolls are approved and not posted: {named}")
    return found(told, rest, count(work, PAYROLL), skipped)


_PAST = N_("find out who wrote past the rules; restore a backup")

CHECKS = (
    Check(
        name="hrm.history_has_no_overlap",
        title=N_("Nobody is at two places at once"),
        run=history_has_no_overlap,
        repair=_PAST,
    ),
    Check(
        name="hrm.history_fills_employment",
        title=N_("Everybody who is employed works somewhere"),
        run=history_fills_employment,
        repair=_PAST,
    ),
    Check(
        name="hrm.leave_matches_ledger",
        title=N_("What is left of leave is what was given less what was taken"),
        run=leave_matches_ledger,
        repair=N_("find out who wrote past the ledger; correct the days: fenbu do hrm.leave.adjust"),
    ),
    Check(
        name="hrm.payroll_is_sum_of_lines",
        title=N_("Payrolls are the sum of their lines"),
        run=payroll_is_sum_of_lines,
        repair=_PAST,
    ),
    Check(
        name="hrm.approved_is_posted",
        title=N_("Approved payrolls stand in the books"),
        run=approved_is_posted,
        repair=N_("fenbu flows dead shows deliveries that failed; retry them"),
    ),
)
