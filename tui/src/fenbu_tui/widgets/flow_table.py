"""The subscriptions as rows: what moves, how long it takes, what waits."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from fenbu.i18n import _
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.world.flows import FlowLine


class FlowTable(RowTable):
    """Shows the subscriptions it is given."""

    lines: reactive[Sequence[FlowLine]] = reactive((), init=False)

    def __init__(self) -> None:
        super().__init__(
            (
                TableColumn(_("subscription"), 18, share=1),
                TableColumn(_("state"), 14),
                TableColumn(_("/min"), 6, right=True),
                TableColumn("p95", 7, wide=48, right=True),
                TableColumn(_("waiting"), 7, right=True),
                TableColumn(_("retry"), 5, wide=70, right=True),
                TableColumn(_("dead"), 4, wide=40, right=True),
                TableColumn(_("oldest"), 7, share=1, wide=60),
                TableColumn(_("what it does"), 30, share=3, wide=120),
            ),
            id="flows",
        )

    def watch_lines(self, lines: Sequence[FlowLine]) -> None:
        """Turn subscriptions into rows."""
        self.rows = [_row(line) for line in lines]


def _row(line: FlowLine) -> TableRow:
    standing = line.standing
    return TableRow(
        line.name,
        (
            Cell(line.name),
            Cell(f"{SIGNS[standing.tone]} {standing.word}", standing.tone),
            Cell(line.rate or "–", None if line.rate else Tone.QUIET),
            Cell(line.p95 or "–", None if line.p95 else Tone.QUIET),
            _count(line.told("waiting", "held"), Tone.BUSY),
            _count(line.told("retrying"), Tone.WARN),
            _count(line.told("dead"), Tone.BAD),
            Cell(f"{line.lag} {line.oldest}".strip() or "–", None if line.lag else Tone.QUIET),
            Cell(line.title),
        ),
    )


def _count(told: str, tone: Tone) -> Cell:
    return Cell(told, tone) if told else Cell("–", Tone.QUIET)
