"""Acts: an action of the kernel as something that a screen can do, and say as a command."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from fenbu.engine.kernel import Performed
from fenbu.i18n import _
from fenbu_tui.gateway.base import EnginePart
from fenbu_tui.world.base import Act


class ActingPart(EnginePart):
    """Makes acts."""

    def _act(
        self,
        command: tuple[str, ...],
        action: str,
        values: Mapping[str, Any],
        said: Callable[[Performed], str],
        undo: Act | None = None,
    ) -> Act:
        """Return an act that performs an action.

        Args:
            command: Words after ``fenbu`` that do the same in a shell.
            action: Its name.
            values: Its input.
            said: Makes the sentence of what was done.
            undo: What takes it back.
        """

        def run() -> str:
            with self._reaching():
                done = self._kernel.perform(action, values)
            return said(done) or _("done")

        return Act(command=shlex.join(("fenbu", *command)), run=run, undo=undo)
