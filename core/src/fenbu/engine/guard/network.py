"""No network inside a transaction: a socket opened by a thread with an open transaction is refused.

While a module waits for a gateway its transaction holds locks, and what it did outside cannot be undone
when the transaction is. The databases' own drivers connect in C and are not concerned.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fenbu.errors import NetworkInTransaction

_WATCHED = frozenset({"socket.connect", "socket.sendto", "socket.getaddrinfo"})


class _Open(threading.local):
    """The module for which this thread holds a transaction open; None when it does not."""

    module: str | None = None


_open = _Open()
_installed = threading.Event()


@contextmanager
def no_network(module: str) -> Iterator[None]:
    """Refuse sockets in this thread while the body runs.

    Raises:
        NetworkInTransaction: From within the body, at the attempt.
    """
    if not _installed.is_set():
        _installed.set()
        sys.addaudithook(_watch)
    before, _open.module = _open.module, module
    try:
        yield
    finally:
        _open.module = before


def _watch(name: str, arguments: tuple[object, ...]) -> None:
    if name not in _WATCHED or _open.module is None:
        return
    address = arguments[0] if name == "socket.getaddrinfo" else arguments[-1]
    raise NetworkInTransaction(_open.module, str(address))
