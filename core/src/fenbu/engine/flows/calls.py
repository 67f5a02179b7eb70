"""Calls to the outside: recorded with the change that wants them, shown and decided about when they are stuck.

A `caller.Caller` makes them, with no transaction open.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from attrs import frozen
from sqlalchemy import Connection, Row

from fenbu.calls import CallDone, CallFailed, CallRequest
from fenbu.engine.flows.errors import NoSuchCall
from fenbu.engine.flows.pending import Pending
from fenbu.engine.flows.records import BoundCall
from fenbu.engine.flows.sql import statement
from fenbu.values import MONEY_SCALE, Money, exact_decimal

_NAMESPACE = UUID("8d0f9c5e-3c0a-5d53-9a3f-6f0b6d2f7c11")

_NEXT_NUMBER = """
    SELECT coalesce(max(n), 0) + 1 AS n, (SELECT created_at FROM fenbu_enterprise) AS enterprise
    FROM fenbu_call WHERE operation = :operation AND subject = :subject
"""
_RECORD = """
    INSERT INTO fenbu_call (id, module, operation, subject, n, key, amount, currency, payload, at, cause)
    VALUES (:id, :module, :operation, :subject, :n, :key, :amount, :currency, :payload, :at, :cause)
"""
COLUMNS = """
    SELECT id, module, operation, subject, n, key, amount, currency, payload, state, first_sent, lease_until,
           attempts, not_before, error, result, at, cause
    FROM fenbu_call
"""
_DEAD = f"""
    {COLUMNS} WHERE state = 'dead' AND (CAST(:module AS TEXT) IS NULL OR module = :module)
    ORDER BY at, id LIMIT :limit
"""
_FIND = f"{COLUMNS} WHERE id = :id {{lock}}"
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
    cause: int | None = None,
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
        cause: Number of the event whose handler wants it.

    Returns:
        Its idempotency key. It follows from the enterprise, the operation, the subject and how many there were
        before, so that work done again after a restored backup names the same operation to the outside.
    """
    dialect = connection.dialect.name
    values: dict[str, object] = {"operation": operation, "subject": subject}
    row = connection.execute(statement(_NEXT_NUMBER, dialect), values).one()
    identity = str(uuid5(_NAMESPACE, f"{row.enterprise}/{operation}/{subject}/{row.n}"))
    values |= {"id": identity, "module": module, "n": row.n, "key": key, "at": at, "cause": cause}
    values |= {"payload": json.dumps(dict(payload), ensure_ascii=False)}
    values |= {"amount": None if amount is None else _scaled(amount)}
    values |= {"currency": None if amount is None else amount.currency}
    connection.execute(statement(_RECORD, dialect), values)
    return identity


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
        pending = Pending(connection, dialect)
        bound.record(pending, request(row, bound.settings), CallFailed(reason))
        pending.write()


def request(row: CallRow, settings: Any) -> CallRequest:
    """Return what is sent for a call that was recorded, as its next attempt."""
    return CallRequest(
        id=row.id,
        operation=row.operation,
        subject=row.subject,
        key=row.key,
        amount=_amount(row),
        payload=json.loads(row.payload),
        attempt=row.attempts + 1,
        settings=settings,
        cause=row.cause,
    )


def kept(outcome: CallDone | CallFailed) -> str:
    """Return an outcome as its call keeps it; `known_outcome` reads it."""
    told: dict[str, Any] = {"result": dict(outcome.result)}
    if isinstance(outcome, CallFailed):
        told["failed"] = outcome.reason
    return json.dumps(told, ensure_ascii=False)


def known_outcome(result: str) -> CallDone | CallFailed:
    """Return the outcome that a call has kept."""
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
