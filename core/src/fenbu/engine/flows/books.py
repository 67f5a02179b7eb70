"""The books of the flows: nothing disappears in silence.

For each subscription, what was published for it since it began is either done, or still to be seen somewhere:
``published + replayed = done + waiting + scheduled + held + dead + skipped + unread``. What was published is
counted from the log and the spans in which the subscription gathered, not from what the deliveries say.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from attrs import define
from sqlalchemy import Connection

from fenbu.engine.flows.sql import statement
from fenbu.values import to_microseconds

_PUBLISHED = """
    SELECT g.subscription, count(*) AS published,
           sum(CASE WHEN s.history = 'catch_up' AND e.seq > s.history_position
                     AND (s.gathers = 0 OR e.seq <= s.history_end) THEN 1 ELSE 0 END) AS unread
    FROM fenbu_gathering g
    JOIN fenbu_subscription s ON s.id = g.subscription
    JOIN fenbu_event e ON e.topic = g.topic AND e.seq > g.after AND (g.until IS NULL OR e.seq <= g.until)
         AND (g.route IS NULL OR g.route = e.route)
    GROUP BY g.subscription
"""
_STATES = "SELECT subscription, state, count(*) AS total FROM fenbu_delivery GROUP BY subscription, state"
_SKIPPED = "SELECT subscription, count(*) AS total FROM fenbu_skipped GROUP BY subscription"
_PARTITIONS = """
    SELECT s.id, s.name, s.module, sum(p.done) AS done, sum(p.replayed) AS replayed
    FROM fenbu_subscription s JOIN fenbu_partition p ON p.subscription = s.id
    GROUP BY s.id, s.name, s.module ORDER BY s.name
"""
_UNREAD_OF = """
    FROM fenbu_subscription s CROSS JOIN fenbu_event e CROSS JOIN fenbu_subscription_topic t
    WHERE s.history_end > 0 AND s.state <> 'dropped'
      AND e.seq > s.history_position AND e.seq <= s.history_end
      AND t.topic = e.topic AND t.subscription = s.id AND (t.route IS NULL OR t.route = e.route)
"""
_ONLY = """
      AND s.module = :module AND (CAST(:key AS TEXT) IS NULL OR e.key = :key)
      AND (CAST(:until AS TEXT) IS NULL OR e.day <= :until OR (e.day IS NULL AND e.at < :end))
"""
_WAITING = f"""
    SELECT (SELECT count(*) FROM fenbu_subscription s
            CROSS JOIN fenbu_partition p CROSS JOIN fenbu_delivery d CROSS JOIN fenbu_event e
            WHERE s.state <> 'dropped' AND p.subscription = s.id
              AND d.subscription = s.id AND d.partition = p.partition
              AND d.state IN ('waiting', 'held', 'dead') AND e.seq = d.seq {_ONLY})
         + (SELECT count(*) {_UNREAD_OF} {_ONLY})
"""
_KEYS = f"""
    SELECT key FROM fenbu_delivery WHERE state IN ('waiting', 'held', 'dead')
    UNION SELECT e.key {_UNREAD_OF}
    UNION SELECT key FROM fenbu_call WHERE state IN ('new', 'sending', 'unknown', 'dead')
"""
_PRESSURE = """
    SELECT count(*) FROM (
        SELECT 1 FROM fenbu_subscription s CROSS JOIN fenbu_partition p CROSS JOIN fenbu_delivery d
        WHERE s.state = 'active' AND p.subscription = s.id
          AND d.subscription = s.id AND d.partition = p.partition AND d.state = 'waiting' LIMIT :limit) waiting
"""


@define
class Book:
    """The account of one subscription."""

    subscription: str
    module: str
    published: int = 0
    replayed: int = 0
    done: int = 0
    waiting: int = 0
    """To be handled, or tried again."""
    scheduled: int = 0
    """Timers that have not rung."""
    held: int = 0
    dead: int = 0
    skipped: int = 0
    unread: int = 0
    """Events of the log that it has yet to catch up with."""

    @property
    def difference(self) -> int:
        """What has appeared (above 0) or disappeared (below 0) without reason; 0 when the books balance."""
        seen = self.done + self.waiting + self.scheduled + self.held + self.dead + self.skipped + self.unread
        return seen - self.published - self.replayed


def balance(connection: Connection) -> list[Book]:
    """Count everything, by subscription; reads the whole log once.

    Args:
        connection: A reading transaction, which sees one moment.
    """
    dialect = connection.dialect.name
    books: dict[int, Book] = {}
    for row in connection.execute(statement(_PARTITIONS, dialect)):
        books[row.id] = Book(row.name, row.module, done=int(row.done), replayed=int(row.replayed))
    for row in connection.execute(statement(_PUBLISHED, dialect)):
        books[row.subscription].published = int(row.published)
        books[row.subscription].unread = int(row.unread)
    for row in connection.execute(statement(_STATES, dialect)):
        setattr(books[row.subscription], row.state, int(row.total))
    for row in connection.execute(statement(_SKIPPED, dialect)):
        books[row.subscription].skipped = int(row.total)
    return list(books.values())


def waiting(
    connection: Connection,
    module: str,
    *,
    key: str | None = None,
    until: date | None = None,
    zone: ZoneInfo | None = None,
) -> int:
    """Count a module's deliveries that are not done: waiting, failing, held or dead, and history not yet read.

    Args:
        connection: To read with.
        module: Whose subscriptions.
        key: Only of this key.
        until: Only events whose business date, or day of publishing, is not after this day.
        zone: Time zone of that day; UTC unless given.
    """
    end = None
    if until is not None:
        midnight = datetime.combine(until + timedelta(days=1), time(), zone or ZoneInfo("UTC"))
        end = to_microseconds(midnight)
    values = {"module": module, "key": key, "until": until.isoformat() if until else None, "end": end}
    return int(connection.execute(statement(_WAITING, connection.dialect.name), values).scalar_one())


def waiting_keys(connection: Connection) -> frozenset[str]:
    """Return the keys with deliveries or calls still to do; what holds at rest need not hold for them."""
    return frozenset(connection.execute(statement(_KEYS, connection.dialect.name)).scalars())


def pressure(connection: Connection, limit: int = 100_000) -> int:
    """Return how many deliveries wait for running subscriptions, counted up to `limit`.

    Those of paused, tripped and disabled ones do not count: nobody could hurry them.
    """
    values = {"limit": limit}
    return int(connection.execute(statement(_PRESSURE, connection.dialect.name), values).scalar_one())
