"""A worker's sign of life, and what it throws away."""

from __future__ import annotations

from sqlalchemy import Connection

from fenbu.engine.flows.sql import statement

KEEP = 14 * 24 * 3600 * 1_000_000
"""How long `delivered` is kept, microseconds."""
KEEP_ROWS = 1_000_000
"""How many rows of `delivered` are kept, if fewer are that young."""
CHUNK = 5_000
FORGOTTEN = 24 * 3600 * 1_000_000
"""After this long without a beat a worker is no longer listed."""

_BEAT = """
    INSERT INTO fenbu_worker (id, host, pid, started_at, beat_at, doing)
    VALUES (:id, :host, :pid, :now, :now, :doing)
    ON CONFLICT (id) DO UPDATE SET beat_at = excluded.beat_at, doing = excluded.doing
"""
_LEAVE = "DELETE FROM fenbu_worker WHERE id = :id"
_FORGET = "DELETE FROM fenbu_worker WHERE beat_at < :before"
_TOO_MANY = "SELECT seq FROM fenbu_delivered ORDER BY seq DESC LIMIT 1 OFFSET :rows"
_PRUNE = """
    DELETE FROM fenbu_delivered WHERE (seq, subscription) IN (
        SELECT seq, subscription FROM fenbu_delivered ORDER BY seq, subscription LIMIT :chunk)
      AND (at < :before OR seq <= :oldest)
"""


def beat(connection: Connection, identity: str, host: str, pid: int, doing: str, now: int) -> None:
    """Say that a worker lives."""
    values = {"id": identity, "host": host, "pid": pid, "doing": doing, "now": now}
    connection.execute(statement(_BEAT, connection.dialect.name), values)


def leave(connection: Connection, identity: str) -> None:
    """Say that a worker has ended as it should."""
    connection.execute(statement(_LEAVE, connection.dialect.name), {"id": identity})


def prune(connection: Connection, now: int) -> int:
    """Throw away what no screen shows any more, at most a few thousand rows; return how many."""
    dialect = connection.dialect.name
    connection.execute(statement(_FORGET, dialect), {"before": now - FORGOTTEN})
    oldest = connection.execute(statement(_TOO_MANY, dialect), {"rows": KEEP_ROWS}).scalar()
    values = {"before": now - KEEP, "oldest": oldest or 0, "chunk": CHUNK}
    return connection.execute(statement(_PRUNE, dialect), values).rowcount
