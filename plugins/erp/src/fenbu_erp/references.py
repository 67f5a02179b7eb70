"""Columns that lead to a record of another view."""

from __future__ import annotations

from fenbu.i18n import N_
from fenbu.views import Column


def order() -> Column:
    """The order that a row is about."""
    return Column("order", N_("Order"), ref="erp.orders")


def account() -> Column:
    """The account that a row is about."""
    return Column("account", N_("Account"), ref="erp.accounts")


def item() -> Column:
    """The item that a row is about."""
    return Column("item", N_("Item"), ref="erp.items")
