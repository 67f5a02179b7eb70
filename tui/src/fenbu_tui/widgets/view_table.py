"""The list of views that one may look at."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from fenbu.i18n import _
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.world.records import ViewLine


class ViewTable(RowTable):
    """Shows views by module."""

    lines: reactive[Sequence[ViewLine]] = reactive((), init=False)

    def __init__(self) -> None:
        super().__init__(
            (
                TableColumn(_("module"), 18),
                TableColumn(_("list"), 24, share=1),
                TableColumn(_("name"), 26),
                TableColumn(_("what it shows"), 20, share=4, wide=100),
            ),
            id="views",
        )

    def watch_lines(self, lines: Sequence[ViewLine]) -> None:
        """Turn views into rows."""
        self.rows = [
            TableRow(one.name, (Cell(one.module), Cell(one.title), Cell(one.name), Cell(one.help)))
            for one in lines
        ]
