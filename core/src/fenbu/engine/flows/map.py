"""The map of the flows: each subscription is an arrow, with what moves along it and what is stuck."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field
from sqlalchemy import Connection, Row

from fenbu.engine.flows import subscriptions
from fenbu.engine.flows.sql import OLDEST, packed, statement

RECENT = 5 * 60 * 1_000_000
"""The rate is that of the last so many microseconds."""
SAMPLE = 10_000
"""How many of the last deliveries are looked at for rate and duration."""
COUNTED = 50_000
"""How far deliveries of one subscription, partition and state are counted: a backlog costs no more than that."""
ORIGINS = 2_000
"""For how many of them it is looked up who published what."""

KERNEL = "fenbu"
"""Publishes what happens to modules."""

_SUBSCRIPTIONS = """
    SELECT id, name, module, state, reason, gathers, history_position, history_end
    FROM fenbu_subscription WHERE state <> 'dropped' ORDER BY name
"""
_ENABLED = "SELECT name FROM fenbu_module WHERE position IS NOT NULL"
_TOPICS = "SELECT subscription, topic, version, route FROM fenbu_subscription_topic ORDER BY topic"
_STATES = f"""
    SELECT p.subscription, w.state, {OLDEST} AS oldest,
           (SELECT count(*) FROM (SELECT 1 FROM fenbu_delivery d WHERE d.subscription = p.subscription
                AND d.partition = p.partition AND d.state = w.state LIMIT :most) first) AS total,
           (SELECT count(*) FROM (SELECT d.attempts FROM fenbu_delivery d WHERE d.subscription = p.subscription
                AND d.partition = p.partition AND d.state = w.state AND w.state = 'waiting' LIMIT :most) first
            WHERE first.attempts > 0) AS tried
    FROM fenbu_partition p CROSS JOIN (SELECT 'waiting' AS state UNION ALL SELECT 'scheduled'
                                       UNION ALL SELECT 'held' UNION ALL SELECT 'dead') w
"""
_OLDEST = "SELECT seq, key, at FROM fenbu_event WHERE {seqs}"
_DURATIONS = """
    SELECT subscription, ms, count(*) AS total, sum(CASE WHEN at > :since THEN 1 ELSE 0 END) AS recent,
           min(CASE WHEN at > :since THEN at END) AS first
    FROM (SELECT subscription, at, ms FROM fenbu_delivered ORDER BY seq DESC LIMIT :sample) d
    GROUP BY subscription, ms
"""
_DURATIONS_OF = """
    SELECT ms, count(*) AS total
    FROM (SELECT subscription, ms FROM fenbu_delivered ORDER BY seq DESC LIMIT :sample) d
    WHERE subscription = :subscription GROUP BY ms
"""
_ORIGINS = """
    SELECT d.subscription, e.module, e.topic, e.version, count(*) AS total
    FROM (SELECT seq, subscription FROM fenbu_delivered ORDER BY seq DESC LIMIT :sample) d
    CROSS JOIN fenbu_event e WHERE e.seq = d.seq GROUP BY d.subscription, e.module, e.topic, e.version
"""


@define(kw_only=True)
class Arrow:
    """One subscription on the map."""

    subscription: str
    module: str
    """Where the arrow ends."""
    sources: Sequence[str] = ()
    """Where it begins, sorted: who published its last deliveries, and whose topics it takes; itself only when nobody
    else does."""
    topics: Mapping[str, str | None]
    """Topic with version to the only route value it takes."""
    moved: Mapping[str, int] = field(factory=dict)
    """Topic with version to how many of the last deliveries were of it."""
    state: str
    reason: str
    gathers: bool
    catching_up: bool
    rate: float = 0.0
    """Deliveries a minute, over the last five; over the time in which the last ones were made when they were many."""
    lag: float = 0.0
    """Age of the oldest event that is not done, seconds."""
    waiting: int = 0
    """As all counts here, up to `COUNTED` a partition."""
    retrying: int = 0
    """How many of the waiting have failed before."""
    scheduled: int = 0
    held: int = 0
    dead: int = 0
    more: set[str] = field(factory=set)
    """Counts (``waiting``, ``dead`` …) that have stopped at `COUNTED` somewhere: there are more."""
    oldest_key: str | None = None
    p50: int | None = None
    """Milliseconds in the handler, the median of the last deliveries; None when there were none."""
    p95: int | None = None

    def told(self, state: str) -> str:
        """Return a count as people read it: ``1,204``, ``50,000+`` where it has stopped."""
        return f"{getattr(self, state):,}{'+' if state in self.more else ''}"


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
    _trace_origins(connection, found)
    return list(found.values())


def _count(connection: Connection, found: Mapping[int, Arrow], now: int) -> None:
    oldest: dict[int, int] = {}
    for row in connection.execute(statement(_STATES, connection.dialect.name), {"most": COUNTED}):
        arrow = found.get(row.subscription)
        if arrow is None or row.oldest is None:
            continue
        setattr(arrow, row.state, getattr(arrow, row.state) + int(row.total))
        arrow.retrying += int(row.tried)
        if row.total >= COUNTED:
            arrow.more |= {row.state, "retrying"} if row.tried else {row.state}
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
    durations: defaultdict[int, Counter[int]] = defaultdict(Counter)
    recent: Counter[int] = Counter()
    values = {"sample": SAMPLE, "since": now - RECENT}
    looked, first = 0, now
    for row in connection.execute(statement(_DURATIONS, connection.dialect.name), values):
        durations[row.subscription][row.ms] += int(row.total)
        recent[row.subscription] += int(row.recent)
        looked, first = looked + int(row.total), min(first, row.first or now)
    span = RECENT if looked < SAMPLE else max(now - first, 1_000_000)
    for subscription, measured in durations.items():
        if arrow := found.get(subscription):
            arrow.rate = recent[subscription] * 60_000_000 / span
            arrow.p50, arrow.p95 = quantile(measured, 50), quantile(measured, 95)


def durations(connection: Connection, subscription: str) -> Mapping[int, int]:
    """Return the milliseconds that a subscription's last deliveries took, each to how many took so long.

    Raises:
        NoSuchSubscription: There is none of this name.
    """
    values = {"sample": SAMPLE, "subscription": subscriptions.find(connection, subscription).id}
    rows = connection.execute(statement(_DURATIONS_OF, connection.dialect.name), values)
    return {row.ms: int(row.total) for row in rows}


def quantile(measured: Mapping[int, int], percent: int) -> int:
    """Return the value below which so many per cent of the measured lie.

    Args:
        measured: Value to how often it was measured; not empty.
        percent: 0 to 99.
    """
    left = sum(measured.values()) * percent // 100
    for value in sorted(measured):
        left -= measured[value]
        if left < 0:
            return value
    return max(measured)


def _trace_origins(connection: Connection, found: Mapping[int, Arrow]) -> None:
    dialect = connection.dialect.name
    enabled = connection.execute(statement(_ENABLED, dialect)).scalars()
    modules = {KERNEL, *enabled, *(arrow.module for arrow in found.values())}
    sources = {one: _owners(arrow) & modules for one, arrow in found.items()}
    moved: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in connection.execute(statement(_ORIGINS, dialect), {"sample": ORIGINS}):
        moved[row.subscription][f"{row.topic}/{row.version}"] += int(row.total)
        sources.setdefault(row.subscription, set()).add(row.module)
    for subscription, arrow in found.items():
        arrow.moved = moved[subscription]
        arrow.sources = sorted(sources[subscription] - {arrow.module}) or [arrow.module]


def _owners(arrow: Arrow) -> set[str]:
    """Return the domains of an arrow's topics, which are called as the modules that publish them."""
    domains = {topic.partition(".")[0] for topic in arrow.topics}
    return {KERNEL if domain == "module" else domain for domain in domains}
