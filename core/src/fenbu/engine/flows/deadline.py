"""A handler has five seconds: longer, and it would keep everybody else from writing.

One watching thread looks at what is in hand a few times a second; arming it costs one assignment. A handler
that is late gets `HandlerTooSlow` raised inside it, and its database statement is interrupted. One that is
stuck where Python cannot reach it keeps its worker; a worker that has its process to itself then ends it,
and the marker file tells the next one of which event it died.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any

from attrs import define

from fenbu.engine.flows.errors import HandlerTooSlow

SECONDS = 5.0
_STUCK = 6.0
"""Times the deadline after which the process is given up."""


@define(eq=False)
class _InHand:
    thread: int
    driver: Any
    since: float
    fired: bool = False


class Deadline:
    """Watches the handlers of one worker, one at a time.

    Args:
        seconds: How long a handler may take.
        may_exit: End the process when a handler is stuck in code that cannot be interrupted.
    """

    def __init__(self, seconds: float = SECONDS, *, may_exit: bool = False) -> None:
        self.seconds = seconds
        self._may_exit = may_exit
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
        with self._lock:
            in_hand, self._in_hand = self._in_hand, None
        if in_hand is not None and in_hand.fired:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(in_hand.thread), None)
            if error is None or isinstance(error, Exception):
                raise HandlerTooSlow(self.seconds) from error

    def rest(self) -> None:
        """Nothing is in hand: forget a body whose end was itself interrupted."""
        self._in_hand = None

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="fenbu-deadline", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        stuck: _InHand | None = None
        while not self._closed.wait(min(0.25, self.seconds / 4)):
            now = time.monotonic()
            with self._lock:
                current = self._in_hand
                if current is not None and not current.fired and now - current.since > self.seconds:
                    current.fired = True
                    stuck = current
                    self._interrupt(current)
            if stuck is not None and stuck is not self._in_hand:
                stuck = None
            if stuck is not None and self._may_exit and now - stuck.since > self.seconds * _STUCK:
                os._exit(70)

    def _interrupt(self, late: _InHand) -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(late.thread), ctypes.py_object(HandlerTooSlow)
        )
        with suppress(Exception):
            stop = getattr(late.driver, "interrupt", None) or late.driver.cancel
            stop()
