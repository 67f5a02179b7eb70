"""Metrics as rows: title, number, a small trend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fenbu.i18n import _
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.bars import sparkline
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.world.metrics import MetricLine, MetricValue

TREND = 16


class MetricTable(RowTable):
    """Shows the metrics it is given."""

    def __init__(self) -> None:
        super().__init__(
            (
                TableColumn(_("metric"), 24, share=1),
                TableColumn(_("now"), 18),
                TableColumn(_("trend"), TREND, wide=64),
                TableColumn(_("change"), 16, wide=90),
                TableColumn(_("name"), 24, share=1, wide=110),
            ),
            id="metrics",
        )

    def show(self, lines: Sequence[MetricLine], values: Mapping[str, MetricValue]) -> None:
        """Turn metrics into rows; those not measured yet say so."""
        self.rows = [_row(line, values.get(line.name)) for line in lines]


def _row(line: MetricLine, value: MetricValue | None) -> TableRow:
    if value is None:
        return TableRow(
            line.name, (Cell(line.title), Cell("…", Tone.QUIET), Cell(""), Cell(""), Cell(line.name))
        )
    told = f"{SIGNS[Tone.BAD]} {value.trouble}" if value.trouble else value.text
    trend = sparkline([point.value for point in value.points], TREND) if len(value.points) > 1 else ""
    return TableRow(
        line.name,
        (Cell(line.title), Cell(told, value.tone), Cell(trend), Cell(value.change), Cell(line.name)),
    )
