"""The business facts of human resources without what may differ between two runs of the same business.

Left out are times, surrogate keys and numbers of documents; these appear as sets only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, func, select

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


def canonical(work: Work) -> Mapping[str, Any]:
    """Return the business facts of human resources as JSON-able lists in a fixed order."""
    found: dict[str, Any] = {name: _rows(work, table, names) for name, table, names in _FACTS}
    found["leave_entries"] = _entries(work)
    found["payslip_lines"] = _payslips(work)
    found["numbers"] = {
        "payrolls": sorted(work.execute(select(PAYROLL.c.number)).scalars()),
        "leave_requests": sorted(work.execute(select(LEAVE_REQUEST.c.number)).scalars()),
    }
    return found


def _rows(work: Work, table: Table, names: tuple[str, ...]) -> list[list[str]]:
    return sorted(_plain(row) for row in work.execute(select(*(table.c[name] for name in names))))


def _entries(work: Work) -> list[list[str]]:
    """Return the sums of the ledger of leave, by what can be told without its order."""
    by = (LEAVE_ENTRY.c.employee, LEAVE_ENTRY.c.leave_type, LEAVE_ENTRY.c.year, LEAVE_ENTRY.c.kind)
    query = select(*by, func.sum(LEAVE_ENTRY.c.days, type_=LEAVE_ENTRY.c.days.type)).group_by(*by)
    return sorted(_plain(row) for row in work.execute(query))


def _payslips(work: Work) -> list[list[str]]:
    names = ("employee", "component", "department", "cost_centre", "days", "of_days", "amount")
    query = select(
        PAYROLL.c.period, PAYROLL.c.kind, PAYROLL.c.state, *(PAYSLIP_LINE.c[name] for name in names)
    ).join_from(PAYSLIP_LINE, PAYROLL, PAYROLL.c.number == PAYSLIP_LINE.c.run)
    return sorted(_plain(row) for row in work.execute(query))


def _plain(row: Any) -> list[str]:
    return ["" if value is None else str(value) for value in row]
