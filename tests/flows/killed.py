"""An import in a process of its own that is killed with SIGKILL, at a statement or at a moment, and started again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from attrs import frozen
from sqlalchemy import Engine, event

from fenbu.engine.kernel import Kernel
from fenbu.work import Actor
from tests.flows import retail

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "fenbu.engine.flows.worker",
        "fenbu.engine.store.postgresql",
        "fenbu_erp.flows",
        "fenbu_erp.journal",
        "fenbu_erp.orders",
        "fenbu_erp.plugin",
        "fenbu_erp.views",
        "fenbu_online_retail.importer",
        "tests.flows.retail",
    ]
)
PATIENCE = 300.0
"""Seconds after which a process that neither ends nor dies is a failure."""


@frozen
class Kill:
    """Where a process dies: before its n-th statement or commit, or after so many seconds."""

    statement: int = 0
    seconds: float = 0.0


class DidNotEnd(Exception):
    """An import that should have ended by itself did not."""


def statements(url: str, file: Path) -> int:
    """Import undisturbed in a process of its own; return how many statements and commits that took."""
    counter = _processes.Value("q", 0)
    process = _processes.Process(target=_import, args=(url, file, 0, counter))
    process.start()
    process.join(PATIENCE)
    if process.exitcode != 0:
        process.kill()
        raise DidNotEnd(f"exit code {process.exitcode}")
    return int(counter.value)


def killed(url: str, file: Path, kill: Kill) -> bool:
    """Import until killed; return whether it was (False: it came to its end before)."""
    process = _processes.Process(target=_import, args=(url, file, kill.statement, None))
    process.start()
    if kill.seconds:
        process.join(kill.seconds)
        os.kill(process.pid or 0, signal.SIGKILL)
    process.join(PATIENCE)
    if process.exitcode not in (0, -signal.SIGKILL):
        process.kill()
        raise DidNotEnd(f"exit code {process.exitcode}")
    return process.exitcode != 0


def kills(seed: int, count: int, total: int, seconds: float = 0.0) -> Iterator[Kill]:
    """Yield so many places to die, spread over an import of so many statements.

    Args:
        seed: The same seed, the same places (those by statement).
        count: How many.
        total: Statements of an undisturbed import.
        seconds: What that takes; every other kill then falls at a moment instead of a statement.
    """
    chance = Random(seed)
    for number in range(count):
        if seconds and number % 2:
            yield Kill(seconds=chance.uniform(0.01, 1.5 * seconds / count))
        else:
            yield Kill(statement=chance.randint(1, int(1.5 * total / count)))


def _import(url: str, file: Path, kill_at: int, counter: Any) -> None:
    count = 0

    def step(*_told: Any) -> None:
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", lambda _connection: step())
    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        retail.run(kernel, file, rejects=file.with_name("rejects.csv"))
    if counter is not None:
        counter.value = count


def timed(url: str, file: Path) -> tuple[int, float]:
    """Import undisturbed; return its statements and its seconds."""
    started = time.monotonic()
    return statements(url, file), time.monotonic() - started
