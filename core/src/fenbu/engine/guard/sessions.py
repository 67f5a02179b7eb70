"""Sessions: how an operator comes in by a secret, and stays in by a token.

A try is counted before the secret is compared, so that many at once are not many free guesses. After `FREE` wrong
secrets in a row a name has to wait, twice as long after each further one; also a name that nobody has, so that waiting
does not tell which there are. Only the digest of a token is kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen
from sqlalchemy import Connection, bindparam, delete, select, text, update

from fenbu.engine.guard import secrets
from fenbu.engine.guard.errors import SessionOver, TooManyTries
from fenbu.engine.guard.operators import owners
from fenbu.engine.guard.permissions import SELF
from fenbu.engine.store.tables import login_attempt, operator, session
from fenbu.i18n import _
from fenbu.values import from_microseconds
from fenbu.work import Actor

FREE = 5
"""Wrong secrets in a row before a name has to wait."""
FIRST_WAIT, LONGEST_WAIT = 15, 900
"""Seconds: after so many tries, and at most."""
FORGOTTEN = timedelta(days=1)
"""After so long wrong secrets count no more."""
LASTS, LONGEST = timedelta(hours=12), timedelta(days=366)
"""How long a session lasts unless said otherwise, and at most."""
NOBODY = "?"
"""In the audit trail, for a name that no operator has: it may be a secret that was typed in the wrong place."""

_SECOND = 1_000_000
_O, _S, _A = operator.c, session.c, login_attempt.c
_TRIES = select(_A.count, _A.last_at).where(_A.mark == bindparam("wanted")).with_for_update()
_BEGIN_COUNT = text(
    "INSERT INTO fenbu_login_attempt (mark, count, last_at) VALUES (:mark, 0, :at) ON CONFLICT (mark) DO NOTHING"
)
_COUNT = (
    update(login_attempt)
    .where(_A.mark == bindparam("wanted"))
    .values(count=_A.count + 1, last_at=bindparam("at"))
)
_SECRET = select(_O.name, _O.secret).where(_O.name == bindparam("wanted"), _O.disabled_at.is_(None))
_WHOSE = select(_S.operator, _S.expires_at).where(_S.digest == bindparam("wanted"))


@frozen
class Login:
    """A session that was opened."""

    operator: str
    token: str = field(repr=False)
    """Shown once; whoever has it is the operator until `expires`."""
    expires: datetime


@frozen
class Tried:
    """A try that is counted, before its secret is compared."""

    known: bool
    """An operator who may log in has this name."""
    secret: str | None = field(repr=False)
    """The hash to compare with."""


def _mark(name: str) -> str:
    """Return by what the tries for a name are counted: too little of its hash to find out what was typed."""
    return secrets.digest(name)[:8]


def count_try(connection: Connection, name: str, at: int) -> Tried:
    """Count a try; the caller commits it before the secret is compared.

    Raises:
        TooManyTries: The name has to wait; the try is not counted.
    """
    connection.execute(delete(login_attempt).where(_A.last_at < at - _microseconds(FORGOTTEN)))
    mark = _mark(name)
    connection.execute(_BEGIN_COUNT, {"mark": mark, "at": at})  # a row to lock: the first tries queue too
    before: Any = connection.execute(_TRIES, {"wanted": mark}).one()
    if before.count >= FREE:
        wait = min(FIRST_WAIT * 2 ** min(before.count - FREE, 10), LONGEST_WAIT)
        left = before.last_at + wait * _SECOND - at
        if left > 0:
            raise TooManyTries(-(-left // _SECOND))
    connection.execute(_COUNT, {"wanted": mark, "at": at})
    row = connection.execute(_SECRET, {"wanted": name}).first()
    return Tried(row is not None, row.secret if row is not None else None)


def open_(connection: Connection, name: str, tried: Tried, lasts: timedelta, at: int) -> Login | None:
    """Open a session; None when the operator was disabled or got another secret while this one was compared."""
    row = connection.execute(_SECRET, {"wanted": name}).first()
    if row is None or row.secret is None or row.secret != tried.secret:
        return None
    forgive(connection, name)
    connection.execute(delete(session).where(_S.expires_at <= at))
    token, expires = secrets.new_token(), at + _microseconds(lasts)
    kept = {"digest": secrets.digest(token), "operator": name, "created_at": at, "expires_at": expires}
    connection.execute(session.insert(), kept)
    connection.execute(update(operator).where(_O.name == name).values(last_login=at))
    return Login(name, token, from_microseconds(expires))


def forgive(connection: Connection, name: str) -> None:
    """Forget the wrong secrets of a name."""
    connection.execute(delete(login_attempt).where(_A.mark == _mark(name)))


def actor_of(connection: Connection, token: str, at: int) -> Actor:
    """Return the operator whose session a token opens.

    Raises:
        SessionOver: It has ended, or there never was one.
    """
    digest = secrets.digest(token)
    row = connection.execute(_WHOSE, {"wanted": digest}).first()
    if row is None or row.expires_at <= at:
        ended = None if row is None else from_microseconds(row.expires_at)
        name = _("who comes with this token") if row is None else row.operator
        raise SessionOver(name, SELF, tuple(owners(connection)), ended)
    return Actor(row.operator, session=digest)


def end(connection: Connection, name: str, *, only: str = "", but: str = "") -> int:
    """End sessions of an operator; return how many.

    Args:
        connection: Of the transaction.
        name: The operator.
        only: Digest of the one to end; all when empty.
        but: Digest of one that goes on.
    """
    ended = delete(session).where(_S.operator == name)
    if only:
        ended = ended.where(_S.digest == only)
    if but:
        ended = ended.where(_S.digest != but)
    return int(connection.execute(ended).rowcount)


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
