"""The line of commands (``:``): a screen's name, or what follows ``fenbu`` in a shell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from fenbu.i18n import N_, _
from fenbu_tui.keys import COMMAND, bindings
from fenbu_tui.places import SCREENS
from fenbu_tui.screens.translated import Translated
from fenbu_tui.world.commands import Commands, Proposal

FEW = 8
"""Proposals that are shown."""


class CommandScreen(ModalScreen[str], Translated):
    """Lets a line be typed, with proposals and what was typed before; gives it back, empty when none is to run."""

    HELP_TEXT = N_("A screen's name opens it; everything else is a command of the command line.")
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = bindings(COMMAND)
    DEFAULT_CSS = """
    CommandScreen { align: left bottom; background: $background 40%; }
    CommandScreen > Vertical { height: auto; background: $surface; border-top: solid $accent;
                               border-title-color: $accent; }
    CommandScreen #proposals { height: auto; padding: 0 1; color: $text-muted; }
    CommandScreen Input { height: 1; border: none; padding: 0 1; background: $panel; }
    CommandScreen Input:focus { border: none; }
    """

    def __init__(self, commands: Commands, history: Sequence[str], line: str = "") -> None:
        super().__init__()
        self._commands, self._history, self._line = commands, [*history, ""], line
        self._at = len(history)
        self._proposals: Sequence[Proposal] = ()
        self._taken: str | None = None
        """What was typed before tab put a proposal in its place."""
        self._turn = 0

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = _("Command")
            yield Static(id="proposals")
            yield Input(
                self._line, placeholder=_("modules, show erp.orders, enable crm …"), select_on_focus=False
            )

    def on_mount(self) -> None:
        """Propose what one may begin with."""
        self._ask(self._line)

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        message.stop()
        if self._taken is None or message.value != self._completed():
            self._taken, self._turn = None, 0
            self._ask(message.value)

    @on(Input.Submitted)
    def _run(self, message: Input.Submitted) -> None:
        message.stop()
        self.dismiss(message.value.strip())

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss("")

    def action_recall(self, step: int) -> None:
        """Show what was typed before or after."""
        self._at = max(0, min(self._at + step, len(self._history) - 1))
        self._put(self._history[self._at])

    # --- proposals ------------------------------------------------------------------------------------

    def action_complete(self) -> None:
        """Put the next proposal in the place of the last word."""
        if not self._proposals:
            return
        if self._taken is None:
            self._taken = self.query_one(Input).value
        else:
            self._turn = (self._turn + 1) % len(self._proposals)
        self._put(self._completed())
        if len(self._proposals) == 1:
            self._put(self._completed() + " ")
        self._show()

    def _completed(self) -> str:
        before = self._taken or ""
        head = before if not before or before[-1].isspace() else before[: before.rindex(before.split()[-1])]
        return f"{head}{self._proposals[self._turn].word}" if self._proposals else before

    def _put(self, line: str) -> None:
        field = self.query_one(Input)
        field.value = line
        field.cursor_position = len(line)

    def _ask(self, line: str) -> None:
        self.run_worker(partial(self._propose, line), group="propose", thread=True, exclusive=True)

    def _propose(self, line: str) -> None:
        """Run in a worker's thread: commands are imported to know their options."""
        screens = [Proposal(one.name, _(one.help)) for one in SCREENS if one.name.startswith(line)]
        proposals = self._commands.proposals(line)
        self.call_later(self._take, line, [*screens, *proposals])

    def _take(self, line: str, proposals: Sequence[Proposal]) -> None:
        if line == self.query_one(Input).value:
            self._proposals, self._turn = proposals, 0
            self._show()

    def _show(self) -> None:
        shown = self._proposals[: max(min(FEW, self.size.height - 4), 1)]
        width = max((len(one.word) for one in shown), default=0)
        lines = [
            Content.assemble(
                Content.styled(one.word.ljust(width), "bold $text-accent" if place == self._turn else ""),
                f"  {one.told}",
            )
            for place, one in enumerate(shown)
        ]
        if left := len(self._proposals) - len(shown):
            lines.append(Content(_("and {count} more").format(count=left)))
        self.query_one("#proposals", Static).update(Content("\n").join(lines))
