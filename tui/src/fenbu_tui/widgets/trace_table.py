"""The tree of causes and effects, a row a line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from fenbu.i18n import _
from fenbu_tui.signs import SIGNS
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.world.deliveries import TreeLine

EVENT = "▼"


class TraceTable(RowTable):
    """Shows the tree it is given; its rows are known by their number."""

    lines: reactive[Sequence[TreeLine]] = reactive((), init=False)

    def __init__(self) -> None:
        super().__init__((TableColumn(_("what led to it, and what came of it"), 20, share=1),), id="trace")

    @property
    def line(self) -> TreeLine | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    def watch_lines(self, lines: Sequence[TreeLine]) -> None:
        """Turn lines into rows, and begin on the one that was asked about."""
        fresh = not self.rows
        self.rows = [_row(place, line) for place, line in enumerate(lines)]
        here = [place for place, line in enumerate(lines) if line.here]
        if fresh and here:
            self.go_to(str(here[0]))


def _row(place: int, line: TreeLine) -> TableRow:
    sign = SIGNS[line.tone] if line.tone else EVENT if line.event is not None else ""
    mark = " ◂" if line.here else ""
    return TableRow(str(place), (Cell(f"{sign} {line.text}{mark}", line.tone, line.branch),))
