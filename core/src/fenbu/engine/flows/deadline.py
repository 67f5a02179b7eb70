"""A handler has five seconds of its own: longer, and it would keep everybody else from writing.

One watching thread looks at what is in hand a few times a second; arming it costs one assignment. A handler
that is late gets `HandlerTooSlow` raised inside it, and its database statement is interrupted. Raised while an object
is being deleted, or where everything is caught, it is swallowed: so it is raised again until the handler has
ended. One that is stuck where Python cannot reach it keeps its worker; a worker that has its process to itself
then ends it, and the marker file tells the next one of which event it died.

The time in which it waits for a lock that somebody else holds is not its own. Counted against it, a receipt of
some thousand lines would have used up the attempts of every order that wants one of its items. Each such wait
ends by the database's own `lock_timeout`, which says nothing about the event.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from attrs import define

from fenbu.engine.flows.errors import HandlerTooSlow
from fenbu.engine.store.database import Database
from fenbu.engine.store.dialects import raw

SECONDS = 5.0
_STUCK = 6.0
"""Times the deadline after which the process is given up."""
_AGAIN = 0.2
"""Share of the deadline after which it is raised again; until then the handler may clear up in peace."""
_TICK = 0.25
"""How often the watching thread looks, seconds; more often for shorter deadlines."""

_WAITS = "SELECT wait_event_type = 'Lock' FROM pg_stat_get_activity(%s)"

Waits = Callable[[Any], bool]
"""Says whether a driver's connection waits for a lock that somebody else holds."""


@define(eq=False)
class _InHand:
    thread: int
    driver: Any
    since: float
    waited: float = 0.0
    """Seconds in which it could do nothing, because somebody else held what it wants."""
    fired: bool = False
    ask_at: float = 0.0
    """When it is interrupted again, should it not have ended."""

    def own(self, now: float) -> float:
        """Return the seconds of its own that it has taken."""
        return now - self.since - self.waited


class Deadline:
    """Watches the handlers of one worker, one at a time.

    Args:
        seconds: How long a handler may take, without its waiting for the locks of others; `SECONDS` unless given.
        may_exit: End the process when a handler is stuck in code that cannot be interrupted.
        waits: Asked of what has been in hand for longer than a moment.
    """

    def __init__(
        self, seconds: float | None = None, *, may_exit: bool = False, waits: Waits | None = None
    ) -> None:
        self.seconds = SECONDS if seconds is None else seconds
        self._may_exit = may_exit
        self._waits = waits
        self._in_hand: _InHand | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def over(self, driver: Any) -> Deadline:
        """Interrupt the body of a with statement when it takes too long.

        Args:
            driver: The driver's connection that the body works on.

        Raises:
            HandlerTooSlow: It did; what it wrote must be rolled back.
        """
        if self._thread is None:
            self._start()
        self._in_hand = _InHand(threading.get_ident(), driver, time.monotonic())
        return self

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop watching. An interrupted statement raises the driver's error; which one does not matter."""
        try:
            late = self._end()
        except HandlerTooSlow:  # its end was itself interrupted
            self._end()
            late = True
        if late and (error is None or isinstance(error, Exception)):
            raise HandlerTooSlow(self.seconds) from error

    def rest(self) -> None:
        """Nothing is in hand: forget a body whose end was itself interrupted."""
        self._end()

    def _end(self) -> bool:
        """Watch no longer, and take back an interruption that is still to come; return whether there was one."""
        with self._lock:
            in_hand, self._in_hand = self._in_hand, None
        if in_hand is None or not in_hand.fired:
            return False
        _meet(in_hand.thread)
        return True

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="fenbu-deadline", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        stuck: _InHand | None = None
        looked = time.monotonic()
        while not self._closed.wait(min(_TICK, self.seconds / 4)):
            now = time.monotonic()
            self._excuse(looked, now)
            looked = now
            with self._lock:
                current = self._in_hand
                if current is not None and current.own(now) > self.seconds and now >= current.ask_at:
                    current.fired = True
                    current.ask_at = now + self.seconds * _AGAIN
                    stuck = current
                    self._interrupt(current)
            if stuck is not None and stuck is not self._in_hand:
                stuck = None
            if stuck is not None and self._may_exit and stuck.own(now) > self.seconds * _STUCK:
                os._exit(70)

    def _excuse(self, looked: float, now: float) -> None:
        """Take the time since the last look off what waits for a lock; a connection that cannot say so waits not."""
        current = self._in_hand
        if self._waits is None or current is None or current.fired or current.since > looked:
            return
        with suppress(Exception):
            if self._waits(current.driver):
                current.waited += now - looked

    def _interrupt(self, late: _InHand) -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(late.thread), ctypes.py_object(HandlerTooSlow)
        )
        with suppress(Exception):
            stop = getattr(late.driver, "interrupt", None) or late.driver.cancel
            stop()


def _meet(thread: int) -> None:
    """Let an interruption that may still be to come come now, in this thread, where it ends nothing.

    It must not be cleared instead: CPython 3.11 then looks for one at every step from there on, which is slow, and
    never gets past the next function under a profiler.
    """
    with suppress(HandlerTooSlow):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(HandlerTooSlow))
        for _step in range(1000):
            pass  # it comes at one of these


def lock_waits(database: Database) -> Waits | None:
    """Return how to ask whether a connection waits for a lock; None on SQLite, whose writer is alone."""
    if database.dialect == "sqlite":
        return None

    def waits(driver: Any) -> bool:
        with database.read() as connection:
            found = raw(connection).execute(_WAITS, (driver.info.backend_pid,)).fetchone()
        return bool(found and found[0])

    return waits
