"""The breaker: when nearly everything fails, the cause is not in the events.

Nine in ten of the last fifty failing, over ten keys, pauses the subscription and says so, instead of sending
a backlog to the dead one by one.
"""

from __future__ import annotations

from collections import deque

from sqlalchemy import Connection

from fenbu.engine import problems
from fenbu.engine.flows import subscriptions
from fenbu.i18n import _
from fenbu.values import from_microseconds

LAST = 50
FAILING = 45
KEYS = 10

FLOW = "flow"
"""Kind of problem: a subscription was stopped because nearly everything in it fails."""


class Breaker:
    """Watches the outcomes of each subscription in one worker."""

    def __init__(self) -> None:
        self._outcomes: dict[int, deque[tuple[str, bool]]] = {}

    def note(self, subscription: int, key: str, failed: bool) -> None:
        """Remember how a delivery went; call it when that is committed."""
        self._outcomes.setdefault(subscription, deque(maxlen=LAST)).append((key, failed))

    def trips(self, subscription: int) -> bool:
        """Say whether nearly everything fails, over many keys."""
        last = self._outcomes.get(subscription)
        if last is None or len(last) < LAST:
            return False
        failing = [key for key, failed in last if failed]
        return len(failing) >= FAILING and len(set(failing)) >= KEYS

    def reset(self, subscription: int) -> None:
        """Forget: the subscription was stopped, and begins anew when it is resumed."""
        self._outcomes.pop(subscription, None)


def trip(connection: Connection, module: str, name: str, error: str, *, at: int) -> None:
    """Stop a subscription with its reason and record the problem; the caller commits."""
    reason = _("{failing} of the last {last} deliveries failed, the last with {error}").format(
        failing=FAILING, last=LAST, error=error.splitlines()[0] if error else "?"
    )
    subscriptions.pause(connection, name, at=at, reason=reason, state="tripped")
    hint = _("mend {module} or what it depends on, then fenbu flows resume {name}").format(
        module=module, name=name
    )
    problems.record(connection, module, FLOW, name, reason, hint, at=from_microseconds(at))
