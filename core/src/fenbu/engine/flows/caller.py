"""Makes the calls that are due, with no transaction open.

Three steps. A transaction takes calls: state ``sending``, a lease each, one attempt more. They are sent one after
the other. A transaction records what came of them, each where its state is still ``sending``: once, whoever comes
first. How many are taken follows from how long the last ones took: of a slow gateway one, so that its answer is
recorded at once, of a fast one as many as it answers in a moment, which then share two commits. What is not sent by
the end of the moment is given back as it was, so a lease need not be longer than a moment and one deadline.

A time-out is unknown, never failed: the state becomes ``unknown`` and the same key is used again. Before
something first sent long ago is sent again, the outside is asked by our reference, because the other side
forgets keys; when it cannot be asked, a person has to look. No call leaves a copy of the enterprise: there only the
answers of a `recorder` are taken, and nowhere else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from attrs import define, frozen
from sqlalchemy import Connection

from fenbu.calls import CallDone, CallFailed, CallRequest, CallUnknown, Outcome
from fenbu.engine.flows import retry as pauses
from fenbu.engine.flows.calls import COLUMNS, CallRow, kept, known_outcome
from fenbu.engine.flows.calls import request as request_of
from fenbu.engine.flows.errors import Again
from fenbu.engine.flows.pending import Pending
from fenbu.engine.flows.records import Before, BoundCall, Clock
from fenbu.engine.flows.sql import statement
from fenbu.engine.store.database import Database
from fenbu.engine.store.infrastructure import infrastructure
from fenbu.errors import Permanent, in_words, storable
from fenbu.i18n import _

MOMENT = 0.03
"""How long calls are sent before the outcomes of those are recorded, seconds."""
MOST = 20
"""How many calls are taken at once."""
SET_BACK = 60_000_000
"""Microseconds by which clocks are set right every day; by more, and what was sent lies an unknown time ago."""

_OPEN = """
    state IN ('new', 'sending', 'unknown') AND not_before >= 0
      AND (not_before <= :now OR not_before > :horizon)
      AND (lease_until IS NULL OR lease_until < :now OR lease_until > :longest)
      AND ((SELECT copy_of FROM fenbu_enterprise) IS NULL) = (:on_copy = 0)
"""
# As expressions, `operation` and `at` do not tempt SQLite away from the index of the open calls.
IS_DUE = f"SELECT DISTINCT operation || '' AS operation FROM fenbu_call WHERE {_OPEN}"
_TAKE = f"""
    {COLUMNS} WHERE {_OPEN} AND operation || '' = :operation AND (CAST(:key AS TEXT) IS NULL OR key = :key)
    ORDER BY at + 0, id LIMIT :many {{lock_free}}
"""
_LEASE = """
    UPDATE fenbu_call SET state = 'sending', attempts = attempts + 1, lease_until = :until,
        first_sent = coalesce(first_sent, :now) WHERE id = :id
"""
_GIVE_BACK = """
    UPDATE fenbu_call SET state = :state, attempts = :attempts - 1, first_sent = :first_sent, lease_until = NULL
    WHERE id = :id AND state = 'sending' AND attempts = :attempts
"""
_END = """
    UPDATE fenbu_call SET state = :state, error = :error, result = :result, lease_until = NULL
    WHERE id = :id AND state = 'sending'
"""
_UNKNOWN = """
    UPDATE fenbu_call SET state = :state, error = :error, result = coalesce(:result, result), not_before = :not_before,
        lease_until = NULL
    WHERE id = :id AND state = 'sending' AND attempts = :attempts
"""
_LEFT_OPERATIONS = """
    SELECT DISTINCT operation || '' FROM fenbu_call
    WHERE state IN ('new', 'sending', 'unknown') AND not_before >= 0 AND (CAST(:key AS TEXT) IS NULL OR key = :key)
      AND ((SELECT copy_of FROM fenbu_enterprise) IS NULL) = (:on_copy = 0)
"""


def moment(now: int, calls: Sequence[BoundCall] = (), *, on_copy: int = 0) -> dict[str, Any]:
    """Return what times are compared with; those too far ahead were set by a clock that jumped.

    Args:
        now: UTC microseconds.
        calls: Whose deadlines say how long a lease may be.
        on_copy: 1: only the calls of a copy are made, 0: only those of an enterprise that is none.
    """
    longest = max((one.deadline for one in calls), default=timedelta(0)) + timedelta(minutes=1)
    return {
        "now": now,
        "horizon": now + pauses.MAX_PAUSE,
        "longest": now + _microseconds(longest),
        "on_copy": on_copy,
    }


@frozen
class _Unanswerable(CallUnknown):
    """Only a person can find out."""


@frozen
class _Made:
    """A call that was made and whose outcome is not written down yet."""

    row: CallRow
    request: CallRequest
    outcome: Outcome


@define
class _Pace:
    """How fast the outside answers one operation."""

    many: int = 1
    """How many to take the next time."""
    served: float = 0.0
    """When it last had its turn."""

    def learn(self, sent: int, took: float) -> None:
        self.served = time.monotonic()
        self.many = max(1, int(min(MOST, MOMENT * sent / max(took, 1e-6))))


class Caller:
    """Makes calls, a few at a time; several callers in several processes share the work.

    Args:
        database: Of the enterprise.
        bound: Returns the calls as this process knows them; asked after `before`.
        before: Called first in each transaction.
        clock: UTC microseconds; the database's unless given.
        on_copy: What is bound answers in the outside's place. Then only the calls of a copy are made, else only those
            of an enterprise that is none.
    """

    def __init__(
        self,
        database: Database,
        bound: Callable[[], Sequence[BoundCall]],
        before: Before,
        *,
        clock: Clock | None = None,
        on_copy: bool = False,
    ) -> None:
        self._on_copy = int(on_copy)
        self._database = database
        self._bound = bound
        self._before = before
        self._clock = clock or database.clock
        self._paces: dict[str, _Pace] = {}
        self._made: list[_Made] = []
        """What was made and could not be recorded yet, because the machine failed or the modules moved."""

    def once(self, *, key: str | None = None, stop: Callable[[], bool] | None = None) -> bool:
        """Make calls that are due, as many as a moment has room for; return whether there was one.

        Args:
            key: Only this key's; all when None.
            stop: Asked between two of them; what is not sent yet is then given back.

        Raises:
            Again: The set of modules has moved.
            Exception: The machine failed (`infrastructure`); what was made is recorded the next time, and what this
                process no longer can is brought back by the lease.
        """
        if self._made:
            self._record_made()
        taken = self._take(key)
        if taken is None:
            return False
        bound, rows, now = taken
        sent = self._make(bound, rows, now, stop or _never)
        self._record_made(unsent=rows[sent:])
        return True

    @property
    def holds_outcomes(self) -> bool:
        """Say whether it has made calls whose outcomes are not written down yet."""
        return bool(self._made)

    def serves_left(self, connection: Connection, key: str | None = None) -> bool:
        """Say whether a call that this process can make has no outcome yet."""
        rows = connection.execute(
            statement(_LEFT_OPERATIONS, self._database.dialect), {"key": key, "on_copy": self._on_copy}
        ).scalars()
        return not {bound.operation for bound in self._bound()}.isdisjoint(rows)

    def moment(self, now: int) -> dict[str, Any]:
        """Return a moment as `moment` does, for the calls that this process can make."""
        return moment(now, self._bound(), on_copy=self._on_copy)

    # --- taking ---------------------------------------------------------------------------------------

    def _take(self, key: str | None) -> tuple[BoundCall, Sequence[CallRow], int] | None:
        """First transaction: take calls of one operation, each with a lease for a moment and its deadline."""
        dialect = self._database.dialect
        with self._database.read() as connection:
            now = self._clock(connection)
            values = self.moment(now)
            due = set(connection.execute(statement(IS_DUE, dialect), values).scalars())
        if not due:
            return None
        with self._database.write() as connection:
            self._before(connection)
            now = self._clock(connection)
            values = self.moment(now) | {"key": key}
            for bound in self._in_turn(due):
                values |= {"operation": bound.operation, "many": self._pace(bound).many}
                rows = _together(connection.execute(statement(_TAKE, dialect), values).all())
                if rows:
                    until = now + _microseconds(bound.deadline) + int(MOMENT * 1_000_000)
                    leases = [{"id": row.id, "until": until, "now": now} for row in rows]
                    connection.execute(statement(_LEASE, dialect), leases)
                    return bound, rows, now
        return None

    def _in_turn(self, due: set[str]) -> list[BoundCall]:
        """Return the calls that may be due, whoever has waited longest first."""
        return sorted(
            (bound for bound in self._bound() if bound.operation in due),
            key=lambda bound: self._pace(bound).served,
        )

    def _pace(self, bound: BoundCall) -> _Pace:
        return self._paces.setdefault(bound.operation, _Pace())

    # --- making ---------------------------------------------------------------------------------------

    def _make(self, bound: BoundCall, rows: Sequence[CallRow], now: int, stop: Callable[[], bool]) -> int:
        """Second step, with no transaction open: send until the moment is over; return how many were."""
        started, sent = time.monotonic(), 0
        for row in rows:
            if sent and (stop() or time.monotonic() - started > MOMENT):
                break
            request = request_of(row, bound.settings)
            self._made.append(_Made(row, request, _ask_or_send(bound, row, request, now)))
            sent += 1
        self._pace(bound).learn(sent, time.monotonic() - started)
        return sent

    # --- recording ------------------------------------------------------------------------------------

    def _record_made(self, unsent: Sequence[CallRow] = ()) -> None:
        """Third step: write down what came of what was made, together if that goes well, else one by one.

        What cannot be written down because the machine failed stays in hand for the next time, behind the others.
        """
        if not self._recorded_together(unsent):
            while self._made:
                made = self._made.pop(0)
                try:
                    self._record_one(made)
                except (Exception, SystemExit):
                    self._made.append(made)
                    raise
            self._give_back_alone(unsent)
        self._database.notify()

    def _recorded_together(self, unsent: Sequence[CallRow]) -> bool:
        """Record all in one transaction and give back what was not sent; return whether that went well."""
        if len(self._made) + len(unsent) < 2 or not self._may_share():
            return False
        try:
            with self._database.write() as connection:
                self._before(connection)
                bound, pending = self._by_operation(), self._pending(connection)
                if len(self._made) > 1:
                    self._lock(pending, bound)
                for made in self._made:
                    self._write_down(pending, bound, made)
                pending.write()
                self._give_back(connection, unsent)
        except (Exception, SystemExit):
            return False  # one by one tells what is the matter, and with which
        self._made.clear()
        return True

    def _may_share(self) -> bool:
        """Say whether outcomes may share a transaction: on PostgreSQL those whose rows can be locked in one order."""
        if self._database.dialect == "sqlite" or len(self._made) < 2:
            return True
        operations = {made.row.operation for made in self._made}
        locking = {bound.operation for bound in self._bound() if bound.locks is not None}
        return len(operations) == 1 and operations <= locking

    def _lock(self, pending: Pending, bound: Mapping[str, BoundCall]) -> None:
        """Lock the rows of all outcomes; SQLite's writer is alone."""
        if self._database.dialect == "sqlite":
            return
        locks = bound[self._made[0].row.operation].locks
        assert locks is not None
        locks(pending, [made.request for made in self._made])

    def _write_down(self, pending: Pending, bound: Mapping[str, BoundCall], made: _Made) -> None:
        """Write down what came of a call, unless somebody else has."""
        connection = pending.connection
        known, outcome = bound.get(made.row.operation), made.outcome
        if isinstance(outcome, CallUnknown):
            self._write_unknown(connection, known, made, outcome, result=None)
        elif known is None:
            told = CallUnknown(_("its module was switched off meanwhile; the outcome is kept"))
            self._write_unknown(connection, known, made, told, result=kept(outcome))
        elif self._ended(connection, made.row, outcome):
            known.record(pending, made.request, outcome)

    def _ended(self, connection: Connection, row: CallRow, outcome: CallDone | CallFailed) -> bool:
        """End a call; return whether it was this outcome that did."""
        values = {"id": row.id, "state": "done" if isinstance(outcome, CallDone) else "failed"}
        values |= {"error": outcome.reason if isinstance(outcome, CallFailed) else None}
        values |= {"result": kept(outcome)}
        return connection.execute(statement(_END, self._database.dialect), values).rowcount == 1

    def _record_one(self, made: _Made) -> None:
        """Record one outcome; keep one that its module cannot write down, and never send again."""
        try:
            with self._database.write() as connection:
                self._before(connection)
                pending = self._pending(connection)
                self._write_down(pending, self._by_operation(), made)
                pending.write()
        except Again:
            raise
        except (Exception, SystemExit) as error:
            if infrastructure(error) or isinstance(made.outcome, CallUnknown):
                raise
            told = CallUnknown(
                _("its outcome could not be recorded: {reason}").format(reason=in_words(error))
            )
            with self._database.write() as connection:
                self._before(connection)
                bound = self._by_operation().get(made.row.operation)
                self._write_unknown(connection, bound, made, told, result=kept(made.outcome))

    def _write_unknown(
        self,
        connection: Connection,
        bound: BoundCall | None,
        made: _Made,
        outcome: CallUnknown,
        result: str | None,
    ) -> None:
        attempts = made.request.attempt
        spent = bound is not None and attempts >= bound.attempts
        dead = spent or isinstance(outcome, _Unanswerable)
        again = self._clock(connection) + pauses.pause(attempts)
        values = {"id": made.row.id, "state": "dead" if dead else "unknown", "error": outcome.reason}
        values |= {"result": result, "not_before": 0 if dead else again, "attempts": attempts}
        connection.execute(statement(_UNKNOWN, self._database.dialect), values)

    def _give_back_alone(self, unsent: Sequence[CallRow]) -> None:
        if unsent:
            with self._database.write() as connection:
                self._give_back(connection, unsent)

    def _give_back(self, connection: Connection, unsent: Sequence[CallRow]) -> None:
        """Let calls that were taken and not sent be as they were, unless somebody else has taken them meanwhile."""
        for row in unsent:
            values = {"id": row.id, "state": row.state, "attempts": row.attempts + 1}
            values |= {"first_sent": row.first_sent}
            connection.execute(statement(_GIVE_BACK, self._database.dialect), values)

    def _pending(self, connection: Connection) -> Pending:
        return Pending(connection, self._database.dialect)

    def _by_operation(self) -> dict[str, BoundCall]:
        return {bound.operation: bound for bound in self._bound()}


def _together(rows: Sequence[CallRow]) -> Sequence[CallRow]:
    """Return those that may be made together: one whose caller died may be why it died, and is made alone."""
    for place, row in enumerate(rows):
        if row.state == "sending":
            return rows[: max(1, place)]
    return rows


def _ask_or_send(bound: BoundCall, row: CallRow, request: CallRequest, now: int) -> Outcome:
    """Return what is known already, what the outside says, or what comes of sending."""
    if row.result is not None:
        return known_outcome(row.result)
    since = 0 if row.first_sent is None else now - row.first_sent
    # In time to come: a clock was set back, and how long ago it was nobody knows.
    sent_long_ago = not -SET_BACK < since < _microseconds(bound.ask_after)
    try:
        if sent_long_ago:
            if bound.ask is None:
                return _Unanswerable("it was first sent long ago, and this operation cannot be asked for")
            known = bound.ask(request)
            if known is not None:
                return _outcome(known)
        return _outcome(bound.send(request))
    except Permanent as error:
        return _Unanswerable(storable(str(error)))
    except (Exception, SystemExit) as error:
        return CallUnknown(in_words(error))


def _outcome(answer: Any) -> Outcome:
    """Take what a module says became of a call; what is no outcome leaves it unknown."""
    if isinstance(answer, CallDone | CallFailed | CallUnknown):
        return answer
    return CallUnknown(storable(f"it answered {answer!r:.80}, which is no outcome of a call"))


def _never() -> bool:
    return False


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
