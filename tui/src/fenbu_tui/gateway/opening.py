"""Opening an enterprise in two steps: its database at once, the kernel with the modules' code when it is asked."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from fenbu.engine.store.database import Database

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel
    from fenbu.work import Actor


class Opening:
    """One enterprise for all parts of the gateway; safe to use from several threads."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token = os.environ.get("FENBU_TOKEN", "")
        self.actor: Actor | None = None
        """Who looks and acts, as the first glance has found; from the token or the system where there was none."""
        self._database: Database | None = None
        self._kernel: Kernel | None = None
        self._lock = threading.RLock()

    @property
    def ready(self) -> bool:
        """The kernel is there."""
        return self._kernel is not None

    @property
    def database(self) -> Database:
        """The database, opened when it is not yet; raises as `Database.open`."""
        with self._lock:
            if self._database is None:
                self._database = Database.open(self.url)
            return self._database

    @property
    def kernel(self) -> Kernel:
        """The kernel, opened when it is not yet; raises as `Kernel.open`."""
        if self._kernel is not None:
            return self._kernel
        from fenbu.engine.kernel import Kernel

        with self._lock:
            if self._kernel is None:
                self._kernel = Kernel.open(
                    self.url, actor=self.actor, token=self.token, database=self.database
                )
            return self._kernel

    def close(self) -> None:
        """Let go of the database; it is opened again by the next question."""
        with self._lock:
            if self._kernel is not None:
                self._kernel.close()
            if self._database is not None:
                self._database.dispose()
            self._database = self._kernel = None
