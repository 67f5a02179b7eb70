"""The whole world: everything all screens ask, and how the app hears that something has changed."""

from __future__ import annotations

from typing import Protocol

from fenbu_tui.world.audit import Audit
from fenbu_tui.world.base import Heads
from fenbu_tui.world.commands import Commands
from fenbu_tui.world.deliveries import Deliveries
from fenbu_tui.world.flows import Flows
from fenbu_tui.world.metrics import Metrics
from fenbu_tui.world.modules import Modules
from fenbu_tui.world.offers import Offers
from fenbu_tui.world.overview import Overviews
from fenbu_tui.world.records import Records
from fenbu_tui.world.rollouts import Rollouts
from fenbu_tui.world.settings import Settings
from fenbu_tui.world.stories import Stories


class World(
    Heads,
    Audit,
    Commands,
    Deliveries,
    Flows,
    Metrics,
    Modules,
    Offers,
    Overviews,
    Records,
    Rollouts,
    Settings,
    Stories,
    Protocol,
):
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
