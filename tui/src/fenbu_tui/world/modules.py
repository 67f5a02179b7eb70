"""Modules: one line each, and all of them at one moment."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from fenbu_tui.world.base import Head, Standing, Trouble


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

    head: Head
    modules: tuple[ModuleLine, ...]


class Modules(Protocol):
    """What the list of modules asks."""

    def modules(self) -> Picture:
        """Return the modules as they are now.

        Raises:
            Unreachable: The database cannot be asked.
        """
        ...
