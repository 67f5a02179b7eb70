"""Views of pay: components, runs, payslips, and what each department costs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, and_, case, func, select, type_coerce

from fenbu import looks
from fenbu.i18n import N_
from fenbu.tables import MoneyType
from fenbu.views import Column, Kind, Related, View
from fenbu_hrm import references
from fenbu_hrm.component import DEDUCTION, EARNING, EMPLOYER
from fenbu_hrm.tables import (
    COMPONENT,
    COMPONENT_RATE,
    EMPLOYEE_AMOUNT,
    PAYROLL,
    PAYROLL_STEP,
    PAYSLIP,
    PAYSLIP_LINE,
)

_C, _F, _O = COMPONENT.c, COMPONENT_RATE.c, EMPLOYEE_AMOUNT.c
_R, _S, _L, _W = PAYROLL.c, PAYSLIP.c, PAYSLIP_LINE.c, PAYROLL_STEP.c


def _listed(column: Any) -> Any:
    """Show a list of codes as people write one; it is kept as JSON."""
    shown: Any = type_coerce(column, Text())
    for what, instead in (("[]", ""), ('["', ""), ('"]', ""), ('","', ", ")):
        shown = func.replace(shown, what, instead)
    return shown


_NEWEST = select(_F.component, func.max(_F.since).label("since")).group_by(_F.component).subquery()

COMPONENTS = View(
    name="hrm.components",
    title=N_("Components of pay"),
    help=N_("What is earned, withheld and added, by which rule, with the newest figures."),
    query=looks.always(
        select(
            _C.code.label("component"),
            _C.title,
            _C.rank,
            _C.kind,
            _C.rule,
            _C.owed_to,
            _listed(_C.base).label("base"),
            _C.prorated,
            _F.since,
            _F.rate,
            _F.amount,
            _F.ceiling,
        ).select_from(
            COMPONENT.outerjoin(_NEWEST, _NEWEST.c.component == _C.code).outerjoin(
                COMPONENT_RATE, and_(_F.component == _C.code, _F.since == _NEWEST.c.since)
            )
        )
    ),
    columns=(
        Column("component", N_("Component")),
        Column("title", N_("Title")),
        looks.number("rank", N_("Rank")),
        looks.state("kind", N_("Kind")),
        looks.state("rule", N_("Rule")),
        looks.state("owed_to", N_("Owed to")),
        Column("base", N_("Base")),
        Column("prorated", N_("Pro rata"), Kind.YES_NO),
        looks.day("since", N_("Figures from")),
        Column("rate", N_("Rate", "of pay"), Kind.RATE),
        looks.money("amount", N_("Amount"), unit=None),
        looks.money("ceiling", N_("Ceiling"), unit=None),
    ),
    key=("rank",),
    record="component",
    filters=("component", "kind", "rule", "owed_to"),
    actions=("hrm.component.set", "hrm.component.assign"),
    related=(
        Related("hrm.component-figures", "component", "component", N_("Figures")),
        Related("hrm.employee-amounts", "component", "component", N_("Amounts of employees")),
    ),
)

COMPONENT_FIGURES = View(
    name="hrm.component-figures",
    title=N_("Figures of components"),
    query=looks.always(select(_F.component, _F.since, _F.rate, _F.amount, _F.ceiling)),
    columns=(
        Column("component", N_("Component"), ref="hrm.components"),
        looks.day("since", N_("From")),
        Column("rate", N_("Rate", "of pay"), Kind.RATE),
        looks.money("amount", N_("Amount"), unit=None),
        looks.money("ceiling", N_("Ceiling"), unit=None),
    ),
    key=("component", "-since"),
    record="component",
    filters=("component", "since"),
)

EMPLOYEE_AMOUNTS = View(
    name="hrm.employee-amounts",
    title=N_("Amounts of employees"),
    help=N_("What one employee gets, or has withheld, of a component each month."),
    query=looks.always(select(_O.employee, _O.component, _O.since, _O.amount)),
    columns=(
        references.employee(),
        Column("component", N_("Component"), ref="hrm.components"),
        looks.day("since", N_("From")),
        references.own_money("amount", N_("Amount")),
    ),
    key=("employee", "component", "since"),
    record="employee",
    filters=("employee", "component", "since"),
)

PAYROLLS = View(
    name="hrm.payrolls",
    title=N_("Payrolls"),
    help=N_("Runs by month, newest first: how far each is, where it is posted, whether it is paid."),
    query=looks.always(
        select(
            _R.number.label("run"),
            _R.period,
            _R.kind,
            _R.state,
            _R.payment,
            _R.day,
            _R.employees,
            _R.gross,
            _R.deductions,
            _R.employer,
            _R.net,
            _R.payable,
            _R.corrects,
            _R.entry,
            _R.posted_on,
            _R.payout,
            _R.paid_on,
            _R.problem,
        )
    ),
    columns=(
        Column("run", N_("Payroll")),
        Column("period", N_("Month")),
        looks.state("kind", N_("Kind")),
        looks.state("state", N_("State")),
        looks.state("payment", N_("Payment")),
        looks.day("day", N_("Day")),
        looks.number("employees", N_("People")),
        looks.money("gross", N_("Gross"), unit=None),
        looks.money("deductions", N_("Deductions"), unit=None),
        looks.money("employer", N_("Employer's share"), unit=None),
        looks.money("net", N_("Net"), unit=None),
        looks.money("payable", N_("To pay"), unit=None),
        Column("corrects", N_("Takes back"), ref="hrm.payrolls"),
        Column("entry", N_("Posted as"), ref="erp.journal"),
        looks.day("posted_on", N_("Posted on")),
        Column("payout", N_("Paid by"), ref="payments.payouts"),
        looks.day("paid_on", N_("Paid on")),
        Column("problem", N_("Problem")),
    ),
    key=("-run",),
    record="run",
    filters=("run", "period", "kind", "state", "payment", "day", "corrects"),
    state="state",
    lifecycle="fenbu_hrm.lifecycles:PAYROLL",
    actions=(
        "hrm.payroll.calculate",
        "hrm.payroll.review",
        "hrm.payroll.approve",
        "hrm.payroll.discard",
        "hrm.payroll.correct",
        "hrm.payroll.record-payment",
    ),
    related=(
        Related("hrm.payslips", "run", "run", N_("Payslips")),
        Related("hrm.payroll-cost", "run", "run", N_("By department")),
        Related("hrm.payroll-steps", "run", "run", N_("Who did what")),
    ),
)

PAYROLL_STEPS = View(
    name="hrm.payroll-steps",
    title=N_("Steps of payrolls"),
    help=N_("Who did what to a run; whoever made or reviewed it does not approve it."),
    query=looks.always(select(_W.run, _W.position, _W.verb, _W.actor, _W.at, _W.note)),
    columns=(
        references.run(),
        looks.number("position", N_("Step")),
        Column("verb", N_("Verb")),
        Column("actor", N_("By")),
        looks.time("at", N_("At")),
        Column("note", N_("Note")),
    ),
    key=("-run", "position"),
    record="run",
    filters=("run", "verb", "actor"),
)

PAYSLIPS = View(
    name="hrm.payslips",
    title=N_("Payslips"),
    help=N_("What a run comes to for each employee."),
    query=looks.always(
        select(
            _S.run,
            _S.employee,
            _R.period,
            _R.state,
            _S.gross,
            _S.deductions,
            _S.net,
            _S.payable,
            _S.employer,
        ).join_from(PAYSLIP, PAYROLL, _R.number == _S.run)
    ),
    columns=(
        references.run(),
        references.employee(),
        Column("period", N_("Month")),
        looks.state("state", N_("State")),
        references.own_money("gross", N_("Gross")),
        references.own_money("deductions", N_("Deductions")),
        references.own_money("net", N_("Net")),
        references.own_money("payable", N_("To pay")),
        references.own_money("employer", N_("Employer's share")),
    ),
    key=("-run", "employee"),
    record="run",
    filters=("run", "employee", "period", "state"),
    related=(Related("hrm.payslip-lines", "run", "run", N_("Lines")),),
)

PAYSLIP_LINES = View(
    name="hrm.payslip-lines",
    title=N_("Lines of payslips"),
    query=looks.always(
        select(
            _L.run,
            _L.employee,
            _L.line,
            _L.component,
            _L.kind,
            _L.owed_to,
            _L.department,
            _L.cost_centre,
            _L.days,
            _L.of_days,
            _L.amount,
        )
    ),
    columns=(
        references.run(),
        references.employee(),
        looks.number("line", N_("Line")),
        Column("component", N_("Component"), ref="hrm.components"),
        looks.state("kind", N_("Kind")),
        looks.state("owed_to", N_("Owed to")),
        references.department(),
        Column("cost_centre", N_("Cost centre")),
        looks.number("days", N_("Days")),
        looks.number("of_days", N_("Of days")),
        references.own_money("amount", N_("Amount")),
    ),
    key=("-run", "employee", "line"),
    record="run",
    filters=("run", "employee", "component", "kind", "department", "cost_centre"),
)


def _sum_of(kind: str) -> Any:
    return func.sum(case((_L.kind == kind, _L.amount), else_=0), type_=MoneyType())


_COST = (
    select(
        _L.run,
        _L.department,
        _L.cost_centre,
        _R.period,
        _R.kind,
        _R.state,
        func.count(_L.employee.distinct()).label("headcount"),
        _sum_of(EARNING).label("gross"),
        _sum_of(DEDUCTION).label("deductions"),
        _sum_of(EMPLOYER).label("employer"),
        func.sum(case((_L.kind == DEDUCTION, 0), else_=_L.amount), type_=MoneyType()).label("cost"),
    )
    .join_from(PAYSLIP_LINE, PAYROLL, _R.number == _L.run)
    .group_by(_L.run, _L.department, _L.cost_centre, _R.period, _R.kind, _R.state)
    .subquery()
)

PAYROLL_COST = View(
    name="hrm.payroll-cost",
    title=N_("What departments cost"),
    help=N_("Runs added up by department: gross pay and the employer's share."),
    query=looks.always(select(*_COST.c)),
    columns=(
        references.run(),
        references.department(),
        Column("cost_centre", N_("Cost centre")),
        Column("period", N_("Month")),
        looks.state("kind", N_("Kind")),
        looks.state("state", N_("State")),
        looks.number("headcount", N_("People")),
        looks.money("gross", N_("Gross"), unit=None),
        looks.money("employer", N_("Employer's share"), unit=None),
        looks.money("cost", N_("Cost"), unit=None),
        looks.money("deductions", N_("Deductions"), unit=None),
    ),
    key=("-run", "department", "cost_centre"),
    record="run",
    filters=("run", "department", "cost_centre", "period", "kind", "state"),
)

PAYROLL_VIEWS = (
    PAYROLLS,
    PAYROLL_STEPS,
    PAYSLIPS,
    PAYSLIP_LINES,
    PAYROLL_COST,
    COMPONENTS,
    COMPONENT_FIGURES,
    EMPLOYEE_AMOUNTS,
)
