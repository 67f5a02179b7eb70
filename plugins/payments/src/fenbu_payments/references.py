"""Columns that lead to a record of another view."""

from __future__ import annotations

from fenbu.i18n import N_
from fenbu.views import Column


def payment(name: str = "payment") -> Column:
    """The payment that a row is about."""
    return Column(name, N_("Payment"), ref="payments.payments")


def order() -> Column:
    """The order that a row is about."""
    return Column("order", N_("Order"), ref="erp.orders")


def account() -> Column:
    """The account that a row is about."""
    return Column("account", N_("Account"), ref="erp.accounts")
