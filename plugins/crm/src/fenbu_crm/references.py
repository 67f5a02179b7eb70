"""Columns that lead to a record of another view, or tell of a person."""

from __future__ import annotations

from fenbu.i18n import N_
from fenbu.views import Column


def customer() -> Column:
    """The customer that a row is about."""
    return Column("customer", N_("Customer"), ref="crm.customers")


def account() -> Column:
    """The account that a row is about."""
    return Column("account", N_("Account"), ref="erp.accounts")


def order() -> Column:
    """The order that a row is about."""
    return Column("order", N_("Order"), ref="erp.orders")


def personal(name: str, title: str) -> Column:
    """A text that tells of a person, masked where it is not needed."""
    return Column(name, title, personal=True)
