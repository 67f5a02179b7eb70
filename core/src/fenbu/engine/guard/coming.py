"""Coming in: who acts, by the token of a session or by the operating system's user."""

from __future__ import annotations

from sqlalchemy import Connection

from fenbu.engine.guard import operators
from fenbu.work import Actor


def who_comes(connection: Connection, token: str, at: int) -> Actor:
    """Return who acts: whose session a token opens; without one whoever the operating system's user is.

    Raises:
        SessionOver: The token opens nothing, or no more.
    """
    if token:
        from fenbu.engine.guard import sessions  # hashes, which nobody needs who comes without a token

        return sessions.actor_of(connection, token, at)
    return operators.operator_of(connection, operators.os_user())
