"""Payroll runs as their rows keep them, and who did what to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from attrs import asdict, define
from sqlalchemy import bindparam, delete, func, insert, select, update

from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.values import readable_money, round_amount
from fenbu.work import Work
from fenbu_hrm.lifecycles import PaymentState, PayrollState
from fenbu_hrm.payslips import ZERO, Line, Payslip
from fenbu_hrm.tables import PAYROLL, PAYROLL_STEP, PAYSLIP, PAYSLIP_LINE

REGULAR, CORRECTION = "regular", "correction"
OVER = (PayrollState.DISCARDED, PayrollState.REVERSED)
"""States of regular runs that no longer count for their month."""
BOOKED = (PayrollState.APPROVED, PayrollState.REVERSED)
"""States of runs that have been told to others."""

_ONE = select(PAYROLL).where(PAYROLL.c.number == bindparam("wanted"))
_LOCKED = _ONE.with_for_update()
_OF_PERIOD = (
    select(PAYROLL.c.number, PAYROLL.c.state)
    .where(PAYROLL.c.period == bindparam("wanted"), PAYROLL.c.kind == REGULAR, PAYROLL.c.state.not_in(OVER))
    .limit(1)
)
_CORRECTING = (
    select(PAYROLL.c.number)
    .where(PAYROLL.c.corrects == bindparam("wanted"), PAYROLL.c.state != PayrollState.DISCARDED)
    .limit(1)
)
_INSERT = insert(PAYROLL)
_MOVING = (
    "state",
    "day",
    "employees",
    "gross",
    "deductions",
    "employer",
    "net",
    "payable",
    "problem",
    "entry",
    "posted_on",
    "payment",
    "payout",
    "paid_on",
)
_UPDATE = (
    update(PAYROLL)
    .where(PAYROLL.c.number == bindparam("wanted"))
    .values({name: bindparam(f"new_{name}") for name in _MOVING})
)
_STEPS = (
    select(PAYROLL_STEP).where(PAYROLL_STEP.c.run == bindparam("wanted")).order_by(PAYROLL_STEP.c.position)
)
_MANY_STEPS = select(func.count()).where(PAYROLL_STEP.c.run == bindparam("wanted"))
_INSERT_STEP = insert(PAYROLL_STEP)
_LINES = (
    select(PAYSLIP_LINE)
    .where(PAYSLIP_LINE.c.run == bindparam("wanted"))
    .order_by(PAYSLIP_LINE.c.employee, PAYSLIP_LINE.c.line)
)
_INSERT_SLIPS = insert(PAYSLIP)
_INSERT_LINES = insert(PAYSLIP_LINE)
_DELETE_LINES = delete(PAYSLIP_LINE).where(PAYSLIP_LINE.c.run == bindparam("wanted"))
_DELETE_SLIPS = delete(PAYSLIP).where(PAYSLIP.c.run == bindparam("wanted"))
_OWE = (
    update(PAYSLIP)
    .where(PAYSLIP.c.run == bindparam("wanted"), PAYSLIP.c.employee == bindparam("of_employee"))
    .values(payable=bindparam("new_payable"))
)
_OF_MONTH = (
    select(
        PAYSLIP.c.employee,
        func.sum(PAYSLIP.c.net, type_=PAYSLIP.c.net.type).label("net"),
        func.sum(PAYSLIP.c.payable, type_=PAYSLIP.c.payable.type).label("payable"),
    )
    .join_from(PAYSLIP, PAYROLL, PAYROLL.c.number == PAYSLIP.c.run)
    .where(PAYROLL.c.period == bindparam("wanted"), PAYROLL.c.state.in_(BOOKED))
    .group_by(PAYSLIP.c.employee)
)
_APPROVED_SINCE = (
    select(PAYROLL.c.number)
    .where(
        PAYROLL.c.kind == REGULAR,
        PAYROLL.c.state == PayrollState.APPROVED,
        PAYROLL.c.period >= bindparam("period"),
    )
    .order_by(PAYROLL.c.period)
)
_LINE_COLUMNS = tuple(column.name for column in PAYSLIP_LINE.columns if column.name not in ("run", "line"))
_CHUNK = 500


@define
class Run:
    """A payroll run as its row keeps it."""

    number: str
    period: str
    kind: str
    corrects: str | None
    state: str
    day: date
    opened_at: datetime
    opened_by: str
    employees: int = 0
    gross: Decimal = ZERO
    deductions: Decimal = ZERO
    employer: Decimal = ZERO
    net: Decimal = ZERO
    payable: Decimal = ZERO
    problem: str = ""
    entry: str = ""
    posted_on: date | None = None
    payment: str = PaymentState.NONE
    payout: str = ""
    paid_on: date | None = None


def load(work: Work, number: str) -> Run:
    """Return a run, its row locked until the transaction ends; NotFound when there is none."""
    found = find(work, number)
    if found is None:
        raise NotFound(_("payroll"), number, _("fenbu show hrm.payrolls lists them"))
    return found


def find(work: Work, number: str) -> Run | None:
    """Return a run as `load` does, or None."""
    row = work.execute(_ONE if work.read_only else _LOCKED, {"wanted": number}).first()
    return None if row is None else Run(**row._mapping)


def of_period(work: Work, period: str) -> tuple[str, str] | None:
    """Return number and state of the regular run that counts for a month."""
    row = work.execute(_OF_PERIOD, {"wanted": period}).first()
    return None if row is None else (row.number, row.state)


def correcting(work: Work, number: str) -> str | None:
    """Return the number of the run that takes this one back, or will."""
    found: str | None = work.execute(_CORRECTING, {"wanted": number}).scalar()
    return found


def approved_since(work: Work, day: date) -> list[str]:
    """Return the approved runs of the month of a day and of later ones, in order; corrected ones do not count."""
    return list(work.execute(_APPROVED_SINCE, {"period": f"{day:%Y-%m}"}).scalars())


def add(work: Work, run: Run) -> None:
    """Write a new run."""
    work.execute(_INSERT, asdict(run))


def save(work: Work, run: Run) -> None:
    """Write what has changed of a run."""
    values = {f"new_{name}": getattr(run, name) for name in _MOVING}
    work.execute(_UPDATE, {"wanted": run.number, **values})


def note(work: Work, run: Run, verb: str, text: str = "") -> None:
    """Write down who did what to a run."""
    position = 1 + int(work.execute(_MANY_STEPS, {"wanted": run.number}).scalar_one())
    work.execute(
        _INSERT_STEP,
        {
            "run": run.number,
            "position": position,
            "verb": verb,
            "actor": work.actor.name,
            "at": work.now,
            "note": text,
        },
    )


def all_steps(work: Work, run: Run) -> Sequence[tuple[str, str]]:
    """Return who has done what to a run, in order: actor and verb."""
    return [(row.actor, row.verb) for row in work.execute(_STEPS, {"wanted": run.number})]


def slips_of(work: Work, number: str) -> list[Payslip]:
    """Return the payslips of a run as they are kept."""
    found: dict[str, list[Line]] = {}
    for row in work.execute(_LINES, {"wanted": number}):
        line = Line(**{name: getattr(row, name) for name in _LINE_COLUMNS})
        found.setdefault(line.employee, []).append(line)
    return [Payslip(employee, lines) for employee, lines in found.items()]


def keep(work: Work, run: Run, slips: Sequence[Payslip]) -> None:
    """Put these payslips in the place of those that a run has, and add them up in it."""
    work.execute(_DELETE_LINES, {"wanted": run.number})
    work.execute(_DELETE_SLIPS, {"wanted": run.number})
    for part in _chunks(
        [
            {
                "run": run.number,
                "employee": slip.employee,
                "gross": slip.gross,
                "deductions": slip.deductions,
                "employer": slip.employer,
                "net": slip.net,
                "payable": ZERO,
            }
            for slip in slips
        ]
    ):
        work.execute(_INSERT_SLIPS, part)
    for part in _chunks(
        [
            {"run": run.number, "line": position, **asdict(line)}
            for slip in slips
            for position, line in enumerate(slip.lines, 1)
        ]
    ):
        work.execute(_INSERT_LINES, part)
    run.employees = len(slips)
    run.gross = sum((slip.gross for slip in slips), ZERO)
    run.deductions = sum((slip.deductions for slip in slips), ZERO)
    run.employer = sum((slip.employer for slip in slips), ZERO)
    run.net = run.gross - run.deductions


def owed(work: Work, run: Run, slips: Iterable[Payslip]) -> Mapping[str, Decimal]:
    """Return what is to be paid for each payslip of a run, by employee.

    That is the net pay of the month without what was to be paid for it before: who has got too much by a run
    that was taken back pays nothing back here.
    """
    before = {row.employee: row for row in work.execute(_OF_MONTH, {"wanted": run.period})}
    found = {}
    for slip in slips:
        known = before.get(slip.employee)
        left = slip.net if known is None else slip.net + known.net - known.payable
        found[slip.employee] = max(ZERO, left)
    return found


def owe(work: Work, run: Run, slips: Iterable[Payslip]) -> Decimal:
    """Note on each payslip what is to be paid for it, and return the sum."""
    amounts = owed(work, run, slips)
    rows = [
        {"wanted": run.number, "of_employee": employee, "new_payable": amount}
        for employee, amount in amounts.items()
        if amount
    ]
    if rows:
        work.execute(_OWE, rows)
    return sum(amounts.values(), ZERO)


def answer(work: Work, run: Run) -> dict[str, Any]:
    """Return what an action answers of a run."""
    return {
        "run": run.number,
        "period": run.period,
        "state": str(run.state),
        "employees": run.employees,
        "gross": round_amount(run.gross, work.enterprise.currency),
        "net": round_amount(run.net, work.enterprise.currency),
    }


def money(work: Work, amount: Decimal) -> str:
    """Return an amount in the enterprise's currency, as people read it."""
    return readable_money(amount, work.enterprise.currency)


def _chunks(rows: Sequence[dict[str, Any]]) -> Iterable[Sequence[dict[str, Any]]]:
    for start in range(0, len(rows), _CHUNK):
        yield rows[start : start + _CHUNK]
