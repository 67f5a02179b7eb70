"""The time of the story: a clock that is told what time it is, and an agenda of what is still to happen."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime

from attrs import define, field

from fenbu.values import to_microseconds


class Clock:
    """The moment of the story while it is told, then the real one; it never goes back."""

    def __init__(self, moment: datetime) -> None:
        self._told: datetime | None = moment
        self._last = 0

    def __call__(self) -> int:
        """Return UTC microseconds, a little later at every reading."""
        now = to_microseconds(self._told or datetime.now(UTC))
        self._last = max(self._last + 1_000, now)
        return self._last

    def go_to(self, moment: datetime) -> None:
        """Let it be this moment."""
        self._told = moment

    @property
    def moment(self) -> datetime:
        """The moment it shows."""
        return self._told or datetime.now(UTC)

    def let_go(self) -> None:
        """Return to the present."""
        self._told = None


@define(order=True)
class _Act:
    """Something that happens at a moment of the story."""

    at: datetime
    position: int
    do: Callable[[], None] = field(order=False)


class Agenda:
    """What is still to happen, the earliest first."""

    def __init__(self) -> None:
        self._acts: list[_Act] = []
        self._many = 0

    def plan(self, at: datetime, do: Callable[[], None]) -> None:
        """Let this happen at that moment; of one moment, in the order planned."""
        self._many += 1
        heapq.heappush(self._acts, _Act(at.astimezone(UTC), self._many, do))

    def take(self, until: datetime) -> tuple[datetime, Callable[[], None]] | None:
        """Take the next that happens before a moment; None when there is none."""
        if not self._acts or self._acts[0].at >= until:
            return None
        act = heapq.heappop(self._acts)
        return act.at, act.do
