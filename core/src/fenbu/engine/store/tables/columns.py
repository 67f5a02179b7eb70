"""What the kernel's tables are made of: short names for their kinds of columns.

`fenbu.tables` and `fenbu.columns` do the same for modules and are not imported here, because SQLModel costs half a
second.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Big = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits: SQLite's INTEGER holds them, and STRICT tables know no BIGINT."""


class Flag(TypeDecorator[bool]):
    """Yes or no as 1 or 0, so that the same SQL text (``WHERE owner = 1``) runs on both databases."""

    impl = SmallInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """SQLite's STRICT tables know INTEGER only."""
        return Integer() if dialect.name == "sqlite" else SmallInteger()

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Write 0 or 1."""
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:  # noqa: ARG002
        """Read a bool."""
        return None if value is None else bool(value)


def table(name: str, *parts: Any, rowid: bool = True, autoincrement: bool = False) -> Table:
    """Declare one kernel table: prefix, STRICT, and WITHOUT ROWID where the key is the row."""
    options: dict[str, Any] = {"sqlite_strict": True}
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


def one_of(column: str, *values: str) -> CheckConstraint:
    """Return the CHECK, named after the column, that it holds one of these words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
