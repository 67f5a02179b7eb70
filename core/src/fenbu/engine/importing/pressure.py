"""Back-pressure: an import is the edge that waits, so that deliveries never pile up without bound.

Publishing itself never waits. With a worker of its own an import delivers after every batch; without one it
pauses while too much waits, and stops politely when nobody is there to deliver or the disk is nearly full.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url

from fenbu.engine.flows import books
from fenbu.engine.flows.standing import Standing, standing
from fenbu.engine.kernel import Kernel
from fenbu.i18n import _

if TYPE_CHECKING:
    from fenbu.engine.flows.worker import Worker

LEAST_FREE = 256 << 20
"""Bytes that an import leaves free on the disk of a SQLite file, so that everything else can go on."""
_ANY = 2**31
_PAUSE = 1.0
_SLICE = 2.0
"""Seconds of delivering between two looks at how far it is."""
_SECONDS = 10.0
"""Longest that a batch waits for deliveries that fail and are tried again; the next one comes back to them."""
_SECONDS_AT_END = 60.0


class Pressure:
    """How much waits for delivery, and what an import does about it."""

    def __init__(self, kernel: Kernel, *, deliver: bool, most: int) -> None:
        self._kernel = kernel
        self._worker = kernel.worker() if deliver else None
        self._most = most
        self._folder = _folder(kernel)
        self._dead_before = self._standing().dead
        self.waiting = 0
        self.dead = 0
        """Deliveries that have died since the import began; known when it is over."""
        self.stopped = ""
        """Why the import cannot go on for now; empty while it can."""

    def relieve(self) -> Iterator[None]:
        """Deliver what waits, or wait until a worker has; yields now and then while waiting."""
        if self._disk_is_nearly_full():
            return
        if self._worker is not None:
            yield from self._deliver(self._worker, _SECONDS)
            return
        self._count(self._most + 1)
        if self.waiting <= self._most:
            return
        while self.waiting > self._most // 2:
            if not self._standing().attended:
                self.stopped = _(
                    "more than {most} deliveries wait and no worker is running; start one with fenbu worker, "
                    "or import with --deliver, and run the import again: it continues here"
                ).format(most=self._most)
                return
            yield
            self._kernel.database.wait(_PAUSE)
            self._count(self._most + 1)

    def finish(self) -> None:
        """Deliver what is left, with a worker of its own, and count what waits and what has died."""
        if self._worker is not None:
            for _slice in self._deliver(self._worker, _SECONDS_AT_END):
                pass
        self._count(_ANY)
        self.dead = max(0, self._standing().dead - self._dead_before)

    def close(self) -> None:
        """Give back what the worker holds."""
        if self._worker is not None:
            self._worker.close()

    def _deliver(self, worker: Worker, patience: float) -> Iterator[None]:
        """Deliver all there is, however long that takes; yields now and then.

        It gives up when nothing was delivered for so many seconds: what is left then fails and is tried again.
        """
        idle = 0.0
        while idle < patience:
            started = time.monotonic()
            drained = worker.drain(timeout=_SLICE)
            if drained.finished:
                return
            idle = 0.0 if drained.done else idle + time.monotonic() - started
            yield

    def _count(self, most: int) -> None:
        with self._kernel.database.read() as connection:
            self.waiting = books.pressure(connection, most)

    def _standing(self) -> Standing:
        with self._kernel.read() as work:
            return standing(work.connection, work.now)

    def _disk_is_nearly_full(self) -> bool:
        if self._folder is None or (free := shutil.disk_usage(self._folder).free) >= LEAST_FREE:
            return False
        self.stopped = _(
            "only {free} MB are left on the disk of {folder}; make room and run the import again: it continues here"
        ).format(free=free >> 20, folder=self._folder)
        return True


def _folder(kernel: Kernel) -> Path | None:
    """Return the folder of a SQLite file; None for a server, whose disk is not ours to see."""
    if kernel.database.dialect != "sqlite":
        return None
    return Path(make_url(kernel.database.url).database or ".").absolute().parent
