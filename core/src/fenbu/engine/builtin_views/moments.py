"""Moments: the kernel's tables keep times as integers, and its views show them as what they mean."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, type_coerce

from fenbu.column_types import UtcTime


def moment(column: ColumnElement[int]) -> ColumnElement[Any]:
    """Read an integer as the moment it means; SQL compares it all the same."""
    return type_coerce(column, UtcTime())


def moment_or_none(column: ColumnElement[int]) -> ColumnElement[Any]:
    """Return a time that is kept as 0 where there is none."""
    return type_coerce(func.nullif(column, 0), UtcTime())
