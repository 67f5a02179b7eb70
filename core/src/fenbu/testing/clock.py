"""A clock for tests: it begins on a known day, goes on by itself, and moves when it is told."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from fenbu.values import from_microseconds, to_microseconds

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""A Monday morning on which every test's enterprise begins."""


class Clock:
    """UTC microseconds when called, as `Kernel` wants it.

    It goes on with real time, so that what is tried again after a pause is tried again; `stop` holds it still.
    """

    def __init__(self, start: datetime = START) -> None:
        self._began = to_microseconds(start)
        self._since: int | None = time.monotonic_ns()

    def __call__(self) -> int:
        passed = 0 if self._since is None else (time.monotonic_ns() - self._since) // 1000
        return self._began + passed

    @property
    def now(self) -> datetime:
        """The moment it shows, UTC with zone."""
        return from_microseconds(self())

    def move(self, *, days: int = 0, hours: int = 0, minutes: int = 0, seconds: float = 0) -> datetime:
        """Move forwards, or backwards with negative numbers; returns the moment it shows then."""
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return self.set(self.now + step)

    def set(self, moment: datetime) -> datetime:
        """Show this moment, UTC with zone."""
        self._began = to_microseconds(moment)
        self._since = None if self._since is None else time.monotonic_ns()
        return self.now

    def stop(self) -> datetime:
        """Hold still from now on, so that every work sees the same moment until it is moved."""
        self._began, self._since = self(), None
        return self.now
