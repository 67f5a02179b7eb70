"""What travels from screens to the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from fenbu_tui.places import Place
    from fenbu_tui.world.base import Act, Head, Unreachable
    from fenbu_tui.world.modules import Picture


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


class Headed(Message):
    """The first line was read."""

    def __init__(self, head: Head) -> None:
        super().__init__()
        self.head = head


class Appeared(Message):
    """A screen is on top now; its first line is to be written."""


class Changed(Message):
    """Somebody, in whatever process, has committed something."""


class Go(Message):
    """The user wants to be elsewhere."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


class Acted(Message):
    """An act is over: done, or refused."""

    def __init__(self, act: Act, said: str, *, refused: bool = False) -> None:
        super().__init__()
        self.act, self.said, self.refused = act, said, refused


class Begun(Message):
    """An act that takes its time is to be done, and followed."""

    def __init__(self, act: Act) -> None:
        super().__init__()
        self.act = act


class Offered(Message):
    """A command is to be typed on, or run, by the user."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self.line = line


class Wished(Message):
    """The user wants to perform an action, whatever is on the screen."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self.action = action


class Ran(Message):
    """A command of the command line has ended."""

    def __init__(self, command: str, said: str, *, failed: bool = False) -> None:
        super().__init__()
        self.command, self.said, self.failed = command, said, failed
