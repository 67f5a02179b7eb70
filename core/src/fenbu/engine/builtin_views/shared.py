"""What the kernel's views share: its tables keep times as integers, which are read here as moments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, func, type_coerce

from fenbu.column_types import UtcTime
from fenbu.views import Column, Kind
from fenbu.work import Work


def moment(column: ColumnElement[int]) -> ColumnElement[Any]:
    """Read an integer as the moment it means; SQL compares it all the same."""
    return type_coerce(column, UtcTime())


def moment_or_none(column: ColumnElement[int]) -> ColumnElement[Any]:
    """Return a time that is kept as 0 where there is none."""
    return type_coerce(func.nullif(column, 0), UtcTime())


def query(statement: Select[Any]) -> Callable[[Work], Select[Any]]:
    """Return a view's query that asks the same of every work."""
    return lambda _work: statement


def time(name: str, title: str) -> Column:
    """Return a column of moments."""
    return Column(name, title, Kind.TIME)


def number(name: str, title: str) -> Column:
    """Return a column of whole numbers."""
    return Column(name, title, Kind.NUMBER)
