"""What is asked of modules where they are switched and set."""

from __future__ import annotations

from typing import Protocol

from fenbu_tui.world.modules import Modules
from fenbu_tui.world.settings import Settings


class Switchable(Modules, Settings, Protocol):
    """Modules with their settings."""
