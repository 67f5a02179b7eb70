"""A world that is opened when something is first asked and the first screen is painted.

Loading the engine holds the interpreter, whatever thread it happens in: the frame comes first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from fenbu_tui.world.whole import World

PATIENCE = 10.0
"""Seconds for which a question waits for the first paint at most."""


class LateWorld:
    """Passes every question to the world that `opening` gives; called in a worker, at the first question."""

    def __init__(self, opening: Callable[[], World]) -> None:
        self._opening = opening
        self._world: World | None = None
        self._lock = threading.Lock()
        self._begun = threading.Event()

    @property
    def asked(self) -> World:
        """This, as those see it who ask."""
        return cast("World", self)

    def begin(self) -> None:
        """Let the world be opened now: the first screen is painted."""
        self._begun.set()

    def __getattr__(self, question: str) -> Callable[..., Any]:
        def ask(*arguments: Any, **named: Any) -> Any:
            return getattr(self._open(), question)(*arguments, **named)

        return ask

    def wait(self, timeout: float) -> bool:
        """Sleep as long as nothing was asked: what nobody has seen cannot change for anybody."""
        if self._world is None:
            time.sleep(timeout)
            return False
        return self._world.wait(timeout)

    def close(self) -> None:
        """Close the world, if it was opened."""
        self._begun.set()
        if self._world is not None:
            self._world.close()

    def _open(self) -> World:
        self._begun.wait(PATIENCE)
        with self._lock:
            self._world = self._world or self._opening()
        return self._world
