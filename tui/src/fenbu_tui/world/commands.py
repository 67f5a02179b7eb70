"""The command line inside: what may be typed, and a command that runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from attrs import frozen


@frozen
class Proposal:
    """A word that may come next."""

    word: str
    told: str = ""
    """What it means, in a line."""


class Running(Protocol):
    """A command that was started."""

    def lines(self) -> Iterator[str]:
        """Yield what it writes, line by line, until it ends; waits, so in a worker."""
        ...

    def code(self) -> int:
        """Return the exit code; waits for the end."""
        ...

    def stop(self) -> None:
        """End it; what it has in hand is left whole."""
        ...


class Commands(Protocol):
    """What the ``:`` line asks."""

    def proposals(self, line: str) -> Sequence[Proposal]:
        """Return the words that may stand where a line ends, best first; none when the line is no command."""
        ...

    def looks_only(self, line: str) -> bool:
        """Say whether a command changes nothing, whatever its arguments."""
        ...

    def start(self, line: str, width: int) -> Running:
        """Start a command on this enterprise; nobody is asked while it runs.

        Args:
            line: What follows ``fenbu``, quoted as in a shell.
            width: Cells it may use in a line.

        Raises:
            FenbuError: The line is no command line, or it is one that belongs into a shell.
        """
        ...
