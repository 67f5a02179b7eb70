"""A module at length: its state, what it brings, what stands in its tables, what is wrong."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from fenbu.i18n import N_
from fenbu_tui.keys import GO_BACK, bindings
from fenbu_tui.screens.switching import SwitchingScreen
from fenbu_tui.widgets.module_card import chapters, sentences
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.modules import ModuleDetail, ModuleLine
from fenbu_tui.world.switchable import Switchable


class ModuleScreen(SwitchingScreen):
    """Shows one module."""

    HELP_TEXT = N_(
        "Everything that is known of a module: what it brings and needs, its tables with their rows, its permissions, "
        "and what is wrong with it. What can be done to it stands below."
    )
    AUTO_FOCUS = "#detail"
    BINDINGS: ClassVar[list[BindingType]] = bindings(GO_BACK)
    DEFAULT_CSS = """
    ModuleScreen #detail { border: round $secondary; border-title-color: $accent; padding: 0 1;
                           scrollbar-size-vertical: 1; }
    """

    def __init__(self, modules: Switchable, name: str) -> None:
        super().__init__(modules)
        self._module = name
        self._detail: ModuleDetail | None = None

    def compose(self) -> ComposeResult:
        yield TopLine()
        with VerticalScroll(id="detail") as frame:
            frame.border_title = self._module
            yield Static()
        yield Footer(compact=True)

    @property
    def crumb(self) -> str:
        """The module's name."""
        return self._module

    @property
    def here(self) -> ModuleLine | None:
        """The module that is shown."""
        return self._detail.line if self._detail else None

    def read_again(self) -> None:
        """Read the module again."""
        self.read(partial(self._modules.module, self._module), self.show)

    def show(self, detail: ModuleDetail) -> None:
        """Show the module."""
        self._detail = detail
        self.query_one("#detail Static", Static).update(
            Content("\n").join([*sentences(detail.line), *chapters(detail)])
        )
        self.refresh_bindings()

    def action_leave(self) -> None:
        """Go back to the list."""
        self.dismiss(None)
