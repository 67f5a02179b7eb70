"""What the screens ask of the world: frozen rows, and protocols that `gateway` fulfils.

A screen names the smallest protocol that serves it. Rows arrive ready to be shown: texts translated, states
with their sign and tone, so that no screen has a rule of its own.
"""

from __future__ import annotations

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


@frozen(kw_only=True)
class ModuleLine:
    """A module as the list of modules shows it."""

    name: str
    title: str
    version: str
    """Of the code, with what was enabled when that differs (``1.0 → 1.1``)."""
    standing: Standing
    todo: str
    """What the operator can do about its state."""
    troubles: tuple[Trouble, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """Label and value of what else is known: package, capabilities, requirements."""

    @property
    def problem(self) -> str:
        """The latest trouble in one line, with how many more there are."""
        if not self.troubles:
            return ""
        more = f" (+{len(self.troubles) - 1})" if len(self.troubles) > 1 else ""
        return f"{self.troubles[0].detail}{more}"


@frozen(kw_only=True)
class Picture:
    """The modules at one moment."""

    enterprise: str
    place: str
    """The database, without password."""
    actor: str
    at: datetime
    """With the enterprise's zone."""
    worker: str
    """Whether somebody delivers, in words; empty when nobody has to."""
    modules: tuple[ModuleLine, ...]


class Modules(Protocol):
    """What the list of modules asks."""

    def modules(self) -> Picture:
        """Return the modules as they are now.

        Raises:
            Unreachable: The database cannot be asked.
        """
        ...


class World(Modules, Protocol):
    """Everything all screens ask, and how the app hears that something has changed."""

    def wait(self, timeout: float) -> bool:
        """Sleep until somebody, in whatever process, has committed something; at most `timeout` seconds.

        Called by one thread only. May return True for nothing.

        Raises:
            Unreachable: The database cannot be asked.
        """
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
