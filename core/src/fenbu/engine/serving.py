"""Serving: what a worker of an enterprise is given, and what it does when nothing waits."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import evolve
from sqlalchemy import Connection

from fenbu.engine import binding, problems, readings
from fenbu.engine.flows.errors import Again
from fenbu.engine.flows.pending import Pending
from fenbu.engine.guard import audit, operators
from fenbu.engine.states.settle import settle
from fenbu.engine.store import catalogue
from fenbu.engine.transactions import Transactions
from fenbu.engine.work import EngineWork, NotedProblem, Transaction

if TYPE_CHECKING:
    from fenbu.engine.flows.worker import Worker
    from fenbu.engine.recorder import Recorder

SEAL = 60.0
"""How often a resting worker seals the audit trail, seconds."""
LOOK = 60.0
"""How often a resting worker looks whether readings of the metrics are due, seconds."""


class Serving:
    """Makes workers for one enterprise and keeps what they serve up to date with its modules."""

    def __init__(self, transactions: Transactions, recorder: Recorder | None = None) -> None:
        self._transactions = transactions
        self._recorder = recorder
        self._bound: binding.Bound | None = None
        self._next_seal = time.monotonic() + SEAL
        self._next_look = time.monotonic() + LOOK
        self._asked: dict[str, int] = {}
        """Metrics to when they were last asked: who cannot say is not asked again at once."""

    def worker(self, **options: Any) -> Worker:
        """Return a worker that follows changes of the modules; options as `Worker` takes them."""
        from fenbu.engine.flows.worker import Worker

        return Worker(
            self._transactions.database,
            lambda: self.bound().subscriptions,
            lambda: self.bound().calls,
            self._before,
            clock=self._transactions.own_clock,
            on_copy=self._recorder is not None,
            resting=self._rest,
            **options,
        )

    def bound(self) -> binding.Bound:
        """Return the handlers of what is enabled; the same object while nothing has changed."""
        assembly = self._transactions.assembly
        if self._bound is None or self._bound.assembly is not assembly:
            bound = binding.bind(assembly, self._begin, self._note_broken)
            if self._recorder is not None:
                bound = evolve(bound, calls=self._recorder.instead_of(bound.calls))
            self._bound = bound
        return self._bound

    def settle(self) -> bool:
        """Move on the modules that have caught up or drained; return whether there was one."""
        if not self._transactions.assembly.known.unsettled:
            return False
        return bool(self._transactions.run(settle, operators.SYSTEM, exclusive=True))

    def seal_audit(self) -> int:
        """Chain the audit rows written since the last seal; return how many."""

        def body(work: EngineWork) -> int:
            return audit.seal(work.connection, work.transaction.at)

        return self._transactions.run(body, operators.SYSTEM, exclusive=True)

    def take_readings(self) -> int:
        """Keep what those metrics come to whose latest reading is an hour old; return how many were kept.

        They are measured in a transaction that only reads: nobody waits for it.
        """
        with self._transactions.read(operators.SYSTEM, "fenbu") as work:
            if not (names := readings.due(work, self._asked)):
                return 0
            found = readings.measure_all(work, names)
            self._asked |= dict.fromkeys(names, found.at)
        body = partial(readings.keep_due, found=found)
        return self._transactions.run(body, operators.SYSTEM, exclusive=True)

    def _rest(self) -> bool:
        """Settle modules, now and then seal the audit trail and read the metrics; return whether there was anything."""
        if self.settle():
            return True
        if time.monotonic() >= self._next_seal:
            self._next_seal = time.monotonic() + SEAL
            return self.seal_audit() > 0
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK
            return self.take_readings() > 0
        return False

    def _before(self, connection: Connection) -> None:
        """Begin a transaction of the flows; when the modules have moved, look again and let it begin anew."""
        if catalogue.lock_shared(connection) != self._transactions.assembly.generation:
            self._transactions.look_again()
            raise Again

    def _begin(self, pending: Pending, now: int | None) -> Transaction:
        return self._transactions.begin(pending.connection, operators.SYSTEM, now, pending)

    def _note_broken(self, module: str, subscription: str, detail: str) -> None:
        self._transactions.record_problems([NotedProblem(module, problems.IMPORT, subscription, detail)])
