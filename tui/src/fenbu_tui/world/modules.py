"""Modules: one line each, and all of them at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from attrs import frozen

from fenbu_tui.world.base import Head, Question, Standing, Trouble


@frozen
class Reading:
    """How far a subscription of a late module has read the history it missed."""

    told: str
    """With events read of how many, pace and time left, where they are known."""
    share: float
    """Between 0 and 1."""


@frozen(kw_only=True)
class ModuleLine:
    """A module as the list of modules shows it."""

    name: str
    title: str
    version: str
    """Of the code, with what was enabled when that differs (``1.0 → 1.1``)."""
    standing: Standing
    tier: str = ""
    """Level of support that its maker promises; empty when it does not say."""
    todo: str
    """What the operator can do about its state."""
    troubles: tuple[Trouble, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """Label and value of what else is known: package, capabilities, requirements."""
    verbs: frozenset[str] = frozenset()
    """What may be done to it now: ``enable``, ``disable``, ``upgrade``, ``purge``, ``set``."""
    reading: tuple[Reading, ...] = ()
    """How far it has read what happened before it was on."""

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


@frozen(kw_only=True)
class ModuleDetail:
    """A module at length."""

    line: ModuleLine
    chapters: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Title of a chapter to label and value of what stands in it."""


class Modules(Protocol):
    """What the list of modules asks."""

    def modules(self) -> Picture:
        """Return the modules as they are now.

        Raises:
            Unreachable: The database cannot be asked.
        """
        ...

    def module(self, name: str) -> ModuleDetail:
        """Return one module at length.

        Raises:
            Unreachable: The database cannot be asked.
            FenbuError: There is none of this name.
        """
        ...

    def switch(self, verb: str, names: Sequence[str]) -> Question:
        """Return what doing something to modules would bring, and the ways to do it.

        Args:
            verb: One of the line's verbs, but not ``set``.
            names: Of modules.

        Raises:
            Unreachable: The database cannot be asked.
            FenbuError: It cannot even be looked at.
        """
        ...
