"""Savepoints at the price of the two statements they are.

SQLAlchemy's `begin_nested` costs 122-166 µs, these 3-4.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from fenbu.engine.store.dialects import raw


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Keep the body's rows only when it does not raise; what came before in the transaction stays.

    Savepoints nest: the innermost with its name is the one that counts. An error in the body passes on
    after its rows are undone. When the connection itself is lost, the body's error is the one raised.
    """
    driver = raw(connection)
    driver.execute("SAVEPOINT fenbu")
    try:
        yield
    except BaseException as error:
        try:
            driver.execute("ROLLBACK TO SAVEPOINT fenbu")
            driver.execute("RELEASE SAVEPOINT fenbu")
        except Exception as lost:
            error.add_note(f"the savepoint could not be undone: {lost}")
        raise
    driver.execute("RELEASE SAVEPOINT fenbu")
