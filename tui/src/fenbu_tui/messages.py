"""What travels from screens to the app."""

from __future__ import annotations

from textual.message import Message

from fenbu_tui.world import Picture, Unreachable


class Lost(Message):
    """The database could not be asked."""

    def __init__(self, error: Unreachable) -> None:
        super().__init__()
        self.error = error


class Seen(Message):
    """The modules were read."""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture


class Changed(Message):
    """Somebody, in whatever process, has committed something."""
