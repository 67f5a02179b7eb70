"""Back-pressure: an import is the edge that waits, so that deliveries never pile up without bound.

Publishing itself never waits. With a worker of its own an import delivers after every batch; without one it
pauses while too much waits, and stops politely when nobody is there to deliver.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from fenbu.engine.importing import references
from fenbu.engine.kernel import Kernel
from fenbu.engine.store.tables import worker
from fenbu.i18n import _

ALIVE = 60_000_000
"""Microseconds since a worker's last beat within which it counts as there."""
_PAUSE = 1.0
_SECONDS = 10.0
"""Longest that a batch waits for deliveries that fail and are tried again; the next one comes back to them."""
_SECONDS_AT_END = 60.0
_LAST_BEAT = select(func.max(worker.c.beat_at))


class Pressure:
    """How much waits for delivery, and what an import does about it."""

    def __init__(self, kernel: Kernel, *, deliver: bool, most: int) -> None:
        self._kernel = kernel
        self._worker = kernel.worker() if deliver else None
        self._most = most
        self.waiting = 0
        self.stopped = ""
        """Why the import cannot go on for now; empty while it can."""

    def relieve(self) -> Iterator[None]:
        """Deliver what waits, or wait until a worker has; yields now and then while waiting."""
        if self._worker is not None:
            self._worker.drain(timeout=_SECONDS)
            return
        self._count()
        if self.waiting <= self._most:
            return
        while self.waiting > self._most // 2:
            if not self._worker_is_there():
                self.stopped = _(
                    "more than {most} deliveries wait and no worker is running; start one with fenbu worker, "
                    "or import with --deliver, and run the import again: it continues here"
                ).format(most=self._most)
                return
            yield
            self._kernel.database.wait(_PAUSE)
            self._count()

    def finish(self) -> None:
        """Deliver what is left, with a worker of its own, and count what waits."""
        if self._worker is not None:
            self._worker.drain(timeout=_SECONDS_AT_END)
            self._worker.close()
        self._count()

    def _count(self) -> None:
        with self._kernel.database.read() as connection:
            self.waiting = references.waiting(connection, self._most + 1)

    def _worker_is_there(self) -> bool:
        with self._kernel.database.read() as connection:
            last = connection.execute(_LAST_BEAT).scalar()
            return last is not None and self._kernel.database.clock(connection) - last < ALIVE
