"""Help: the keys that work here, and what the screen is for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from fenbu.i18n import _
from fenbu_tui.keys import CLOSE, bindings
from fenbu_tui.screens.translated import Translated


class HelpScreen(ModalScreen[None], Translated):
    """Shows a text and keys; any of its own keys closes it."""

    AUTO_FOCUS = "#help"
    BINDINGS: ClassVar[list[BindingType]] = bindings(CLOSE)
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > #help {
        width: 72; max-width: 90%; height: auto; max-height: 90%;
        border: round $accent; background: $surface; padding: 0 2; scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, text: str, keys: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._text = text
        self._keys = tuple(keys)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help"):
            yield Static(self._text)
            yield Static()
            yield Static(_table(self._keys))

    def on_mount(self) -> None:
        """Say how to leave."""
        frame = self.query_one("#help")
        frame.border_title = _("Help")
        frame.border_subtitle = _("esc goes back")

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)


def _table(keys: Sequence[tuple[str, str]]) -> Content:
    width = max((cell_len(key) for key, _sentence in keys), default=0)
    lines = [
        Content.assemble(
            Content.styled(key + " " * (width - cell_len(key)), "bold $text-accent"), f"  {sentence}"
        )
        for key, sentence in keys
    ]
    return Content("\n").join(lines)
