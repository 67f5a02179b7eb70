"""The question before something with consequences: what they are, and which way to go; Cancel has the focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from attrs import frozen
from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from fenbu.i18n import _
from fenbu_tui.keys import DIALOG, bindings
from fenbu_tui.screens.live import Translated
from fenbu_tui.world.base import Consequence

CANCEL = "cancel"


@frozen
class Choice:
    """A way to go on."""

    id: str
    label: str
    told: str = ""
    """What it means, in a sentence."""


class ConfirmScreen(Translated, ModalScreen[str]):
    """Shows consequences and asks; gives back the choice's id, empty when nothing is to be changed."""

    AUTO_FOCUS = f"#{CANCEL}"
    BINDINGS: ClassVar[list[BindingType]] = bindings(DIALOG)
    DEFAULT_CSS = """
    ConfirmScreen { align: center middle; }
    ConfirmScreen > Vertical { width: 76; max-width: 95%; height: auto; max-height: 90%; padding: 0 1;
        border: round $warning; border-title-color: $text-warning; background: $surface; }
    ConfirmScreen VerticalScroll { height: auto; max-height: 14; scrollbar-size-vertical: 1; }
    ConfirmScreen .choices { height: auto; padding: 1 0 0 0; }
    ConfirmScreen .answers { height: auto; padding: 1 0 0 0; }
    ConfirmScreen Button { margin: 0 1 0 0; min-width: 10; }
    ConfirmScreen .command { color: $text-muted; padding: 1 0 0 0; }
    ConfirmScreen Input { margin: 1 0 0 0; }
    """

    def __init__(
        self,
        title: str,
        consequences: Sequence[Consequence],
        choices: Sequence[Choice],
        *,
        command: str = "",
        typed: str = "",
    ) -> None:
        """Make the question.

        Args:
            title: What is about to be done.
            consequences: What it brings, in words and numbers.
            choices: Ways to go on, the usual one first.
            command: The command line that does the same.
            typed: What must be typed before one can go on, where a key is too easily pressed.
        """
        super().__init__()
        self._title, self._consequences, self._choices = title, consequences, choices
        self._command, self._typed = command, typed

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = self._title
            with VerticalScroll(can_focus=False):
                yield Static(_told(self._consequences))
            told = [one for one in self._choices if one.told]
            if told:
                yield Static(Content("\n").join(_meaning(one) for one in told), classes="choices")
            if self._command:
                yield Static(Content(f"$ {self._command}"), classes="command")
            if self._typed:
                yield Input(placeholder=_("type {word} to go on").format(word=self._typed))
            with Horizontal(classes="answers"):
                yield Button(_("Cancel"), id=CANCEL, compact=True)
                for one in self._choices:
                    yield Button(one.label, id=f"choice-{one.id}", compact=True, disabled=bool(self._typed))

    @on(Input.Changed)
    def _typed_so_far(self, message: Input.Changed) -> None:
        message.stop()
        for button in self.query(Button):
            if button.id != CANCEL:
                button.disabled = message.value != self._typed

    @on(Input.Submitted)
    def _typed_all(self, message: Input.Submitted) -> None:
        """Go to the answer; enter once more gives it."""
        message.stop()
        if message.value == self._typed:
            self.query_one(f"#choice-{self._choices[0].id}", Button).focus()

    @on(Button.Pressed)
    def _answer(self, message: Button.Pressed) -> None:
        message.stop()
        self.dismiss((message.button.id or "").removeprefix("choice-") if message.button.id != CANCEL else "")

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss("")

    def action_turn(self, step: int) -> None:
        """Go to the next answer or the one before."""
        if step > 0:
            self.focus_next()
        else:
            self.focus_previous()


def _told(consequences: Sequence[Consequence]) -> Content:
    if not consequences:
        return Content(_("It has no consequences that are known beforehand."))
    width = max(cell_len(one.number) for one in consequences)
    lines = [
        Content.assemble(
            Content.styled(" " * (width - cell_len(one.number)) + one.number, "bold"),
            f"{'  ' if width else ''}{one.text}",
        )
        for one in consequences
    ]
    return Content("\n").join(lines)


def _meaning(choice: Choice) -> Content:
    return Content.assemble(Content.styled(choice.label, "bold"), f"  {choice.told}")
