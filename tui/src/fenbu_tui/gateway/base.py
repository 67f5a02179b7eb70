"""What every part of the gateway stands on: a kernel, opened late, and one translation of its failures."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fenbu.engine.catalog.discovery import discover
from fenbu.engine.flows.standing import standing, waits
from fenbu.engine.kernel import Kernel
from fenbu.engine.store import errors as store
from fenbu.engine.store.infrastructure import explained
from fenbu.engine.work import EngineWork
from fenbu_tui.world.base import Head, Unreachable

AT_LEAST = 10.0
"""Seconds after which it is worth looking in any case: a notification may be lost, and clocks move on."""

REFUSALS = (
    store.DatabaseFull,
    store.DatabaseReadOnly,
    store.DatabaseBusy,
    store.OutcomeUnknown,
    store.CopyRefused,
    store.ArchiveDamaged,
    store.NotArchivable,
    store.MigrationFailed,
    store.ForeignTable,
)
"""Of what the store raises, what concerns one act: the enterprise can be looked at all the same."""


class EnginePart:
    """Opens one kernel when something is first asked; the parts ask it through `_reading` and `_reaching`.

    Safe to use from several threads, except `wait`, which one thread calls.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: Kernel | None = None
        self._opening = threading.Lock()
        self._looked = time.monotonic()
        self._path = discover()

    def head(self) -> Head:
        with self._reading() as work:
            return self._head(work)

    def wait(self, timeout: float) -> bool:
        if self._opened is None:
            time.sleep(timeout)
            return False
        with self._reaching():
            woken = self._opened.database.wait(timeout)
        path, before = discover(), self._path
        self._path = path
        due = time.monotonic() - self._looked > AT_LEAST
        if woken or due or path is not before:
            self._looked = time.monotonic()
            return True
        return False

    def close(self) -> None:
        with self._opening:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    # --- for the parts --------------------------------------------------------------------------------

    @property
    def _kernel(self) -> Kernel:
        """The kernel, opened when it is not yet; within `_reaching`."""
        with self._opening:
            if self._opened is None:
                self._opened = Kernel.open(self._url, token=os.environ.get("FENBU_TOKEN", ""))
            return self._opened

    @contextmanager
    def _reading(self, module: str = "fenbu") -> Iterator[EngineWork]:
        """Open a work that sees one moment; raises `Unreachable` where the database cannot be asked."""
        with self._reaching(), self._kernel.read(module) as work:
            yield work

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Say `Unreachable` for whatever the database's absence raises, and what is wrong with it in a sentence."""
        try:
            yield
        except Exception as error:
            clear = error if isinstance(error, store.StoreError) else explained(error, self._url)
            if clear is None:
                raise
            if isinstance(clear, REFUSALS):
                raise clear from error
            raise Unreachable(str(clear), clear.hint) from error

    def _head(self, work: EngineWork) -> Head:
        found = standing(work.connection, work.now)
        return Head(
            enterprise=work.enterprise.name,
            place=self._kernel.database.url,
            actor=work.actor.name,
            at=work.now.astimezone(work.enterprise.zone),
            worker=waits(found) if found.waiting else "",
        )
