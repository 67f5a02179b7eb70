"""A worker in a process of its own that catches CRM up, and may die there by SIGKILL."""

from __future__ import annotations

from contextlib import AbstractContextManager
from random import Random

from fenbu.engine.kernel import Kernel
from fenbu.testing.enterprises import OWNER
from tests.faults import killing
from tests.faults.killing import Kill

PATIENCE = 1800.0
"""Seconds; the whole history of a real shop takes long."""


def delivered(url: str) -> None:
    """Let a worker deliver what waits, in this process."""
    with Kernel.open(url, actor=OWNER) as kernel:
        kernel.worker().drain(timeout=PATIENCE)


def catch_up(url: str, kill_at: int = 0) -> bool:
    """Let a worker of its own deliver what waits; return whether it came to the end (False: it was killed).

    Args:
        url: The database.
        kill_at: Before which of its statements and commits it dies; 0 never.
    """
    return not killing.killed(delivered, url, kill=Kill(statement=kill_at), patience=PATIENCE)


def catch_up_dying(url: str, times: int, seed: int, spread: int) -> int:
    """Catch up through so many deaths, each within so many statements of its start; return how often it died."""
    chance = Random(seed)
    died = sum(not catch_up(url, chance.randint(1, spread)) for _time in range(times))
    while not catch_up(url):
        pass
    return died


def catching_up(url: str) -> AbstractContextManager[None]:
    """Let a worker of its own deliver within the body; it is killed at its end if it is still at it."""
    return killing.living(delivered, url)
