"""Settings of a module: a form made of its model; what was changed is set when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import GO_BACK, bindings
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.widgets.form import Form
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.settings import ModuleSettings, Settings


class SettingsScreen(LiveScreen):
    """Asks for the settings of a module."""

    HELP_TEXT = N_(
        "The module's own model says which settings there are and what they may be. A secret is a reference: "
        "env:NAME, file:PATH or keyring:SERVICE/NAME, and never shown. Every change stands in the audit trail."
    )
    AUTO_FOCUS = "Form Input, Form Select, Form Switch"
    BINDINGS: ClassVar[list[BindingType]] = bindings(GO_BACK)
    DEFAULT_CSS = """
    SettingsScreen #frame { border: round $secondary; border-title-color: $accent; padding: 0 1; }
    SettingsScreen #empty { color: $text-muted; }
    """

    def __init__(self, settings: Settings, module: str) -> None:
        super().__init__()
        self._settings, self._module = settings, module

    def compose(self) -> ComposeResult:
        yield TopLine()
        with Vertical(id="frame") as frame:
            frame.border_title = _("Settings of {module}").format(module=self._module)
            yield Static(id="empty")
        yield Footer(compact=True)

    @property
    def crumb(self) -> str:
        """The module's name, and that these are its settings."""
        return _("{module} settings").format(module=self._module)

    def read_again(self) -> None:
        """Read them once: what is being typed is not overwritten by what others do."""
        if not self.query(Form):
            self.read(partial(self._settings.settings, self._module), self.show)

    def show(self, settings: ModuleSettings) -> None:
        """Show the form."""
        frame = self.query_one("#frame", Vertical)
        if not settings.model.model_fields:
            self.query_one("#empty", Static).update(_("This module has no settings."))
        elif not self.query(Form):
            self.query_one("#empty").display = False
            form = Form(settings.model, settings.given)
            frame.mount(form)
            form.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """Go to the first field."""
        for widget in self.query("Form *"):
            if widget.focusable:
                widget.focus()
                return

    def show_refusal(self, sentence: str) -> None:
        """Say why they cannot be read."""
        self.query_one("#empty", Static).update(sentence)

    @on(Form.Submitted)
    def _set(self, message: Form.Submitted) -> None:
        message.stop()
        changed: Mapping[str, Any] = self.query_one(Form).changed
        if not changed:
            self.notify(_("nothing was changed"))
            self.action_leave()
        else:
            self.act(partial(self._settings.set, self._module, changed), then=self.action_leave)

    def action_leave(self) -> None:
        """Go back; what was typed is forgotten."""
        self.dismiss(None)
