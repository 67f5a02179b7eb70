"""The map of the flows: each subscription is an arrow, with what moves along it and what is stuck."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define
from sqlalchemy import Connection, Row

from fenbu.engine.flows.sql import packed, statement

RECENT = 5 * 60 * 1_000_000
"""The rate is that of the last so many microseconds."""
SAMPLE = 20_000
"""How many of the last deliveries are looked at."""

_SUBSCRIPTIONS = """
    SELECT id, name, module, state, reason, gathers, history_position, history_end
    FROM fenbu_subscription WHERE state <> 'dropped' ORDER BY name
"""
_TOPICS = "SELECT subscription, topic, version, route FROM fenbu_subscription_topic ORDER BY topic"
_STATES = """
    SELECT d.subscription, d.state, count(*) AS total, min(d.seq) AS oldest,
           sum(CASE WHEN d.attempts > 0 THEN 1 ELSE 0 END) AS tried
    FROM fenbu_delivery d GROUP BY d.subscription, d.state
"""
_OLDEST = "SELECT seq, key, at FROM fenbu_event WHERE {seqs}"
_DELIVERED = """
    SELECT d.subscription, d.at, d.ms, e.module
    FROM (SELECT seq, subscription, at, ms FROM fenbu_delivered ORDER BY seq DESC LIMIT :sample) d
    JOIN fenbu_event e ON e.seq = d.seq
"""


@define(kw_only=True)
class Arrow:
    """One subscription on the map."""

    subscription: str
    module: str
    """Where the arrow ends."""
    sources: Sequence[str] = ()
    """Where it begins: who published its last deliveries, sorted; itself only when nobody else did."""
    topics: Mapping[str, str | None]
    """Topic with version to the only route value it takes."""
    state: str
    reason: str
    gathers: bool
    catching_up: bool
    rate: float = 0.0
    """Deliveries a minute, over the last five."""
    lag: float = 0.0
    """Age of the oldest event that is not done, seconds."""
    waiting: int = 0
    retrying: int = 0
    """How many of the waiting have failed before."""
    scheduled: int = 0
    held: int = 0
    dead: int = 0
    oldest_key: str | None = None
    p50: int | None = None
    """Milliseconds in the handler, the median of the last deliveries; None when there were none."""
    p95: int | None = None


def arrows(connection: Connection, now: int) -> list[Arrow]:
    """Return every subscription with its figures, by name.

    Args:
        connection: A reading transaction.
        now: UTC microseconds.
    """
    dialect = connection.dialect.name
    topics: defaultdict[int, dict[str, str | None]] = defaultdict(dict)
    for row in connection.execute(statement(_TOPICS, dialect)):
        topics[row.subscription][f"{row.topic}/{row.version}"] = row.route
    found = {
        row.id: Arrow(
            subscription=row.name,
            module=row.module,
            topics=topics[row.id],
            state=row.state,
            reason=row.reason or "",
            gathers=bool(row.gathers),
            catching_up=row.history_end > 0,
        )
        for row in connection.execute(statement(_SUBSCRIPTIONS, dialect))
    }
    _count(connection, found, now)
    _measure(connection, found, now)
    return list(found.values())


def _count(connection: Connection, found: Mapping[int, Arrow], now: int) -> None:
    oldest: dict[int, int] = {}
    for row in connection.execute(statement(_STATES, connection.dialect.name)):
        arrow = found.get(row.subscription)
        if arrow is None:
            continue
        setattr(arrow, row.state, int(row.total))
        if row.state == "waiting":
            arrow.retrying = int(row.tried)
        if row.state != "scheduled":
            oldest[row.subscription] = min(row.oldest, oldest.get(row.subscription, row.oldest))
    events = {event.seq: event for event in _events(connection, list(oldest.values()))}
    for subscription, seq in oldest.items():
        found[subscription].oldest_key = events[seq].key
        found[subscription].lag = max(0.0, (now - events[seq].at) / 1_000_000)


def _events(connection: Connection, seqs: list[int]) -> Sequence[Row[tuple[Any, ...]]]:
    dialect = connection.dialect.name
    return connection.execute(statement(_OLDEST, dialect), {"seqs": packed(dialect, seqs)}).all()


def _measure(connection: Connection, found: Mapping[int, Arrow], now: int) -> None:
    durations: defaultdict[int, list[int]] = defaultdict(list)
    publishers: defaultdict[int, set[str]] = defaultdict(set)
    for row in connection.execute(statement(_DELIVERED, connection.dialect.name), {"sample": SAMPLE}):
        durations[row.subscription].append(row.ms)
        publishers[row.subscription].add(row.module)
        if row.at > now - RECENT and row.subscription in found:
            found[row.subscription].rate += 60_000_000 / RECENT
    for subscription, measured in durations.items():
        if arrow := found.get(subscription):
            others = publishers[subscription] - {arrow.module}
            arrow.sources = sorted(others) or [arrow.module]
            measured.sort()
            arrow.p50 = measured[len(measured) // 2]
            arrow.p95 = measured[min(len(measured) - 1, len(measured) * 95 // 100)]
