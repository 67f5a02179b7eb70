"""A worker in a process of its own that catches CRM up, and dies by SIGKILL before a statement or commit."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from sqlalchemy import Engine, event

from fenbu.engine.kernel import Kernel
from fenbu.testing.enterprises import OWNER

PATIENCE = 1800.0

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    ["fenbu.engine.kernel", "fenbu_crm.flows", "fenbu_crm.views", "fenbu_erp.views"]
)


class DidNotEnd(Exception):
    """A worker that should have ended by itself did not."""


def catch_up(url: str, kill_at: int = 0) -> bool:
    """Let a worker of its own deliver what waits; return whether it came to the end (False: it was killed).

    Args:
        url: The database.
        kill_at: Before which of its statements and commits it dies; 0 never.
    """
    process = _processes.Process(target=_work, args=(url, kill_at))
    process.start()
    process.join(PATIENCE)
    if process.exitcode not in (0, -signal.SIGKILL):
        process.kill()
        raise DidNotEnd(f"exit code {process.exitcode}")
    return process.exitcode == 0


def catch_up_dying(url: str, times: int, seed: int, spread: int) -> int:
    """Catch up through so many deaths, each within so many statements of its start; return how often it died."""
    chance = Random(seed)
    died = sum(not catch_up(url, chance.randint(1, spread)) for _time in range(times))
    while not catch_up(url):
        pass
    return died


@contextmanager
def catching_up(url: str) -> Iterator[None]:
    """Let a worker of its own deliver within the body; it is killed at its end if it is still at it."""
    process = _processes.Process(target=_work, args=(url, 0))
    process.start()
    yield
    process.kill()
    process.join(PATIENCE)


def _work(url: str, kill_at: int) -> None:
    count = 0

    def step(*_told: object) -> None:
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    if kill_at:
        event.listen(Engine, "before_cursor_execute", step)
        event.listen(Engine, "commit", lambda _connection: step())
    with Kernel.open(url, actor=OWNER) as kernel:
        kernel.worker().drain(timeout=PATIENCE)
