"""Lets the shop grow: stage by stage its modules are enabled, and it trades for a season with what is there."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

from fenbu.cli.demo.care import Care
from fenbu.cli.demo.depot import Depot
from fenbu.cli.demo.office import Office
from fenbu.cli.demo.shop import Season
from fenbu.cli.demo.staff import Staff
from fenbu.cli.demo.stages import SANDBOX, Stage
from fenbu.cli.demo.till import Till
from fenbu.cli.demo.trade import Hand, Trade

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel

HANDS: Mapping[str, Callable[[Trade, Path], Hand]] = {
    "erp": lambda trade, _folder: Office(trade),
    "crm": lambda trade, _folder: Care(trade),
    "payments": lambda trade, folder: Till(trade, folder / SANDBOX),
    "scm": lambda trade, _folder: Depot(trade),
    "hrm": lambda trade, _folder: Staff(trade),
}
"""Module to the people who work with it; a module without any only listens."""


@frozen(kw_only=True)
class Lived:
    """A stage that the shop has lived through."""

    stage: Stage
    season: Season
    orders: int
    open_before: int
    """Orders that were open when it began; they finish as they were begun."""
    events: Counter[str]
    """Topic to how many were published."""
    delivered: Counter[str]
    """Subscription to how many events it took."""
    new: frozenset[str]
    """Subscriptions that took events for the first time."""
    first: bool
    """Nothing happened before it."""
    seconds: float


class Growth:
    """The shop on its way through its stages."""

    def __init__(self, kernel: Kernel, trade: Trade, folder: Path) -> None:
        self._kernel, self._trade, self._folder = kernel, trade, folder
        self.lived: list[Lived] = []

    def live(self, stage: Stage, season: Season, on_progress: Callable[[int], None]) -> Lived:
        """Let a stage begin and a season happen under it; return what that came to."""
        before = _Figures.now(self._kernel)
        orders, open_before = len(self._trade.orders), self._open()
        started = time.monotonic()
        self._begin(stage, season)
        self._trade.run(season, on_progress)
        after = _Figures.now(self._kernel)
        lived = Lived(
            stage=stage,
            season=season,
            orders=len(self._trade.orders) - orders,
            open_before=open_before,
            events=after.events - before.events,
            delivered=after.delivered - before.delivered,
            new=frozenset(after.delivered.keys() - before.delivered.keys()),
            first=not self.lived,
            seconds=time.monotonic() - started,
        )
        self.lived.append(lived)
        return lived

    def _begin(self, stage: Stage, season: Season) -> None:
        """Enable and set what a stage brings, in its first morning, and let its people prepare."""
        trade = self._trade
        if self.lived:
            trade.at(season.first)
        trade.do("fenbu.module.enable", modules=stage.modules)
        for step in stage.steps:
            for name, value in step.set_in(self._folder).items():
                trade.do("fenbu.setting.set", module=step.module, name=name, value=value)
        for step in stage.steps:
            if step.module in HANDS:
                hand = HANDS[step.module](trade, self._folder)
                trade.hands.append(hand)
                hand.begin(season)

    def _open(self) -> int:
        """Count the orders that wait for something or are not handed over."""
        if not self.lived:
            return 0
        with self._kernel.read("erp") as work:
            return int(self._kernel.assembly.metrics["erp.orders_open"].value(work) or 0)


@frozen
class _Figures:
    """How much there is at a moment."""

    events: Counter[str]
    delivered: Counter[str]

    @classmethod
    def now(cls, kernel: Kernel) -> _Figures:
        return cls(topics(kernel), _delivered(kernel))


def topics(kernel: Kernel) -> Counter[str]:
    """Return how many events there are by topic."""
    from sqlalchemy import func, select

    from fenbu.engine.store.tables import event

    with kernel.database.read() as connection:
        rows = connection.execute(select(event.c.topic, func.count()).group_by(event.c.topic)).all()
    return Counter({row.topic: int(row[1]) for row in rows})


def _delivered(kernel: Kernel) -> Counter[str]:
    from sqlalchemy import func, select

    from fenbu.engine.store.tables import partition, subscription

    done = func.sum(partition.c.done)
    wanted = (
        select(subscription.c.name, done)
        .join_from(partition, subscription, subscription.c.id == partition.c.subscription)
        .group_by(subscription.c.name)
        .having(done > 0)
    )
    with kernel.database.read() as connection:
        return Counter({row.name: int(row[1]) for row in connection.execute(wanted)})
