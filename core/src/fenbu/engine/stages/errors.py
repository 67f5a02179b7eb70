"""What can go wrong with the records of a rollout.

::

    FenbuError
    ├── Locked          somebody else applies or rolls back
    ├── LockLost        the lock was taken away while it was held
    └── Refused
        └── NotInLayer  the actor does not belong to the layer for which to approve
"""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from fenbu.errors import FenbuError, Refused
from fenbu.i18n import _


@frozen(eq=False)
class Locked(FenbuError):
    """Somebody else applies or rolls back."""

    exit_code: ClassVar[int] = 4
    operator: str
    verb: str
    host: str
    pid: int
    seconds: int
    """For how long."""
    silent: int
    """Seconds since the last sign of life."""

    def __str__(self) -> str:
        return _(
            "{operator} holds the lock of the rollout for {age} ({verb}, process {pid} on {host})"
        ).format(operator=self.operator, verb=self.verb, age=span(self.seconds), pid=self.pid, host=self.host)

    @property
    def hint(self) -> str:
        if self.silent < _LONG:
            return _("wait until it is done; fenbu rollout status shows how far it is")
        return _(
            "it has shown no sign of life for {age}; if it is gone: fenbu rollout unlock --force"
        ).format(age=span(self.silent))


@frozen(eq=False)
class LockLost(FenbuError):
    """The lock was taken away while it was held; the step in hand was undone."""

    def __str__(self) -> str:
        return _("somebody has taken the lock of the rollout away; the step in hand was undone")

    @property
    def hint(self) -> str:
        return _("fenbu rollout status shows how far it is; fenbu apply goes on")


@frozen(eq=False)
class NotInLayer(Refused):
    """The actor does not belong to the layer for which to approve."""

    exit_code: ClassVar[int] = 77
    actor: str
    layers: tuple[str, ...]
    """Those that are meant; empty when the actor belongs to none at all."""

    def __str__(self) -> str:
        if not self.layers:
            return _("{actor} belongs to no layer of the rollout").format(actor=self.actor)
        return _("{actor} does not belong to the layer {layers}").format(
            actor=self.actor, layers=_(" or ").join(self.layers)
        )

    @property
    def hint(self) -> str:
        layer = self.layers[0] if self.layers else "decision"
        return _("an owner of this enterprise can say: fenbu operator grant {actor} {layer}").format(
            actor=self.actor, layer=layer
        )


_LONG = 600


def span(seconds: int) -> str:
    """Say a length of time as people do: ``40 s``, ``12 min``, ``3 h``, ``2 d``."""
    for limit, size, unit in ((90, 1, "s"), (5400, 60, "min"), (129_600, 3600, "h")):
        if seconds < limit:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds / 86_400)} d"
