"""Modules that came late: how far they have read what happened before they were on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fenbu.i18n import _

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fenbu.cli.session import Session
    from fenbu.engine.flows.history import Progress
    from fenbu.engine.flows.worker import Worker
    from fenbu.engine.kernel import Kernel

PATIENCE = 60.0
"""Seconds without any progress until we stop waiting."""
_LOOK = 1.0
"""Seconds between two looks at how far it is."""


def catching_up(connection: Connection, now: int | None = None) -> dict[str, list[Progress]]:
    """Return what each module that catches up has read, by module.

    Args:
        connection: To read with.
        now: UTC microseconds; this machine's clock unless given.
    """
    from fenbu.engine.flows import history

    found: dict[str, list[Progress]] = {}
    for one in history.progress(connection, now or time.time_ns() // 1000):
        found.setdefault(one.module, []).append(one)
    return found


def plain(found: Sequence[Progress]) -> list[dict[str, Any]]:
    """Return how far a module's subscriptions are, for JSON: events of the log, a second, seconds."""
    return [
        {
            "subscription": one.subscription,
            "done": one.done,
            "total": one.end,
            "rate": None if one.pace is None else round(one.pace, 1),
            "seconds_left": None if one.seconds_left is None else round(one.seconds_left),
        }
        for one in found
    ]


def told(one: Progress) -> str:
    """Say how far a subscription is: ``crm.timeline has read 84,000 of 150,000 events, 1,900 a second, …``."""
    far = _("{subscription} has read {done} of {total} events").format(
        subscription=one.subscription, done=f"{one.done:,}", total=f"{one.end:,}"
    )
    return f"{far}, {_pace(one.pace, one.seconds_left)}"


def _pace(pace: float | None, seconds_left: float | None) -> str:
    if pace is None or seconds_left is None:
        return _("and stands still: fenbu worker goes on")
    return _("{rate} a second, about {left} left").format(rate=f"{pace:,.0f}", left=_span(seconds_left))


def _span(seconds: float) -> str:
    if seconds < 90:
        return _("{count} s").format(count=round(seconds))
    if seconds < 5400:
        return _("{count} min").format(count=round(seconds / 60))
    return _("{count} h").format(count=round(seconds / 3600, 1))


def catch_up(session: Session, kernel: Kernel, worker: Worker) -> None:
    """Let modules that came late read what they missed, and show how far they are; until nothing moves any more.

    Args:
        session: Of the command line.
        kernel: Opened by it.
        worker: Does the work, beside any that runs already.
    """
    left = _reading(kernel)
    if not left:
        return
    total = sum(one.end for one in left)
    done, moved_at = -1, time.monotonic()
    with session.out.progress(_("reading what happened before"), total) as shown:
        while left and time.monotonic() - moved_at < PATIENCE:
            finished = worker.drain(timeout=_LOOK).finished
            left = _reading(kernel)
            behind = total - sum(one.end - one.done for one in left)
            if behind != done:
                done, moved_at = behind, time.monotonic()
            slowest = max(left, key=lambda one: one.end - one.done, default=None)
            shown.at(done, "" if slowest is None else _pace(slowest.pace, slowest.seconds_left))
            if finished:
                return


def _reading(kernel: Kernel) -> list[Progress]:
    with kernel.read() as work:
        found = catching_up(work.connection, work.transaction.at)
    return [one for of_module in found.values() for one in of_module]
