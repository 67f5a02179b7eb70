"""Columns of a view, one function a kind of value, so that a view reads as a list of titles.

The other side of `fenbu.columns`, which does the same for rows::

    from fenbu import looks

    View(
        name="erp.receipts",
        query=looks.always(_RECEIPTS),
        columns=(
            Column("number", N_("Receipt")),
            looks.day("day", N_("Day")),
            looks.money("amount", N_("Amount")),
        ),
        key=("number",),
    )
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fenbu.views import Column, Kind

if TYPE_CHECKING:
    from sqlalchemy import Select

    from fenbu.work import Work


def always(statement: Select[Any]) -> Callable[[Work], Select[Any]]:
    """Return a query that is the same for every work."""
    return lambda _work: statement


def money(name: str, title: str, unit: str | None = "currency") -> Column:
    """An amount in the currency that the row names; without a unit it is the enterprise's own."""
    return Column(name, title, Kind.MONEY, unit)


def quantity(name: str, title: str, unit: str | None = "unit") -> Column:
    """A quantity in the unit of measure that the row names."""
    return Column(name, title, Kind.QUANTITY, unit)


def number(name: str, title: str) -> Column:
    """A whole number."""
    return Column(name, title, Kind.NUMBER)


def day(name: str, title: str) -> Column:
    """A business date."""
    return Column(name, title, Kind.DAY)


def time(name: str, title: str) -> Column:
    """A moment."""
    return Column(name, title, Kind.TIME)


def state(name: str, title: str) -> Column:
    """A state, or one of a few words."""
    return Column(name, title, Kind.STATE)
