"""What every part of the gateway stands on: a kernel, opened late, and one translation of its failures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from fenbu.engine.catalog.discovery import discover
from fenbu.engine.flows.standing import standing, waits
from fenbu.engine.glance import Glance, glance
from fenbu.engine.store import errors as store
from fenbu.engine.store.infrastructure import explained
from fenbu_tui.gateway.opening import Opening
from fenbu_tui.world.base import Head, Unreachable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from fenbu.engine.kernel import Kernel
    from fenbu.engine.work import EngineWork
    from fenbu.work import Actor, Enterprise

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


class Moment(Protocol):
    """What a work and a glance have in common."""

    @property
    def connection(self) -> Connection: ...

    @property
    def enterprise(self) -> Enterprise: ...

    @property
    def actor(self) -> Actor: ...

    @property
    def now(self) -> datetime: ...


class EnginePart:
    """Opens one kernel when something is first asked; the parts ask it through `_reading` and `_reaching`.

    Safe to use from several threads, except `wait`, which one thread calls.
    """

    def __init__(self, opening: Opening | str) -> None:
        """Make a part.

        Args:
            opening: What it has in common with the other parts, or the address of the database where it stands alone.
        """
        self._opening = Opening(opening) if isinstance(opening, str) else opening
        self._looked = time.monotonic()
        self._path = discover()

    def head(self) -> Head:
        with self._reading() if self._opening.ready else self._glancing() as seen:
            return self._head(seen)

    def wait(self, timeout: float) -> bool:
        if not self._opening.ready:
            time.sleep(timeout)
            return False
        with self._reaching():
            self._opening.database.check()
            woken = self._opening.database.wait(timeout)
        path, before = discover(), self._path
        self._path = path
        due = time.monotonic() - self._looked > AT_LEAST
        if woken or due or path is not before:
            self._looked = time.monotonic()
            return True
        return False

    def close(self) -> None:
        self._opening.close()

    # --- for the parts --------------------------------------------------------------------------------

    @property
    def _kernel(self) -> Kernel:
        """The kernel, opened when it is not yet; within `_reaching`."""
        return self._opening.kernel

    @contextmanager
    def _glancing(self) -> Iterator[Glance]:
        """Look at one moment without the kernel; raises `Unreachable` where the database cannot be asked."""
        opening = self._opening
        with self._reaching(), glance(opening.database, opening.token, opening.actor) as seen:
            opening.actor = seen.actor
            yield seen

    @contextmanager
    def _reading(self, module: str = "fenbu") -> Iterator[EngineWork]:
        """Open a work that sees one moment; raises `Unreachable` where the database cannot be asked."""
        with self._reaching(), self._kernel.read(module) as work:
            yield work

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Say `Unreachable` for whatever the database's absence raises, and what is wrong with it in a sentence.

        A file that was deleted or replaced is let go of: the next question opens what stands in its place.
        """
        try:
            yield
        except Exception as error:
            clear = error if isinstance(error, store.StoreError) else explained(error, self._opening.url)
            if clear is None:
                raise
            if isinstance(clear, REFUSALS):
                raise clear from error
            if isinstance(clear, store.DatabaseReplaced):
                self._opening.close()
            raise Unreachable(str(clear), clear.hint) from error

    def _head(self, seen: Moment) -> Head:
        found = standing(seen.connection, seen.now)
        return Head(
            enterprise=seen.enterprise.name,
            place=self._opening.database.url,
            actor=seen.actor.name,
            at=seen.now.astimezone(seen.enterprise.zone),
            worker=waits(found) if found.waiting else "",
        )
