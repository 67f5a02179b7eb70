"""What was applied and rolled back: every run, with its gates as they were read and its journal of steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import GO_BACK, bindings
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.signs import SIGNS
from fenbu_tui.widgets.line_pane import LinePane
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.rollouts import Rollouts, RunRow


class RunsScreen(LiveScreen):
    """Lists the runs, the newest first, and shows the journal of the one under the cursor."""

    HELP_TEXT = N_(
        "Every stage that was applied or rolled back, the newest first. Below stands how its gates read when it began, "
        "and each step with who has done it when."
    )
    AUTO_FOCUS = "RowTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(GO_BACK)
    DEFAULT_CSS = """
    RunsScreen #list { height: 1fr; border: round $secondary; border-title-color: $accent; min-height: 4; }
    RunsScreen #journal-frame { height: 1fr; min-height: 4; border: round $secondary; border-title-color: $accent; }
    RunsScreen #empty { padding: 1 2; color: $text-muted; display: none; }
    RunsScreen .without-rows RowTable { display: none; }
    RunsScreen .without-rows #empty { display: block; }
    """

    def __init__(self, rollouts: Rollouts) -> None:
        super().__init__()
        self._rollouts = rollouts
        self._runs: Sequence[RunRow] = ()

    @property
    def crumb(self) -> str:
        """That this is the past."""
        return _("History")

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Vertical(id="list"):
            yield RowTable(
                (
                    TableColumn(_("run"), 4, right=True),
                    TableColumn(_("stage"), 14, share=1),
                    TableColumn(_("did"), 10),
                    TableColumn(_("outcome"), 14),
                    TableColumn(_("steps"), 6, wide=60, right=True),
                    TableColumn(_("by"), 12, wide=70),
                    TableColumn(_("began"), 12, wide=50),
                    TableColumn(_("plan"), 16, wide=96),
                )
            )
            yield Static(
                _("Nothing was applied yet. Every stage that is applied or rolled back will stand here."),
                id="empty",
            )
        with Vertical(id="journal-frame"):
            yield LinePane(id="journal")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Name the frames."""
        self.query_one("#list").border_title = _("History")
        self.query_one("#journal-frame").border_title = _("Gates and steps")

    def read_again(self) -> None:
        """Read the runs again."""
        self.read(lambda: tuple(self._rollouts.runs()), self.show)

    def show(self, runs: Sequence[RunRow]) -> None:
        """Show the runs."""
        self._runs = runs
        self.query_one(RowTable).rows = [_row(one) for one in runs]
        self.query_one("#list").set_class(not runs, "without-rows")
        self.query_one("#list").border_subtitle = str(len(runs))
        self.query_one("#journal-frame").display = bool(runs)
        self._look()

    @on(RowTable.Highlighted)
    def _look(self) -> None:
        key = self.query_one(RowTable).key
        here = next((one for one in self._runs if one.id == key), None)
        self.query_one(LinePane).lines = here.journal if here else ()

    def action_leave(self) -> None:
        """Go back to the plan."""
        self.dismiss()


def _row(one: RunRow) -> TableRow:
    outcome = Cell(f"{SIGNS[one.standing.tone]} {one.standing.word}", one.standing.tone)
    cells = (
        Cell(one.id),
        Cell(one.stage),
        Cell(one.did),
        outcome,
        Cell(one.steps),
        Cell(one.by),
        Cell(one.at),
        Cell(one.version),
    )
    return TableRow(one.id, cells)
