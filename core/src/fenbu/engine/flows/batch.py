"""A batch: one transaction's deliveries, from fetch to acknowledgement.

An acknowledgement deletes by the explicit list of what was handled and asserts the count: a row that became
visible in between would otherwise be acknowledged unread.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from attrs import define, field, frozen
from sqlalchemy import Connection, Row

from fenbu.engine.flows import blocked, retry
from fenbu.engine.flows.blocked import Block
from fenbu.engine.flows.deadline import Deadline
from fenbu.engine.flows.errors import Again, HandlerTooSlow, HiddenError, Overtaken
from fenbu.engine.flows.marker import Marker
from fenbu.engine.flows.pending import Pending
from fenbu.engine.flows.records import BoundSubscription, HandleAll, Received
from fenbu.engine.flows.sql import packed, statement
from fenbu.engine.store.dialects import raw
from fenbu.engine.store.infrastructure import infrastructure

SECONDS = {"sqlite": 0.02, "postgresql": 0.2}
"""A batch ends after this, so that people can write in between: all that they want on SQLite, the rows that it has
locked on PostgreSQL, where a busy machine would otherwise let them wait for fifty handlers."""

# The first eleven columns are the fields of `Received`, in its order.
_FETCH = """
    SELECT d.seq, e.id, e.topic, e.version, d.key, e.payload, e.at, e.cause, e.depth, e.module, d.attempts,
           e.not_before AS rings, c.seq AS cancelled, b.seq AS blocked, b.releasing
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
T = TypeVar("T")
EventRow = Row[tuple[Any, ...]]
_IN_ERROR = 3  # psycopg.pq.TransactionStatus.INERROR


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
    called: bool = False
    """A call was recorded."""
    retry_at: int | None = None
    """When the earliest of the failed is tried again, UTC microseconds."""

    @property
    def worked(self) -> bool:
        """Say whether there was anything to do."""
        return bool(self.done or self.failed or self.moved)


class Failed(Exception):
    """A handler failed in a transaction that cannot tell its effects from the others'.

    Attributes:
        row: The event whose handler failed, or the last one when the commit did.
        alone: Nothing else was handled in the transaction, so the failure is this event's.
        lost: Isolating each event would not have helped: they must be taken one by one.
    """

    def __init__(self, row: EventRow, error: BaseException, *, alone: bool, lost: bool) -> None:
        self.row, self.error, self.alone, self.lost = row, error, alone, lost


@define(eq=False)
class Batch:
    """What one transaction has in hand."""

    connection: Connection
    dialect: str
    place: Place
    bound: BoundSubscription
    now: int
    history_position: int
    history_end: int
    up_to: int
    """The highest event that may be delivered now."""
    isolated: bool
    """Each handler in a savepoint, so that one may fail and the others stand."""
    deadline: Deadline | None = None
    marker: Marker | None = None
    blocks: dict[str, Block | None] = field(factory=dict)
    handled: list[EventRow] = field(factory=list)
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
    driver: Any = field(init=False)
    pending: Pending = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.driver = raw(self.connection)
        self.pending = Pending(self.connection, self.dialect)

    def fetch(self, key: str | None, limit: int) -> Sequence[EventRow]:
        """Return what is due here in order of the log, of one key or of all."""
        values = self._values() | {"now": self.now, "horizon": self.now + retry.MAX_PAUSE}
        values |= {"up_to": self.up_to, "limit": limit, "key": key}
        template = _FETCH + (_OF_KEY if key is not None else "") + _IN_ORDER
        return self.connection.execute(statement(template, self.dialect), values).all()

    def handle_all(self, rows: Sequence[EventRow]) -> None:
        """Run the handlers, each event behind what comes before it in its key.

        Raises:
            Failed: A handler failed and takes its neighbours with it; roll back.
            Again: The event is for a process with newer code.
        """
        if self.bound.locks is not None and len(rows) > 1 and self.dialect == "postgresql":
            self._lock(rows)
        if self.bound.together is not None and not self.isolated and len(rows) > 1:
            self._handle_together(self.bound.together, [row for row in rows if self._wants(row)])
            return
        started = time.perf_counter()
        for row in rows:
            if self._wants(row) and self._handle(row, alone=len(rows) == 1):
                self._passed(row)
            if time.perf_counter() - started > SECONDS[self.dialect]:
                self.outcome.full = row is not rows[-1]
                break

    def _wants(self, row: EventRow) -> bool:
        """Say whether a delivery is to be handled now; what is not waits, is skipped or is held."""
        block = self.blocks.setdefault(row.key, _block(row))
        if block is not None and not block.lets(row.seq):
            self.waits = self.waits or row.seq
            return False
        if row.cancelled is not None:
            self.skipped.append(row.seq)
            self._passed(row)
            return False
        if row.version > self.bound.topics.get(row.topic, 0):
            self._hold_for_newer(row)
            return False
        return True

    def _passed(self, row: EventRow) -> None:
        """A key whose last held event is through is free again."""
        block = self.blocks[row.key]
        if block is not None and block.ends_with(row.seq):
            self.ended[row.key] = row.seq

    def _lock(self, rows: Sequence[EventRow]) -> None:
        """Let the module lock the rows of all; where it cannot, they are taken one by one, which needs no locks."""
        assert self.bound.locks is not None
        try:
            self._guarded(rows[0], self.bound.locks, [self._received(row) for row in rows])
        except (Again, Overtaken):
            raise
        except (Exception, SystemExit) as error:
            if _of_the_machine(error):
                raise
            raise Failed(rows[0], error, alone=False, lost=True) from error

    def _handle(self, row: EventRow, *, alone: bool) -> bool:
        """Run one handler; return whether its effects stand."""
        assert self.bound.handle is not None
        started = time.perf_counter()
        try:
            self._guarded(row, self.bound.handle, self._received(row))
        except (Again, Overtaken):
            raise
        except (Exception, SystemExit) as error:
            if _of_the_machine(error):
                raise
            lost = isinstance(error, HandlerTooSlow) or self._is_gone()
            if lost or not self.isolated:
                raise Failed(row, error, alone=alone, lost=lost) from error
            self.fail(row, error)
            return False
        self._note_handled(row, round((time.perf_counter() - started) * 1000))
        return True

    def _handle_together(self, handle: HandleAll, rows: Sequence[EventRow]) -> None:
        """Run the handler of all events at once; who of them it fails for is found out one by one."""
        if not rows:
            return
        started = time.perf_counter()
        try:
            self._guarded(rows[0], handle, [self._received(row) for row in rows])
        except (Again, Overtaken):
            raise
        except (Exception, SystemExit) as error:
            if _of_the_machine(error):
                raise
            lost = isinstance(error, HandlerTooSlow) or self._is_gone()
            raise Failed(rows[0], error, alone=len(rows) == 1, lost=lost) from error
        each = round((time.perf_counter() - started) * 1000 / len(rows))
        for row in rows:
            self._note_handled(row, each)
            self._passed(row)

    def _note_handled(self, row: EventRow, milliseconds: int) -> None:
        self.handled.append(row)
        self.done.append((row.seq, milliseconds, row.attempts))
        self.outcomes.append((row.key, False))

    def _guarded(self, row: EventRow, run: Callable[[Pending, T], None], received: T) -> None:
        """Run a module's code: named by an event, should the process die of it, and interrupted when it takes long."""
        if self.marker is not None:
            self.marker.set(self.place.subscription, row.seq)
        try:
            with self._watched(), self.pending.savepoint() if self.isolated else nullcontext():
                run(self.pending, received)
                self._check_whole()
        finally:
            if self.deadline is not None:
                self.deadline.rest()
            if self.marker is not None:
                self.marker.clear()

    def _watched(self) -> AbstractContextManager[None]:
        return nullcontext() if self.deadline is None else self.deadline.over(self.driver)

    def fail(self, row: EventRow, error: BaseException) -> None:
        """Count a failure and let the rest of the key wait; `Overtaken` when the delivery is not waiting."""
        told = retry.told(error)
        again = retry.fail(
            self.connection,
            self.place.subscription,
            self.place.partition,
            row.seq,
            row.key,
            attempts=row.attempts + 1,
            error=told,
            dead=retry.is_final(error) or row.attempts + 1 >= self.bound.attempts,
            now=self.now,
        )
        self._block_key(row)
        self.outcomes.append((row.key, True))
        self.last_error = told
        self.outcome.failed += 1
        if again:
            self.outcome.retry_at = min(again, self.outcome.retry_at or again)

    def _hold_for_newer(self, row: EventRow) -> None:
        """Hold an event whose version nobody here knows; when another process should know it, look again."""
        values = {"subscription": self.place.subscription, "topic": row.topic}
        dialect = self.dialect
        known = self.connection.execute(statement(_KNOWN_VERSION, dialect), values).scalar() or 0
        if row.version <= known:
            raise Again(f"{self.place.name} takes {row.topic}/{row.version}, and this process has older code")
        error = f"{blocked.NEEDS_NEWER}: {row.topic}/{row.version} is newer than {self.bound.module} knows"
        self.connection.execute(
            statement(_HELD_FOR_NEWER, dialect), self._values() | {"seq": row.seq, "error": error}
        )
        blocked.block(self.connection, self.place.subscription, row.key, row.seq)
        self._block_key(row)
        self.outcome.moved += 1

    def _block_key(self, row: EventRow) -> None:
        """Those of its key that were fetched with it, and those behind them, get out of the way."""
        self.blocks[row.key] = Block(row.seq, releasing=False)
        self.ended.pop(row.key, None)
        self.waits = self.waits or row.seq

    def finish(self) -> None:
        """Write what the handlers left for the end, acknowledge, hold and release what waits."""
        self.pending.write()
        if self.done:
            self._acknowledge()
        if self.skipped:
            self._skip()
        place = self.place
        if self.waits is not None:
            self.outcome.moved += blocked.hold(
                self.connection, place.subscription, place.partition, self.waits
            )
        for key in self.ended:
            self.outcome.moved += blocked.release(self.connection, place.subscription, place.partition, key)
        self.outcome.done = len(self.done)
        self.outcome.called = self.pending.called
        self.outcome.moved += len(self.skipped)

    def _acknowledge(self) -> None:
        seqs = [seq for seq, _ms, _attempts in self.done]
        values = self._values() | {"now": self.now, "count": len(seqs)}
        if self.dialect == "postgresql":
            values |= {"seqs": seqs, "ms": [ms for _seq, ms, _attempts in self.done]}
            values |= {"attempts": [attempts for _seq, _ms, attempts in self.done]}
            gone = self.connection.execute(statement(_ACKNOWLEDGE, "postgresql"), values).scalar()
        else:
            values |= {"seqs": packed("sqlite", seqs), "done": json.dumps(self.done)}
            gone = self.connection.execute(statement(_DELETE, "sqlite"), values).rowcount
            self.connection.execute(statement(_DELIVERED, "sqlite"), values)
            self.connection.execute(statement(_COUNT, "sqlite"), values)
        if gone != len(seqs):
            raise Overtaken(f"{len(seqs)} deliveries of {self.place.name} were handled, {gone} were waiting")

    def _skip(self) -> None:
        dialect = self.dialect
        values = self._values() | {"now": self.now, "seqs": packed(dialect, self.skipped)}
        self.connection.execute(statement(_SKIP, dialect), values)
        if self.connection.execute(statement(_DELETE, dialect), values).rowcount != len(self.skipped):
            raise Overtaken(f"cancelled timers of {self.place.name} are no longer waiting")

    def _values(self) -> dict[str, Any]:
        return {"subscription": self.place.subscription, "partition": self.place.partition}

    def _received(self, row: EventRow) -> Received:
        if row.rings is None:
            history = row.seq <= max(self.history_position, self.history_end)
        else:  # a timer that rings after the catching up asks for today, however old its event
            history = row.seq <= self.history_end
        fields: Any = (*row[:11], self.now, history)
        return Received(*fields)

    def _is_gone(self) -> bool:
        """Say whether SQLite has rolled the transaction back by itself, savepoints and all."""
        return self.dialect == "sqlite" and not self.driver.in_transaction

    def _check_whole(self) -> None:
        """Refuse to go on in a transaction that the database has given up while its handler says nothing."""
        if self.dialect == "sqlite":
            lost = not self.driver.in_transaction
        else:
            lost = self.driver.info.transaction_status == _IN_ERROR
        if lost:
            raise HiddenError()


def _block(row: EventRow) -> Block | None:
    return None if row.blocked is None else Block(row.blocked, bool(row.releasing))


def _of_the_machine(error: BaseException) -> bool:
    """Say whether an error of a handler is not its own; memory that it asked for in vain is, or it would never end."""
    return infrastructure(error) and not isinstance(error, MemoryError)
