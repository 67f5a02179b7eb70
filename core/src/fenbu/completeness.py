"""Completeness: how many of a module's records have what a later stage of the rollout asks of them.

A customer without contact, an item without price, an employee without department lets a stage begin that cannot work.
What is declared here stands in the readiness report of the rollout::

    def items_priced(work: Work) -> Counted:
        return counted(work, select(ITEM.c.code).where(ITEM.c.state == "active"), ~_PRICES.exists())

    COMPLETENESS = (
        Completeness(
            name="erp.items_priced",
            title=N_("Items with a list price"),
            definition=N_("Of active items, those with a price in the enterprise's currency today."),
            count=items_priced,
            drill="erp.items",
            repair=N_("fenbu do erp.price.set"),
        ),
    )
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from sqlalchemy import ColumnElement, Select, case, func

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fenbu.work import Work

SHOWN = 5
"""How many of what is incomplete are named."""


@frozen
class Counted:
    """How many records there are, and how many of them are complete."""

    of: int
    complete: int
    lacking: Sequence[str] = field(default=(), converter=tuple[str, ...])
    """The first few that are not, by what people know them by and nothing personal."""

    @property
    def percent(self) -> Decimal | None:
        """How many of a hundred are complete, to one decimal and never rounded up to all; None of nothing."""
        if not self.of:
            return None
        if self.complete >= self.of:
            return Decimal(100)
        return (Decimal(1000 * self.complete) // self.of) / 10


@frozen(kw_only=True)
class Completeness:
    """A question about a module's data: how many of its records have what is asked."""

    name: str
    """``<module>.<noun>_<participle>``: ``erp.items_priced``."""
    title: str
    """Says what the complete ones have: Items with a list price."""
    definition: str
    """In words: of which records, what each must have, what is left out."""
    count: Callable[[Work], Counted | None]
    """None where the question does not arise: it is about a module that is not on."""
    drill: str
    """View with the records."""
    repair: str
    """How what is missing is entered."""


def counted(
    work: Work,
    records: Select[Any],
    lacks: ColumnElement[bool],
    values: Mapping[str, Any] | None = None,
) -> Counted:
    """Return how many records there are, how many are complete, and the first that are not.

    Args:
        work: Reading.
        records: Selects one column, by which people know a record; without ORDER BY.
        lacks: Holds for a record that is incomplete. Where other rows are missing, ``~select(…).where(…).exists()``
            over those of the record: PostgreSQL answers ``NOT IN (SELECT …)`` over many rows by reading them all,
            record by record.
        values: Of the parameters in both.
    """
    key = records.selected_columns[0]
    wrong_ones = func.sum(case((lacks, 1), else_=0))
    many = records.with_only_columns(func.count(), wrong_ones, maintain_column_froms=True)
    of, wrong = (int(number or 0) for number in work.execute(many, values).one())
    first = records.where(lacks).order_by(key).limit(SHOWN)
    lacking = tuple(map(str, work.execute(first, values).scalars())) if wrong else ()
    return Counted(of, of - wrong, lacking)
