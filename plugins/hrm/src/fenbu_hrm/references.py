"""Columns that lead to a record of another view, or tell of a person."""

from __future__ import annotations

from fenbu.i18n import N_
from fenbu.views import Column, Kind


def employee() -> Column:
    """The employee that a row is about."""
    return Column("employee", N_("Employee"), ref="hrm.employees")


def department(name: str = "department", title: str = N_("Department")) -> Column:
    """A department."""
    return Column(name, title, ref="hrm.departments")


def run() -> Column:
    """The payroll run that a row is about."""
    return Column("run", N_("Payroll"), ref="hrm.payrolls")


def own_money(name: str, title: str) -> Column:
    """An amount that is one person's, in the enterprise's currency; masked where it is not needed."""
    return Column(name, title, Kind.MONEY, personal=True)
