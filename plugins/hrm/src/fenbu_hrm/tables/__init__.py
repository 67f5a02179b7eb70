"""Rows of human resources: columns, keys, CHECKs, indexes; no rules.

What was true of somebody from a day on is an interval ``since ≤ day < ends``; an interval without end goes on.
Amounts are in the enterprise's currency.

Invariants that the database holds (triggers are made by the migration):

- Intervals of one employee do not overlap, neither employments nor assignments.
- A balance of leave is not below zero unless its type allows it.
- The ledger of leave and the steps of a payroll are written once; a payslip of an approved run does not change.
- A month has one regular run that counts, a run one correction that counts.

Locks are taken in one order everywhere: the employee's row, then balances, then runs, then the number series.
"""

from fenbu_hrm.tables.base import Base
from fenbu_hrm.tables.components import COMPONENT, COMPONENT_RATE, EMPLOYEE_AMOUNT
from fenbu_hrm.tables.leave import HOLIDAY, LEAVE_BALANCE, LEAVE_DAYS, LEAVE_ENTRY, LEAVE_REQUEST, LEAVE_TYPE
from fenbu_hrm.tables.payrolls import PAYROLL, PAYROLL_STEP, PAYSLIP, PAYSLIP_LINE
from fenbu_hrm.tables.people import ASSIGNMENT, DEPARTMENT, EMPLOYEE, EMPLOYMENT, POSITION

__all__ = [
    "ASSIGNMENT",
    "COMPONENT",
    "COMPONENT_RATE",
    "DEPARTMENT",
    "EMPLOYEE",
    "EMPLOYEE_AMOUNT",
    "EMPLOYMENT",
    "HOLIDAY",
    "LEAVE_BALANCE",
    "LEAVE_DAYS",
    "LEAVE_ENTRY",
    "LEAVE_REQUEST",
    "LEAVE_TYPE",
    "PAYROLL",
    "PAYROLL_STEP",
    "PAYSLIP",
    "PAYSLIP_LINE",
    "POSITION",
    "Base",
]
