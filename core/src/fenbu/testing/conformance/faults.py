"""What a rule found: where, what is wrong, and what the author does about it."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen


@frozen
class Fault:
    """One thing that a rule does not accept."""

    where: str
    """Declaration, reference, table or file with line."""
    what: str
    """What is there, and what is wanted."""
    todo: str
    """What to do about it."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n    → {self.todo}"


class Unfit(AssertionError):
    """A module does not hold to a rule; the text lists every fault."""


def refuse(rule: str, faults: Iterable[Fault]) -> None:
    """Fail when there is any fault.

    Raises:
        Unfit: Lists them all.
    """
    __tracebackhide__ = True
    if found := list(faults):
        raise Unfit("\n".join([f"{rule}; {len(found)} found otherwise:", *map(str, found)]))
