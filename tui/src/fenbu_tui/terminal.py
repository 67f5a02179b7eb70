"""The terminal that the app is shown on: whether anybody is still at its other end."""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from collections.abc import Callable

TURN = 0.25
"""Seconds between two looks at the terminal."""


def hung_up(terminal: int) -> bool:
    """Say whether a terminal's other end is gone; a system that cannot be asked (Windows) never says so.

    Args:
        terminal: File descriptor.
    """
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(terminal, 0)  # that it hung up is told unasked
    return any(told & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _terminal, told in poll.poll(0))


def end_with(terminal: int, leave: Callable[[], object]) -> None:
    """End this process when its terminal goes, as by the signal that a terminal sends, where none came.

    Textual reads and writes on without end, and its loop may stand still over what nobody takes any more; so a thread
    of its own looks, which waits for nothing else.

    Args:
        terminal: File descriptor.
        leave: Called before it ends; whatever it raises keeps nothing from ending.
    """

    def look() -> None:
        while not hung_up(terminal):
            time.sleep(TURN)
        try:
            leave()
        finally:
            os.kill(os.getpid(), signal.SIGHUP)
            os._exit(128 + signal.SIGHUP)  # whoever started it let that signal be ignored, as nohup does

    threading.Thread(target=look, name="terminal", daemon=True).start()
