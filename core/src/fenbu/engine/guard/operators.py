"""Operators: the people who may act; until roles come with the rollout, the owner may do everything."""

from __future__ import annotations

import getpass

from sqlalchemy import Connection, select

from fenbu.engine.store.tables import operator
from fenbu.errors import NotPermitted
from fenbu.work import Actor

_BY_NAME = select(operator.c.owner, operator.c.disabled_at)
_BY_OS_USER = select(operator.c.name).where(operator.c.disabled_at.is_(None))

SYSTEM = Actor("fenbu", "system")
"""The engine acting by itself: delivering, sealing, promoting timers."""


def os_user() -> str:
    """Return the name of the operating system's user who runs this process."""
    return getpass.getuser()


def add_owner(connection: Connection, user: str, at: int) -> None:
    """Enter the operating system's user who ran ``init`` as owner; the caller commits."""
    connection.execute(operator.insert(), {"name": user, "os_user": user, "owner": True, "created_at": at})


def operator_of(connection: Connection, user: str) -> Actor:
    """Return the operator whom an operating system's user is; a stranger acts under the user's name."""
    name = connection.execute(_BY_OS_USER.where(operator.c.os_user == user)).scalar()
    return Actor(name or user)


def require(connection: Connection, actor: Actor, permission: str) -> None:
    """Refuse unless the actor holds the permission.

    The engine itself (delivering, sealing, settling) is nobody's servant and is not asked.

    Raises:
        NotPermitted: The actor is unknown, disabled, or no owner.
    """
    if actor == SYSTEM:
        return
    row = connection.execute(_BY_NAME.where(operator.c.name == actor.name)).first()
    if row is None or row.disabled_at is not None or not row.owner:
        raise NotPermitted(actor.name, permission)
