"""The log: events are written with their deliveries, in the transaction that made them true.

Who wants an event is read from the database in the same statement that makes its deliveries, so that a
process which does not yet know of a new subscription fans out rightly. The catalogue lock, taken at the
start of the work, keeps that set still.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar
from uuid import uuid4
from zlib import crc32

from attrs import frozen
from sqlalchemy import Connection, TextClause, text

from fenbu.engine.flows.quota import Quota, check_depth
from fenbu.engine.flows.sql import packed, statement
from fenbu.events import EventType, encode

T = TypeVar("T")

PARTITIONS = {"sqlite": 1, "postgresql": 16}
"""How many workers can share one subscription. SQLite has one writer, so more would only cost."""

QUOTA = Quota()

_ROWS_A_STATEMENT = 50
_EVENT = (
    "id", "topic", "version", "key", "partition", "route", "about", "payload",
    "at", "not_before", "day", "cause", "depth", "actor", "module",
)  # fmt: skip
_ABOUT = ("kind", "value", "seq")

_DELIVERIES = """
    INSERT INTO fenbu_delivery (subscription, partition, state, seq, key, not_before)
    SELECT s.id, e.partition, CASE WHEN e.not_before IS NULL THEN 'waiting' ELSE 'scheduled' END,
           e.seq, e.key, coalesce(e.not_before, 0)
    FROM {of} e
    JOIN fenbu_subscription_topic t ON t.topic = e.topic AND (t.route IS NULL OR t.route = e.route)
    JOIN fenbu_subscription s ON s.id = t.subscription AND s.gathers = 1 AND s.state <> 'dropped'
"""
_FAN_OUT = _DELIVERIES.format(of="fenbu_event") + " WHERE {seqs}"
_PUBLISH = f"""
    WITH written AS ({{events}} RETURNING seq, topic, key, partition, route, not_before, about),
    found AS (
        INSERT INTO fenbu_event_about (kind, value, seq)
        SELECT a.key, a.value, w.seq FROM written w CROSS JOIN json_each_text(CAST(w.about AS json)) a),
    delivered AS ({_DELIVERIES.format(of="written")})
    SELECT seq FROM written
"""
"""PostgreSQL does in one statement what takes SQLite three."""

_CANCEL = """
    INSERT INTO fenbu_cancelled_event (seq, at)
    SELECT e.seq, :at FROM fenbu_event e
    WHERE e.key = :key AND e.topic = :topic AND e.not_before IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM fenbu_cancelled_event c WHERE c.seq = e.seq)
      AND (e.not_before > :at OR EXISTS (
          SELECT 1 FROM fenbu_subscription_topic t
          JOIN fenbu_delivery d ON d.subscription = t.subscription AND d.partition = e.partition
               AND d.state IN ('waiting', 'scheduled', 'held') AND d.seq = e.seq
          WHERE t.topic = e.topic))
    RETURNING seq
"""
_SKIP_SCHEDULED = """
    INSERT INTO fenbu_skipped (seq, subscription, at, reason)
    SELECT seq, subscription, :at, 'cancelled' FROM fenbu_delivery
    WHERE subscription IN (SELECT subscription FROM fenbu_subscription_topic WHERE topic = :topic)
      AND partition = :partition AND state = 'scheduled' AND {seqs}
"""
_DELETE_SCHEDULED = """
    DELETE FROM fenbu_delivery
    WHERE subscription IN (SELECT subscription FROM fenbu_subscription_topic WHERE topic = :topic)
      AND partition = :partition AND state = 'scheduled' AND {seqs}
"""
_TAKE_SCHEDULED = f"""
    WITH gone AS ({_DELETE_SCHEDULED} RETURNING seq, subscription)
    INSERT INTO fenbu_skipped (seq, subscription, at, reason)
    SELECT seq, subscription, :at, 'cancelled' FROM gone
"""


@frozen
class NewEvent:
    """An event to be written."""

    type: EventType
    body: object
    not_before: int | None = None
    """UTC microseconds; for a timer."""


@frozen
class LogRow:
    """An event as it will stand in the log, which numbers it."""

    values: tuple[Any, ...]
    """In the order of `_EVENT`."""
    about: Mapping[str, str]
    """Kind of document to its number."""

    def is_timer(self, topic: str, key: str) -> bool:
        """Say whether it rings later, under this topic and key."""
        of = dict(zip(_EVENT, self.values, strict=True))
        return of["not_before"] is not None and of["topic"] == topic and of["key"] == key


def append(connection: Connection, dialect: str, events: Sequence[NewEvent], **common: Any) -> list[int]:
    """Write events and their deliveries at once; takes what `compose` takes, and returns what `write` does."""
    return write(connection, dialect, compose(connection, dialect, events, **common))


def compose(
    connection: Connection,
    dialect: str,
    events: Sequence[NewEvent],
    *,
    at: int,
    actor: str,
    module: str,
    cause: int | None = None,
    depth: int = 0,
) -> list[LogRow]:
    """Return events as they will stand in the log; whatever is wrong with one of them is found here.

    Args:
        connection: Holding the catalogue lock since its transaction began.
        dialect: ``sqlite`` or ``postgresql``.
        events: In the order in which they happened; events of one key keep it.
        at: UTC microseconds.
        actor: Who caused them.
        module: Who publishes them.
        cause: Number of the event whose handler publishes these.
        depth: 0 without a cause, else the cause's plus one.

    Raises:
        ChainTooDeep: The chain of causes is longer than 16: two subscriptions answer each other for ever.
        TooManyEvents: The module's share of this transaction or minute is spent.
    """
    if not events:
        return []
    check_depth(module, events[0].type.topic, depth)
    QUOTA.spend(connection, module, len(events), at)
    return [_row(event, dialect, at, cause, depth, actor, module) for event in events]


def write(connection: Connection, dialect: str, events: Sequence[LogRow]) -> list[int]:
    """Write events and their deliveries: the last statements of a transaction, which the caller commits.

    Returns:
        Their sequence numbers, ascending in the order given.
    """
    seqs: list[int] = []
    publishes = _publish if dialect == "postgresql" else _insert_events
    for chunk in _chunks(events):
        values = _numbered(_EVENT, [event.values for event in chunk])
        seqs += connection.execute(publishes(len(chunk)), values).scalars()
    if len(seqs) != len(events) or seqs != sorted(seqs):
        raise RuntimeError(f"the database numbered {len(events)} events {seqs}, out of their order")
    if seqs and dialect == "sqlite":
        _insert_about(connection, events, seqs)
        connection.execute(statement(_FAN_OUT, dialect), {"seqs": packed(dialect, seqs)})
    return seqs


def cancel_timers(connection: Connection, topic: str, key: str, at: int) -> int:
    """Cancel the timers of a topic and key that have not rung everywhere; return how many.

    One that is not yet due leaves at once; one that has rung and is waiting is skipped when its turn comes,
    so that nobody but the worker touches what a worker may have in hand. Either counts as skipped.

    Args:
        connection: Inside the caller's transaction.
        topic: Without its version.
        key: Of the timers.
        at: UTC microseconds; now.
    """
    dialect = connection.dialect.name
    found = connection.execute(statement(_CANCEL, dialect), {"topic": topic, "key": key, "at": at})
    seqs = [row[0] for row in found]
    if seqs:
        values = {"topic": topic, "partition": partition_of(key, dialect), "seqs": packed(dialect, seqs)}
        if dialect == "postgresql":
            connection.execute(statement(_TAKE_SCHEDULED, dialect), values | {"at": at})
        else:
            connection.execute(statement(_SKIP_SCHEDULED, dialect), values | {"at": at})
            connection.execute(statement(_DELETE_SCHEDULED, dialect), values)
    return len(seqs)


def partition_of(key: str, dialect: str) -> int:
    """Return the partition of a key: the same for all its events, so that one worker at a time has it."""
    return crc32(key.encode()) % PARTITIONS[dialect]


def _row(
    event: NewEvent, dialect: str, at: int, cause: int | None, depth: int, actor: str, module: str
) -> LogRow:
    declared, body = event.type, event.body
    key = str(getattr(body, declared.key))
    route = getattr(body, declared.route) if declared.route else None
    day = getattr(body, declared.day) if declared.day else None
    about = dict(_about(declared, body))
    return LogRow(
        (
            str(uuid4()),
            declared.topic,
            declared.version,
            key,
            partition_of(key, dialect),
            None if route is None else str(route),
            json.dumps(about, ensure_ascii=False),
            encode(body),
            at,
            event.not_before,
            None if day is None else day.isoformat(),
            cause,
            depth,
            actor,
            module,
        ),
        about,
    )


def _about(declared: EventType, body: object) -> Iterator[tuple[str, str]]:
    """Yield the documents that an event is about; a field left empty is about nothing."""
    for kind, name in declared.about.items():
        value = getattr(body, name)
        if value is not None and value != "":
            yield kind, str(value)


def _insert_about(connection: Connection, events: Sequence[LogRow], seqs: Sequence[int]) -> None:
    found = [
        (kind, value, seq)
        for event, seq in zip(events, seqs, strict=True)
        for kind, value in event.about.items()
    ]
    for chunk in _chunks(found):
        connection.execute(_insert_abouts(len(chunk)), _numbered(_ABOUT, chunk))


def _chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        yield rows[start : start + _ROWS_A_STATEMENT]


@cache
def _insert_events(count: int) -> TextClause:
    return text(f"{_values_of('fenbu_event', _EVENT, count)} RETURNING seq")


@cache
def _publish(count: int) -> TextClause:
    return text(_PUBLISH.format(events=_values_of("fenbu_event", _EVENT, count)))


@cache
def _insert_abouts(count: int) -> TextClause:
    return text(_values_of("fenbu_event_about", _ABOUT, count))


def _values_of(table: str, columns: tuple[str, ...], count: int) -> str:
    rows = (", ".join(f":{name}" for name in _names(columns, i)) for i in range(count))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES " + ", ".join(f"({row})" for row in rows)


def _numbered(columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """Return the parameters of so many rows in one statement."""
    values: dict[str, Any] = {}
    for i, row in enumerate(rows):
        values.update(zip(_names(columns, i), row, strict=True))
    return values


@cache
def _names(columns: tuple[str, ...], i: int) -> tuple[str, ...]:
    return tuple(f"{name}{i}" for name in columns)
