"""Entering: an operator opens a session by name and secret."""

from __future__ import annotations

from datetime import timedelta

from pydantic import SecretStr

from fenbu.engine.guard import audit, secrets, sessions
from fenbu.engine.guard.errors import LoginRefused
from fenbu.engine.guard.operators import SYSTEM
from fenbu.engine.guard.sessions import Login
from fenbu.engine.transactions import Transactions
from fenbu.engine.work import EngineWork
from fenbu.errors import FieldProblem, InputInvalid
from fenbu.i18n import _

LOGIN = "fenbu.operator.login"
"""As the audit trail names it."""


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
