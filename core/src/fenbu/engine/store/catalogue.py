"""The catalogue lock and its generation: how every process agrees on which modules there are.

Every work begins by taking the lock *shared* and reading the generation; when it has moved, the process
reads its modules and settings anew. Whatever changes them takes the lock *exclusive* and moves the
generation. So a work asks all of a module or nothing of it, never half.

On PostgreSQL it is an advisory lock of the transaction. On SQLite the write transaction itself excludes
every other, so reading the generation inside it is enough.
"""

from __future__ import annotations

from sqlalchemy import Connection

from fenbu.engine.store.dialects import raw

LOCK = 0x66656E6275  # "fenbu": the number of the advisory lock, one a database

_GENERATION = "SELECT generation FROM fenbu_enterprise"
_LOCK_SHARED = f"SELECT pg_advisory_xact_lock_shared({LOCK}); {_GENERATION}"
_BUMP = "UPDATE fenbu_enterprise SET generation = generation + 1"


def lock_shared(connection: Connection) -> int:
    """Hold the set of modules still until this transaction ends; return its generation.

    The first statement of every writing transaction. Two statements on PostgreSQL and not one, because a
    statement sees what was committed before it began to wait; sent together, because each way to the server
    costs more than either.
    """
    if connection.dialect.name != "postgresql":
        return generation(connection)
    answers = raw(connection).execute(_LOCK_SHARED)
    answers.nextset()
    row = answers.fetchone()
    return int(row[0]) if row else 0


def lock_exclusive(connection: Connection) -> int:
    """Wait until no other work is in hand and let none begin until this transaction ends; return the generation."""
    if connection.dialect.name == "postgresql":
        raw(connection).execute(f"SELECT pg_advisory_xact_lock({LOCK})")
    return generation(connection)


def generation(connection: Connection) -> int:
    """Return the catalogue's generation as this transaction sees it; 0 before the enterprise is named."""
    row = raw(connection).execute(_GENERATION).fetchone()
    return int(row[0]) if row else 0


def bump(connection: Connection) -> int:
    """Move the generation, so that every process reads its modules and settings anew; return the new one."""
    raw(connection).execute(_BUMP)
    return generation(connection)
