"""The question why: a reason is typed before something is given up, and kept with it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import REASON, bindings
from fenbu_tui.screens.translated import Translated


class ReasonScreen(ModalScreen[str], Translated):
    """Lets a reason be typed; gives it back, empty when nothing is to be given up."""

    HELP_TEXT = N_("Why something is given up: kept with it and in the audit trail.")
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = bindings(REASON)
    DEFAULT_CSS = """
    ReasonScreen { align: center middle; }
    ReasonScreen > Vertical { width: 76; max-width: 95%; height: auto; padding: 0 1;
        border: round $warning; border-title-color: $text-warning; background: $surface; }
    ReasonScreen Input { height: 1; border: none; padding: 0; background: $panel; margin: 1 0; }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._about = title

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = self._about
            yield Static(_("Why? The reason is kept with it and in the audit trail."))
            yield Input(placeholder=_("agreed with the customer by phone"), select_on_focus=False)

    @on(Input.Submitted)
    def _answer(self, message: Input.Submitted) -> None:
        message.stop()
        if message.value.strip():
            self.dismiss(message.value.strip())

    def action_cancel(self) -> None:
        """Give nothing up."""
        self.dismiss("")
