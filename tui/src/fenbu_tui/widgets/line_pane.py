"""A text of any length that is only looked at: a file, a plan, a report; draws what is visible, wraps what is long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from attrs import frozen
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fenbu.cli.layout import wrap
from fenbu_tui.keys import PANE, bindings
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Line

_LEAST = 12
"""Cells that a text keeps beside what is drawn in front of it."""


@frozen
class _Row:
    """A line as it is drawn; a line that is wrapped makes several."""

    place: int
    """Of the line."""
    front: str
    text: str
    first: bool


class LinePane(ScrollView, can_focus=True):
    """Shows the lines it is given, with numbers where it is a file; one stretch of them is marked."""

    DEFAULT_CSS = """
    LinePane { height: 1fr; overflow-x: hidden; scrollbar-size: 0 1; scrollbar-gutter: stable; }
    LinePane > .line-pane--mark { color: $text-accent; text-style: bold; }
    LinePane > .line-pane--number { text-style: dim; }
    LinePane > .line-pane--strong { text-style: bold; }
    LinePane > .line-pane--good { color: $text-success; }
    LinePane > .line-pane--busy { color: $text-warning; }
    LinePane > .line-pane--quiet { text-style: dim; }
    LinePane > .line-pane--warn { color: $text-warning; }
    LinePane > .line-pane--bad { color: $text-error; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-pane--mark",
        "line-pane--number",
        "line-pane--strong",
        *(f"line-pane--{tone}" for tone in Tone),
    }
    BINDINGS: ClassVar[list[BindingType]] = bindings(PANE)

    lines: reactive[Sequence[Line]] = reactive((), init=False)
    marked: reactive[tuple[int, int]] = reactive((0, 0), init=False)
    """Lines that are marked, from zero, the last one not included."""

    def __init__(self, *, numbered: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._numbered = numbered
        self.signs: dict[int, tuple[str, Tone]] = {}
        """What stands beside the number of a line."""
        self._rows: list[_Row] = []
        self._wanted: int | None = None
        """Line to be brought to the top when there is room."""

    # --- lines ----------------------------------------------------------------------------------------

    def watch_lines(self) -> None:
        """Lay them out anew; where one was reading stays in sight."""
        self._lay_out()

    def watch_marked(self) -> None:
        """Draw the mark."""
        self.refresh()

    def on_resize(self) -> None:
        """Wrap to the new width."""
        self._lay_out()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002  (Textual's)
        """Return how many rows the lines take in a width, where the height is theirs to say."""
        return len(self._laid_out(width)) or 1

    @property
    def text(self) -> str:
        """What is drawn, wrapped as it is."""
        return "\n".join(f"{row.front}{row.text}" for row in self._rows)

    def show_line(self, place: int) -> None:
        """Bring a line to the top with one of what is before it, or the beginning where both are seen then."""
        self._wanted = place
        self.call_after_refresh(self._scroll_to_wanted)

    def _scroll_to_wanted(self) -> None:
        if self._rows and self._wanted is not None:
            row = next((number for number, one in enumerate(self._rows) if one.place >= self._wanted), 0)
            self._wanted = None
            top = row - 1 if row > self.size.height // 2 else 0
            self.scroll_to(y=top, animate=False, force=True)

    def action_scroll(self, rows: int) -> None:
        """Go some rows down or up."""
        self.scroll_relative(y=rows, animate=False)

    def action_page(self, step: int) -> None:
        """Go down or up by what is visible."""
        self.scroll_relative(y=step * max(self.size.height - 1, 1), animate=False)

    def action_edge(self, step: int) -> None:
        """Go to the first line or to the last."""
        self.scroll_to(y=0 if step < 0 else self.virtual_size.height, animate=False, force=True)

    def _lay_out(self) -> None:
        self._rows = self._laid_out(self._width)
        self.virtual_size = Size(self._width, len(self._rows))
        self.refresh(layout=self.styles.is_auto_height)
        self.call_after_refresh(self._scroll_to_wanted)

    def _laid_out(self, width: int) -> list[_Row]:
        room = width - self._gutter
        if room < 1:
            return []  # not on the screen yet
        return [row for place in range(len(self.lines)) for row in self._wrapped(place, room)]

    @property
    def _width(self) -> int:
        """Cells beside the scroll bar."""
        return self.scrollable_content_region.width

    @property
    def _gutter(self) -> int:
        """Cells in front of every line: the mark, and of a file number and sign."""
        return 1 + (len(str(len(self.lines))) + 2 if self._numbered else 0)

    def _wrapped(self, place: int, width: int) -> Iterator[_Row]:
        line = self.lines[place]
        text = line.text.expandtabs(4)
        lead = " " * (len(text) - len(text.lstrip()))
        room = max(width - cell_len(line.indent) - len(lead), _LEAST)
        head, *tail = wrap(text.strip(), room, max(room - 2, _LEAST))
        yield _Row(place, line.indent, lead + head, first=True)
        for part in tail:
            yield _Row(place, self._below(place), f"{lead}  {part}", first=False)

    def _below(self, place: int) -> str:
        """Return what is drawn in front of what goes on of a line: the branches that pass it."""
        front = self.lines[place].indent.replace("├", "│").replace("└", " ")
        after = self.lines[place + 1].indent if place + 1 < len(self.lines) else ""
        return front + ("│" if len(after) > len(front) else "")

    # --- drawing --------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Draw a row."""
        width, base = self._width, self.rich_style
        number = y + self.scroll_offset.y
        if number >= len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[number]
        line = self.lines[row.place]
        style = base + self._part(line.tone) if line.tone else base
        if line.strong:
            style += self._part("strong")
        segments = [*self._front(row, base), Segment(row.front, base + self._part("quiet"))]
        segments.append(Segment(row.text, style))
        return Strip(segments).adjust_cell_length(width, base)

    def _front(self, row: _Row, base: Style) -> Iterator[Segment]:
        begin, end = self.marked
        mark = "▌" if begin <= row.place < end else " "
        yield Segment(mark, base + self._part("mark"))
        if not self._numbered:
            return
        wide = self._gutter - 3
        sign, tone = self.signs.get(row.place, (" ", Tone.QUIET)) if row.first else (" ", Tone.QUIET)
        yield Segment(f"{row.place + 1 if row.first else '':>{wide}}", base + self._part("number"))
        yield Segment(set_cell_size(sign, 1) + " ", base + self._part(tone))

    def _part(self, name: str) -> Style:
        return self.get_component_rich_style(f"line-pane--{name}", partial=True)
