"""A world that is opened when something is first asked, so that the frame is painted before the engine loads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from fenbu_tui.world.whole import World


class LateWorld:
    """Passes every question to the world that `opening` gives; called in a worker, at the first question."""

    def __init__(self, opening: Callable[[], World]) -> None:
        self._opening = opening
        self._world: World | None = None
        self._lock = threading.Lock()

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
        if self._world is not None:
            self._world.close()

    def _open(self) -> World:
        with self._lock:
            self._world = self._world or self._opening()
        return self._world


def late(opening: Callable[[], World]) -> World:
    """Return a world that is opened when something is first asked."""
    return cast("World", LateWorld(opening))
