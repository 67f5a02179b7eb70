"""Records: declared views, page by page from either end, and what can be done with a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Act, Consequence

if TYPE_CHECKING:
    from pydantic import BaseModel


@frozen
class ViewLine:
    """A view as the picker shows it."""

    name: str
    title: str
    module: str
    """Title of the module that declares it."""
    help: str = ""


@frozen
class Verb:
    """An action as it is offered."""

    name: str
    title: str
    help: str = ""
    dangerous: bool = False


@frozen
class SheetColumn:
    """A column of a view."""

    name: str
    title: str
    right: bool = False
    """Numbers stand to the right."""
    sorts: bool = False
    narrows: bool = False


@frozen(kw_only=True)
class Sheet:
    """What a view looks like, before any row is read."""

    view: str
    title: str
    module: str
    """Title of the module that declares it."""
    help: str
    columns: tuple[SheetColumn, ...]
    record: str
    """Name of the column that people know a row by."""
    begins: tuple[Verb, ...] = ()
    """What may be done without a row: placing an order."""


@frozen
class Value:
    """A value as it is shown."""

    text: str
    tone: Tone | None = None


@frozen(kw_only=True)
class Record:
    """A row of a view: one value a column of the sheet."""

    key: str
    """Finds this row again, whatever the order."""
    place: str
    """Where it stands in the order that was asked for."""
    number: str
    """By which people know it."""
    values: tuple[Value, ...]


@frozen(kw_only=True)
class Asked:
    """Which rows of a view are wanted, and in which order."""

    view: str
    filter: str = ""
    """As it is typed."""
    sort: str = ""
    """A column, with ``-`` before it downwards; the view's own order when empty."""


@frozen(kw_only=True)
class Stretch:
    """Rows that follow each other, and whether there are more on either side."""

    rows: tuple[Record, ...] = ()
    above: bool = False
    below: bool = False
    again: str = ""
    """Reads downwards from the first of these rows again."""

    def with_below(self, more: Stretch, most: int) -> Stretch:
        """Return this stretch with more below it; rows at the other end go where it would be longer than `most`."""
        rows = (*self.rows, *more.rows)
        gone = max(len(rows) - most, 0)
        again = rows[gone - 1].place if gone else self.again
        return Stretch(rows=rows[gone:], above=self.above or gone > 0, below=more.below, again=again)

    def with_above(self, more: Stretch, most: int) -> Stretch:
        """Return this stretch with more above it; rows at the other end go where it would be longer than `most`."""
        rows = (*more.rows, *self.rows)
        return Stretch(
            rows=rows[:most], above=more.above, below=self.below or len(rows) > most, again=more.again
        )


@frozen
class Fact:
    """A field of a record."""

    label: str
    """Empty for a line that heads the fields after it."""
    value: Value
    view: str = ""
    """Where its value leads; empty when nowhere."""
    filter: str = ""
    """As it would be typed there, to find the record that it names."""


@frozen
class Belonging:
    """A list in which a record stands."""

    title: str
    view: str
    filter: str
    """As it would be typed there."""
    rows: str
    """How many: ``3``, ``99+``."""


@frozen
class Step:
    """One way in a lifecycle."""

    verb: str
    source: str
    target: str


@frozen
class Diagram:
    """A lifecycle, and where in it a record stands."""

    name: str
    initial: str
    terminal: tuple[str, ...]
    steps: tuple[Step, ...]
    state: str


@frozen(kw_only=True)
class Detail:
    """All that is known of a record."""

    view: str
    key: str
    number: str
    title: str
    facts: tuple[Fact, ...]
    verbs: tuple[Verb, ...]
    """What its state and one's permissions allow."""
    belongings: tuple[Belonging, ...]
    diagram: Diagram | None
    story: str
    """Kind of document, when it has a story."""
    plain: str
    """The record as JSON."""


@frozen(kw_only=True)
class Wanted:
    """The form of an action: its model, and what stands in it first."""

    action: Verb
    model: type[BaseModel]
    given: Mapping[str, Any]
    fixed: tuple[str, ...]
    """Fields that say on which record one acts."""


class Records(Protocol):
    """What the screen of records asks; every question raises `Unreachable`, or `FenbuError` with a sentence."""

    def views(self) -> Sequence[ViewLine]:
        """Return the views one may look at, by module."""
        ...

    def sheet(self, view: str) -> Sheet:
        """Return what a view looks like."""
        ...

    def stretch(
        self, asked: Asked, *, after: str = "", before: str = "", last: bool = False, limit: int
    ) -> Stretch:
        """Return rows: the first, those after or before a place, or the last."""
        ...

    def count(self, asked: Asked) -> str:
        """Return how many rows there are, as far as counting is cheap: ``1,204``, ``10,000+``."""
        ...

    def detail(self, view: str, key: str) -> Detail:
        """Return all that is known of a row."""
        ...

    def wanted(self, action: str, view: str = "", key: str = "") -> Wanted:
        """Return the form of an action, for a row when one is named."""
        ...

    def consequences(self, action: str, values: Mapping[str, Any]) -> Sequence[Consequence]:
        """Return what an action would bring; raises what it would raise."""
        ...

    def performing(self, action: str, values: Mapping[str, Any], view: str = "", key: str = "") -> Act:
        """Return the act of performing an action, for a row when one is named."""
        ...

    def exporting(self, asked: Asked, columns: Sequence[str], path: Path) -> Act:
        """Return the act of writing all rows as CSV; the file is there whole or as it was before."""
        ...
