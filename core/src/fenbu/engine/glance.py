"""A glance: what the rows say of an enterprise, before the code of its modules is loaded.

Loading what is enabled takes many times as long as reading a few rows. Whoever only wants to know in whose books one
is, which modules there are and what is stuck reads that first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from attrs import frozen
from sqlalchemy import Connection, select

from fenbu.engine.guard.coming import who_comes
from fenbu.engine.store.database import Database
from fenbu.engine.store.tables import enterprise
from fenbu.values import from_microseconds
from fenbu.work import Actor, Enterprise


@frozen
class Glance:
    """One moment of an enterprise, as a work has it; nothing can be done with it."""

    connection: Connection
    enterprise: Enterprise
    actor: Actor
    now: datetime


@contextmanager
def glance(database: Database, token: str = "", actor: Actor | None = None) -> Iterator[Glance]:
    """Look at one moment of an enterprise.

    Args:
        database: Opened.
        token: Of the session in which one looks; without one the operating system's user does.
        actor: Who looks, where that was found out before.

    Raises:
        SessionOver: The token opens nothing, or no more.
    """
    with database.read() as connection:
        row = connection.execute(select(enterprise)).one()
        at = database.clock(connection)
        books = Enterprise(row.name, row.currency, row.timezone)
        yield Glance(connection, books, actor or who_comes(connection, token, at), from_microseconds(at))
