"""The question before something with consequences: what they are, and which way to go; Cancel has the focus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import DescendantFocus
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from fenbu.i18n import _
from fenbu_tui.keys import DIALOG, bindings
from fenbu_tui.screens.translated import Translated
from fenbu_tui.widgets.line_pane import LinePane
from fenbu_tui.world.base import Act, Choice, Consequence, Line, Question

CANCEL = "cancel"


class ConfirmScreen(ModalScreen[Act], Translated):
    """Shows consequences and asks; gives back the act that was chosen, None when nothing is to be changed."""

    AUTO_FOCUS = f"#{CANCEL}"
    BINDINGS: ClassVar[list[BindingType]] = bindings(DIALOG)
    DEFAULT_CSS = """
    ConfirmScreen { align: center middle; }
    ConfirmScreen > Vertical { width: 76; max-width: 95%; height: auto; max-height: 90%; padding: 0 1;
        border: round $warning; border-title-color: $text-warning; background: $surface; }
    ConfirmScreen.-long > Vertical { width: 120; }
    ConfirmScreen LinePane { height: auto; max-height: 58vh; }
    ConfirmScreen .choices { height: auto; padding: 1 0 0 0; }
    ConfirmScreen .answers { height: auto; padding: 1 0 0 0; }
    ConfirmScreen Button { margin: 0 1 0 0; min-width: 10; }
    ConfirmScreen .command { color: $text-muted; padding: 1 0 0 0; }
    ConfirmScreen Input { margin: 1 0 0 0; }
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        question = self._question
        with Vertical() as frame:
            frame.border_title = question.title
            yield LinePane()
            if told := [one for one in question.choices if one.told]:
                yield Static(_meanings(told), classes="choices")
            yield Static(classes="command", markup=False)
            if question.typed:
                yield Input(placeholder=_("type {word} to go on").format(word=question.typed))
            with Horizontal(classes="answers"):
                yield Button(_("Cancel"), id=CANCEL, compact=True)
                for place, one in enumerate(question.choices):
                    yield Button(one.label, id=f"choice-{place}", compact=True, disabled=bool(question.typed))

    def on_mount(self) -> None:
        """Show the command of the usual way, and how more of what it brings is seen."""
        pane = self.query_one(LinePane)
        pane.can_focus = False
        pane.lines = _told(self._question.consequences)
        self.set_class(any(one.indent for one in self._question.consequences), "-long")
        self.call_after_refresh(self._say_how_more)
        if self._question.choices:
            self._show_command(self._question.choices[0])

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Show the command that does what the answer under the cursor does."""
        if (choice := self._choice(event.widget.id)) is not None:
            self._show_command(choice)

    def on_resize(self) -> None:
        """Say anew whether there is more than is seen."""
        self.call_after_refresh(self._say_how_more)

    def _say_how_more(self) -> None:
        scrolls = self.query_one(LinePane).max_scroll_y > 0
        self.query_one(Vertical).border_subtitle = _("PgDn shows more") if scrolls else ""

    def action_page(self, step: int) -> None:
        """Show more of the consequences, or what stands above."""
        self.query_one(LinePane).action_page(step)

    def _show_command(self, choice: Choice) -> None:
        self.query_one(".command", Static).update(f"$ {choice.act.command}")

    def _choice(self, button: str | None) -> Choice | None:
        place = (button or "").removeprefix("choice-")
        return self._question.choices[int(place)] if place.isdigit() else None

    @on(Input.Changed)
    def _typed_so_far(self, message: Input.Changed) -> None:
        message.stop()
        for button in self.query(Button):
            if button.id != CANCEL:
                button.disabled = message.value != self._question.typed

    @on(Input.Submitted)
    def _typed_all(self, message: Input.Submitted) -> None:
        """Go to the answer; enter once more gives it."""
        message.stop()
        if message.value == self._question.typed:
            self.query_one("#choice-0", Button).focus()

    @on(Button.Pressed)
    def _answer(self, message: Button.Pressed) -> None:
        message.stop()
        choice = self._choice(message.button.id)
        self.dismiss(choice.act if choice else None)

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)

    def action_turn(self, step: int) -> None:
        """Go to the next answer or the one before."""
        if step > 0:
            self.focus_next()
        else:
            self.focus_previous()


def _told(consequences: Sequence[Consequence]) -> list[Line]:
    if not consequences:
        return [Line(_("It has no consequences that are known beforehand."))]
    width = max(cell_len(one.number) for one in consequences)
    return [_line(one, width) for one in consequences]


def _line(one: Consequence, width: int) -> Line:
    number = " " * (width - cell_len(one.number)) + one.number + "  " if width else ""
    return Line(one.text, f"{number}{one.indent}", one.tone, strong=False)


def _meanings(choices: Sequence[Choice]) -> Content:
    width = max(cell_len(one.label) for one in choices)
    lines = [
        Content.assemble(
            Content.styled(one.label + " " * (width - cell_len(one.label)), "bold"), f"  {one.told}"
        )
        for one in choices
    ]
    return Content("\n").join(lines)
