"""Processes that die by SIGKILL: before or after their n-th commit, before their n-th statement, or at some moment.

The one place for it; what lives in such a process, an import or a whole business, is told by a function of a
module, so that the process can be started afresh. All are forked from one server that has imported everything and
opened nothing, which makes a death cost some 30 ms besides what was lived.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import psycopg
from attrs import field, frozen
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

from fenbu.engine.store.dialects import raw
from fenbu.engine.store.errors import DatabaseUnreachable

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "alembic.autogenerate",
        "alembic.operations",
        "fenbu.engine.builtin",
        "fenbu.engine.canonical",
        "fenbu.engine.doctor",
        "fenbu.engine.flows.worker",
        "fenbu.engine.kernel",
        "fenbu.engine.rollout.apply",
        "fenbu.engine.rollout.rolling_back",
        "fenbu.engine.states.actions",
        "fenbu.engine.store.migrations",
        "fenbu.engine.store.postgresql",
        "fenbu.engine.store.sqlite",
        *(
            f"fenbu_{module}.{room}"
            for module in ("crm", "erp", "payments", "scm")
            for room in ("canonical", "checks", "flows", "manifest", "metrics", "plugin", "tables", "views")
        ),
        "fenbu_adventureworks.manifest",
        "fenbu_crm.contacts",
        "fenbu_crm.leads",
        "fenbu_crm.opportunities",
        "fenbu_erp.credit_notes",
        "fenbu_erp.journal",
        "fenbu_erp.orders",
        "fenbu_hrm.manifest",
        "fenbu_online_retail.flows",
        "fenbu_online_retail.importer",
        "fenbu_online_retail.plugin",
        "fenbu_payments.calls",
        "fenbu_payments.gateways.manual",
        "fenbu_payments.gateways.sandbox",
        "fenbu_scm.adjustments",
        "fenbu_scm.receipts",
        "fenbu_scm.returns",
        "fenbu_scm.seed",
        "psycopg",
        "pytest",
        "tests.faults.stories",
        "tests.flows.retail",
    ]
)
PATIENCE = 300.0
"""Seconds after which a process that neither ends nor dies is a failure."""

MOMENT = 0.02
"""Seconds after a statement within which a process dies that does not die before it."""

Lived = Callable[..., Any]
"""What a process does, found by name: a function of a module, with arguments and an answer that can be pickled."""


@frozen(kw_only=True)
class Kill:
    """Where a process dies; nowhere when nothing is told.

    Moments are counted from a statement, because what a process has done after so many seconds is the machine's
    doing: on a fast one all kills would fall into the beginning, on a slow one most would come too late.
    """

    commit: int = 0
    """Its n-th commit of a transaction that may write."""
    after: bool = False
    """When the database has answered that commit; else when it has not been asked for it yet."""
    statement: int = 0
    """Before its n-th statement or commit, of readers too."""
    seconds: float = 0.0
    """So long after that statement."""
    cut: bool = False
    """The server ends the connection instead, and the process goes on as it can (PostgreSQL)."""

    def __str__(self) -> str:
        if self.cut:
            return f"cut before {'commit' if self.commit else 'statement'} {self.commit or self.statement}"
        if self.commit:
            return f"{'after' if self.after else 'before'} commit {self.commit}"
        return f"{self.seconds * 1000:.1f} ms after statement {self.statement}"


NEVER = Kill()


@frozen
class Ended:
    """A life that came to its end."""

    answer: Any
    statements: int
    commits: int
    seconds: float = field(eq=False)


class DidNotEnd(Exception):
    """A process that should have ended by itself did not."""


def killed(lived: Lived, *arguments: Any, kill: Kill = NEVER, patience: float = PATIENCE) -> bool:
    """Let a process live until it is killed; return whether it was (False: it came to its end before)."""
    process, here = _started(lived, arguments, kill)
    if kill.seconds:
        multiprocessing.connection.wait([process.sentinel, here], patience)
        process.join(kill.seconds)
        process.kill()
    return _end(process, patience) != 0


@contextmanager
def living(lived: Lived, *arguments: Any) -> Iterator[None]:
    """Let a process live while the body runs; it is killed at its end if it still does."""
    process, _here = _started(lived, arguments, NEVER)
    try:
        yield
    finally:
        process.kill()
        process.join(PATIENCE)


def ended(lived: Lived, *arguments: Any) -> Ended:
    """Let a process live undisturbed to its end."""
    started = time.monotonic()
    process, here = _started(lived, arguments, NEVER)
    try:
        answer, statements, commits = here.recv()
    except EOFError:
        answer, statements, commits = None, 0, 0
    if (code := _end(process)) != 0:
        raise DidNotEnd(f"exit code {code}")
    return Ended(answer, statements, commits, time.monotonic() - started)


def commits(count: int) -> Iterator[Kill]:
    """Yield every place about a commit of a life with so many: before and after each."""
    for number in range(1, count + 1):
        yield Kill(commit=number)
        yield Kill(commit=number, after=True)


def cuts(count: int, step: int = 1) -> Iterator[Kill]:
    """Yield a loss of the connection before every so many of the statements of a life, and those before its commits."""
    for number in range(1, count + 1, step):
        yield Kill(statement=number, cut=True)


def kills(seed: int, count: int, total: int) -> Iterator[Kill]:
    """Yield so many places to die, spread over a life of so many statements that each death cuts short.

    Every other one falls between statements: up to `MOMENT` after one.

    Args:
        seed: The same seed, the same places.
        count: How many.
        total: Statements of an undisturbed life.
    """
    return moments(seed, count, max(1, int(1.5 * total / count)))


def moments(seed: int, count: int, total: int) -> Iterator[Kill]:
    """Yield so many places to die anywhere among the first statements; otherwise as `kills`."""
    chance = Random(seed)
    for number in range(count):
        statement = chance.randint(1, total)
        yield Kill(statement=statement, seconds=chance.uniform(0.0, MOMENT) if number % 2 else 0.0)


def _started(lived: Lived, arguments: tuple[Any, ...], kill: Kill) -> tuple[Any, Any]:
    """Start a process; return it and the end of a pipe on which it tells where it is."""
    here, there = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_live, args=(lived, arguments, kill, there))
    process.start()
    there.close()
    return process, here


def _end(process: Any, patience: float = PATIENCE) -> int:
    process.join(patience)
    if process.exitcode not in (0, -signal.SIGKILL):
        process.kill()
        raise DidNotEnd(f"exit code {process.exitcode}")
    return int(process.exitcode)


def _live(lived: Lived, arguments: tuple[Any, ...], kill: Kill, there: Any) -> None:
    steps = _Steps(kill, there)
    event.listen(Engine, "before_cursor_execute", lambda connection, *_told: steps.statement(connection))
    event.listen(Engine, "commit", steps.commit)
    answered: Any = DefaultDialect.do_commit

    def do_commit(dialect: DefaultDialect, connection: Any) -> None:
        answered(dialect, connection)
        steps.committed()

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
    try:
        answer = lived(*arguments)
    except DatabaseUnreachable:
        if not kill.cut:
            raise
    if kill == NEVER:
        there.send((answer, steps.statements, steps.commits))


class _Steps:
    """Counts what a process asks of the database, and lets it die where it is to die."""

    def __init__(self, kill: Kill, there: Any) -> None:
        self._kill, self._there = kill, there
        self.statements = self.commits = 0

    def statement(self, connection: Connection) -> None:
        self.statements += 1
        if self.statements != self._kill.statement:
            return
        if self._kill.seconds:
            self._there.send(self.statements)
        else:
            self._die(connection)

    def commit(self, connection: Connection) -> None:
        """A commit is to be asked for."""
        self.statement(connection)
        if _writes(connection):
            self.commits += 1
            if self.commits == self._kill.commit and not self._kill.after:
                self._die(connection)

    def committed(self) -> None:
        """The database has answered."""
        if self._kill.after and self.commits == self._kill.commit:
            os.kill(os.getpid(), signal.SIGKILL)

    def _die(self, connection: Connection) -> None:
        if self._kill.cut:
            _cut(connection)
        else:
            os.kill(os.getpid(), signal.SIGKILL)


def _writes(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return not raw(connection).execute("PRAGMA query_only").fetchone()[0]
    return not raw(connection).read_only


def _cut(connection: Connection) -> None:
    """Let the server end this connection, as an administrator or a failing machine does."""
    driver = raw(connection)
    with psycopg.connect(driver.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (driver.info.backend_pid,))
