"""The world as the engine knows it: all parts of the gateway together."""

from __future__ import annotations

from fenbu_tui.gateway.commands import CommandsPart
from fenbu_tui.gateway.modules import ModulesPart
from fenbu_tui.gateway.overview import OverviewPart
from fenbu_tui.gateway.settings import SettingsPart


class EngineWorld(CommandsPart, ModulesPart, OverviewPart, SettingsPart):
    """Fulfils `fenbu_tui.world.whole.World` with a kernel, opened when something is first asked."""
