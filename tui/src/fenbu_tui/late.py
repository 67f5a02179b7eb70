"""A world that is opened when something is first asked, so that the frame is painted before the engine loads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from fenbu_tui.world import Picture, World


class LateWorld:
    """Fulfils `World` with the world that `opening` gives; called in a worker, at the first question."""

    def __init__(self, opening: Callable[[], World]) -> None:
        self._opening = opening
        self._world: World | None = None
        self._lock = threading.Lock()

    def modules(self) -> Picture:
        with self._lock:
            self._world = self._world or self._opening()
        return self._world.modules()

    def wait(self, timeout: float) -> bool:
        if self._world is None:
            time.sleep(timeout)
            return False
        return self._world.wait(timeout)

    def close(self) -> None:
        if self._world is not None:
            self._world.close()
