"""A stretch of a view's rows, as many of its columns as fit, read on where the cursor comes near its end."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import BindingType
from textual.message import Message

from fenbu_tui.keys import SIDEWAYS, bindings
from fenbu_tui.widgets.row_table import MEASURED, Cell, RowTable, TableColumn, TableRow
from fenbu_tui.world.records import Sheet, SheetColumn, Stretch

NEAR = 30
"""Rows before the end of a stretch at which more are wanted."""
_WIDEST, _NARROWEST = 36, 4
_SIGNS = {False: "▲", True: "▼"}


class RecordTable(RowTable):
    """Shows rows of a view; posts `Wanted` for more of them, `Edge` for the first or last ones."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(SIDEWAYS)

    class Wanted(Message):
        """More rows are wanted: upwards (-1) or downwards (1)."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    class Edge(Message):
        """The first (-1) or the last (1) row of all is wanted."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    def __init__(self) -> None:
        super().__init__((), id="records")
        self._sheet: Sheet | None = None
        self._stretch = Stretch()
        self._hidden: frozenset[str] = frozenset()
        self._sort = ""
        self._left = 0
        self._shown: list[int] = []

    def show(self, sheet: Sheet, stretch: Stretch, *, hidden: Collection[str] = (), sort: str = "") -> None:
        """Show these rows; the cursor stays on its row, and the row where it was on the screen.

        Args:
            sheet: Of the view.
            stretch: Its rows.
            hidden: Columns that are left out.
            sort: The column by which the rows are ordered, with ``-`` before it downwards.
        """
        shown = (sheet, stretch, frozenset(hidden), sort)
        if shown == (self._sheet, self._stretch, self._hidden, self._sort):
            return
        if sheet != self._sheet:
            self._left = 0
        self._sheet, self._stretch, self._hidden, self._sort = shown
        before, top = self.cursor, self.scroll_offset.y
        self._lay_out()
        moved = self.cursor - before
        if moved and (place := top + moved) > 0:
            self.scroll_to(y=place, animate=False)

    def stand(self, stretch: Stretch, edge: int) -> None:
        """Let the cursor be on the first (-1) or the last (1) of these rows when they are shown."""
        if stretch.rows:
            self._key = stretch.rows[0 if edge < 0 else -1].key

    def column(self, place: int) -> SheetColumn | None:
        """Return the column that is drawn at a place."""
        if self._sheet is None or place >= len(self._shown):
            return None
        return self._sheet.columns[self._shown[place]]

    def on_resize(self) -> None:
        """Show as many columns as fit now."""
        self._lay_out()
        super().on_resize()

    def action_edge(self, step: int) -> None:
        """Go to the first row or the last of all, wherever they are."""
        if self._stretch.below if step > 0 else self._stretch.above:
            self.post_message(self.Edge(step))
        else:
            super().action_edge(step)

    def action_sideways(self, step: int) -> None:
        """Show the columns further to the right, or those to the left again."""
        others = len(self._places()) - 1
        self._left = max(0, min(self._left + step, others - 1))
        self._lay_out()

    def _put(self, place: int) -> None:
        super()._put(place)
        if self._stretch.below and self.cursor > len(self.rows) - NEAR:
            self.post_message(self.Wanted(1))
        elif self._stretch.above and self.cursor < NEAR:
            self.post_message(self.Wanted(-1))

    # --- columns --------------------------------------------------------------------------------------

    def _places(self) -> list[int]:
        """Return the places of the columns that are not hidden, what people know a row by first."""
        if self._sheet is None:
            return []
        columns = self._sheet.columns
        seen = [place for place, column in enumerate(columns) if column.name not in self._hidden]
        return sorted(seen, key=lambda place: columns[place].name != self._sheet_record)

    @property
    def _sheet_record(self) -> str:
        return self._sheet.record if self._sheet else ""

    def _lay_out(self) -> None:
        """Choose the columns that fit beside the first, and turn records into rows."""
        if self._sheet is None:
            return
        places = self._places()
        shown, room = places[:1], self.size.width - 2
        widths = {place: self._width(place) for place in places}
        room -= sum(widths[place] + 1 for place in shown)
        for place in places[1 + self._left :]:
            if len(shown) > 1 and widths[place] + 1 > room:
                break
            shown.append(place)
            room -= widths[place] + 1
        self._shown = shown
        self._columns = [self._headed(place, widths[place], last=place == shown[-1]) for place in shown]
        self.rows = [
            TableRow(one.key, tuple(Cell(one.values[at].text, one.values[at].tone) for at in shown))
            for one in self._stretch.rows
        ]
        self._needs = []  # of the columns that stood here before
        self._measure(self.rows)

    def _headed(self, place: int, width: int, *, last: bool) -> TableColumn:
        assert self._sheet is not None
        column = self._sheet.columns[place]
        sorted_ = column.name == self._sort.removeprefix("-")
        sign = f" {_SIGNS[self._sort.startswith('-')]}" if sorted_ else ""
        return TableColumn(
            column.title + sign, width, share=int(last and not column.right), right=column.right
        )

    def _width(self, place: int) -> int:
        assert self._sheet is not None
        texts: Sequence[str] = [one.values[place].text for one in self._stretch.rows[:MEASURED]]
        column = self._sheet.columns[place]
        title = cell_len(column.title) + (2 if column.name == self._sort.removeprefix("-") else 0)
        return max(_NARROWEST, min(max([title, *map(cell_len, texts)]), _WIDEST))
