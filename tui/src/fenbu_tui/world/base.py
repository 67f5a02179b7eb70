"""What every screen knows: who looks at whose books, states and troubles, acts, and a world that does not answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from attrs import frozen

from fenbu_tui.signs import Tone


class Unreachable(Exception):
    """The database cannot be asked now; it may be reachable again later."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        """One sentence."""
        self.hint = hint
        """What to do; may be empty."""


@frozen(kw_only=True)
class Head:
    """In whose books one is, and who delivers: the first line of every screen."""

    enterprise: str
    place: str
    """The database, without password."""
    actor: str
    at: datetime
    """With the enterprise's zone."""
    worker: str
    """Whether somebody delivers, in words; empty when nobody has to."""


@frozen
class Standing:
    """A state as people see it: sign, word and colour, any of which is enough."""

    word: str
    tone: Tone
    means: str = ""
    """In a sentence."""


@frozen(kw_only=True)
class Trouble:
    """Something that is wrong with a module."""

    subject: str
    """What it is about: a hook, a revision, the import."""
    detail: str
    hint: str
    times: int = 1


@frozen
class Line:
    """A line of a text that is shown as it is: a file, a plan, a report."""

    text: str
    indent: str = ""
    """What is drawn in front: the branches of a tree."""
    tone: Tone | None = None
    strong: bool = False
    """It is the head of what follows."""


@frozen
class Consequence:
    """What an act will bring: words, and to how much."""

    text: str
    number: str = ""
    indent: str = ""
    """What is drawn in front: the branches of a tree."""
    tone: Tone | None = None


Tell = Callable[[str], None]
"""Takes a line about what has just happened; raises `Stopped` when no more is wanted."""


class Stopped(Exception):
    """Whoever follows an act wants no more of it; what is done stays done."""


@frozen(kw_only=True)
class Act:
    """Something an operator does: its command line, and how it is done.

    Making one asks nothing of the database; `run` does, in a worker.
    """

    command: str
    """As it is typed: ``fenbu flows retry 42``; secrets masked."""
    run: Callable[[], str]
    """Does it and says in one sentence what was done; raises `FenbuError` for a refusal."""
    undo: Act | None = None
    """What takes it back, where something does."""
    follow: Callable[[Tell], str] | None = None
    """Of what takes its time: does it as `run`, and tells meanwhile what has happened."""


@frozen(kw_only=True)
class Choice:
    """A way to go on."""

    label: str
    act: Act
    told: str = ""
    """What it means, in a sentence."""


@frozen(kw_only=True)
class Question:
    """What is asked before something with consequences."""

    title: str
    consequences: tuple[Consequence, ...]
    choices: tuple[Choice, ...] = ()
    """Ways to go on, the usual one first; none where a rule says no, which the consequences tell."""
    typed: str = ""
    """What must be typed before one can go on, where a key is too easily pressed."""


class Heads(Protocol):
    """What the app asks for the first line of every screen."""

    def head(self) -> Head:
        """Return in whose books one is now.

        Raises:
            Unreachable: The database cannot be asked.
        """
        ...
