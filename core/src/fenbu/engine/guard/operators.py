"""Operators: the people who may act, and what they were granted.

Who acts is asked in the transaction of the act, after the catalogue lock was taken shared. Whoever changes an operator
holds that lock alone, so an operator who is disabled ends between two acts, never in one.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable, Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import Connection, and_, bindparam, or_, select

from fenbu.engine.guard import permissions
from fenbu.engine.guard.errors import NoOperator, OperatorDisabled, SessionOver
from fenbu.engine.guard.permissions import LAYERS, OWNER, ROLES, SELF
from fenbu.engine.store.tables import operator, operator_grant, role, session
from fenbu.errors import NotPermitted
from fenbu.values import from_microseconds
from fenbu.work import Actor

_O, _G, _R, _S = operator.c, operator_grant.c, role.c, session.c
_GRANTED = operator.outerjoin(operator_grant, _G.operator == _O.name).outerjoin(role, _R.name == _G.what)
_STANDING = (
    select(_O.disabled_at, _G.what, _R.permissions)
    .select_from(_GRANTED)
    .where(_O.name == bindparam("wanted"))
)
_IN_SESSION = (
    select(_O.disabled_at, _G.what, _R.permissions, _S.expires_at)
    .select_from(_GRANTED.outerjoin(session, and_(_S.operator == _O.name, _S.digest == bindparam("digest"))))
    .where(_O.name == bindparam("wanted"))
)
_BY_OS_USER = select(_O.name).where(_O.os_user == bindparam("wanted"), _O.disabled_at.is_(None))
_OWNERS = (
    select(_O.name)
    .join(operator_grant, _G.operator == _O.name)
    .where(
        _G.what == OWNER,
        _O.disabled_at.is_(None),
        or_(_O.os_user.is_not(None), _O.secret.is_not(None)),
    )
    .order_by(_O.name)
)

SYSTEM = Actor("fenbu", "system")
"""The engine acting by itself: delivering, sealing, promoting timers."""
STRANGER = "stranger"
"""Kind of an actor who is no operator here; the name is the operating system's and proves nothing."""


@frozen
class Standing:
    """How an actor stands at one moment."""

    known: bool
    """Is an operator here, not disabled, in a session that has not ended."""
    grants: tuple[str, ...] = ()
    """Roles and permissions, as they were granted."""
    permissions: tuple[str, ...] = ()
    """What that comes to."""
    disabled: bool = False
    session_over: int | None = None
    """When the session has ended, UTC microseconds; 0 when nothing is known of it."""

    def holds(self, permission: str) -> bool:
        """Say whether an act that needs this permission is allowed."""
        return self.known and (permission == SELF or permissions.allowed(self.permissions, permission))


_ENGINE = Standing(True, (), (permissions.ANY,))


def os_user() -> str:
    """Return the name of the user who runs this process, as the operating system knows it.

    Not what LOGNAME and USER say, which anybody sets.
    """
    try:
        import pwd
    except ImportError:  # Windows
        return getpass.getuser()
    identity = os.geteuid()
    try:
        return pwd.getpwuid(identity).pw_name
    except KeyError:  # a container runs as a number that has no name
        return f"uid-{identity}"


def add_owner(connection: Connection, user: str, at: int) -> None:
    """Enter the operating system's user who ran ``init`` as owner; the caller commits."""
    connection.execute(operator.insert(), {"name": user, "os_user": user, "created_at": at})
    grant(connection, user, [OWNER], by=user, at=at)


def grant(connection: Connection, name: str, what: Iterable[str], *, by: str, at: int) -> list[str]:
    """Grant roles and permissions that the operator does not have yet; return those."""
    had = set(connection.execute(select(_G.what).where(_G.operator == name)).scalars())
    new = [one for one in dict.fromkeys(what) if one not in had]
    rows = [{"operator": name, "what": one, "granted_by": by, "at": at} for one in new]
    if rows:
        connection.execute(operator_grant.insert(), rows)
    return new


def operator_of(connection: Connection, user: str) -> Actor:
    """Return the operator whom an operating system's user is, or a stranger under the user's name."""
    name = connection.execute(_BY_OS_USER, {"wanted": user}).scalar()
    return Actor(user, STRANGER) if name is None else Actor(name)


def standing(connection: Connection, actor: Actor, at: int) -> Standing:
    """Return how an actor stands at this moment, by one statement.

    Args:
        connection: Inside the transaction of the act.
        actor: The engine itself (delivering, sealing, settling) is nobody's servant and is not asked.
        at: Now, UTC microseconds; a session may have ended.
    """
    if actor == SYSTEM:
        return _ENGINE
    if actor.kind != "operator":
        return Standing(False)
    rows: Sequence[Any]
    if actor.session:
        asked = {"wanted": actor.name, "digest": actor.session}
        rows = connection.execute(_IN_SESSION, asked).all()
    else:
        rows = connection.execute(_STANDING, {"wanted": actor.name}).all()
    if not rows:
        return Standing(False)
    if rows[0].disabled_at is not None:
        return Standing(False, disabled=True)
    if actor.session and (rows[0].expires_at is None or rows[0].expires_at <= at):
        return Standing(False, session_over=rows[0].expires_at or 0)
    granted = [(row.what, row.permissions) for row in rows if row.what is not None]
    held = [one for what, listed in granted for one in _meant(what, listed)]
    return Standing(True, tuple(what for what, _listed in granted), tuple(dict.fromkeys(held)))


def require(connection: Connection, actor: Actor, permission: str, found: Standing) -> None:
    """Refuse unless the actor's standing holds the permission.

    Raises:
        NotPermitted: The permission is missing; names who may grant it.
        NoOperator: The actor is no operator here.
        OperatorDisabled: The actor was an operator.
        SessionOver: The actor's session has ended.
    """
    if found.holds(permission):
        return
    may_grant = tuple(owners(connection))
    if found.disabled:
        raise OperatorDisabled(actor.name, permission, may_grant)
    if found.session_over is not None:
        ended = from_microseconds(found.session_over) if found.session_over else None
        raise SessionOver(actor.name, permission, may_grant, ended)
    raise (NotPermitted if found.known else NoOperator)(actor.name, permission, may_grant)


def owners(connection: Connection) -> list[str]:
    """Return the owners who can come in: not disabled, with a user of the system or a secret."""
    return list(connection.execute(_OWNERS).scalars())


def layers(found: Standing) -> frozenset[str]:
    """Return the layers of a rollout to which an actor belongs, by what was granted and not by what it covers.

    An owner belongs to none: who may do everything has not thereby decided anything.
    """
    return frozenset(found.grants) & LAYERS.keys() if found.known else frozenset()


def _meant(what: str, listed: str | None) -> Sequence[str]:
    """Return the permissions that a grant comes to: a role of every enterprise, one of its own, or itself."""
    if what in ROLES:
        return ROLES[what].permissions
    return listed.split() if listed is not None else (what,)
