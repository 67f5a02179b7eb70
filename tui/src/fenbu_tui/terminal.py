"""The terminal that the app is shown on: whether anybody is still at its other end."""

from __future__ import annotations

import select


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
