"""Flows: the subscriptions as arrows between modules, and one of them at length."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from fenbu_tui.world.base import Act, Standing
from fenbu_tui.world.deliveries import DeliveryLine


@frozen
class TopicLine:
    """A topic that a subscription takes."""

    name: str
    lane: str
    """In words."""
    only: str
    """The one route value that it takes; empty for all."""
    moved: int
    """Of the last deliveries, how many were of it."""


@frozen(kw_only=True)
class FlowLine:
    """A subscription: an arrow on the map, a row of the table."""

    name: str
    title: str
    module: str
    """Where the arrow ends."""
    sources: tuple[str, ...]
    """Where it begins; the module itself for what it tells itself."""
    lane: str
    """``information``, ``capital`` or ``goods``: that of most of what moves along it."""
    standing: Standing
    rate: str
    """Deliveries a minute, as people read it; empty when nothing moved lately."""
    p95: str
    """With its unit; empty when nothing was delivered lately."""
    waiting: int
    retrying: int
    held: int
    dead: int
    timers: int
    more: frozenset[str] = frozenset()
    """Those of these counts that have stopped somewhere: there are more."""
    lag: str
    """Age of the oldest that is not done; empty when all is done."""
    oldest: str
    """Key of that one."""
    topics: tuple[TopicLine, ...]
    facts: tuple[tuple[str, str], ...] = ()
    """Label and value of what else is known."""
    running: bool
    """It delivers, so it can be paused; else it can be resumed."""
    replayable: bool
    """Delivering again does no harm."""

    @property
    def short(self) -> str:
        """Its name without that of its module."""
        return self.name.removeprefix(f"{self.module}.")

    def told(self, *counts: str) -> str:
        """Return the sum of counts as people read it: ``1,204``, ``50,000+`` where one has stopped; empty for none."""
        found = sum(getattr(self, count) for count in counts)
        return f"{found:,}{'+' if self.more.intersection(counts) else ''}" if found else ""

    @property
    def moves(self) -> bool:
        """Something moved along it lately, or waits."""
        return bool(self.rate or self.waiting or self.dead or self.held)


@frozen
class FlowMap:
    """All arrows at one moment."""

    lines: tuple[FlowLine, ...]


@frozen(kw_only=True)
class FlowDetail:
    """A subscription at length."""

    line: FlowLine
    durations: tuple[tuple[str, int], ...]
    """Percentile (``p50``) to milliseconds in the handler, of its last deliveries; empty when there were none."""
    measured: int
    """How many those were."""
    first: DeliveryLine | None
    """The oldest that is not done."""
    recent: tuple[DeliveryLine, ...]


class Flows(Protocol):
    """What the flow map and a subscription's page ask and do."""

    def flows(self) -> FlowMap:
        """Return all subscriptions with their figures.

        Raises:
            Unreachable: The database cannot be asked.
        """
        ...

    def flow(self, name: str) -> FlowDetail:
        """Return one subscription at length.

        Raises:
            FenbuError: There is none of this name.
        """
        ...

    def pause(self, name: str) -> Act:
        """Return the act that lets nothing of a subscription begin."""
        ...

    def resume(self, name: str) -> Act:
        """Return the act that lets it go on."""
        ...
