"""Transactions of one enterprise, each under the catalogue lock and with the modules of its generation.

Whoever begins one — an act, a look, a delivery — begins it here: a work never asks half of the modules.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import attrs
from sqlalchemy import Connection

from fenbu.engine import problems
from fenbu.engine.assembling import assemble
from fenbu.engine.assembly import Assembly
from fenbu.engine.builtin import builtins
from fenbu.engine.catalog.catalog import Catalog
from fenbu.engine.flows.pending import Pending
from fenbu.engine.flows.records import Clock
from fenbu.engine.guard.network import no_network
from fenbu.engine.store import catalogue
from fenbu.engine.store.database import Database
from fenbu.engine.store.errors import OutcomeUnknown
from fenbu.engine.store.infrastructure import retryable
from fenbu.engine.work import EngineWork, NotedProblem, Transaction
from fenbu.i18n import _
from fenbu.values import from_microseconds
from fenbu.work import Actor

T = TypeVar("T")

_TRIES = 6
_FIRST_PAUSE = 0.02


class _Moved(Exception):
    """The set of modules has changed since this process looked; look again and begin anew."""


class Transactions:
    """Begins transactions of one enterprise; safe to use from several threads, each with its own connection.

    Args:
        database: Of the enterprise.
        catalog: Of this process.
        clock: UTC microseconds; the database's unless given.
    """

    def __init__(self, database: Database, catalog: Catalog, clock: Callable[[], int] | None = None) -> None:
        self.database = database
        self.catalog = catalog
        self._clock = clock
        self.assembly: Assembly
        """What is enabled, as this process last saw it."""
        self.look_again()

    @contextmanager
    def read(self, actor: Actor, module: str) -> Iterator[EngineWork]:
        """Open a work that sees one moment and can only look, on behalf of a module."""
        with self.database.read() as connection:
            if not self.current(connection):
                self.look_again()
            work = EngineWork(self.begin(connection, actor), module, read_only=True)
            with work.owned():
                yield work

    def run(
        self,
        body: Callable[[EngineWork], T],
        actor: Actor,
        *,
        exclusive: bool = False,
        migrates: bool = False,
        repeatable: bool = False,
    ) -> T:
        """Run a body in one transaction under the catalogue lock and commit it.

        A deadlock, a lock, a lost connection or a changed set of modules says nothing about the body: it is run again.
        Not so when the connection is lost while the commit is asked for: the body may have been done.

        Args:
            body: Gets a work of the kernel; may be run more than once, each time in a fresh transaction.
            actor: Who acts.
            exclusive: Hold the catalogue lock alone.
            migrates: Allow tables to be made and rebuilt.
            repeatable: The body finds out by itself that it was done before.

        Raises:
            OutcomeUnknown: The answer to the commit got lost, and the body is not repeatable.
        """
        for attempt in range(_TRIES):
            noted: list[NotedProblem] = []
            try:
                return self._run_once(body, actor, noted, exclusive=exclusive, migrates=migrates)
            except _Moved:
                self.look_again()
            except Exception as error:
                again = retryable(error) or (repeatable and isinstance(error, OutcomeUnknown))
                if not again or attempt == _TRIES - 1:
                    raise
                time.sleep(random.uniform(0, _FIRST_PAUSE * 2**attempt))
            finally:
                self.record_problems(noted)
        return self._run_once(body, actor, [], exclusive=exclusive, migrates=migrates)

    def _run_once(
        self,
        body: Callable[[EngineWork], T],
        actor: Actor,
        noted: list[NotedProblem],
        *,
        exclusive: bool,
        migrates: bool,
    ) -> T:
        opened = self.database.migrate() if migrates else self.database.write()
        with opened as connection:
            lock = catalogue.lock_exclusive if exclusive else catalogue.lock_shared
            if lock(connection) != self.assembly.generation:
                raise _Moved
            transaction = self.begin(connection, actor)
            transaction.problems = noted
            with no_network("fenbu"):
                result = body(EngineWork(transaction, "fenbu"))
                transaction.flush()
        if exclusive:
            self.refresh()
        if transaction.published:
            self.database.notify()
        return result

    def begin(
        self, connection: Connection, actor: Actor, at: int | None = None, pending: Pending | None = None
    ) -> Transaction:
        """Return the record of a transaction that is open on a connection and holds the catalogue lock.

        Args:
            connection: Of the transaction.
            actor: On whose behalf.
            at: Now, where the clock was read already; UTC microseconds.
            pending: What others have left to be written at its end; nothing unless given.
        """
        now = self.clock(connection) if at is None else at
        left = pending or Pending(connection, self.database.dialect)
        return Transaction(connection, self.database, self.assembly, actor, now, left)

    @property
    def own_clock(self) -> Clock | None:
        """What stands in for the database's clock, if anything does."""
        return self.clock if self._clock else None

    def clock(self, connection: Connection) -> int:
        """Return now, UTC microseconds."""
        return self._clock() if self._clock else self.database.clock(connection)

    # --- keeping up -----------------------------------------------------------------------------------

    def current(self, connection: Connection) -> bool:
        """Say whether the modules are those that this process last saw."""
        return catalogue.generation(connection) == self.assembly.generation

    def refresh(self) -> None:
        """Look again which modules there are, when their set has changed since."""
        with self.database.read() as connection:
            current = self.current(connection)
        if not current:
            self.look_again()

    def look_again(self) -> None:
        """Load what is enabled now; what cannot be loaded becomes a problem."""
        with self.database.read() as connection:
            modules = self.catalog.read(connection)
            self.catalog.use(modules)
            self.assembly, left_out = assemble(connection, self.catalog, modules, builtins())
        for one in left_out:
            self.catalog.set_aside(one.module, one.detail)
        self.record_problems([NotedProblem(*attrs.astuple(one)) for one in left_out])

    def record_problems(self, noted: Sequence[NotedProblem]) -> None:
        """Record what went wrong beside the way, in a transaction of its own."""
        if not noted:
            return
        with self.database.write() as connection:
            now = from_microseconds(self.database.clock(connection))
            for one in noted:
                hint = _("mend the module {module}, or disable it").format(module=one.module)
                problems.record(connection, one.module, one.kind, one.subject, one.detail, hint, at=now)
