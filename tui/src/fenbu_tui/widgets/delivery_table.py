"""Deliveries and calls as rows."""

from __future__ import annotations

from collections.abc import Sequence

from textual.reactive import reactive

from fenbu.i18n import _
from fenbu_tui.signs import SIGNS
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.world.deliveries import DeliveryLine


class DeliveryTable(RowTable):
    """Shows the deliveries it is given."""

    lines: reactive[Sequence[DeliveryLine]] = reactive((), init=False)

    def __init__(self) -> None:
        super().__init__(
            (
                TableColumn(_("at"), 11),
                TableColumn(_("state"), 13),
                TableColumn(_("key"), 12, share=1),
                TableColumn(_("topic"), 14, share=2),
                TableColumn(_("for"), 14, share=1, wide=60),
                TableColumn(_("took"), 7, wide=68),
                TableColumn(_("why"), 20, share=4, wide=110),
            ),
            id="deliveries",
        )

    def line_of(self, key: str | None) -> DeliveryLine | None:
        """Return the line of a row."""
        return next((line for line in self.lines if line.id == key), None)

    @property
    def line(self) -> DeliveryLine | None:
        """The line under the cursor."""
        return self.line_of(self.key)

    def watch_lines(self, lines: Sequence[DeliveryLine]) -> None:
        """Turn deliveries into rows."""
        self.rows = [_row(line) for line in lines]


def _row(line: DeliveryLine) -> TableRow:
    standing = line.standing
    return TableRow(
        line.id,
        (
            Cell(line.at),
            Cell(f"{SIGNS[standing.tone]} {standing.word}", standing.tone),
            Cell(line.key),
            Cell(line.topic),
            Cell(line.subscription),
            Cell(line.took),
            Cell(line.detail, standing.tone if line.detail else None),
        ),
    )
