"""What an act that takes its time tells while it is done; it goes on when this is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from attrs import define, field
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer

from fenbu.i18n import N_, _
from fenbu_tui.keys import PROGRESS, bindings
from fenbu_tui.screens.translated import Translated
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.widgets.line_pane import LinePane
from fenbu_tui.world.base import Act, Line, Stopped

_DONE, _FAILED = "✔", "✖"
_BRANCHES = "├└│ "
"""What a tree is drawn with."""


@define(eq=False)
class Doing:
    """An act under way, or over: what it has told, and what became of it."""

    act: Act
    lines: list[str] = field(factory=list)
    stopping: bool = False
    said: str = ""
    """The last word; empty while it runs."""
    refused: bool = False

    def take(self, line: str, shown: Callable[[], object]) -> None:
        """Take a line down, in the act's own thread; end the act there when that was asked.

        Raises:
            Stopped: It was.
        """
        if self.stopping:
            raise Stopped
        self.lines.append(line)
        shown()


class ProgressScreen(ModalScreen[None], Translated):
    """Shows what an act tells, the latest in sight."""

    HELP_TEXT = N_("What is done, step by step. It goes on when this is closed; @ tells when it is over.")
    AUTO_FOCUS = "LinePane"
    BINDINGS: ClassVar[list[BindingType]] = bindings(PROGRESS)
    DEFAULT_CSS = """
    ProgressScreen { align: center bottom; }
    ProgressScreen > Vertical { height: 60%; border: round $accent; background: $surface;
                                border-title-color: $accent; }
    """

    def __init__(self, doing: Doing) -> None:
        super().__init__()
        self.doing = doing

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = self.doing.act.command
            yield LinePane()
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Show what was told by now."""
        self.show()

    def show(self) -> None:
        """Show what was told since, and how it ended."""
        doing, pane = self.doing, self.query_one(LinePane)
        told = [_line(line) for line in list(doing.lines)]
        if doing.said:
            told += [Line(""), Line(f"{_sign(doing)} {doing.said}", "", _tone(doing))]
        pane.lines = told
        pane.action_edge(1)
        running = _("stopping after the step in hand …") if doing.stopping else _("running …")
        over = _("refused") if doing.refused else _("done")
        self.query_one(Vertical).border_subtitle = f"{_sign(doing)} {over}" if doing.said else running
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to stop what runs."""
        if action == "stop":
            return not self.doing.said and not self.doing.stopping
        return super().check_action(action, parameters)

    def action_stop(self) -> None:
        """End it after the step in hand."""
        self.doing.stopping = True
        self.show()

    def action_copy_command(self) -> None:
        """Copy the command line."""
        self.app.copy_to_clipboard(self.doing.act.command)
        self.notify(_("copied: {what}").format(what=self.doing.act.command), markup=False)

    def action_copy_output(self) -> None:
        """Copy what was told."""
        self.app.copy_to_clipboard("\n".join([*self.doing.lines, self.doing.said]))
        self.notify(_("copied: {count} lines").format(count=len(self.doing.lines)))

    def action_close(self) -> None:
        """Go back; what still runs goes on."""
        self.dismiss(None)


def _line(told: str) -> Line:
    text = told.lstrip(_BRANCHES)
    tone = Tone.GOOD if _DONE in text else Tone.BAD if text.startswith(_FAILED) else None
    return Line(text, told[: len(told) - len(text)], tone)


def _tone(doing: Doing) -> Tone:
    return Tone.BAD if doing.refused else Tone.GOOD


def _sign(doing: Doing) -> str:
    return SIGNS[_tone(doing)]
