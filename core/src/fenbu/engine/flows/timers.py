"""Timers: events that nobody is told of before their time."""

from __future__ import annotations

from sqlalchemy import Connection

from fenbu.engine.flows.sql import statement

_DUE = "SELECT 1 FROM fenbu_delivery WHERE state = 'scheduled' AND not_before <= :now LIMIT 1"
_NEXT = "SELECT min(not_before) FROM fenbu_delivery WHERE state = 'scheduled'"
_RING = """
    UPDATE fenbu_delivery SET state = 'waiting', not_before = 0
    WHERE (subscription, partition, state, seq) IN (
        SELECT subscription, partition, state, seq FROM fenbu_delivery
        WHERE state = 'scheduled' AND not_before <= :now ORDER BY not_before LIMIT :limit {lock_free})
"""


def due(connection: Connection, now: int) -> bool:
    """Say whether a timer should ring."""
    return connection.execute(statement(_DUE, connection.dialect.name), {"now": now}).first() is not None


def next_due(connection: Connection) -> int | None:
    """Return when the next timer rings, UTC microseconds; None when there is none."""
    found: int | None = connection.execute(statement(_NEXT, connection.dialect.name)).scalar()
    return found


def ring(connection: Connection, now: int, limit: int = 1000) -> int:
    """Let due timers take their place among the waiting deliveries of their key; return how many did."""
    values = {"now": now, "limit": limit}
    return connection.execute(statement(_RING, connection.dialect.name), values).rowcount
