"""The log of acts (``@``): what was done here, each as the command that does the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import ACTS, bindings
from fenbu_tui.screens.translated import Translated
from fenbu_tui.signs import SIGNS
from fenbu_tui.widgets.row_table import Cell, RowTable, TableColumn, TableRow
from fenbu_tui.world.acts import Logged


class ActsScreen(ModalScreen[None], Translated):
    """Lists what was done, the latest last."""

    HELP_TEXT = N_(
        "Everything that was done in this terminal UI, as the command that does the same in a shell."
    )
    AUTO_FOCUS = "RowTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(ACTS)
    DEFAULT_CSS = """
    ActsScreen { align: center bottom; }
    ActsScreen > Vertical { height: 50%; border: round $accent; background: $surface; border-title-color: $accent; }
    ActsScreen Static { padding: 1 2; color: $text-muted; }
    """

    def __init__(self, acts: Sequence[Logged]) -> None:
        super().__init__()
        self._acts = acts

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = _("Done here")
            if not self._acts:
                yield Static(
                    _("Nothing was done yet. Every act will stand here as its fenbu command; c copies it.")
                )
            table = RowTable(
                (
                    TableColumn(_("at"), 8),
                    TableColumn(_("command"), 24, share=2),
                    TableColumn(_("what became of it"), 20, share=1, wide=70),
                )
            )
            table.display = bool(self._acts)
            yield table
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Show the acts, the cursor on the latest."""
        table = self.query_one(RowTable)
        table.rows = [_row(place, one) for place, one in enumerate(self._acts)]
        table.action_edge(1)

    def action_copy(self) -> None:
        """Copy the command under the cursor."""
        if (key := self.query_one(RowTable).key) is not None:
            command = self._acts[int(key)].command
            self.app.copy_to_clipboard(command)
            self.notify(_("copied: {what}").format(what=command), markup=False)

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)


def _row(place: int, one: Logged) -> TableRow:
    cells = (Cell(f"{one.at:%H:%M:%S}"), Cell(one.command), Cell(f"{SIGNS[one.tone]} {one.said}", one.tone))
    return TableRow(str(place), cells)
