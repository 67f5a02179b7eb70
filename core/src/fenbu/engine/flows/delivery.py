"""Delivery: lock, fetch, handle, acknowledge, in one transaction.

There is no lease and no "running" state: what a worker has in hand is told by the lock it holds, and the lock
dies with its process.

A batch runs without savepoints, three times cheaper than with; when something in it failed, the whole of it is
rolled back and done again with one each. What a savepoint cannot contain (a handler that was interrupted, a
constraint that is checked at the commit) makes its neighbours be taken one by one, until it stands alone and
the failure is its own. On PostgreSQL a transaction has one delivery, unless the subscription can lock the rows
of a whole batch in one order: a batch that locks rows in order of need deadlocks. A subscription that can handle a
batch together does so, until something in it fails.

Lock order: catalogue (shared), partition, then what the handlers lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from fenbu.engine.flows import blocked, breaker, retry
from fenbu.engine.flows.batch import Batch, Failed, Outcome, Place
from fenbu.engine.flows.breaker import Breaker
from fenbu.engine.flows.deadline import Deadline
from fenbu.engine.flows.errors import Again, Overtaken
from fenbu.engine.flows.marker import Marker
from fenbu.engine.flows.records import Before, BoundSubscription, Clock
from fenbu.engine.flows.sql import statement
from fenbu.engine.store.database import Database
from fenbu.engine.store.infrastructure import infrastructure

BATCH = 50

LIMIT = """
    CASE WHEN EXISTS (SELECT 1 FROM fenbu_subscription o
                      WHERE o.module = s.module AND o.history_end > 0 AND o.state <> 'dropped')
         THEN CASE WHEN s.history_end > 0 THEN s.history_end ELSE s.history_position END
         ELSE 9223372036854775807 END
"""
"""The highest event of subscription `s` that may be delivered: live ones wait for all of its module's history."""

_LOCK = f"""
    SELECT s.state, s.module, s.history_position, s.history_end, {LIMIT} AS up_to, {{now}} AS now
    FROM fenbu_partition p JOIN fenbu_subscription s ON s.id = p.subscription
    WHERE p.subscription = :subscription AND p.partition = :partition
"""
_LOCK_OF = {"sqlite": "", "postgresql": " FOR UPDATE OF p SKIP LOCKED"}

_SUSPECT = """
    SELECT d.partition, d.key, d.attempts, d.error, s.module, s.name
    FROM fenbu_subscription s CROSS JOIN fenbu_partition p CROSS JOIN fenbu_delivery d
    WHERE s.id = :subscription AND p.subscription = s.id AND d.subscription = s.id
      AND d.partition = p.partition AND d.state = 'waiting' AND d.seq = :seq
"""

_COUNT_CRASH = """
    UPDATE fenbu_delivery SET attempts = attempts + 1, error = :error
    WHERE subscription = :subscription AND partition = :partition AND state = 'waiting' AND seq = :seq
"""

LockedRow = Row[tuple[Any, ...]]


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
        self._clock = clock
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
            except Failed as failed:
                if failed.alone:
                    return self._count_failure(place, failed)
                if failed.lost:
                    self._careful[place] = batch
                    return Outcome(moved=1, full=True)
        raise AssertionError("a handler's failure left a transaction that isolates each")

    def suspect(self, subscription: int, seq: int) -> None:
        """Count an attempt for an event that was in hand when its worker's process ended; commits."""
        with self._database.write() as connection:
            self._before(connection)
            now = self._time(connection)
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

    def _once(self, place: Place, key: str | None, size: int, *, isolated: bool) -> Outcome:
        batch: Batch | None = None
        try:
            with self._database.write() as connection:
                batch = self._begin(connection, place, isolated=isolated)
                if batch is None:
                    return Outcome()
                size = self._size(batch.bound, size)
                rows = batch.fetch(key, size + 1)  # one more tells whether it is worth coming back
                batch.handle_all(rows[:size])
                batch.finish()
                batch.outcome.full |= len(rows) > size
        except (Again, Overtaken, Failed):
            raise
        except Exception as error:
            if batch is None or not batch.handled or infrastructure(error):
                raise
            # The commit was refused: by a constraint that waits for it.
            raise Failed(batch.handled[-1], error, alone=len(batch.handled) == 1, lost=True) from error
        return self._noted(batch)

    def _begin(self, connection: Connection, place: Place, *, isolated: bool) -> Batch | None:
        """Take the locks; None when there is nothing to be done here by this process now."""
        self._before(connection)
        bound = self.find(place.name)
        if bound is None or bound.handle is None:
            return None
        row = self._locked(connection, place)
        if row is None:
            return None
        if row.state != "active":
            self._breaker.reset(place.subscription)
            return None
        return Batch(
            connection,
            self._database.dialect,
            place,
            bound,
            row.now if row.now is not None and self._clock is None else self._time(connection),
            row.history_position,
            row.history_end,
            row.up_to,
            isolated,
            self._deadline,
            self._marker,
        )

    def _size(self, bound: BoundSubscription, batch: int) -> int:
        return 1 if self._database.dialect == "postgresql" and bound.locks is None else batch

    def _time(self, connection: Connection) -> int:
        return (self._clock or self._database.clock)(connection)

    def _locked(self, connection: Connection, place: Place) -> LockedRow | None:
        dialect = self._database.dialect
        values = {"subscription": place.subscription, "partition": place.partition}
        return connection.execute(statement(_LOCK + _LOCK_OF[dialect], dialect), values).first()

    # --- afterwards -----------------------------------------------------------------------------------

    def _count_failure(self, place: Place, failed: Failed) -> Outcome:
        """Count a failure whose transaction was rolled back, unless somebody else has taken the delivery."""
        row = failed.row
        with self._database.write() as connection:
            batch = self._begin(connection, place, isolated=True)
            if batch is None:
                return Outcome()
            if not blocked.is_first(connection, place.subscription, place.partition, row.key, row.seq):
                return Outcome()
            try:
                batch.fail(row, failed.error)
            except Overtaken:
                return Outcome()
            batch.finish()
        return self._noted(batch)

    def _noted(self, batch: Batch) -> Outcome:
        """Tell the breaker what was committed; stop the subscription when nearly everything fails."""
        for key, failed in batch.outcomes:
            self._breaker.note(batch.place.subscription, key, failed)
        if batch.outcome.failed and self._breaker.trips(batch.place.subscription):
            with self._database.write() as connection:
                self._before(connection)
                breaker.trip(
                    connection,
                    batch.bound.module,
                    batch.place.name,
                    batch.last_error,
                    at=self._time(connection),
                )
            self._breaker.reset(batch.place.subscription)
        return batch.outcome
