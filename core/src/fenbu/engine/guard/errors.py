"""Refusals of those who come in, and of those who change who may."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from fenbu.errors import FenbuError, NotPermitted, Refused
from fenbu.i18n import _


@frozen(eq=False)
class NoOperator(NotPermitted):
    """The actor is no operator of this enterprise."""

    @property
    def hint(self) -> str:
        return self.asked(
            _("fenbu operator add {actor} {permission}").format(actor=self.actor, permission=self.permission)
        )


@frozen(eq=False)
class OperatorDisabled(NotPermitted):
    """The actor was an operator and is disabled."""

    def __str__(self) -> str:
        return _("{actor} may not do this: the operator is disabled").format(actor=self.actor)

    @property
    def hint(self) -> str:
        return self.asked(_("fenbu operator enable {actor}").format(actor=self.actor))


@frozen(eq=False)
class SessionOver(NotPermitted):
    """The session in which the actor came has ended."""

    ended: datetime | None = None

    def __str__(self) -> str:
        if self.ended is None:
            return _("{actor} may not do this: the session has ended").format(actor=self.actor)
        when = self.ended.strftime("%Y-%m-%d %H:%M UTC")
        return _("{actor} may not do this: the session has ended at {when}").format(
            actor=self.actor, when=when
        )

    @property
    def hint(self) -> str:
        return _("fenbu operator login begins another; fenbu operator logout goes on without one")


@frozen(eq=False)
class MoreThanHeld(NotPermitted):
    """Somebody would give or take what they do not hold themselves."""

    def __str__(self) -> str:
        return _("{actor} may not give, take or change {permission}, which {actor} does not hold").format(
            actor=self.actor, permission=self.permission
        )

    @property
    def hint(self) -> str:
        return self.asked("")


@frozen(eq=False)
class LastOwner(Refused):
    """Nobody would be left who may do everything."""

    operator: str

    def __str__(self) -> str:
        return _("{operator} is the last owner who can come in").format(operator=self.operator)

    @property
    def hint(self) -> str:
        return _("make another first: fenbu operator grant NAME owner")


@frozen(eq=False)
class RoleHeld(Refused):
    """A role that operators hold cannot go."""

    role: str
    operators: tuple[str, ...]

    def __str__(self) -> str:
        return _("the role {role} is held by {operators}").format(
            role=self.role, operators=", ".join(self.operators)
        )

    @property
    def hint(self) -> str:
        return _("fenbu operator revoke NAME {role} takes it away").format(role=self.role)


@frozen(eq=False)
class LoginRefused(FenbuError):
    """Name and secret do not fit; whether the name, the secret or neither is right is not said."""

    exit_code = 77

    def __str__(self) -> str:
        return _("this name and this secret do not open a session")

    @property
    def hint(self) -> str:
        return _("an owner gives a new secret: fenbu operator secret NAME")


@frozen(eq=False)
class TooManyTries(FenbuError):
    """There were too many wrong secrets for a name."""

    exit_code = 77
    seconds: int

    def __str__(self) -> str:
        return _("too many wrong secrets for this name")

    @property
    def hint(self) -> str:
        return _("try again in {seconds} seconds; an owner need not wait: fenbu operator secret NAME").format(
            seconds=self.seconds
        )
