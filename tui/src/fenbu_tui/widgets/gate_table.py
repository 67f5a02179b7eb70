"""The gates of a stage as rows, and one of them at length: what was found, what to do, and its curve over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from fenbu.i18n import _
from fenbu_tui.signs import COLOURS, SIGNS, Tone
from fenbu_tui.widgets.gate_plot import HIGH, LOW, curve
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.world.rollouts import GateRow

ROOMY = 30
"""Rows of a terminal in which a curve has its whole height."""


class GateTable(RowTable):
    """Shows the gates it is given."""

    lines: reactive[Sequence[GateRow]] = reactive((), init=False)

    def __init__(self) -> None:
        super().__init__(
            (
                TableColumn(_("gate"), 19),
                TableColumn(_("reads"), 18),
                TableColumn(_("asks"), 24, share=2, wide=56),
                TableColumn(_("what was found"), 24, share=2, wide=90),
                TableColumn(_("when it was applied"), 22, share=1, wide=120),
            ),
            id="gates",
        )

    @property
    def line(self) -> GateRow | None:
        """The gate under the cursor."""
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    def watch_lines(self, lines: Sequence[GateRow]) -> None:
        """Turn gates into rows."""
        self.rows = [_row(line) for line in lines]


def _row(line: GateRow) -> TableRow:
    standing = line.standing
    return TableRow(
        f"{line.stage} {line.key}",
        (
            Cell(line.key),
            Cell(f"{SIGNS[standing.tone]} {standing.word}", standing.tone),
            Cell(line.title),
            Cell(standing.means),
            Cell(line.before or "–", Tone.QUIET),
        ),
    )


class GateCard(VerticalScroll, can_focus=False):
    """Shows the gate it is given."""

    DEFAULT_CSS = """
    GateCard { height: auto; max-height: 50%; border: round $secondary; border-title-color: $accent; padding: 0 1;
               display: none; scrollbar-size-vertical: 1; }
    """
    line: reactive[GateRow | None] = reactive(None, init=False)

    def compose(self) -> ComposeResult:
        yield Static()

    def watch_line(self, line: GateRow | None) -> None:
        """Write the card anew."""
        self.display = line is not None
        self._write()

    def on_resize(self) -> None:
        """Give the curve the new width."""
        self._write()

    def _write(self) -> None:
        if self.line is not None and self.is_mounted:
            self.border_title = f"{self.line.stage} {self.line.gate or self.line.key}"
            high = HIGH if self.app.size.height >= ROOMY else LOW
            told = _told(self.line, max(self.size.width - 3, 20), high)
            self.query_one(Static).update(Content("\n").join(told))


def _told(line: GateRow, width: int, high: int) -> Iterator[Content]:
    standing = line.standing
    state = Content.styled(f"{SIGNS[standing.tone]} {standing.word}", COLOURS[standing.tone])
    yield Content.assemble(Content.styled(line.title, "bold"), "  ", state)
    yield Content(standing.means)
    if line.override:
        yield Content.assemble(Content.styled(f"{_('override')}: ", "dim"), line.override)
    if line.todo:
        yield Content.assemble(Content.styled("→ ", "bold $text-accent"), line.todo)
    if line.why:
        yield Content.assemble(Content.styled(f"{_('why')}: ", "dim"), line.why)
    if line.before:
        yield Content.assemble(Content.styled(f"{_('when it was applied')}: ", "dim"), line.before)
    if len(line.points) > 1:
        yield from curve(line, width, high)
    elif line.limit is not None:
        yield Content.styled(_("no readings are kept yet; a resting worker takes one every hour"), "dim")
