"""Entering: who comes in, by the operating system's user, by a token, or by name and secret."""

from __future__ import annotations

from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import Connection

from fenbu.engine.guard import audit, operators, secrets, sessions
from fenbu.engine.guard.errors import LoginRefused
from fenbu.engine.guard.operators import SYSTEM
from fenbu.engine.guard.sessions import Login
from fenbu.engine.transactions import Transactions
from fenbu.engine.work import EngineWork
from fenbu.errors import FieldProblem, InputInvalid
from fenbu.i18n import _
from fenbu.work import Actor

LOGIN = "fenbu.operator.login"
"""As the audit trail names it."""


def who_comes(connection: Connection, token: str, at: int) -> Actor:
    """Return who acts: whose session a token opens; without one whoever the operating system's user is.

    Raises:
        SessionOver: The token opens nothing, or no more.
    """
    if token:
        return sessions.actor_of(connection, token, at)
    return operators.operator_of(connection, operators.os_user())


def login(transactions: Transactions, name: str, secret: SecretStr, lasts: timedelta) -> Login:
    """Open a session: count the try and commit, compare the secret with no transaction open, then open and write down.

    Raises:
        InputInvalid: A session does not last so long.
        LoginRefused: Name and secret do not fit.
        TooManyTries: The name has to wait.
    """
    if not timedelta(minutes=1) <= lasts <= sessions.LONGEST:
        told = _("a session lasts one minute to {days} days").format(days=sessions.LONGEST.days)
        raise InputInvalid(LOGIN, [FieldProblem("lasts", told)])

    def count(work: EngineWork) -> sessions.Tried:
        return sessions.count_try(work.connection, name, work.transaction.at)

    tried = transactions.run(count, SYSTEM)
    fits = secrets.fits(tried.secret, secret)

    def enter(work: EngineWork) -> Login | None:
        at = work.transaction.at
        opened = sessions.open_(work.connection, name, tried, lasts, at) if fits else None
        act = audit.Act(
            at=at,
            actor=name if tried.known else sessions.NOBODY,
            action=LOGIN,
            module="fenbu",
            subject=None,
            input_digest="",
            summary={"until": opened.expires.isoformat()} if opened else {},
            outcome="done" if opened else "denied",
            key=None,
        )
        audit.write(work.connection, [act])
        return opened

    opened = transactions.run(enter, SYSTEM)
    if opened is None:
        raise LoginRefused
    return opened
