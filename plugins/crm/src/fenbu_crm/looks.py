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


def money(name: str, title: str, unit: str | None = "currency") -> Column:
    """An amount; without a unit it is in the enterprise's own currency."""
    return Column(name, title, Kind.MONEY, unit)


def day(name: str, title: str) -> Column:
    """A business date."""
    return Column(name, title, Kind.DAY)


def moment(name: str, title: str) -> Column:
    """A moment."""
    return Column(name, title, Kind.TIME)


def state(name: str, title: str) -> Column:
    """A state, a stage or a segment."""
    return Column(name, title, Kind.STATE)


def number(name: str, title: str) -> Column:
    """A whole number."""
    return Column(name, title, Kind.NUMBER)


def personal(name: str, title: str) -> Column:
    """A text that tells of a person."""
    return Column(name, title, personal=True)


def customer() -> Column:
    """The customer that a row is about."""
    return Column("customer", N_("Customer"), ref="crm.customers")


def account() -> Column:
    """The account that a row is about."""
    return Column("account", N_("Account"), ref="erp.accounts")


def order() -> Column:
    """The order that a row is about."""
    return Column("order", N_("Order"), ref="erp.orders")
