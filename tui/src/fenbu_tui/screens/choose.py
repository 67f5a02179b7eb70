"""A short list out of which one is chosen, or several are kept; a line to type; a picture to look at."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, SelectionList, Static
from textual.widgets.option_list import Option
from textual.widgets.selection_list import Selection

from fenbu.i18n import _
from fenbu_tui.keys import CHOOSE, CLOSE, bindings
from fenbu_tui.widgets.options import Options

_CSS = """
{name} {{ align: center middle; }}
{name} > #box {{
    width: 64; max-width: 95%; height: auto; max-height: 90%;
    border: round $accent; border-title-color: $accent; background: $surface; padding: 0 1;
}}
{name} OptionList {{ height: auto; max-height: 20; border: none; }}
{name} Static {{ height: auto; color: $text-muted; }}
"""


class ChooseScreen(ModalScreen[int | None]):
    """Offers lines; answers with the place of the one chosen, or None."""

    AUTO_FOCUS = "Options"
    BINDINGS: ClassVar[list[BindingType]] = bindings(CHOOSE)
    DEFAULT_CSS = _CSS.format(name="ChooseScreen")

    def __init__(self, title: str, lines: Sequence[Content]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Options(*(Option(line) for line in self._lines))

    def on_mount(self) -> None:
        """Say what is chosen."""
        self.query_one("#box").border_title = self._title
        self.query_one("#box").border_subtitle = _("↵ takes it, esc goes back")

    @on(OptionList.OptionSelected)
    def _take(self, message: OptionList.OptionSelected) -> None:
        self.dismiss(message.option_index)

    def action_cancel(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


class KeepScreen(ModalScreen[list[str] | None]):
    """Offers columns to keep; answers with the names of those kept."""

    AUTO_FOCUS = "SelectionList"
    BINDINGS: ClassVar[list[BindingType]] = bindings(CHOOSE)
    DEFAULT_CSS = _CSS.format(name="KeepScreen")

    def __init__(self, title: str, names: Sequence[tuple[str, str]], kept: Collection[str]) -> None:
        super().__init__()
        self._title, self._names, self._kept = title, names, kept

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield SelectionList(*(Selection(told, name, name in self._kept) for name, told in self._names))

    def on_mount(self) -> None:
        """Say what is chosen."""
        self.query_one("#box").border_title = self._title
        self.query_one("#box").border_subtitle = _("space marks, esc goes back")

    def action_cancel(self) -> None:
        """Keep what is marked."""
        kept = set(self.query_one(SelectionList).selected)
        self.dismiss([name for name, _told in self._names if name in kept])


class TypeScreen(ModalScreen[str | None]):
    """Asks for one line."""

    AUTO_FOCUS = "Input"
    DEFAULT_CSS = _CSS.format(name="TypeScreen")

    def __init__(self, title: str, text: str, told: str) -> None:
        super().__init__()
        self._title, self._text, self._told = title, text, told

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Input(self._text, compact=True, select_on_focus=False)
            yield Static(self._told, markup=False)

    def on_mount(self) -> None:
        """Say what is asked."""
        self.query_one("#box").border_title = self._title
        self.query_one("#box").border_subtitle = _("↵ goes on, esc goes back")

    @on(Input.Submitted)
    def _take(self, message: Input.Submitted) -> None:
        self.dismiss(message.value.strip() or None)

    def key_escape(self) -> None:
        """Ask nothing."""
        self.dismiss(None)


class LookScreen(ModalScreen[None]):
    """Shows something until a key is pressed."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = bindings(CLOSE)
    DEFAULT_CSS = _CSS.format(name="LookScreen") + "LookScreen Static { color: $foreground; }"

    def __init__(self, title: str, shown: Content) -> None:
        super().__init__()
        self._title, self._shown = title, shown

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="box"):
            yield Static(self._shown)

    def on_mount(self) -> None:
        """Say what is shown."""
        self.query_one("#box").border_title = self._title
        self.query_one("#box").border_subtitle = _("esc goes back")

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)
