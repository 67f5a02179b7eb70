"""The business facts of human resources without what may differ between two runs of the same business.

Left out are times, surrogate keys and numbers of documents; these appear as sets only.
"""

from __future__ import annotations

from sqlalchemy import Table, func, select

from fenbu.canonical import Facts, rows, selected
from fenbu.work import Work
from fenbu_hrm.tables import (
    ASSIGNMENT,
    COMPONENT,
    COMPONENT_RATE,
    DEPARTMENT,
    EMPLOYEE,
    EMPLOYEE_AMOUNT,
    EMPLOYMENT,
    HOLIDAY,
    LEAVE_BALANCE,
    LEAVE_ENTRY,
    LEAVE_REQUEST,
    LEAVE_TYPE,
    PAYROLL,
    PAYSLIP_LINE,
    POSITION,
)

_FACTS: tuple[tuple[str, Table, tuple[str, ...]], ...] = (
    ("departments", DEPARTMENT, ("code", "title", "parent", "cost_centre", "state")),
    ("positions", POSITION, ("code", "title")),
    ("employees", EMPLOYEE, ("number", "state")),
    ("employments", EMPLOYMENT, ("employee", "since", "ends")),
    (
        "assignments",
        ASSIGNMENT,
        ("employee", "since", "ends", "department", "position", "fte", "basis", "pay"),
    ),
    ("holidays", HOLIDAY, ("day", "title")),
    ("leave_types", LEAVE_TYPE, ("code", "days", "overdraw")),
    ("leave_balances", LEAVE_BALANCE, ("employee", "leave_type", "year", "days")),
    ("leave_requests", LEAVE_REQUEST, ("employee", "leave_type", "first", "last", "days", "state")),
    ("components", COMPONENT, ("code", "kind", "rule", "owed_to", "base", "prorated", "rank")),
    ("component_rates", COMPONENT_RATE, ("component", "since", "rate", "amount", "ceiling")),
    ("employee_amounts", EMPLOYEE_AMOUNT, ("employee", "component", "since", "amount")),
    (
        "payrolls",
        PAYROLL,
        (
            "period",
            "kind",
            "state",
            "day",
            "employees",
            "gross",
            "deductions",
            "employer",
            "payable",
            "payment",
        ),
    ),
)
_OF_ENTRIES = (LEAVE_ENTRY.c.employee, LEAVE_ENTRY.c.leave_type, LEAVE_ENTRY.c.year, LEAVE_ENTRY.c.kind)
_ENTRIES = select(*_OF_ENTRIES, func.sum(LEAVE_ENTRY.c.days, type_=LEAVE_ENTRY.c.days.type)).group_by(
    *_OF_ENTRIES
)
"""The sums of the ledger of leave, by what can be told without its order."""
_OF_LINES = ("employee", "component", "department", "cost_centre", "days", "of_days", "amount")
_PAYSLIPS = select(
    PAYROLL.c.period, PAYROLL.c.kind, PAYROLL.c.state, *(PAYSLIP_LINE.c[name] for name in _OF_LINES)
).join_from(PAYSLIP_LINE, PAYROLL, PAYROLL.c.number == PAYSLIP_LINE.c.run)


def canonical(work: Work) -> Facts:
    """Return the business facts of human resources, section by section in a fixed order."""
    return {
        **{name: rows(work, table, *columns) for name, table, columns in _FACTS},
        "leave_entries": selected(work, _ENTRIES),
        "payslip_lines": selected(work, _PAYSLIPS),
        "numbers": {
            "payrolls": sorted(work.execute(select(PAYROLL.c.number)).scalars()),
            "leave_requests": sorted(work.execute(select(LEAVE_REQUEST.c.number)).scalars()),
        },
    }
