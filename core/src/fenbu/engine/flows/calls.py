"""Calls to the outside: recorded with the change that wants them, made with no transaction open.

Three steps. A transaction takes a call: state ``sending``, a lease, one attempt more. The call is made. A
transaction records what came of it, where the state is still ``sending``: once, whoever comes first.

A time-out is unknown, never failed: the state becomes ``unknown`` and the same key is used again. Before
something first sent long ago is sent again, the outside is asked by our reference, because the other side
forgets keys; when it cannot be asked, a person has to look. No call leaves a copy of the enterprise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from attrs import frozen
from sqlalchemy import Connection, Row

from fenbu.calls import CallDone, CallFailed, CallRequest, CallUnknown, Outcome
from fenbu.engine.flows import retry as pauses
from fenbu.engine.flows.errors import NoSuchCall
from fenbu.engine.flows.records import Before, BoundCall, Clock
from fenbu.engine.flows.sql import statement
from fenbu.engine.store.database import Database
from fenbu.engine.store.infrastructure import infrastructure
from fenbu.errors import Permanent, in_words, storable
from fenbu.values import MONEY_SCALE, Money, exact_decimal

_NAMESPACE = UUID("8d0f9c5e-3c0a-5d53-9a3f-6f0b6d2f7c11")

_SET_BACK = 60_000_000
"""Microseconds by which clocks are set right every day; more, and what was sent lies an unknown time ago."""

_NEXT_NUMBER = """
    SELECT coalesce(max(n), 0) + 1 AS n, (SELECT created_at FROM fenbu_enterprise) AS enterprise
    FROM fenbu_call WHERE operation = :operation AND subject = :subject
"""
_RECORD = """
    INSERT INTO fenbu_call (id, module, operation, subject, n, key, amount, currency, payload, at)
    VALUES (:id, :module, :operation, :subject, :n, :key, :amount, :currency, :payload, :at)
"""
_COPY = "SELECT copy_of FROM fenbu_enterprise"
_COLUMNS = """
    SELECT id, module, operation, subject, n, key, amount, currency, payload, state, first_sent, lease_until,
           attempts, not_before, error, result, at
    FROM fenbu_call
"""
_OPEN = """
    state IN ('new', 'sending', 'unknown') AND not_before >= 0
      AND (not_before <= :now OR not_before > :horizon)
      AND (lease_until IS NULL OR lease_until < :now OR lease_until > :longest)
      AND (SELECT copy_of FROM fenbu_enterprise) IS NULL
"""
# As an expression, `operation` does not tempt SQLite away from the index of the open calls.
_IS_DUE = f"SELECT DISTINCT operation || '' FROM fenbu_call WHERE {_OPEN}"
_TAKE = f"""
    {_COLUMNS} WHERE {_OPEN} AND operation || '' = :operation AND (CAST(:key AS TEXT) IS NULL OR key = :key)
    ORDER BY at, id LIMIT 1 {{lock_free}}
"""
_LEASE = """
    UPDATE fenbu_call SET state = 'sending', attempts = attempts + 1, lease_until = :until,
        first_sent = coalesce(first_sent, :now) WHERE id = :id
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
_DEAD = f"""
    {_COLUMNS} WHERE state = 'dead' AND (CAST(:module AS TEXT) IS NULL OR module = :module)
    ORDER BY at, id LIMIT :limit
"""
_FIND = f"{_COLUMNS} WHERE id = :id {{lock}}"
_AGAIN = """
    UPDATE fenbu_call SET state = 'unknown', attempts = 0, not_before = 0, lease_until = NULL
    WHERE id = :id AND state IN ('dead', 'unknown')
"""
_ALL_AGAIN = """
    UPDATE fenbu_call SET state = 'unknown', attempts = 0, not_before = 0, lease_until = NULL
    WHERE state = 'dead' AND (CAST(:module AS TEXT) IS NULL OR module = :module)
"""
_SKIP = """
    UPDATE fenbu_call SET state = 'failed', error = :reason, lease_until = NULL
    WHERE id = :id AND state IN ('dead', 'unknown')
"""
_LEFT_OPERATIONS = """
    SELECT DISTINCT operation || '' FROM fenbu_call
    WHERE state IN ('new', 'sending', 'unknown') AND not_before >= 0 AND (CAST(:key AS TEXT) IS NULL OR key = :key)
      AND (SELECT copy_of FROM fenbu_enterprise) IS NULL
"""

CallRow = Row[tuple[Any, ...]]


@frozen
class StuckCall:
    """A call that waits for a person."""

    id: str
    module: str
    operation: str
    subject: str
    key: str
    amount: Money | None
    attempts: int
    first_sent: int | None
    error: str
    at: int


def record(
    connection: Connection,
    *,
    module: str,
    operation: str,
    subject: str,
    key: str,
    payload: Mapping[str, Any],
    amount: Money | None = None,
    at: int,
) -> str:
    """Record a call in the caller's transaction; it is made after the commit.

    Args:
        connection: Of the transaction that wants the call.
        module: Who makes it.
        operation: As declared: ``payments.capture``.
        subject: What is acted on, by its own number; locked by the caller.
        key: Of the outcome's events.
        payload: What to send, as JSON values.
        amount: Of money, if any.
        at: UTC microseconds.

    Returns:
        Its idempotency key. It follows from the enterprise, the operation, the subject and how many there were
        before, so that work done again after a restored backup names the same operation to the outside.
    """
    dialect = connection.dialect.name
    values: dict[str, object] = {"operation": operation, "subject": subject}
    row = connection.execute(statement(_NEXT_NUMBER, dialect), values).one()
    identity = str(uuid5(_NAMESPACE, f"{row.enterprise}/{operation}/{subject}/{row.n}"))
    values |= {"id": identity, "module": module, "n": row.n, "key": key, "at": at}
    values |= {"payload": json.dumps(dict(payload), ensure_ascii=False)}
    values |= {"amount": None if amount is None else _scaled(amount)}
    values |= {"currency": None if amount is None else amount.currency}
    connection.execute(statement(_RECORD, dialect), values)
    return identity


class Caller:
    """Makes calls, one at a time; several callers in several processes share the work.

    Args:
        database: Of the enterprise.
        bound: Returns the calls as this process knows them; asked after `before`.
        before: Called first in each transaction.
        clock: UTC microseconds; the database's unless given.
    """

    def __init__(
        self,
        database: Database,
        bound: Callable[[], Sequence[BoundCall]],
        before: Before,
        *,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._bound = bound
        self._before = before
        self._clock = clock or database.clock

    def once(self, *, key: str | None = None) -> bool:
        """Make one call that is due, if there is one; return whether there was.

        Raises:
            Again: The set of modules has moved.
            Exception: The machine failed (`infrastructure`); the lease brings the call back.
        """
        taken = self._take(key)
        if taken is None:
            return False
        bound, row, now = taken
        outcome = self._ask_or_send(bound, row, now)
        self._record(bound, row, outcome)
        return True

    def serves_left(self, connection: Connection, key: str | None = None) -> bool:
        """Say whether a call that this process can make has no outcome yet."""
        rows = connection.execute(statement(_LEFT_OPERATIONS, self._database.dialect), {"key": key}).scalars()
        return not {bound.operation for bound in self._bound()}.isdisjoint(rows)

    def _take(self, key: str | None) -> tuple[BoundCall, CallRow, int] | None:
        """First transaction: take a call, with a lease as long as its deadline."""
        dialect = self._database.dialect
        with self._database.read() as connection:
            now = self._clock(connection)
            values = self._values(now)
            due = set(connection.execute(statement(_IS_DUE, dialect), values).scalars())
        if not due:
            return None
        with self._database.write() as connection:
            self._before(connection)
            now = self._clock(connection)
            values = self._values(now) | {"key": key}
            for bound in self._bound():
                if bound.operation not in due:
                    continue
                take = values | {"operation": bound.operation}
                row = connection.execute(statement(_TAKE, dialect), take).first()
                if row is not None:
                    until = now + _microseconds(bound.deadline)
                    lease = {"id": row.id, "until": until, "now": now}
                    connection.execute(statement(_LEASE, dialect), lease)
                    return bound, row, now
        return None

    def _values(self, now: int) -> dict[str, object]:
        """Return what is compared with the times of a call: those too far ahead were set by a clock that jumped."""
        longest = max((one.deadline for one in self._bound()), default=timedelta(seconds=30))
        return {"now": now, "horizon": now + pauses.MAX_PAUSE, "longest": now + 2 * _microseconds(longest)}

    def _ask_or_send(self, bound: BoundCall, row: CallRow, now: int) -> Outcome:
        """Second step, with no transaction open: what is known already, what the outside says, or send."""
        if row.result is not None:
            return _known_outcome(row.result)
        request = _request(row, bound.settings)
        since = 0 if row.first_sent is None else now - row.first_sent
        # In time to come: a clock was set back, and how long ago it was nobody knows.
        sent_long_ago = not -_SET_BACK < since < _microseconds(bound.ask_after)
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

    def _record(self, bound: BoundCall, row: CallRow, outcome: Outcome) -> None:
        """Third step: write down what came of it, unless somebody else has."""
        if isinstance(outcome, CallUnknown):
            self._record_unknown(bound, row, outcome, result=None)
            return
        try:
            with self._database.write() as connection:
                self._before(connection)
                values = {"id": row.id, "state": "done" if isinstance(outcome, CallDone) else "failed"}
                values |= {"error": outcome.reason if isinstance(outcome, CallFailed) else None}
                values |= {"result": _kept(outcome)}
                if connection.execute(statement(_END, self._database.dialect), values).rowcount == 1:
                    bound.record(connection, _request(row, bound.settings), outcome)
        except (Exception, SystemExit) as error:
            if infrastructure(error):
                raise
            # It happened, and its module cannot write it down: keep the outcome, and never send again.
            told = CallUnknown(f"its outcome could not be recorded: {in_words(error)}")
            self._record_unknown(bound, row, told, result=_kept(outcome))
        self._database.notify()

    def _record_unknown(
        self, bound: BoundCall, row: CallRow, outcome: CallUnknown, result: str | None
    ) -> None:
        attempts = row.attempts + 1
        dead = attempts >= bound.attempts or isinstance(outcome, _Unanswerable)
        with self._database.write() as connection:
            self._before(connection)
            again = self._clock(connection) + pauses.pause(attempts)
            values = {"id": row.id, "state": "dead" if dead else "unknown", "error": outcome.reason}
            values |= {"result": result, "not_before": 0 if dead else again, "attempts": attempts}
            connection.execute(statement(_UNKNOWN, self._database.dialect), values)


def _outcome(answer: Any) -> Outcome:
    """Take what a module says became of a call; what is no outcome leaves it unknown."""
    if isinstance(answer, CallDone | CallFailed | CallUnknown):
        return answer
    return CallUnknown(storable(f"it answered {answer!r:.80}, which is no outcome of a call"))


@frozen
class _Unanswerable(CallUnknown):
    """Only a person can find out."""


def dead(connection: Connection, *, module: str | None = None, limit: int = 50) -> list[StuckCall]:
    """Return the calls that wait for a person, oldest first."""
    values = {"module": module, "limit": limit}
    rows = connection.execute(statement(_DEAD, connection.dialect.name), values)
    return [
        StuckCall(
            row.id,
            row.module,
            row.operation,
            row.subject,
            row.key,
            _amount(row),
            row.attempts,
            row.first_sent,
            row.error or "",
            row.at,
        )
        for row in rows
    ]


def retry(connection: Connection, identity: str) -> None:
    """Try a dead or unknown call again, with its key; `NoSuchCall` when it is neither."""
    if connection.execute(statement(_AGAIN, connection.dialect.name), {"id": identity}).rowcount != 1:
        raise NoSuchCall(identity)


def retry_all(connection: Connection, *, module: str | None = None) -> int:
    """Try all dead calls again, of one module or of all, each with its key; return how many."""
    return connection.execute(statement(_ALL_AGAIN, connection.dialect.name), {"module": module}).rowcount


def skip(connection: Connection, identity: str, bound: BoundCall | None, *, reason: str) -> None:
    """End a dead or unknown call by decision: its module is told that it failed, with the reason.

    Args:
        connection: Of the caller's transaction, which also writes the audit.
        identity: Its idempotency key.
        bound: Of its operation; None when its module is gone, and nobody is told.
        reason: Not empty.

    Raises:
        NoSuchCall: It is neither dead nor unknown.
    """
    if not reason.strip():
        raise ValueError("a call is skipped for a reason, and none was given")
    dialect = connection.dialect.name
    row = connection.execute(statement(_FIND, dialect), {"id": identity}).first()
    skipped = connection.execute(statement(_SKIP, dialect), {"id": identity, "reason": reason}).rowcount
    if row is None or skipped != 1:
        raise NoSuchCall(identity)
    if bound is not None:
        bound.record(connection, _request(row, bound.settings), CallFailed(reason))


def _request(row: CallRow, settings: Any) -> CallRequest:
    return CallRequest(
        id=row.id,
        operation=row.operation,
        subject=row.subject,
        key=row.key,
        amount=_amount(row),
        payload=json.loads(row.payload),
        attempt=row.attempts + 1,
        settings=settings,
    )


def _kept(outcome: CallDone | CallFailed) -> str:
    told: dict[str, Any] = {"result": dict(outcome.result)}
    if isinstance(outcome, CallFailed):
        told["failed"] = outcome.reason
    return json.dumps(told, ensure_ascii=False)


def _known_outcome(result: str) -> CallDone | CallFailed:
    told = json.loads(result)
    if "failed" in told:
        return CallFailed(told["failed"], told["result"])
    return CallDone(told["result"])


def _scaled(amount: Money) -> int:
    return int(exact_decimal(amount.amount, MONEY_SCALE).scaleb(MONEY_SCALE))


def _amount(row: CallRow) -> Money | None:
    if row.amount is None:
        return None
    return Money(exact_decimal(row.amount, 0).scaleb(-MONEY_SCALE), row.currency)


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
