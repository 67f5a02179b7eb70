"""Looking for work without taking a lock: what is due, where, and when something will be."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from attrs import frozen
from sqlalchemy import Connection

from fenbu.engine.flows import history, timers
from fenbu.engine.flows.batch import Place
from fenbu.engine.flows.delivery import LIMIT
from fenbu.engine.flows.history import Reading
from fenbu.engine.flows.retry import MAX_PAUSE
from fenbu.engine.flows.sql import statement

_PLACES = f"""
    SELECT x.id, x.name, p.partition
    FROM (SELECT s.id, s.name, {LIMIT} AS up_to FROM fenbu_subscription s WHERE s.state = 'active') x
    JOIN fenbu_partition p ON p.subscription = x.id
    WHERE EXISTS (SELECT 1 FROM fenbu_delivery d
                  WHERE d.subscription = x.id AND d.partition = p.partition AND d.state = 'waiting'
                    AND d.seq <= x.up_to AND (d.not_before <= :now OR d.not_before > :horizon)
                    AND (CAST(:key AS TEXT) IS NULL OR d.key = :key))
"""
_ANY_LEFT = """
    SELECT DISTINCT s.name FROM fenbu_subscription s
    WHERE s.state = 'active' AND (s.history_end > 0 OR EXISTS (
        SELECT 1 FROM fenbu_partition p CROSS JOIN fenbu_delivery d
        WHERE p.subscription = s.id AND d.subscription = p.subscription AND d.partition = p.partition
          AND d.state = 'waiting'))
"""
_LEFT_OF_KEY = f"""
    SELECT DISTINCT x.name
    FROM (SELECT s.id, s.name, {LIMIT} AS up_to FROM fenbu_subscription s WHERE s.state = 'active') x
    CROSS JOIN fenbu_partition p CROSS JOIN fenbu_delivery d
    WHERE p.subscription = x.id AND d.subscription = p.subscription AND d.partition = p.partition
      AND d.state = 'waiting' AND d.key = :key AND d.seq <= x.up_to
"""


@frozen
class Due:
    """What there is to do at one moment."""

    now: int
    places: list[Place]
    ringing: bool
    """A timer should ring."""
    reading: list[Reading]
    """Subscriptions that catch up."""
    next_timer: int | None
    """When the next timer rings, UTC microseconds."""


def look(connection: Connection, now: int, key: str | None = None) -> Due:
    """Say what is due.

    Args:
        connection: To read with.
        now: UTC microseconds.
        key: Only deliveries of this key.
    """
    values: dict[str, Any] = {"now": now, "horizon": now + MAX_PAUSE, "key": key}
    rows = connection.execute(statement(_PLACES, connection.dialect.name), values)
    places = [Place(row.id, row.name, row.partition) for row in rows]
    next_timer = timers.next_due(connection)
    ringing = next_timer is not None and next_timer <= now
    return Due(now, places, ringing, history.reading(connection), next_timer)


def left(connection: Connection, names: Collection[str], key: str | None = None) -> bool:
    """Say whether any of these subscriptions has something to handle, now or after a pause, of a key or at all.

    Of a key without what its module may only take when it has caught up with the history of all other keys.
    """
    template = _ANY_LEFT if key is None else _LEFT_OF_KEY
    found = connection.execute(statement(template, connection.dialect.name), {"key": key}).scalars()
    return not set(names).isdisjoint(found)
