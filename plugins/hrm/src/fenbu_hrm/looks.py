"""Small makers of columns, so that a view reads as a list of titles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select

from fenbu.i18n import N_
from fenbu.views import Column, Kind
from fenbu.work import Work


def always(statement: Select[Any]) -> Callable[[Work], Select[Any]]:
    """Return a query that is the same for every work."""
    return lambda _work: statement


def money(name: str, title: str) -> Column:
    """An amount in the enterprise's own currency."""
    return Column(name, title, Kind.MONEY)


def own_money(name: str, title: str) -> Column:
    """An amount that is one person's."""
    return Column(name, title, Kind.MONEY, personal=True)


def quantity(name: str, title: str) -> Column:
    """Days or shares."""
    return Column(name, title, Kind.QUANTITY)


def day(name: str, title: str) -> Column:
    """A business date."""
    return Column(name, title, Kind.DAY)


def state(name: str, title: str) -> Column:
    """A state or an axis."""
    return Column(name, title, Kind.STATE)


def number(name: str, title: str) -> Column:
    """A whole number."""
    return Column(name, title, Kind.NUMBER)


def employee() -> Column:
    """The employee that a row is about."""
    return Column("employee", N_("Employee"), ref="hrm.employees")


def department(name: str = "department", title: str = N_("Department")) -> Column:
    """A department."""
    return Column(name, title, ref="hrm.departments")


def run() -> Column:
    """The payroll run that a row is about."""
    return Column("run", N_("Payroll"), ref="hrm.payrolls")
