"""Looking for work without taking a lock: what is due, where, and when something will be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from attrs import frozen
from sqlalchemy import Connection, Row

from fenbu.engine.flows import caller, history, timers
from fenbu.engine.flows.batch import Place
from fenbu.engine.flows.delivery import LIMIT
from fenbu.engine.flows.history import Reading
from fenbu.engine.flows.sql import statement

_PLACES = f"""
    SELECT 'place' AS what, x.id, x.name, '' AS module, p.partition AS number
    FROM (SELECT s.id, s.name, {LIMIT} AS up_to FROM fenbu_subscription s WHERE s.state = 'active') x
    JOIN fenbu_partition p ON p.subscription = x.id
    WHERE EXISTS (SELECT 1 FROM fenbu_delivery d
                  WHERE d.subscription = x.id AND d.partition = p.partition AND d.state = 'waiting'
                    AND d.seq <= x.up_to AND (d.not_before <= :now OR d.not_before > :horizon)
                    AND (CAST(:key AS TEXT) IS NULL OR d.key = :key))
"""
_LOOK = f"""
    {_PLACES}
    UNION ALL SELECT 'timer', 0, '', '', ({timers.NEXT})
    UNION ALL SELECT 'reading', id, name, module, 0 FROM ({history.READING}) reading
    UNION ALL SELECT 'call', 0, operation, '', 0 FROM ({caller.IS_DUE}) due
"""
"""All that a round begins with, in one statement: an idle moment costs one, and a busy one no more."""
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
    calls: frozenset[str]
    """Operations of which a call should be made."""


def look(connection: Connection, moment: Mapping[str, Any], key: str | None = None) -> Due:
    """Say what is due.

    Args:
        connection: To read with.
        moment: Now, and what times are compared with, as `caller.moment` tells it.
        key: Only deliveries of this key.
    """
    values = {**moment, "key": key}
    now: int = moment["now"]
    found = defaultdict[str, list[Row[Any]]](list)
    for row in connection.execute(statement(_LOOK, connection.dialect.name), values):
        found[row.what].append(row)
    next_timer: int | None = found["timer"][0].number
    return Due(
        now,
        [Place(row.id, row.name, row.number) for row in found["place"]],
        next_timer is not None and next_timer <= now,
        [Reading(row.id, row.name, row.module) for row in found["reading"]],
        next_timer,
        frozenset(row.name for row in found["call"]),
    )


def left(connection: Connection, names: Collection[str], key: str | None = None) -> bool:
    """Say whether any of these subscriptions has something to handle, now or after a pause, of a key or at all.

    Of a key without what its module may only take when it has caught up with the history of all other keys.
    """
    template = _ANY_LEFT if key is None else _LEFT_OF_KEY
    found = connection.execute(statement(template, connection.dialect.name), {"key": key}).scalars()
    return not set(names).isdisjoint(found)
