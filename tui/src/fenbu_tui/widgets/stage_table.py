"""The stages of a rollout as rows: where each stands, what would be done about it, how much of its guards is met."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from fenbu.i18n import _
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.world.base import Standing
from fenbu_tui.world.rollouts import StageRow


class StageTable(RowTable):
    """Shows the stages it is given."""

    lines: reactive[Sequence[StageRow]] = reactive((), init=False)

    def __init__(self) -> None:
        super().__init__(
            (
                TableColumn(_("stage"), 15),
                TableColumn(_("title"), 20, share=2, wide=90),
                TableColumn(_("stands"), 14),
                TableColumn(_("the plan"), 18, wide=50),
                TableColumn(_("guards met"), 12, wide=66),
                TableColumn(_("since"), 20, wide=120),
                TableColumn(_("modules"), 12, share=1, wide=78),
            ),
            id="stages",
        )

    def watch_lines(self, lines: Sequence[StageRow]) -> None:
        """Turn stages into rows, and begin on the one that comes next."""
        fresh = not self.rows
        self.rows = [_row(line) for line in lines]
        following = [line.name for line in lines if line.next]
        if fresh and following:
            self.go_to(following[0])


def _row(line: StageRow) -> TableRow:
    mark = "▸" if line.next else " "
    return TableRow(
        line.name,
        (
            Cell(f"{line.number} {line.name}", indent=f"{mark} "),
            Cell(line.title),
            _standing(line.standing),
            _standing(line.does),
            _standing(line.guards),
            Cell(line.since or "–", None if line.since else Tone.QUIET),
            Cell(line.modules),
        ),
    )


def _standing(standing: Standing | None) -> Cell:
    if standing is None:
        return Cell("–", Tone.QUIET)
    return Cell(f"{SIGNS[standing.tone]} {standing.word}", standing.tone)
