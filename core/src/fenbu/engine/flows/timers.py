"""Timers: events that nobody is told of before their time."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection

from fenbu.engine.flows.sql import packed, statement

NEXT = "SELECT min(not_before) AS at FROM fenbu_delivery WHERE state = 'scheduled'"
_RINGING = """
    SELECT subscription, partition, seq FROM fenbu_delivery
    WHERE state = 'scheduled' AND not_before <= :now ORDER BY not_before LIMIT :limit {lock_free}
"""
_RING = """
    UPDATE fenbu_delivery SET state = 'waiting', not_before = 0
    WHERE subscription = :subscription AND partition = :partition AND state = 'scheduled' AND {seqs}
"""


def ring(connection: Connection, now: int, limit: int = 1000) -> int:
    """Let due timers take their place among the waiting deliveries of their key; return how many did."""
    dialect = connection.dialect.name
    ringing: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for row in connection.execute(statement(_RINGING, dialect), {"now": now, "limit": limit}):
        ringing[row.subscription, row.partition].append(row.seq)
    for (subscription, partition), seqs in ringing.items():
        values = {"subscription": subscription, "partition": partition, "seqs": packed(dialect, seqs)}
        connection.execute(statement(_RING, dialect), values)
    return sum(map(len, ringing.values()))
