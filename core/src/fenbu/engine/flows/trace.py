"""Tracing: what led to an event and what came of it, across subscriptions and calls to the outside."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen
from sqlalchemy import Connection, Row

from fenbu.engine.flows.errors import NoSuchEvent
from fenbu.engine.flows.sql import packed, statement

MOST = 200
"""Events of one trace at most; what came of an event first comes first."""
FURTHEST = 64
"""How many causes back, and how many consequences of consequences."""

_UP = """
    WITH RECURSIVE up (seq, cause, n) AS (
        SELECT seq, cause, 0 FROM fenbu_event WHERE seq = :seq
        UNION ALL SELECT e.seq, e.cause, up.n + 1 FROM up JOIN fenbu_event e ON e.seq = up.cause
        WHERE up.n < :furthest)
    SELECT seq FROM up
"""
_DOWN = """
    WITH RECURSIVE down (seq, n) AS (
        SELECT seq, 0 FROM fenbu_event WHERE seq = :seq
        UNION ALL SELECT e.seq, down.n + 1 FROM down JOIN fenbu_event e ON e.cause = down.seq
        WHERE down.n < :furthest)
    SELECT seq FROM down LIMIT :most
"""
_EVENTS = """
    SELECT seq, topic, version, key, about, payload, at, not_before, day, cause, actor, module
    FROM fenbu_event WHERE {seqs} ORDER BY seq
"""
_TRAVELS = """
    SELECT s.name, s.module, x.* FROM (
        SELECT subscription, seq, 'done' AS state, attempts, 0 AS not_before, at AS ended, ms, NULL AS detail
        FROM fenbu_delivered WHERE {seqs}
        UNION ALL SELECT subscription, seq, 'skipped', 0, 0, at, NULL, reason FROM fenbu_skipped WHERE {seqs}
    ) x JOIN fenbu_subscription s ON s.id = x.subscription
"""
_OPEN = """
    SELECT s.name, s.module, x.subscription, x.seq,
           CASE WHEN x.state = 'waiting' AND x.attempts > 0 THEN 'retrying' ELSE x.state END AS state,
           x.attempts, x.not_before, NULL AS ended, NULL AS ms, x.error AS detail
    FROM (SELECT seq, partition FROM fenbu_event WHERE {seqs}) e
    CROSS JOIN fenbu_subscription s CROSS JOIN fenbu_delivery x
    WHERE x.subscription = s.id AND x.partition = e.partition
      AND x.state IN ('waiting', 'scheduled', 'held', 'dead') AND x.seq = e.seq
"""
_CALLS = """
    SELECT c.id, c.module, c.operation, c.subject, c.state, c.attempts, c.not_before, c.at, c.cause, c.error
    FROM fenbu_call c WHERE c.cause IN (SELECT seq FROM fenbu_event WHERE {seqs}) ORDER BY c.at, c.id
"""


@frozen(kw_only=True)
class Travel:
    """Where an event stands at one subscription."""

    subscription: str
    module: str
    state: str
    """One of `wanted.STATES`."""
    attempts: int
    not_before: int
    ended: int | None
    ms: int | None
    detail: str
    """Error with its traceback, or the reason for which it was skipped."""


@frozen(kw_only=True)
class Asked:
    """A call to the outside that a handler of an event wanted."""

    id: str
    module: str
    operation: str
    subject: str
    state: str
    attempts: int
    not_before: int
    at: int
    detail: str


@frozen(kw_only=True)
class Traced:
    """One event of a trace."""

    seq: int
    topic: str
    version: int
    key: str
    about: Mapping[str, str]
    payload: Mapping[str, Any]
    at: int
    """UTC microseconds, as all times here."""
    not_before: int | None
    day: str | None
    cause: int | None
    actor: str
    module: str
    """Who published it."""
    travels: Sequence[Travel] = field(factory=tuple)
    calls: Sequence[Asked] = field(factory=tuple)


@frozen
class Trace:
    """An event with what led to it and what came of it."""

    event: Traced
    causes: Sequence[Traced]
    """What led to it, the first cause first."""
    effects: Mapping[int, Sequence[Traced]]
    """Events by the number of the one that they came of."""
    more: bool
    """There is more than is told."""


def trace(connection: Connection, seq: int, *, most: int = MOST) -> Trace:
    """Return what led to an event and what came of it.

    Args:
        connection: A reading transaction.
        seq: Number of the event.
        most: Events told at most.

    Raises:
        NoSuchEvent: There is none of this number.
    """
    dialect = connection.dialect.name
    values = {"seq": seq, "furthest": FURTHEST, "most": most + 1}
    up = list(connection.execute(statement(_UP, dialect), values).scalars())
    if not up:
        raise NoSuchEvent(seq)
    down = list(connection.execute(statement(_DOWN, dialect), values).scalars())
    told = down[:most]
    found = {one.seq: one for one in _events(connection, [*up, *told])}
    effects: defaultdict[int, list[Traced]] = defaultdict(list)
    for number in sorted(set(told) - {seq}):
        effects[found[number].cause or 0].append(found[number])
    causes = [found[number] for number in reversed(up[1:])]
    return Trace(found[seq], causes, dict(effects), more=len(down) > most)


def _events(connection: Connection, seqs: Sequence[int]) -> list[Traced]:
    dialect = connection.dialect.name
    values = {"seqs": packed(dialect, seqs)}

    def rows(template: str) -> Sequence[Row[tuple[Any, ...]]]:
        return connection.execute(statement(template, dialect), values).all()

    travels: defaultdict[int, list[Travel]] = defaultdict(list)
    for row in sorted(
        [*rows(_TRAVELS), *rows(_OPEN)], key=lambda row: (row.ended or row.not_before, row.name)
    ):
        travels[row.seq].append(_travel(row))
    asked: defaultdict[int, list[Asked]] = defaultdict(list)
    for row in rows(_CALLS):
        asked[row.cause].append(_asked(row))
    return [_traced(row, travels[row.seq], asked[row.seq]) for row in rows(_EVENTS)]


def _traced(row: Row[tuple[Any, ...]], travels: Sequence[Travel], asked: Sequence[Asked]) -> Traced:
    return Traced(
        seq=row.seq,
        topic=row.topic,
        version=row.version,
        key=row.key,
        about=json.loads(row.about),
        payload=json.loads(row.payload),
        at=row.at,
        not_before=row.not_before,
        day=row.day,
        cause=row.cause,
        actor=row.actor,
        module=row.module,
        travels=travels,
        calls=asked,
    )


def _travel(row: Row[tuple[Any, ...]]) -> Travel:
    return Travel(
        subscription=row.name,
        module=row.module,
        state=row.state,
        attempts=row.attempts,
        not_before=row.not_before,
        ended=row.ended,
        ms=row.ms,
        detail=row.detail or "",
    )


def _asked(row: Row[tuple[Any, ...]]) -> Asked:
    return Asked(
        id=row.id,
        module=row.module,
        operation=row.operation,
        subject=row.subject,
        state=row.state,
        attempts=row.attempts,
        not_before=row.not_before,
        at=row.at,
        detail=row.error or "",
    )
