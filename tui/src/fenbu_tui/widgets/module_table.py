"""The list of modules."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from fenbu.i18n import _
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.world.modules import ModuleLine


class ModuleTable(RowTable):
    """Shows modules with their states, problems and what to do."""

    lines: reactive[Sequence[ModuleLine]] = reactive((), init=False)

    def __init__(self) -> None:
        super().__init__(
            (
                TableColumn(_("module"), 14),
                TableColumn(_("title"), 16, share=1, wide=100),
                TableColumn(_("version"), 10),
                TableColumn(_("state"), 17),
                TableColumn(_("tier"), 8, wide=110),
                TableColumn(_("problem"), 16, share=3),
                TableColumn(_("what to do"), 28, share=2, wide=100),
            ),
            id="modules",
        )

    def watch_lines(self, lines: Sequence[ModuleLine]) -> None:
        """Turn modules into rows."""
        self.rows = [_row(line) for line in lines]


def _row(line: ModuleLine) -> TableRow:
    standing = line.standing
    cells = (
        Cell(line.name),
        Cell(line.title),
        Cell(line.version),
        Cell(f"{SIGNS[standing.tone]} {standing.word}", standing.tone),
        Cell(line.tier or "–", None if line.tier else Tone.QUIET),
        Cell(line.problem or "–", _loudness(line)),
        Cell(line.todo),
    )
    return TableRow(line.name, cells)


def _loudness(line: ModuleLine) -> Tone:
    """A problem of a module that is off may wait."""
    if not line.problem:
        return Tone.QUIET
    return Tone.WARN if line.standing.tone is Tone.QUIET else Tone.BAD
