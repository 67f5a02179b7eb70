"""What a worker does in a process of its own, so that it can be killed."""

from __future__ import annotations

from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import OWNER


def lived(url: str) -> None:
    """Deliver all that waits."""
    with Kernel.open(url, actor=OWNER, clock=Clock()) as kernel:
        assert kernel.drain(timeout=60).finished
