"""The line in which a filter is typed, hidden until it is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from fenbu.i18n import _
from fenbu_tui.keys import TYPING, bindings


class FilterBar(Input):
    """Posts `Filtered` with every letter, `Left` when the typing is over."""

    DEFAULT_CSS = """
    FilterBar { height: 1; border: none; padding: 0 1; background: $surface; display: none; }
    FilterBar:focus { border: none; }
    FilterBar.open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings(TYPING)

    class Filtered(Message):
        """The filter is now this text."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The typing is over; the filter stays."""

    def __init__(self, text: str = "") -> None:
        super().__init__(
            text,
            placeholder=_("words to keep, !word to leave out"),
            select_on_focus=False,
            classes="open" if text else None,
        )

    def open(self) -> None:
        """Show the line and take the keys."""
        self.add_class("open")
        self.focus()

    def action_leave(self) -> None:
        """Go back to the rows; the line stays while it says something."""
        self.set_class(bool(self.value), "open")
        self.post_message(self.Left())

    def action_clear_and_leave(self) -> None:
        """Show all rows again."""
        self.value = ""
        self.action_leave()

    @on(Input.Changed)
    def _tell(self, changed: Input.Changed) -> None:
        changed.stop()
        self.post_message(self.Filtered(changed.value))


def matches(wanted: str, texts: Iterable[str]) -> bool:
    """Say whether texts hold every word of a filter and none of those after ``!``; case does not matter."""
    joined = " ".join(texts).casefold()
    return all(
        (word[1:] not in joined if len(word) > 1 else True) if word.startswith("!") else word in joined
        for word in _words(wanted)
    )


def _words(wanted: str) -> Sequence[str]:
    return wanted.casefold().split()
