"""Standing: how much is to do, and whether anybody does it."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen
from sqlalchemy import Connection, func, select

from fenbu.engine.flows import admin, books
from fenbu.engine.store.tables import worker
from fenbu.i18n import _, ngettext
from fenbu.values import from_microseconds

LATE = timedelta(seconds=30)
"""A worker that has not beaten for so long is taken for gone: three beats."""
_COUNTED = 10_000


@frozen
class Standing:
    """How much is to do, and whether anybody does it."""

    waiting: int
    """Deliveries that running subscriptions could handle now, counted up to ten thousand."""
    dead: int
    beat: datetime | None
    """When a worker last beat; None when none runs or has left a trace."""
    now: datetime

    @property
    def attended(self) -> bool:
        """A worker runs."""
        return self.beat is not None and self.now - self.beat <= LATE


def standing(connection: Connection, now: datetime) -> Standing:
    """Return how much waits and when a worker last beat."""
    beat = connection.execute(select(func.max(worker.c.beat_at))).scalar()
    return Standing(
        waiting=books.pressure(connection, _COUNTED),
        dead=admin.count_dead(connection),
        beat=None if beat is None else from_microseconds(beat),
        now=now,
    )


def waits(found: Standing) -> str:
    """Say in one sentence how many deliveries wait and when a worker last beat."""
    count = f"{found.waiting:,}" + ("+" if found.waiting >= _COUNTED else "")
    told = ngettext("{count} delivery waits", "{count} deliveries wait", found.waiting).format(count=count)
    if found.beat is None:
        return _("{told}; no worker runs").format(told=told)
    ago = int((found.now - found.beat).total_seconds())
    if found.attended:
        return _("{told}; a worker beat {ago} s ago").format(told=told, ago=ago)
    return _("{told}; the last worker beat at {beat} and has gone").format(
        told=told, beat=found.beat.strftime("%Y-%m-%d %H:%M:%S UTC")
    )
