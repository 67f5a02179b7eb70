"""What a command writes, while it writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer, RichLog

from fenbu.errors import FenbuError
from fenbu.i18n import N_, _
from fenbu_tui.keys import OUTPUT, bindings
from fenbu_tui.messages import Ran
from fenbu_tui.screens.live import in_one
from fenbu_tui.screens.translated import Translated
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.world.commands import Running

MOST = 10_000
"""Lines that are kept."""


class OutputScreen(ModalScreen[None], Translated):
    """Runs a command and shows its lines; tells the app by `Ran` how it ended."""

    HELP_TEXT = N_("What the command has written. It runs beside the terminal UI, on the same enterprise.")
    AUTO_FOCUS = "RichLog"
    BINDINGS: ClassVar[list[BindingType]] = bindings(OUTPUT)
    DEFAULT_CSS = """
    OutputScreen { align: center bottom; }
    OutputScreen > Vertical { height: 70%; border: round $accent; background: $surface; border-title-color: $accent; }
    OutputScreen RichLog { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; background: $surface; }
    """

    def __init__(self, line: str, start: Callable[[], Running]) -> None:
        super().__init__()
        self._command, self._start = f"fenbu {line}", start
        self._process: Running | None = None
        self._lines: list[str] = []
        self._left = False

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = self._command
            yield RichLog(max_lines=MOST, wrap=True, markup=False, highlight=False)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Start the command."""
        self.query_one(Vertical).border_subtitle = _("running …")
        self.run_worker(self._follow, group="command", thread=True)

    def _follow(self) -> None:
        """Run in a worker's thread until the command has ended."""
        try:
            process = self._start()
        except (FenbuError, OSError) as error:
            said = in_one(error) if isinstance(error, FenbuError) else str(error)
            self.call_later(self._write, said)
            self.call_later(self._over, None, said)
            return
        self._process = process
        if self._left:
            process.stop()
        last = ""
        for line in process.lines():
            last = line.strip() or last
            self.call_later(self._write, line)
        self.call_later(self._over, process.code(), last)

    def _write(self, line: str) -> None:
        self._lines.append(line)
        self.query_one(RichLog).write(line)

    def _over(self, code: int | None, last: str) -> None:
        done = code == 0
        sign = SIGNS[Tone.GOOD if done else Tone.BAD]
        told = (
            _("done") if done else _("refused") if code is None else _("exit code {code}").format(code=code)
        )
        self.query_one(Vertical).border_subtitle = f"{sign} {told}"
        self.app.post_message(Ran(self._command, last or told, failed=not done))

    def action_stop(self) -> None:
        """End the command."""
        if self._process is not None:
            self._process.stop()

    def action_copy_command(self) -> None:
        """Copy the command line."""
        self.app.copy_to_clipboard(self._command)
        self.notify(_("copied: {what}").format(what=self._command), markup=False)

    def action_copy_output(self) -> None:
        """Copy what was written."""
        self.app.copy_to_clipboard("\n".join(self._lines))
        self.notify(_("copied: {count} lines").format(count=len(self._lines)))

    def action_close(self) -> None:
        """Go back; a command that still runs is ended."""
        self._left = True
        self.action_stop()
        self.dismiss(None)
