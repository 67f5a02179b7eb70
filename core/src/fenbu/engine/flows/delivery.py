"""Delivery: lock, fetch, handle, acknowledge, in one transaction.

There is no lease and no "running" state: what a worker has in hand is told by the lock it holds, and the lock
dies with its process. An acknowledgement deletes by the explicit list of what was handled and asserts the
count: a row that became visible in between would otherwise be acknowledged unread.

A batch runs without savepoints, three times cheaper than with; when something in it failed, the whole of it is
rolled back and done again with one each. On PostgreSQL a transaction has one delivery, unless the subscription
can lock the rows of a whole batch in one order: a batch that locks rows in order of need deadlocks.

Lock order: catalogue (shared), partition, then what the handlers lock.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from attrs import define, field, frozen
from sqlalchemy import Connection, Row

from fenbu.engine.flows import blocked, breaker, retry
from fenbu.engine.flows.blocked import Block
from fenbu.engine.flows.breaker import Breaker
from fenbu.engine.flows.deadline import Deadline
from fenbu.engine.flows.errors import Again, HandlerTooSlow, Overtaken
from fenbu.engine.flows.marker import Marker
from fenbu.engine.flows.records import Before, BoundSubscription, Clock, Received
from fenbu.engine.flows.sql import packed, statement
from fenbu.engine.store.database import Database
from fenbu.engine.store.infrastructure import infrastructure
from fenbu.engine.store.savepoint import savepoint

BATCH = 50
SQLITE_SECONDS = 0.02
"""A batch on SQLite ends after this, so that people can write in between."""
EVER = 2**63 - 1

LIMIT = """
    CASE WHEN EXISTS (SELECT 1 FROM fenbu_subscription o
                      WHERE o.module = s.module AND o.history_end > 0 AND o.state <> 'dropped')
         THEN CASE WHEN s.history_end > 0 THEN s.history_end ELSE s.history_position END
         ELSE 9223372036854775807 END
"""
"""The highest event of subscription `s` that may be delivered: live ones wait for all of its module's history."""

_LOCK = f"""
    SELECT s.state, s.module, s.history_position, s.history_end, {LIMIT} AS up_to
    FROM fenbu_partition p JOIN fenbu_subscription s ON s.id = p.subscription
    WHERE p.subscription = :subscription AND p.partition = :partition
"""
_LOCK_OF = {"sqlite": "", "postgresql": " FOR UPDATE OF p SKIP LOCKED"}

_FETCH = """
    SELECT d.seq, d.key, d.attempts, d.error, e.id, e.topic, e.version, e.payload, e.at, e.cause, e.depth,
           e.module, e.not_before AS rings, c.seq AS cancelled, b.seq AS blocked, b.releasing
    FROM fenbu_delivery d
    JOIN fenbu_event e ON e.seq = d.seq
    LEFT JOIN fenbu_blocked_key b ON b.subscription = d.subscription AND b.key = d.key
    LEFT JOIN fenbu_cancelled_event c ON c.seq = d.seq
    WHERE d.subscription = :subscription AND d.partition = :partition AND d.state = 'waiting'
      AND d.seq <= :up_to AND (d.not_before <= :now OR d.not_before > :horizon)
"""
_IN_ORDER = " ORDER BY d.seq LIMIT :limit"
_OF_KEY = " AND d.key = :key"

_DELETE = """
    DELETE FROM fenbu_delivery
    WHERE subscription = :subscription AND partition = :partition AND state = 'waiting' AND {seqs}
"""
_DELIVERED = """
    INSERT INTO fenbu_delivered (seq, subscription, at, ms, attempts)
    SELECT json_extract(value, '$[0]'), :subscription, :now, json_extract(value, '$[1]'),
           json_extract(value, '$[2]') FROM json_each(:done) WHERE true
    ON CONFLICT (seq, subscription) DO UPDATE SET at = excluded.at, ms = excluded.ms,
        attempts = excluded.attempts
"""
_COUNT = """
    UPDATE fenbu_partition SET done = done + :count WHERE subscription = :subscription AND partition = :partition
"""
_ACKNOWLEDGE = """
    WITH gone AS (
        DELETE FROM fenbu_delivery
        WHERE subscription = :subscription AND partition = :partition AND state = 'waiting' AND {seqs}
        RETURNING seq),
    kept AS (
        INSERT INTO fenbu_delivered (seq, subscription, at, ms, attempts)
        SELECT seq, :subscription, :now, ms, attempts
        FROM unnest(CAST(:seqs AS bigint[]), CAST(:ms AS int[]), CAST(:attempts AS int[]))
             AS done (seq, ms, attempts)
        ON CONFLICT (seq, subscription) DO UPDATE SET at = excluded.at, ms = excluded.ms,
            attempts = excluded.attempts),
    counted AS (
        UPDATE fenbu_partition SET done = done + :count
        WHERE subscription = :subscription AND partition = :partition)
    SELECT count(*) FROM gone
"""
_SKIP = """
    INSERT INTO fenbu_skipped (seq, subscription, at, reason)
    SELECT seq, :subscription, :now, 'cancelled' FROM fenbu_event WHERE {seqs}
"""
_HELD_FOR_NEWER = """
    UPDATE fenbu_delivery SET state = 'held', error = :error
    WHERE subscription = :subscription AND partition = :partition AND state = 'waiting' AND seq = :seq
"""
_KNOWN_VERSION = (
    "SELECT version FROM fenbu_subscription_topic WHERE subscription = :subscription AND topic = :topic"
)
_SUSPECT = """
    SELECT d.partition, d.key, d.attempts, d.error, s.module, s.name
    FROM fenbu_subscription s
    JOIN fenbu_partition p ON p.subscription = s.id
    JOIN fenbu_delivery d ON d.subscription = s.id AND d.partition = p.partition
         AND d.state = 'waiting' AND d.seq = :seq
    WHERE s.id = :subscription
"""

_COUNT_CRASH = """
    UPDATE fenbu_delivery SET attempts = attempts + 1, error = :error
    WHERE subscription = :subscription AND partition = :partition AND state = 'waiting' AND seq = :seq
"""

EventRow = Row[tuple[Any, ...]]


@frozen
class Place:
    """Where there is something to deliver: one partition of one subscription."""

    subscription: int
    name: str
    partition: int


@define
class Outcome:
    """What one transaction did."""

    done: int = 0
    failed: int = 0
    moved: int = 0
    """Held, released or skipped."""
    full: bool = False
    """There may be more at once."""
    retry_at: int | None = None
    """When the earliest of the failed is tried again, UTC microseconds."""

    @property
    def worked(self) -> bool:
        """Say whether there was anything to do."""
        return bool(self.done or self.failed or self.moved)


class _Failed(Exception):
    """A handler failed in a batch that cannot tell its effects from the others'."""

    def __init__(self, row: EventRow, error: BaseException, *, alone: bool) -> None:
        self.row, self.error, self.alone = row, error, alone


@define(eq=False)
class _Batch:
    """One transaction's deliveries, from fetch to acknowledgement."""

    connection: Connection
    place: Place
    bound: BoundSubscription
    now: int
    history_position: int
    history_end: int
    isolated: bool
    blocks: dict[str, Block | None] = field(factory=dict)
    done: list[tuple[int, int, int]] = field(factory=list)
    """Event, milliseconds, attempts."""
    skipped: list[int] = field(factory=list)
    ended: dict[str, int] = field(factory=dict)
    """Keys whose block ends with an event of this batch."""
    waits: int | None = None
    """The first event that must wait for another of its key."""
    outcomes: list[tuple[str, bool]] = field(factory=list)
    last_error: str = ""
    outcome: Outcome = field(factory=Outcome)


class Delivery:
    """Delivers, one transaction at a time, for one worker.

    Args:
        database: Of the enterprise.
        bound: Returns the subscriptions as this process knows them; called after `before`.
        before: Called first in each transaction: the catalogue lock.
        clock: UTC microseconds; the database's unless given.
        deadline: Interrupts handlers that take too long; None lets them.
        marker: Names what is in hand.
    """

    def __init__(
        self,
        database: Database,
        bound: Callable[[], Sequence[BoundSubscription]],
        before: Before,
        *,
        clock: Clock | None = None,
        deadline: Deadline | None = None,
        marker: Marker | None = None,
    ) -> None:
        self._database = database
        self._bound = bound
        self._before = before
        self._clock = clock or database.clock
        self._deadline = deadline
        self._marker = marker
        self._breaker = Breaker()
        self._careful: dict[Place, int] = {}
        """Places where the next so many deliveries are taken one by one."""
        self._known: Sequence[BoundSubscription] | None = None
        self._by_name: dict[str, BoundSubscription] = {}

    def deliver(self, place: Place, *, key: str | None = None, batch: int = BATCH) -> Outcome:
        """Deliver what is due in one place, up to a batch; commits.

        Args:
            place: Where; nothing happens when somebody else is at work there.
            key: Only this key's.
            batch: How many at most.

        Raises:
            Again: The set of modules has moved.
            Exception: The machine failed (`infrastructure`); nothing was counted, take it again later.
        """
        if self._careful.get(place, 0) > 0:
            self._careful[place] -= 1
            batch = 1
        for isolated in (False, True):
            try:
                return self._once(place, key, batch, isolated=isolated)
            except Overtaken:
                return Outcome()
            except _Failed as failed:
                if failed.alone:
                    return self._count_failure(place, failed)
                if isinstance(failed.error, HandlerTooSlow):
                    # Its transaction is lost, and with it those before it: they go first, one by one.
                    self._careful[place] = batch
                    return Outcome(moved=1, full=True)
        raise AssertionError("a handler's failure left a transaction that isolates each")

    def suspect(self, subscription: int, seq: int) -> None:
        """Count an attempt for an event that was in hand when its worker's process ended; commits."""
        with self._database.write() as connection:
            self._before(connection)
            now = self._clock(connection)
            values = {"subscription": subscription, "seq": seq}
            row = connection.execute(statement(_SUSPECT, self._database.dialect), values).first()
            if row is None or not self._locked(connection, Place(subscription, row.name, row.partition)):
                return
            place = Place(subscription, row.name, row.partition)
            self._careful[place] = BATCH
            crashes = retry.crashes_told(row.error) + 1
            first = blocked.is_first(connection, subscription, row.partition, row.key, seq)
            values = {"subscription": subscription, "partition": row.partition, "seq": seq}
            if not first:
                connection.execute(
                    statement(_COUNT_CRASH, self._database.dialect),
                    values | {"error": retry.tell_crash(crashes)},
                )
                return
            retry.fail(
                connection,
                subscription,
                row.partition,
                seq,
                row.key,
                attempts=row.attempts + 1,
                error=retry.tell_crash(crashes),
                dead=crashes >= retry.CRASHES,
                now=now,
            )

    def find(self, name: str) -> BoundSubscription | None:
        """Return a subscription as this process knows it now."""
        known = self._bound()
        if known is not self._known:
            self._known, self._by_name = known, {one.name: one for one in known}
        return self._by_name.get(name)

    # --- one transaction ------------------------------------------------------------------------------

    def _once(self, place: Place, key: str | None, batch: int, *, isolated: bool) -> Outcome:
        with self._database.write() as connection:
            self._before(connection)
            bound = self.find(place.name)
            if bound is None or bound.handle is None:
                return Outcome()
            row = self._locked(connection, place)
            if row is None:
                return Outcome()
            if row.state != "active":
                self._breaker.reset(place.subscription)
                return Outcome()
            now = self._clock(connection)
            hand = _Batch(connection, place, bound, now, row.history_position, row.history_end, isolated)
            size = self._size(bound, batch)
            rows = self._fetch(hand, key, size, row.up_to)
            self._handle_all(hand, rows)
            self._finish(hand)
            hand.outcome.full = len(rows) == size
        return self._noted(hand)

    def _size(self, bound: BoundSubscription, batch: int) -> int:
        return 1 if self._database.dialect == "postgresql" and bound.locks is None else batch

    def _locked(self, connection: Connection, place: Place) -> EventRow | None:
        dialect = self._database.dialect
        values = {"subscription": place.subscription, "partition": place.partition}
        return connection.execute(statement(_LOCK + _LOCK_OF[dialect], dialect), values).first()

    def _fetch(self, hand: _Batch, key: str | None, limit: int, up_to: int) -> Sequence[EventRow]:
        values = _values(hand) | {"now": hand.now, "horizon": hand.now + retry.MAX_PAUSE}
        values |= {"up_to": up_to, "limit": limit, "key": key}
        template = _FETCH + (_OF_KEY if key is not None else "") + _IN_ORDER
        return hand.connection.execute(statement(template, self._database.dialect), values).all()

    def _handle_all(self, hand: _Batch, rows: Sequence[EventRow]) -> None:
        if hand.bound.locks is not None and len(rows) > 1 and self._database.dialect == "postgresql":
            hand.bound.locks(hand.connection, [_received(hand, row) for row in rows])
        started = time.perf_counter()
        for row in rows:
            block = hand.blocks.setdefault(row.key, _block(row))
            if block is not None and not block.lets(row.seq):
                hand.waits = row.seq if hand.waits is None else hand.waits
                continue
            if row.cancelled is not None:
                hand.skipped.append(row.seq)
            elif row.version > hand.bound.topics.get(row.topic, 0):
                self._hold_for_newer(hand, row)
                continue
            elif not self._handle(hand, row, alone=len(rows) == 1):
                continue
            if block is not None and block.ends_with(row.seq):
                hand.ended[row.key] = row.seq
            if self._database.dialect == "sqlite" and time.perf_counter() - started > SQLITE_SECONDS:
                break

    def _handle(self, hand: _Batch, row: EventRow, *, alone: bool) -> bool:
        """Run one handler; return whether its effects stand."""
        if self._marker is not None:
            self._marker.set(hand.place.subscription, row.seq)
        started = time.perf_counter()
        try:
            with self._watched(hand), savepoint(hand.connection) if hand.isolated else nullcontext():
                assert hand.bound.handle is not None
                hand.bound.handle(hand.connection, _received(hand, row))
        except (Again, Overtaken):
            raise
        except Exception as error:
            if infrastructure(error):
                raise
            if not hand.isolated or isinstance(error, HandlerTooSlow):
                raise _Failed(row, error, alone=alone) from error
            self._fail(hand, row, error)
            return False
        finally:
            if self._marker is not None:
                self._marker.clear()
        hand.done.append((row.seq, round((time.perf_counter() - started) * 1000), row.attempts))
        hand.outcomes.append((row.key, False))
        return True

    def _watched(self, hand: _Batch) -> AbstractContextManager[None]:
        return nullcontext() if self._deadline is None else self._deadline.over(hand.connection)

    def _fail(self, hand: _Batch, row: EventRow, error: BaseException) -> None:
        told = retry.told(error)
        again = retry.fail(
            hand.connection,
            hand.place.subscription,
            hand.place.partition,
            row.seq,
            row.key,
            attempts=row.attempts + 1,
            error=told,
            dead=retry.is_final(error) or row.attempts + 1 >= hand.bound.attempts,
            now=hand.now,
        )
        hand.blocks[row.key] = Block(row.seq, releasing=False)
        hand.ended.pop(row.key, None)
        hand.outcomes.append((row.key, True))
        hand.last_error = told
        hand.outcome.failed += 1
        if again:
            hand.outcome.retry_at = min(again, hand.outcome.retry_at or again)
        # Those of its key that were fetched with it, and those behind them, get out of the way.
        hand.waits = row.seq if hand.waits is None else hand.waits

    def _hold_for_newer(self, hand: _Batch, row: EventRow) -> None:
        """Hold an event whose version nobody here knows; when another process should know it, look again."""
        values = {"subscription": hand.place.subscription, "topic": row.topic}
        dialect = self._database.dialect
        known = hand.connection.execute(statement(_KNOWN_VERSION, dialect), values).scalar() or 0
        if row.version <= known:
            raise Again(f"{hand.place.name} takes {row.topic}/{row.version}, and this process has older code")
        error = f"{blocked.NEEDS_NEWER}: {row.topic}/{row.version} is newer than {hand.bound.module} knows"
        hand.connection.execute(
            statement(_HELD_FOR_NEWER, dialect), _values(hand) | {"seq": row.seq, "error": error}
        )
        blocked.block(hand.connection, hand.place.subscription, row.key, row.seq)
        hand.blocks[row.key] = Block(row.seq, releasing=False)
        hand.ended.pop(row.key, None)
        hand.waits = row.seq if hand.waits is None else hand.waits
        hand.outcome.moved += 1

    def _finish(self, hand: _Batch) -> None:
        if hand.done:
            self._acknowledge(hand)
        if hand.skipped:
            self._skip(hand)
        if hand.waits is not None:
            place = hand.place
            hand.outcome.moved += blocked.hold(
                hand.connection, place.subscription, place.partition, hand.waits
            )
        for key in hand.ended:
            place = hand.place
            hand.outcome.moved += blocked.release(hand.connection, place.subscription, place.partition, key)
        hand.outcome.done = len(hand.done)
        hand.outcome.moved += len(hand.skipped)

    def _acknowledge(self, hand: _Batch) -> None:
        seqs = [seq for seq, _ms, _attempts in hand.done]
        values = _values(hand) | {"now": hand.now, "count": len(seqs)}
        if self._database.dialect == "postgresql":
            values |= {"seqs": seqs, "ms": [ms for _seq, ms, _attempts in hand.done]}
            values |= {"attempts": [attempts for _seq, _ms, attempts in hand.done]}
            gone = hand.connection.execute(statement(_ACKNOWLEDGE, "postgresql"), values).scalar()
        else:
            values |= {"seqs": packed("sqlite", seqs), "done": json.dumps(hand.done)}
            gone = hand.connection.execute(statement(_DELETE, "sqlite"), values).rowcount
            hand.connection.execute(statement(_DELIVERED, "sqlite"), values)
            hand.connection.execute(statement(_COUNT, "sqlite"), values)
        if gone != len(seqs):
            raise Overtaken(f"{len(seqs)} deliveries of {hand.place.name} were handled, {gone} were waiting")

    def _skip(self, hand: _Batch) -> None:
        dialect = self._database.dialect
        values = _values(hand) | {"now": hand.now, "seqs": packed(dialect, hand.skipped)}
        hand.connection.execute(statement(_SKIP, dialect), values)
        if hand.connection.execute(statement(_DELETE, dialect), values).rowcount != len(hand.skipped):
            raise Overtaken(f"cancelled timers of {hand.place.name} are no longer waiting")

    # --- afterwards -----------------------------------------------------------------------------------

    def _count_failure(self, place: Place, failed: _Failed) -> Outcome:
        """Count a failure whose transaction was rolled back, unless somebody else has taken the delivery."""
        row = failed.row
        with self._database.write() as connection:
            self._before(connection)
            bound = self.find(place.name)
            locked = self._locked(connection, place)
            if bound is None or locked is None or locked.state != "active":
                return Outcome()
            now = self._clock(connection)
            hand = _Batch(connection, place, bound, now, locked.history_position, locked.history_end, True)
            if not blocked.is_first(connection, place.subscription, place.partition, row.key, row.seq):
                return Outcome()
            try:
                self._fail(hand, row, failed.error)
            except Overtaken:
                return Outcome()
            self._finish(hand)
        return self._noted(hand)

    def _noted(self, hand: _Batch) -> Outcome:
        """Tell the breaker what was committed; stop the subscription when nearly everything fails."""
        for key, failed in hand.outcomes:
            self._breaker.note(hand.place.subscription, key, failed)
        if hand.outcome.failed and self._breaker.trips(hand.place.subscription):
            with self._database.write() as connection:
                self._before(connection)
                breaker.trip(
                    connection,
                    hand.bound.module,
                    hand.place.name,
                    hand.last_error,
                    at=self._clock(connection),
                )
            self._breaker.reset(hand.place.subscription)
        return hand.outcome


def _values(hand: _Batch) -> dict[str, Any]:
    return {"subscription": hand.place.subscription, "partition": hand.place.partition}


def _block(row: EventRow) -> Block | None:
    return None if row.blocked is None else Block(row.blocked, bool(row.releasing))


def _received(hand: _Batch, row: EventRow) -> Received:
    if row.rings is None:
        history = row.seq <= max(hand.history_position, hand.history_end)
    else:  # a timer that rings after the catching up asks for today, however old its event
        history = row.seq <= hand.history_end
    return Received(
        row.seq,
        row.id,
        row.topic,
        row.version,
        row.key,
        row.payload,
        row.at,
        row.cause,
        row.depth,
        row.module,
        row.attempts,
        history,
    )
