"""The happenings of a story, in time order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.reactive import reactive

from fenbu.i18n import _
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.world.stories import Happening


class StoryTable(RowTable):
    """Shows what happened, the day where it begins, and where something still waits or has failed."""

    happenings: reactive[Sequence[Happening]] = reactive((), init=False)

    def __init__(self) -> None:
        super().__init__(
            (
                TableColumn(_("day"), 10),
                TableColumn(_("time"), 8),
                TableColumn("", 1),
                TableColumn(_("what happened"), 24, share=1),
                TableColumn(_("by"), 12, wide=70),
            ),
            id="happenings",
        )

    def watch_happenings(self, happenings: Sequence[Happening]) -> None:
        """Turn happenings into rows."""
        self.rows = list(_rows(happenings))


def _rows(happenings: Sequence[Happening]) -> Iterator[TableRow]:
    day = ""
    for one in happenings:
        told = f"{SIGNS[one.tone]} {one.text}" if one.tone else one.text
        cells = (
            Cell(one.day if one.day != day else "", Tone.QUIET),
            Cell(one.clock, Tone.QUIET),
            Cell(one.sign),
            Cell(told, one.tone),
            Cell(one.who, Tone.QUIET),
        )
        day = one.day
        yield TableRow(one.key, cells)
