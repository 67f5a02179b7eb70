"""Delivers in an order that a seed decides: which subscription is next is shuffled, its own order is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from random import Random

from sqlalchemy import text

from fenbu.engine.flows.batch import Place
from fenbu.engine.flows.errors import Again
from fenbu.engine.flows.worker import Worker
from fenbu.engine.kernel import Kernel

CALLS = "calls"
"""Stands among the subscriptions for the calls to the outside."""
_NEXT = text("""
    SELECT s.id, s.name, d.partition, min(d.seq) AS seq
    FROM fenbu_delivery d JOIN fenbu_subscription s ON s.id = d.subscription
    WHERE d.state = 'waiting' AND s.state = 'active'
    GROUP BY s.id, s.name, d.partition ORDER BY min(d.seq)
""")
_CALLS = text("SELECT count(*) FROM fenbu_call WHERE state IN ('new', 'sending', 'unknown')")


class Shuffler:
    """Delivers all there is, one event at a time.

    Args:
        kernel: Of the enterprise.
        seed: The same seed, the same order.
        starving: One subscription is emptied before another has its turn, by a rank that stays; else whoever has
            something to do may be next at each step.
    """

    def __init__(self, kernel: Kernel, seed: int, *, starving: bool) -> None:
        self._kernel, self._chance, self._starving = kernel, Random(seed), starving
        self._rank: dict[str, float] = {}
        self.steps = 0

    def run(self) -> None:
        """Deliver until nothing is left."""
        worker = self._kernel.worker()
        try:
            for name, place in self._turns():
                with suppress(Again):
                    self._step(worker, place)
                    self.steps += 1
                assert self.steps < 100_000, f"{name} does not come to an end"
            assert worker.drain().done == 0
        finally:
            worker.close()

    def _turns(self) -> Iterator[tuple[str, Place | None]]:
        while waiting := self._waiting():
            names = sorted(waiting)
            name = min(names, key=self._rank_of) if self._starving else self._chance.choice(names)
            yield name, waiting[name]

    def _waiting(self) -> dict[str, Place | None]:
        """Return where the oldest event of each subscription waits; calls have no place."""
        found: dict[str, Place | None] = {}
        with self._kernel.database.read() as connection:
            for row in connection.execute(_NEXT):
                found.setdefault(row.name, Place(row.id, row.name, row.partition))
            if connection.execute(_CALLS).scalar_one():
                found[CALLS] = None
        return found

    def _rank_of(self, name: str) -> float:
        return self._rank.setdefault(name, self._chance.random())

    @staticmethod
    def _step(worker: Worker, place: Place | None) -> None:
        if place is not None:
            worker._delivery.deliver(place, batch=1)
        elif worker._caller is not None:
            worker._caller.once()
