"""What the kernel's tables are made of: short names for their kinds of columns.

`fenbu.columns` does the same for the rows of modules; it is not used here, because SQLModel costs half a second.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, Text

from fenbu.column_types import NAMING, STRICT, Flag, Id, one_of, partial

__all__ = ["Big", "Flag", "big", "flag", "metadata", "one_of", "partial", "small", "table", "text"]

metadata = MetaData(naming_convention=NAMING)

Big = Id
"""64 bits: moments, sequence numbers, scaled amounts, and surrogate keys alike."""


def table(name: str, *parts: Any, rowid: bool = True, autoincrement: bool = False) -> Table:
    """Declare one kernel table: prefix, STRICT, and WITHOUT ROWID where the key is the row."""
    options: dict[str, Any] = dict(STRICT)
    if not rowid:
        options["sqlite_with_rowid"] = False
    if autoincrement:  # a number is never given twice, even after the newest row is gone
        options["sqlite_autoincrement"] = True
    return Table(f"fenbu_{name}", metadata, *parts, **options)


def text(name: str, *parts: Any, null: bool = False, **options: Any) -> Column[str]:
    """Return a column of text; ``parts`` may be the foreign key that it is."""
    return Column(name, Text, *parts, nullable=null, **options)


def big(name: str, null: bool = False, **options: Any) -> Column[int]:
    """Return a column of 64 bits: moments, sequence numbers, scaled amounts."""
    return Column(name, Big, nullable=null, **options)


def small(name: str, null: bool = False, **options: Any) -> Column[int]:
    """Return a column of whole numbers that stay small: versions, attempts, positions."""
    return Column(name, Integer, nullable=null, **options)


def flag(name: str, **options: Any) -> Column[bool]:
    """Return a column of yes or no."""
    return Column(name, Flag, nullable=False, **options)
