"""Processes that die by SIGKILL: before their n-th statement or commit, or some moment after it.

The one place for it; what lives in such a process, an import or a whole business, is told by a function of a
module, so that the process can be started afresh.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import signal
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from attrs import frozen
from sqlalchemy import Engine, event

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "fenbu.engine.flows.worker",
        "fenbu.engine.kernel",
        "fenbu.engine.store.postgresql",
        "fenbu_erp.flows",
        "fenbu_erp.journal",
        "fenbu_erp.orders",
        "fenbu_erp.plugin",
        "fenbu_erp.views",
        "fenbu_online_retail.importer",
        "fenbu_payments.calls",
        "fenbu_payments.flows",
        "fenbu_payments.gateways.sandbox",
        "fenbu_payments.plugin",
        "fenbu_payments.views",
        "fenbu_scm.flows",
        "fenbu_scm.plugin",
        "fenbu_scm.views",
        "tests.flows.retail",
    ]
)
PATIENCE = 300.0
"""Seconds after which a process that neither ends nor dies is a failure."""

MOMENT = 0.02
"""Seconds after a statement within which a process dies that does not die before it."""

Lived = Callable[..., None]
"""What a process does, found by name: a function of a module, with arguments that can be pickled."""


@frozen
class Kill:
    """Where a process dies: so many seconds after it came to its n-th statement or commit; nowhere if there is none.

    Moments are counted from a statement, because what a process has done after so many seconds is the machine's
    doing: on a fast one all kills would fall into the beginning, on a slow one most would come too late.
    """

    statement: int = 0
    seconds: float = 0.0


NEVER = Kill()


class DidNotEnd(Exception):
    """A process that should have ended by itself did not."""


def killed(lived: Lived, *arguments: Any, kill: Kill = NEVER) -> bool:
    """Let a process live until it is killed; return whether it was (False: it came to its end before)."""
    here, there = _processes.Pipe()
    process = _processes.Process(target=_live, args=(lived, arguments, kill, there, None))
    process.start()
    if kill.seconds:
        multiprocessing.connection.wait([process.sentinel, here], PATIENCE)
        process.join(kill.seconds)
        process.kill()
    return _end(process) != 0


def timed(lived: Lived, *arguments: Any) -> tuple[int, float]:
    """Let a process live undisturbed; return how many statements and commits, and how many seconds, that took."""
    counter, started = _processes.Value("q", 0), time.monotonic()
    process = _processes.Process(target=_live, args=(lived, arguments, NEVER, None, counter))
    process.start()
    if (code := _end(process)) != 0:
        raise DidNotEnd(f"exit code {code}")
    return int(counter.value), time.monotonic() - started


def kills(seed: int, count: int, total: int) -> Iterator[Kill]:
    """Yield so many places to die, spread over a life of so many statements.

    Every other one falls between statements: up to `MOMENT` after one.

    Args:
        seed: The same seed, the same places.
        count: How many.
        total: Statements of an undisturbed life.
    """
    chance = Random(seed)
    for number in range(count):
        statement = chance.randint(1, max(1, int(1.5 * total / count)))
        yield Kill(statement, chance.uniform(0.0, MOMENT) if number % 2 else 0.0)


def _end(process: Any) -> int:
    process.join(PATIENCE)
    if process.exitcode not in (0, -signal.SIGKILL):
        process.kill()
        raise DidNotEnd(f"exit code {process.exitcode}")
    return int(process.exitcode)


def _live(lived: Lived, arguments: tuple[Any, ...], kill: Kill, reached: Any, counter: Any) -> None:
    count = 0

    def step(*_told: Any) -> None:
        nonlocal count
        count += 1
        if count == kill.statement:
            if kill.seconds:
                reached.send(count)
            else:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", lambda _connection: step())
    lived(*arguments)
    if counter is not None:
        counter.value = count
