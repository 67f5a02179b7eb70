"""A table of rows that draws only what is visible, so that a hundred thousand scroll like ten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from attrs import frozen
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fenbu_tui.keys import LIST, bindings
from fenbu_tui.signs import Tone

MEASURED = 200
"""Rows whose values say how wide a column is."""


@frozen
class TableColumn:
    """A column: its title, and how wide it is."""

    title: str
    width: int
    """Cells that it has even where not all it holds fits in; fewer only while it holds less."""
    share: int = 0
    """Part of what is left when every column has what it holds; 0 takes none."""
    wide: int = 0
    """Shown only where the table has this many cells."""
    right: bool = False
    """Numbers stand to the right."""


@frozen
class Cell:
    """A value as it is shown."""

    text: str
    tone: Tone | None = None
    indent: str = ""
    """Drawn before the text as it is: the branches of a tree."""


@frozen
class TableRow:
    """A row: what it is known by, and one cell a column."""

    key: str
    cells: tuple[Cell, ...]


class RowTable(ScrollView, can_focus=True):
    """Shows the rows it is given; posts `Highlighted`. Keeps the cursor on its key when rows change."""

    DEFAULT_CSS = """
    RowTable { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    RowTable > .row-table--head { text-style: bold; }
    RowTable > .row-table--cursor { background: $block-cursor-blurred-background; text-style: bold; }
    RowTable:focus > .row-table--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    RowTable > .row-table--good { color: $text-success; }
    RowTable > .row-table--busy { color: $text-warning; }
    RowTable > .row-table--quiet { text-style: dim; }
    RowTable > .row-table--warn { color: $text-warning; }
    RowTable > .row-table--bad { color: $text-error; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-table--head",
        "row-table--cursor",
        *(f"row-table--{tone}" for tone in Tone),
    }
    BINDINGS: ClassVar[list[BindingType]] = bindings(LIST)

    rows: reactive[Sequence[TableRow]] = reactive((), init=False)
    cursor: reactive[int] = reactive(0, init=False)

    class Highlighted(Message):
        """The cursor is on the row of this key; None when there are no rows."""

        def __init__(self, key: str | None) -> None:
            super().__init__()
            self.key = key

    class Opened(Message):
        """Somebody has clicked twice on the row of this key, and wants to see more of it."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class HeadClicked(Message):
        """The title of a column was clicked; `place` counts the table's columns."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, columns: Sequence[TableColumn], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._columns = columns
        self._key: str | None = None
        self._needs: list[int] = []
        """Cells that the widest value of each column has had so far: columns do not shrink under one's eyes."""

    @property
    def key(self) -> str | None:
        """Key of the row under the cursor; None when there are no rows."""
        return self.rows[self.cursor].key if self.cursor < len(self.rows) else None

    def go_to(self, key: str) -> None:
        """Put the cursor on the row of this key, if it is there."""
        self._put([row.key for row in self.rows].index(key) if key in {row.key for row in self.rows} else 0)

    # --- rows and cursor ------------------------------------------------------------------------------

    def watch_rows(self, rows: Sequence[TableRow]) -> None:
        """Keep the cursor on the row it was on; where that is gone, near it."""
        self._measure(rows)
        self.virtual_size = Size(self.size.width, len(rows) + 1)
        known = {row.key: place for place, row in enumerate(rows)}
        self._put(known.get(self._key or "", min(self.cursor, max(len(rows) - 1, 0))))
        self.refresh()

    def watch_cursor(self) -> None:
        """Scroll to the cursor."""
        self._follow()
        self.refresh()

    def on_resize(self) -> None:
        """Give the columns the new width, and keep the cursor in sight."""
        self.virtual_size = Size(self.size.width, len(self.rows) + 1)
        self._follow()

    def action_cursor(self, step: int) -> None:
        """Move the cursor by a number of rows."""
        self._put(self.cursor + step)

    def action_page(self, step: int) -> None:
        """Move the cursor by what is visible."""
        self._put(self.cursor + step * max(self._visible - 1, 1))

    def action_edge(self, step: int) -> None:
        """Move the cursor to the first row or to the last."""
        self._put(0 if step < 0 else len(self.rows) - 1)

    def on_click(self, click: events.Click) -> None:
        """Put the cursor where the mouse is; on a title, say on which."""
        if click.y == 0 and (title := self._column_at(click.x)) is not None:
            self.post_message(self.HeadClicked(title))
        elif click.y > 0 and (place := click.y - 1 + self.scroll_offset.y) < len(self.rows):
            self._put(place)
            if click.chain == 2:
                self.post_message(self.Opened(self.rows[place].key))

    def _column_at(self, x: int) -> int | None:
        """Return the place of the column that is drawn at this cell; None beside all of them."""
        left = 1
        for place, size in enumerate(self._widths(self.size.width - 1)):
            if left <= x < left + size:
                return place
            left += size
        return None

    @property
    def _visible(self) -> int:
        return max(self.size.height - 1, 1)

    def _put(self, place: int) -> None:
        self.cursor = max(0, min(place, len(self.rows) - 1))
        self._key = self.key
        self.post_message(self.Highlighted(self.key))

    def _follow(self) -> None:
        top = self.scroll_offset.y
        wanted = min(max(top, self.cursor - self._visible + 1), self.cursor)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False)

    # --- drawing --------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw the titles on the first line and rows below them."""
        width, base = self.size.width, self.rich_style
        if y == 0:
            head = base + self.get_component_rich_style("row-table--head", partial=True)
            return self._strip([Cell(column.title) for column in self._columns], width, head)
        place = y - 1 + self.scroll_offset.y
        if place >= len(self.rows):
            return Strip.blank(width, base)
        if place != self.cursor:
            return self._strip(self.rows[place].cells, width, base)
        under = base + self.get_component_rich_style("row-table--cursor", partial=True)
        return self._strip(self.rows[place].cells, width, under, toned=not self.has_focus)

    def _strip(self, cells: Sequence[Cell], width: int, style: Style, *, toned: bool = True) -> Strip:
        segments = [Segment(" ", style)]
        for cell, size, column in zip(cells, self._widths(width - 1), self._columns, strict=True):
            if not size:
                continue
            tone = cell.tone if toned else None
            own = self.get_component_rich_style(f"row-table--{tone}", partial=True) if tone else Style.null()
            if cell.indent:
                segments.append(
                    Segment(set_cell_size(cell.indent, min(cell_len(cell.indent), size - 1)), style)
                )
            room = max(size - 1 - cell_len(cell.indent), 0)
            segments.append(Segment(fitted(cell.text, room, right=column.right) + " ", style + own))
        return Strip(segments).adjust_cell_length(width, style)

    def _measure(self, rows: Sequence[TableRow]) -> None:
        """See how wide the values of each column are."""
        if len(self._needs) != len(self._columns):
            self._needs = [0] * len(self._columns)
        for row in rows[:MEASURED]:
            for place, cell in enumerate(row.cells):
                wide = cell_len(cell.indent) + cell_len(cell.text)
                self._needs[place] = max(self._needs[place], wide)

    def _widths(self, width: int) -> list[int]:
        """Return each column's width with the space after it; 0 for those that are not shown here."""
        shown = [place for place, column in enumerate(self._columns) if width >= column.wide]
        needs = {
            place: max(cell_len(self._columns[place].title), self._needs[place] if self._needs else 0)
            for place in shown
        }
        sizes = [0] * len(self._columns)
        for place in shown:
            sizes[place] = min(self._columns[place].width, needs[place]) + 1
        spare = max(width - sum(sizes), 0)
        wanting = sorted(shown, key=lambda place: needs[place] - sizes[place])
        for turn, place in enumerate(wanting):
            more = min(max(needs[place] + 1 - sizes[place], 0), spare // (len(wanting) - turn))
            sizes[place] += more
            spare -= more
        shares = sum(self._columns[place].share for place in shown) or 1
        for place in shown:
            sizes[place] += spare * self._columns[place].share // shares
        return sizes


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Return a text in exactly this many cells, with an ellipsis where something is left out."""
    line = " ".join(text.split())
    if cell_len(line) > width:
        return set_cell_size(line, max(width - 1, 0)) + "…"
    return " " * (width - cell_len(line)) + line if right else set_cell_size(line, width)
