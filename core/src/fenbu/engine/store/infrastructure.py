"""Tells a failure of the machine from a failure of the work.

A lost connection, a lock, a deadlock, a full or read-only disk says nothing about the event that was being
handled: the batch is taken again later and no attempt is counted. Counted against events, such failures
would have sent whole backlogs to the dead.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from fenbu.engine.store.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseFull,
    DatabaseReadOnly,
    DatabaseUnreachable,
    NotFenbu,
    OutcomeUnknown,
    StoreError,
)

_MACHINE = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    )
)
_DAMAGED = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))

_CLEAR: dict[int, Callable[[str, str], StoreError]] = {
    sqlite3.SQLITE_READONLY: DatabaseReadOnly,
    sqlite3.SQLITE_BUSY: DatabaseBusy,
    sqlite3.SQLITE_LOCKED: DatabaseBusy,
    sqlite3.SQLITE_CORRUPT: DatabaseDamaged,
    sqlite3.SQLITE_NOTADB: NotFenbu,
    sqlite3.SQLITE_CANTOPEN: DatabaseUnreachable,
    sqlite3.SQLITE_IOERR: DatabaseUnreachable,
}

_MACHINE_STATES = ("08", "40001", "40P01", "25006", "25P03", "53", "55P03", "57P", "58", "XX")
"""Beginnings of SQLSTATE: connection, serialization, deadlock, a server that takes no writes (a standby, a disk that
is kept from filling up), idle too long, resources, lock time-out, shutting down, system, internal. Not 57014: a
statement cancelled for its length is the work's own fault."""

_STAYS = (DatabaseDamaged, NotFenbu, OutcomeUnknown)
"""Failures after which the same transaction is not simply run again."""


def infrastructure(error: BaseException) -> bool:
    """Say whether this error is about the machine and says nothing about the work in hand."""
    if isinstance(error, StoreError):
        return isinstance(
            error,
            DatabaseBusy | DatabaseDamaged | DatabaseFull | DatabaseReadOnly | DatabaseUnreachable,
        )
    if isinstance(error, PendingRollbackError | PoolTimeout | MemoryError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    code = sqlite_code(error)
    if code is not None:
        return code in _MACHINE
    state = sql_state(error)
    if state is not None:
        return state.startswith(_MACHINE_STATES)
    return isinstance(error, OperationalError | InterfaceError) or _lost(error)


def retryable(error: BaseException) -> bool:
    """Say whether the same transaction may well succeed, and does no harm, when it is simply run again soon."""
    if not infrastructure(error) or isinstance(error, _STAYS):
        return False
    return sqlite_code(error) not in _DAMAGED


def connection_lost(error: BaseException) -> bool:
    """Say whether the connection ended, so that nobody knows what became of what was asked last."""
    if sqlite_code(error) is not None:
        return False
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = sql_state(error)
    if state is not None:
        return state.startswith(("08", "57P"))
    return isinstance(error, OperationalError | InterfaceError) or _lost(error)


def sqlite_code(error: BaseException) -> int | None:
    """Return SQLite's primary result code, or None for another database."""
    code = getattr(_driver_error(error), "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def sql_state(error: BaseException) -> str | None:
    """Return PostgreSQL's five-character SQLSTATE, or None when the server sent none."""
    state = getattr(_driver_error(error), "sqlstate", None)
    return state if isinstance(state, str) else None


def explained(error: BaseException, url: str) -> StoreError | None:
    """Return the clear error for a failure of the machine, or None when a caller can read it better.

    Args:
        error: As the driver or SQLAlchemy raised it.
        url: Of the database, without password.
    """
    if not infrastructure(error) or isinstance(error, StoreError):
        return None
    reason = first_line(error)
    code = sqlite_code(error)
    if code is None:
        return _explained_by_state(error, sql_state(error) or "", url, reason)
    if code == sqlite3.SQLITE_FULL:
        return DatabaseFull(url)
    clear = _CLEAR.get(code)
    return None if clear is None else clear(url, reason)


def first_line(error: BaseException) -> str:
    """Return what the driver said, without the statement and the hints that follow."""
    cause = _driver_error(error)
    return next(iter(str(cause).strip().splitlines()), type(cause).__name__)


def _explained_by_state(error: BaseException, state: str, url: str, reason: str) -> StoreError | None:
    if state == "53100":
        return DatabaseFull(url)
    if state == "25006":
        return DatabaseReadOnly(url, reason)
    if state in ("55P03", "40001", "40P01"):
        return DatabaseBusy(url, reason)
    if connection_lost(error) or not state or state.startswith("25P03"):
        return DatabaseUnreachable(url, reason)
    return None


def _driver_error(error: BaseException) -> BaseException:
    """Return what the driver raised, whether or not SQLAlchemy has wrapped it."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _lost(error: BaseException) -> bool:
    """Say whether a bare driver error, from a statement outside SQLAlchemy, means a lost connection."""
    return type(error).__module__.startswith("psycopg") and type(error).__name__ == "OperationalError"
