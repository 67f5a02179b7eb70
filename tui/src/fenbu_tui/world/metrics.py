"""Metrics: what each comes to, how it has moved, what it means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import frozen

from fenbu_tui.signs import Tone


@frozen(kw_only=True)
class MetricLine:
    """A metric as the list shows it."""

    name: str
    title: str
    module: str
    definition: str
    drill: str
    """View with the rows behind the number; empty when there is none."""


@frozen
class Point:
    """What a metric came to at a moment."""

    at: datetime
    """With the enterprise's zone."""
    value: float
    """Near enough to be drawn."""
    text: str
    """Exact, with its unit, as people read it."""


@frozen(kw_only=True)
class MetricValue:
    """What a metric comes to now, and came to before."""

    name: str
    text: str
    """With its unit; ``–`` when there is nothing to measure."""
    tone: Tone | None = None
    trouble: str = ""
    """Why it could not be measured."""
    points: Sequence[Point] = ()
    """In the order of time; the last is now."""
    change: str = ""
    """What it has changed by since the first of them, with its sign; empty when nothing is known."""


class Metrics(Protocol):
    """What the screen of metrics asks."""

    def metrics(self) -> tuple[MetricLine, ...]:
        """Return the metrics that the actor may see.

        Raises:
            Unreachable: The database cannot be asked.
        """
        ...

    def measure(self, name: str) -> MetricValue:
        """Measure one now; what is wrong with it is said in its value.

        Raises:
            Unreachable: The database cannot be asked.
        """
        ...
