"""The overview: what is on, what flows, what needs a hand, what comes next."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from fenbu_tui.world.audit import Trail
from fenbu_tui.world.base import Head, Standing


@frozen
class Figure:
    """A number at the top."""

    title: str
    value: str
    course: tuple[float, ...] = ()
    """What it came to lately, the latest last; empty when nothing is known of it."""
    metric: str = ""
    """Name of the metric that says more; empty when none does."""


@frozen
class StageLine:
    """A stage of the rollout that was applied."""

    number: int
    title: str
    standing: Standing
    next: bool = False
    """It is the one that comes next."""


@frozen
class GateLine:
    """What the next stage asks, and how that reads now."""

    title: str
    got: str
    """The reading, in words."""
    standing: Standing


@frozen
class LaneLine:
    """A lane: what moves along it."""

    title: str
    course: tuple[int, ...]
    """Events a minute, the present minute last."""
    rate: str
    """Events a minute over the last five."""
    lag: str
    """Age of the oldest event that waits; empty when none does."""
    standing: Standing


@frozen
class ProblemLine:
    """Something that needs a hand."""

    about: str
    detail: str
    repair: str
    """What to do, with the command."""
    standing: Standing


@frozen(kw_only=True)
class Overview:
    """The enterprise at one moment."""

    head: Head
    modules: tuple[tuple[str, Standing], ...]
    """How many modules are in each state that there is (``5 enabled``)."""
    figures: tuple[Figure, ...]
    stages: tuple[StageLine, ...]
    gates: tuple[GateLine, ...]
    lanes: tuple[LaneLine, ...]
    problems: tuple[ProblemLine, ...]
    next: str
    """The next step in a sentence."""


@frozen
class Glance:
    """What can be said of the enterprise before the code of its modules is loaded."""

    head: Head
    modules: tuple[tuple[str, Standing], ...]
    lanes: tuple[LaneLine, ...]
    problems: tuple[ProblemLine, ...]


class Overviews(Trail, Protocol):
    """What the overview asks, besides the latest acts."""

    def glance(self) -> Glance | None:
        """Return what can be said at once; None when the overview can be said as soon.

        Raises:
            Unreachable: The database cannot be asked.
            FenbuError: Whoever looks is not let in.
        """
        ...

    def overview(self) -> Overview:
        """Return the enterprise as it is now.

        Raises:
            Unreachable: The database cannot be asked.
            FenbuError: The actor may not look.
        """
        ...
