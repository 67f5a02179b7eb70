"""The database cannot be reached: why, when it is tried again, and what was last seen."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Footer, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import RETRY, bindings
from fenbu_tui.messages import Headed, Lost
from fenbu_tui.screens.translated import Translated
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.module_table import ModuleTable
from fenbu_tui.world.base import Head, Heads, Unreachable
from fenbu_tui.world.modules import Picture

LONGEST = 30


class UnreachableScreen(Translated, Screen[Head]):
    """Tries again after 1, 2, 4 … 30 seconds and gives the first line back when it can; nothing can be done here."""

    HELP_TEXT = N_(
        "The database does not answer. It is tried again by itself; below stands what was last seen, which may have "
        "changed since."
    )
    AUTO_FOCUS = "ModuleTable"
    BINDINGS: ClassVar[list[BindingType]] = bindings(RETRY)
    DEFAULT_CSS = """
    UnreachableScreen #why { height: auto; padding: 1 2; border: round $error; border-title-color: $text-error; }
    UnreachableScreen #last { border: round $secondary; opacity: 80%; }
    """
    left: reactive[int] = reactive(0, init=False)

    def __init__(self, heads: Heads, error: Unreachable, last: Picture | None) -> None:
        super().__init__()
        self._heads, self._error, self._last = heads, error, last
        self._pause = 1

    def compose(self) -> ComposeResult:
        yield Static(id="why")
        with Vertical(id="last"):
            if self._last:
                yield ModuleTable()
            else:
                yield Static(_("Nothing has been seen of this database yet."))
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Show what was last seen and start the clock."""
        self.query_one("#why").border_title = f"{SIGNS[Tone.BAD]} {_('database unreachable')}"
        frame = self.query_one("#last")
        if self._last:
            self.query_one(ModuleTable).lines = self._last.modules
            at = self._last.head.at.strftime("%Y-%m-%d %H:%M:%S %Z")
            frame.border_title = _("last seen {at}, read-only").format(at=at)
        self.left = self._pause
        self._explain()
        self.set_interval(1, self._tick)

    def _tick(self) -> None:
        if self.left > 1:
            self.left -= 1
        elif self.left == 1:
            self.action_retry()

    def action_retry(self) -> None:
        """Ask the database now."""
        self.left = 0
        self._ask()

    @work(thread=True, exclusive=True, group="read")
    def _ask(self) -> None:
        try:
            head = self._heads.head()
        except Unreachable as error:
            self.post_message(Lost(error))
        else:
            self.post_message(Headed(head))

    @on(Lost)
    def _wait_longer(self, message: Lost) -> None:
        message.stop()
        self._error = message.error
        self._pause = min(self._pause * 2, LONGEST)
        self.left = self._pause
        self._explain()

    @on(Headed)
    def _go_on(self, message: Headed) -> None:
        if self.is_current:  # two answers may be on their way
            self.dismiss(message.head)

    def watch_left(self) -> None:
        """Move the clock."""
        self._explain()

    def _explain(self) -> None:
        when = _("trying now …")
        if self.left:
            when = _("next try in {seconds} s; r tries now").format(seconds=self.left)
        told = [line for line in (self._error.reason, self._error.hint) if line]
        self.query_one("#why", Static).update(Content("\n".join([*told, "", when])))
