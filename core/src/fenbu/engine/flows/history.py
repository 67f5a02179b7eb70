"""Catching up and replaying: the log is read again.

A module that comes late reads what it missed. Its worker makes deliveries of the log, a thousand at a time
while little is waiting, in order; the live deliveries that gather meanwhile have higher numbers and are not
fetched before all of the module's history is handled. So the order of each key runs on from history to today.
"""

from __future__ import annotations

from attrs import frozen
from sqlalchemy import Connection

from fenbu.engine.flows import subscriptions
from fenbu.engine.flows.errors import NotReplayable
from fenbu.engine.flows.records import BoundSubscription
from fenbu.engine.flows.sql import statement
from fenbu.events import parse_topic
from fenbu.manifest import Subscription

CHUNK = 1000
"""Deliveries made in one transaction."""
SPAN = 20_000
"""Events of the log looked at in one transaction, wanted or not."""

READING = "SELECT id, name, module FROM fenbu_subscription WHERE history_end > 0 AND state = 'active'"
_MODULES = "SELECT DISTINCT module FROM fenbu_subscription WHERE history_end > 0 AND state <> 'dropped'"
_POSITION = """
    SELECT module, state, history_position, history_end FROM fenbu_subscription
    WHERE id = :subscription AND history_end > 0 {lock_free}
"""
_WANTED = """
    FROM fenbu_event e
    JOIN fenbu_subscription_topic t ON t.subscription = :subscription AND t.topic = e.topic
         AND (t.route IS NULL OR t.route = e.route)
    WHERE e.seq > :first AND e.seq <= :last
"""
_WAITING = """
    SELECT count(*) FROM (
        SELECT 1 FROM fenbu_partition p CROSS JOIN fenbu_delivery d
        WHERE p.subscription = :subscription AND d.subscription = p.subscription
          AND d.partition = p.partition AND d.state = 'waiting' AND d.seq <= :last LIMIT :limit) few
"""
_LAST = f"""
    SELECT max(seq) AS last, count(*) AS wanted
    FROM (SELECT e.seq {_WANTED} ORDER BY e.seq LIMIT :limit) few
"""
_EXPAND = f"""
    INSERT INTO fenbu_delivery (subscription, partition, state, seq, key, not_before)
    SELECT :subscription, e.partition, CASE WHEN e.not_before > :now THEN 'scheduled' ELSE 'waiting' END,
           e.seq, e.key, CASE WHEN e.not_before > :now THEN e.not_before ELSE 0 END
    {_WANTED} AND NOT EXISTS (SELECT 1 FROM fenbu_cancelled_event c WHERE c.seq = e.seq)
"""
_SKIP = f"""
    INSERT INTO fenbu_skipped (seq, subscription, at, reason)
    SELECT e.seq, :subscription, :now, 'cancelled'
    {_WANTED} AND EXISTS (SELECT 1 FROM fenbu_cancelled_event c WHERE c.seq = e.seq)
"""
_MOVE = "UPDATE fenbu_subscription SET history_position = :last WHERE id = :subscription"
_CAUGHT_UP = "UPDATE fenbu_subscription SET history_end = 0, changed_at = :now WHERE id = :subscription"
_PROGRESS = """
    SELECT s.id, s.name, s.module, s.history_position AS position, s.history_end AS last,
           (SELECT count(*) FROM fenbu_partition p CROSS JOIN fenbu_delivery d
            WHERE p.subscription = s.id AND d.subscription = p.subscription AND d.partition = p.partition
              AND d.state = 'waiting' AND d.seq <= s.history_end) AS waiting
    FROM fenbu_subscription s WHERE s.history_end > 0 AND s.state <> 'dropped' ORDER BY s.name
"""
# By the primary key: the last so many events of the log, and of these what was handled lately.
_PACE = """
    SELECT min(seq) AS first, max(seq) AS last, min(at) AS began, max(at) AS ended FROM fenbu_delivered
    WHERE seq > :position - :sample AND seq <= :position AND subscription = :subscription AND at > :since
"""
_LATELY = 30_000_000
"""The pace is that of the last so many microseconds."""
_BY_TOPIC = "SELECT topic, count(*) AS events FROM fenbu_event WHERE seq > :after GROUP BY topic"
_STANDS = "SELECT state, gathers, history_position FROM fenbu_subscription WHERE name = :name"
_AGAIN = """
    FROM fenbu_gathering g
    JOIN fenbu_event e ON e.topic = g.topic AND e.seq > g.after AND (g.until IS NULL OR e.seq <= g.until)
         AND (g.route IS NULL OR g.route = e.route)
    JOIN fenbu_subscription s ON s.id = g.subscription
    WHERE g.subscription = :subscription AND e.seq >= :first AND e.seq <= :last
      AND (CAST(:key AS TEXT) IS NULL OR e.key = :key)
      AND (s.history <> 'catch_up' OR e.seq <= s.history_position OR (s.gathers = 1 AND e.seq > s.history_end))
      AND NOT EXISTS (SELECT 1 FROM fenbu_cancelled_event c WHERE c.seq = e.seq)
      AND NOT EXISTS (SELECT 1 FROM fenbu_delivery d
                      WHERE d.subscription = :subscription AND d.partition = e.partition AND d.seq = e.seq
                        AND d.state IN ('waiting', 'scheduled', 'held', 'dead'))
"""
_LOCK_PARTITIONS = """
    SELECT partition FROM fenbu_partition WHERE subscription = :subscription ORDER BY partition {lock}
"""
_COUNT_AGAIN = f"""
    UPDATE fenbu_partition SET replayed = replayed + (
        SELECT count(*) {_AGAIN} AND e.partition = fenbu_partition.partition)
    WHERE subscription = :subscription
"""
_DELIVER_AGAIN = f"""
    INSERT INTO fenbu_delivery (subscription, partition, state, seq, key)
    SELECT :subscription, e.partition, 'waiting', e.seq, e.key {_AGAIN}
"""


@frozen
class Reading:
    """A subscription that is catching up."""

    id: int
    name: str
    module: str


@frozen
class Progress:
    """How far a subscription has caught up."""

    subscription: str
    module: str
    position: int
    """The last event made a delivery of."""
    end: int
    """The last event to read."""
    waiting: int
    """Deliveries of history that are not done."""
    pace: float | None = None
    """Events of the log a second, lately; None when nothing was handled lately."""

    @property
    def done(self) -> int:
        """How many events of the log are behind it; of those made deliveries of, what waits is not."""
        return min(self.end, max(0, self.position - self.waiting))

    @property
    def share(self) -> float:
        """Between 0 and 1, for a progress bar."""
        return self.done / self.end if self.end else 1.0

    @property
    def seconds_left(self) -> float | None:
        """How long it takes to catch up at this pace; None when it stands still."""
        return (self.end - self.done) / self.pace if self.pace else None


class Missed:
    """Counts what subscriptions would read if their modules began now; each part of the log is counted once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._counted: dict[int, dict[str, int]] = {}

    def by(self, subscription: Subscription) -> int | None:
        """Return how many events of its topics one that catches up would read, whatever their route.

        None when it reads nothing anew: parked, its rows are all there; dropped, it begins from now.
        """
        find = statement(_STANDS, self._connection.dialect.name)
        row = self._connection.execute(find, {"name": subscription.name}).first()
        if row is not None and (row.gathers or row.state == "dropped"):
            return None
        by_topic = self._since(row.history_position if row is not None else 0)
        return sum(by_topic.get(topic, 0) for topic in {parse_topic(on)[0] for on in subscription.on})

    def _since(self, after: int) -> dict[str, int]:
        if after not in self._counted:
            count = statement(_BY_TOPIC, self._connection.dialect.name)
            found = self._connection.execute(count, {"after": after})
            self._counted[after] = {row.topic: row.events for row in found}
        return self._counted[after]


def reading(connection: Connection) -> list[Reading]:
    """Return the active subscriptions that are catching up."""
    rows = connection.execute(statement(f"{READING} ORDER BY id", connection.dialect.name))
    return [Reading(row.id, row.name, row.module) for row in rows]


def catching_up(connection: Connection) -> frozenset[str]:
    """Return the modules whose live deliveries and hooks wait, because some of their history is not handled."""
    return frozenset(connection.execute(statement(_MODULES, connection.dialect.name)).scalars())


def progress(connection: Connection, now: int | None = None) -> list[Progress]:
    """Return how far each subscription has caught up; nothing when none has anything to catch up.

    Args:
        connection: To read with.
        now: UTC microseconds; without it nothing is said of the pace.
    """
    rows = connection.execute(statement(_PROGRESS, connection.dialect.name)).all()
    return [
        Progress(
            row.name,
            row.module,
            row.position,
            row.last,
            row.waiting,
            None if now is None else _pace(connection, row.id, row.position, now),
        )
        for row in rows
    ]


def _pace(connection: Connection, subscription: int, position: int, now: int) -> float | None:
    values = {"subscription": subscription, "position": position, "sample": SPAN, "since": now - _LATELY}
    row = connection.execute(statement(_PACE, connection.dialect.name), values).one()
    if row.first is None or row.last == row.first:
        return None
    return float((row.last - row.first) * 1_000_000 / max(1, row.ended - row.began))


def expand(connection: Connection, subscription: int, now: int) -> tuple[int, bool]:
    """Make deliveries of the next part of the log, unless enough of them are waiting.

    Args:
        connection: Holding the catalogue lock; the caller commits.
        subscription: Its id.
        now: UTC microseconds. A timer not yet due is scheduled, a cancelled one skipped.

    Returns:
        How many were made, and whether the subscription has just caught up.
    """
    dialect = connection.dialect.name
    values: dict[str, object] = {"subscription": subscription}
    row = connection.execute(statement(_POSITION, dialect), values).first()
    if row is None or row.state != "active":
        return 0, False
    wait = values | {"last": row.history_end, "limit": CHUNK}
    waiting = int(connection.execute(statement(_WAITING, dialect), wait).scalar_one())
    if row.history_position >= row.history_end:
        if waiting:
            return 0, False
        connection.execute(statement(_CAUGHT_UP, dialect), values | {"now": now})
        return 0, True
    if waiting >= CHUNK:
        return 0, False
    last = min(row.history_end, row.history_position + SPAN)
    values |= {"first": row.history_position, "last": last, "limit": CHUNK, "now": now}
    few = connection.execute(statement(_LAST, dialect), values).one()
    if few.wanted == CHUNK:
        values["last"] = few.last
    made = connection.execute(statement(_EXPAND, dialect), values).rowcount
    connection.execute(statement(_SKIP, dialect), values)
    connection.execute(statement(_MOVE, dialect), values)
    return made, False


def replay(
    connection: Connection,
    bound: BoundSubscription,
    *,
    key: str | None = None,
    first: int = 1,
    last: int = 2**63 - 1,
) -> int:
    """Deliver events again that a subscription has had; return how many.

    What still waits, is held or dead is left as it is. The events come in order, each behind what of its key is
    failing.

    Args:
        connection: Of a transaction of the kernel; the caller commits and writes the audit.
        bound: The subscription.
        key: Only this key's.
        first: Number of the first event.
        last: Number of the last event.

    Raises:
        NotReplayable: The subscription does not say that this does no harm.
    """
    if not bound.replayable:
        raise NotReplayable(bound.name)
    dialect = connection.dialect.name
    identity = subscriptions.find(connection, bound.name).id
    values = {"subscription": identity, "key": key, "first": first, "last": last}
    connection.execute(statement(_LOCK_PARTITIONS, dialect), values)
    connection.execute(statement(_COUNT_AGAIN, dialect), values)
    return connection.execute(statement(_DELIVER_AGAIN, dialect), values).rowcount
