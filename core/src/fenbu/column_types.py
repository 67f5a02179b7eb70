"""Column types in which business values are kept exactly, and what else tables are told in.

Without SQLModel, which costs half a second to import: the kernel's own tables are made of the same. Modules find all
of it in `fenbu.tables`.

Column types, each with its one meaning:

- ``MoneyType()``: an amount of money, ``Decimal`` with 4 decimals, kept as integer ten-thousandths.
- ``PriceType()``: a unit price, 6 decimals. ``QuantityType()``: 4 decimals. ``RateType()``: 8 decimals.
- ``UtcTime()``: a moment, aware ``datetime`` in UTC, kept as integer microseconds since 1970.
- ``Day()``: a business date, ``date``, kept as ISO text so that it sorts and reads.
- ``Flag()``: yes or no, kept as 1 or 0.
- ``Json()``: a mapping or list kept as JSON text.

What stands in ``__table_args__`` beside keys and indexes: ``one_of`` (a column knows these words only), ``partial``
(an index over some rows), ``STRICT`` and ``KEYED`` (how SQLite keeps the rows).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any, TypeVar

from sqlalchemy import BigInteger, CheckConstraint, Dialect, Index, Integer, SmallInteger, Text, text
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from fenbu.values import (
    MONEY_SCALE,
    PRICE_SCALE,
    QUANTITY_SCALE,
    RATE_SCALE,
    STORE_MAXIMUM,
    exact_decimal,
    from_microseconds,
    to_microseconds,
)

STRICT: Mapping[str, Any] = {"sqlite_strict": True}
"""Options of a table: SQLite refuses a value of the wrong type. The last of ``__table_args__``."""
KEYED: Mapping[str, Any] = {"sqlite_strict": True, "sqlite_with_rowid": False}
"""`STRICT`, and SQLite keeps the rows in the order of their key: for tables that are read by it."""

KindT = TypeVar("KindT")

_NOTHING_LOST = Context(prec=60, traps=[Inexact, InvalidOperation])

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints, so that a migration can find them again on both databases."""

Id = BigInteger().with_variant(Integer(), "sqlite")
"""64-bit integers, as surrogate keys are too: SQLite's STRICT tables know no BIGINT, its INTEGER holds as much."""


class _ScaledComparator(TypeDecorator.Comparator[Any], Integer.Comparator[Any]):
    """Lets sums and differences of one scale stay what they are, instead of plain integers."""

    def _adapt_expression(self, op: Any, other_comparator: Any) -> tuple[Any, Any]:
        mine: Any = self.type
        other = other_comparator.type
        if op in (operators.add, operators.sub) and isinstance(other, Scaled) and other.scale == mine.scale:
            return op, mine
        return super()._adapt_expression(op, other_comparator)


class _Kept(TypeDecorator[KindT]):
    """A type that turns values into what the database keeps by itself.

    The types underneath (integer, text) leave values as they are, so SQLAlchemy need not ask them at every value.
    """

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        return functools.partial(self.process_bind_param, dialect=dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:  # noqa: ARG002
        return functools.partial(self.process_result_value, dialect=dialect)


class Scaled(_Kept[Decimal]):
    """A Decimal kept as a scaled 64-bit integer; more decimals than the scale are refused, not rounded."""

    impl = Id
    cache_ok = True
    comparator_factory = _ScaledComparator

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale
        self._unit = Decimal(1).scaleb(-scale)

    def process_bind_param(self, value: Decimal | int | str | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        if value is None:
            return None
        if type(value) is Decimal:  # the hot path; `exact_decimal` says what is wrong
            try:
                scaled = value.scaleb(self.scale, _NOTHING_LOST)
                if -STORE_MAXIMUM <= (number := int(scaled)) <= STORE_MAXIMUM and number == scaled:
                    return number
            except (ArithmeticError, ValueError):
                pass
        return int(exact_decimal(value, self.scale).scaleb(self.scale))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        # sum() of BIGINT is NUMERIC on PostgreSQL, hence the int().
        return None if value is None else Decimal(int(value)).scaleb(-self.scale)


class MoneyType(Scaled):
    """An amount of money with 4 decimals."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(MONEY_SCALE)


class QuantityType(Scaled):
    """A quantity in the item's unit of measure with 4 decimals."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(QUANTITY_SCALE)


class PriceType(Scaled):
    """A unit price with 6 decimals."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(PRICE_SCALE)


class RateType(Scaled):
    """A rate (tax, exchange) with 8 decimals."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(RATE_SCALE)


class UtcTime(_Kept[datetime]):
    """A moment in UTC, kept as integer microseconds since 1970."""

    impl = Id
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else from_microseconds(value)


class Day(_Kept[date]):
    """A business date, kept as ISO text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None or isinstance(value, str):
            return value
        return (value.date() if isinstance(value, datetime) else value).isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:  # noqa: ARG002
        return None if value is None else date.fromisoformat(value)


class Flag(_Kept[bool]):
    """Yes or no, kept as 1 or 0, so that the same SQL text (``WHERE active = 1``) runs on both databases."""

    impl = SmallInteger().with_variant(Integer(), "sqlite")
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:  # noqa: ARG002
        return None if value is None else bool(value)


class Json(_Kept[Any]):
    """A mapping or list, kept as JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


def one_of(column: str, *words: str) -> CheckConstraint:
    """Return the CHECK, named after the column, that it holds one of these words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return an index over the rows that a condition holds for, on both databases.

    Args:
        name: Of the index: ``ix_<table>_…``, ``uq_<table>_…`` when it is unique.
        columns: By which it orders.
        where: SQL that both databases understand.
        unique: No two of these rows are alike in the columns.
    """
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
