"""What enabled modules let one do, whatever is on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fenbu_tui.world.records import Verb


class Offers(Protocol):
    """What the palette asks."""

    def offers(self) -> Sequence[Verb]:
        """Return every action of every enabled module.

        Raises:
            Unreachable: The database cannot be asked.
        """
        ...
