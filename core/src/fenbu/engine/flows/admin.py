"""What an operator does about deliveries: look at the dead, try again, skip with a reason.

Each verb runs in the caller's transaction and locks the partition it touches, so that no worker has the
delivery in hand; the caller commits and writes the audit. Pausing, resuming and dropping a subscription are
in `subscriptions`, delivering again in `history`, dead calls in `calls`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import frozen
from sqlalchemy import Connection, Row

from fenbu.engine.flows import blocked, subscriptions
from fenbu.engine.flows.errors import NoSuchDelivery
from fenbu.engine.flows.sql import statement

_STUCK = """
    FROM fenbu_subscription s CROSS JOIN fenbu_partition p CROSS JOIN fenbu_delivery d
    CROSS JOIN fenbu_event e
    WHERE p.subscription = s.id AND d.subscription = s.id AND d.partition = p.partition
      AND d.state IN ({states}) AND e.seq = d.seq
      AND (CAST(:name AS TEXT) IS NULL OR s.name = :name)
      AND (CAST(:module AS TEXT) IS NULL OR s.module = :module)
      AND (CAST(:key AS TEXT) IS NULL OR d.key = :key)
"""
_COLUMNS = """
    SELECT s.id, s.name, s.module, d.partition, d.state, d.seq, d.key, d.attempts, d.not_before, d.error,
           e.topic, e.version, e.at, e.about, e.payload, e.cause,
           (SELECT count(*) FROM fenbu_delivery f WHERE f.subscription = s.id AND f.key = d.key
                AND f.state = 'held') AS followers
"""
_DEAD = "'dead'"
_FAILING = "'dead', 'waiting', 'held'"
_PAGE = " AND (d.seq > :seq OR (d.seq = :seq AND s.name > :after)) ORDER BY d.seq, s.name LIMIT :limit"
_ONE = f"""
    {_COLUMNS} {_STUCK.format(states=_FAILING)}
      AND d.seq = :seq AND (d.state = 'dead' OR EXISTS (
          SELECT 1 FROM fenbu_blocked_key b
          WHERE b.subscription = s.id AND b.key = d.key AND b.seq = d.seq AND b.releasing = 0))
"""
_COUNT = f"SELECT count(*) {_STUCK.format(states=_DEAD)}"
_ALL_LIKE = f"""
    SELECT s.name, d.partition, d.seq {_STUCK.format(states=_DEAD)}
      AND e.topic = :topic AND (d.error LIKE :kind OR CAST(:kind AS TEXT) = '')
    ORDER BY d.partition, d.seq
"""
_LOCK = """
    SELECT 1 FROM fenbu_partition WHERE subscription = :subscription AND partition = :partition {lock}
"""
_AGAIN = """
    UPDATE fenbu_delivery SET state = 'waiting', attempts = 0, not_before = 0
    WHERE subscription = :subscription AND partition = :partition AND state = :state AND seq = :seq
"""
_DELETE = """
    DELETE FROM fenbu_delivery
    WHERE subscription = :subscription AND partition = :partition AND state = :state AND seq = :seq
"""
_SKIPPED = """
    INSERT INTO fenbu_skipped (seq, subscription, at, reason) VALUES (:seq, :subscription, :at, :reason)
"""


@frozen
class Stuck:
    """A delivery that waits for a person, or fails and is tried again."""

    subscription: str
    module: str
    state: str
    seq: int
    key: str
    attempts: int
    not_before: int
    error: str
    """Class and text in its first line, then where it was raised."""
    topic: str
    version: int
    at: int
    """When the event was published, UTC microseconds."""
    about: Mapping[str, str]
    payload: str
    cause: int | None
    followers: int
    """How many deliveries of its key are held behind it."""

    @property
    def reason(self) -> str:
        """The error's first line."""
        return self.error.split("\n", 1)[0]


def dead(
    connection: Connection,
    *,
    subscription: str | None = None,
    module: str | None = None,
    key: str | None = None,
    after: tuple[int, str] = (0, ""),
    limit: int = 50,
) -> list[Stuck]:
    """Return a page of the dead deliveries, oldest event first.

    Args:
        connection: To read with.
        subscription: Only of this one.
        module: Only of this module's subscriptions.
        key: Only of this key.
        after: Event and subscription of the last one of the page before.
        limit: How many at most.
    """
    values = {"name": subscription, "module": module, "key": key}
    values_of_page: dict[str, Any] = {"seq": after[0], "after": after[1], "limit": limit}
    template = _COLUMNS + _STUCK.format(states=_DEAD) + _PAGE
    rows = connection.execute(statement(template, connection.dialect.name), values | values_of_page)
    return [_stuck(row) for row in rows]


def count_dead(connection: Connection, *, subscription: str | None = None, module: str | None = None) -> int:
    """Return how many deliveries are dead."""
    values = {"name": subscription, "module": module, "key": None}
    return int(connection.execute(statement(_COUNT, connection.dialect.name), values).scalar_one())


def find(connection: Connection, subscription: str, seq: int) -> Stuck:
    """Return a delivery that is dead or failing.

    Raises:
        NoSuchDelivery: It is neither.
    """
    return _stuck(_one(connection, subscription, seq, lock=False))


def retry(connection: Connection, subscription: str, seq: int) -> None:
    """Try a dead or failing delivery again, now, with all its attempts before it.

    Raises:
        NoSuchDelivery: It is neither dead nor failing.
    """
    _again(connection, _one(connection, subscription, seq))


def retry_like(connection: Connection, subscription: str, seq: int) -> int:
    """Try again all dead deliveries of the same subscription, topic and class of error; return how many."""
    example = find(connection, subscription, seq)
    kind = example.error.split(":", 1)[0].split("\n", 1)[0]
    return _retry_all(connection, subscription, example.topic, f"{kind}%" if kind else "")


def retry_all(connection: Connection, *, subscription: str | None = None, module: str | None = None) -> int:
    """Try all dead deliveries again, of one subscription or module or of all; return how many."""
    count = 0
    while page := dead(connection, subscription=subscription, module=module, limit=500):
        for one in page:
            retry(connection, one.subscription, one.seq)
        count += len(page)
    return count


def skip(connection: Connection, subscription: str, seq: int, *, reason: str, at: int) -> int:
    """End a dead or failing delivery by decision; its followers go on.

    Args:
        connection: Of the caller's transaction.
        subscription: Its name.
        seq: The event.
        reason: Kept with it; not empty.
        at: UTC microseconds.

    Returns:
        How many followers were let go at once.

    Raises:
        NoSuchDelivery: It is neither dead nor failing.
    """
    if not reason.strip():
        raise ValueError("a delivery is skipped for a reason, and none was given")
    row = _one(connection, subscription, seq)
    place = {"subscription": row.id, "partition": row.partition, "state": row.state, "seq": seq}
    if connection.execute(statement(_DELETE, connection.dialect.name), place).rowcount != 1:
        raise NoSuchDelivery(subscription, seq)
    values = {"seq": seq, "subscription": row.id, "at": at, "reason": reason}
    connection.execute(statement(_SKIPPED, connection.dialect.name), values)
    return blocked.release(connection, row.id, row.partition, row.key)


def _retry_all(connection: Connection, subscription: str, topic: str, kind: str) -> int:
    values = {"name": subscription, "module": None, "key": None, "topic": topic, "kind": kind}
    rows = connection.execute(statement(_ALL_LIKE, connection.dialect.name), values).all()
    for row in rows:
        retry(connection, row.name, row.seq)
    return len(rows)


def _again(connection: Connection, row: Row[tuple[Any, ...]]) -> None:
    values = {"subscription": row.id, "partition": row.partition, "state": row.state, "seq": row.seq}
    if connection.execute(statement(_AGAIN, connection.dialect.name), values).rowcount != 1:
        raise NoSuchDelivery(row.name, row.seq)
    blocked.block(connection, row.id, row.key, row.seq)


def _one(connection: Connection, subscription: str, seq: int, *, lock: bool = True) -> Row[tuple[Any, ...]]:
    """Return a dead or failing delivery, with its partition locked unless it is only looked at."""
    dialect = connection.dialect.name
    subscriptions.find(connection, subscription)
    values = {"name": subscription, "module": None, "key": None, "seq": seq}
    row = connection.execute(statement(_ONE, dialect), values).first()
    if row is not None and lock:
        place = {"subscription": row.id, "partition": row.partition}
        connection.execute(statement(_LOCK, dialect), place)
        row = connection.execute(statement(_ONE, dialect), values).first()
    if row is None:
        raise NoSuchDelivery(subscription, seq)
    return row


def _stuck(row: Row[tuple[Any, ...]]) -> Stuck:
    about: Mapping[str, str] = json.loads(row.about)
    return Stuck(
        row.name,
        row.module,
        row.state,
        row.seq,
        row.key,
        row.attempts,
        row.not_before,
        row.error or "",
        row.topic,
        row.version,
        row.at,
        about,
        row.payload,
        row.cause,
        row.followers,
    )
