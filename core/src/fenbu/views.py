"""Views: lists and records that may be looked at, declared once for every face."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

if TYPE_CHECKING:
    from sqlalchemy import Select

    from fenbu.work import Work


class Kind(StrEnum):
    """What a column holds, so that every face shows it alike."""

    TEXT = "text"
    MONEY = "money"
    """Decimal; the currency stands in the column named by ``Column.unit``, or is the enterprise's."""
    QUANTITY = "quantity"
    PRICE = "price"
    RATE = "rate"
    NUMBER = "number"
    DAY = "day"
    TIME = "time"
    STATE = "state"
    YES_NO = "yes_no"


@frozen
class Column:
    """One column of a view; its name is the label in the query."""

    name: str
    title: str
    kind: Kind = field(default=Kind.TEXT, converter=Kind)
    unit: str | None = None
    """Column that holds the currency or unit of measure."""
    ref: str | None = None
    """View in which this value is the record key."""
    personal: bool = False
    """Masked where it is not needed."""


@frozen
class Related:
    """A view that belongs to a record: its rows whose column equals this record's value."""

    view: str
    column: str
    value: str
    title: str = ""


@frozen(kw_only=True)
class View:
    """A list with its records, paged by key so that a million rows scroll without lag."""

    name: str
    title: str
    query: Callable[[Work], Select[Any]]
    """Select with one label per column; without ORDER BY and LIMIT, which the reader adds."""
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Columns of the page key, together unique and indexed; a leading ``-`` sorts descending."""
    record: str
    """Column that people know a record by; ``fenbu show VIEW KEY`` finds it."""
    help: str = ""
    filters: tuple[str, ...] = ()
    """Further columns by which it may be narrowed, beside record, state, key and sorts."""
    sorts: tuple[str, ...] = ()
    """Further columns with an index, by which sorting is cheap."""
    actions: tuple[str, ...] = ()
    """Names of actions that apply to a row."""
    state: str | None = None
    """Column that holds the lifecycle's state."""
    lifecycle: str | None = None
    """``"package.module:LIFECYCLE"`` of the rows."""
    related: tuple[Related, ...] = ()
    permission: str = ""
    """Permission to look at it; ``<module>.show`` unless said otherwise. What tells of a person takes
    ``<module>.personal`` besides."""

    @property
    def needs(self) -> str:
        """The permission to look at it."""
        return self.permission or f"{self.name.partition('.')[0]}.show"

    def column(self, name: str) -> Column:
        """Return the column of this name; KeyError when there is none."""
        return self._by_name[name]

    @property
    def _by_name(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}
