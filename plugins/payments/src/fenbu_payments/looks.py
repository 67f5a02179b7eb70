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
    """An amount in the row's currency."""
    return Column(name, title, Kind.MONEY, "currency")


def day() -> Column:
    """The business date."""
    return Column("day", N_("Day"), Kind.DAY)


def time(name: str, title: str) -> Column:
    """A moment."""
    return Column(name, title, Kind.TIME)


def state(name: str, title: str) -> Column:
    """A state, or a reason out of a few."""
    return Column(name, title, Kind.STATE)


def payment(name: str = "payment") -> Column:
    """The payment that a row is about."""
    return Column(name, N_("Payment"), ref="payments.payments")


def order() -> Column:
    """The order that a row is about."""
    return Column("order", N_("Order"), ref="erp.orders")


def account() -> Column:
    """The account that a row is about."""
    return Column("account", N_("Account"), ref="erp.accounts")


def currency() -> Column:
    """ISO 4217."""
    return Column("currency", N_("Currency"))
