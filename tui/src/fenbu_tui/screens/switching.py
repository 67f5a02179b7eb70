"""What can be done to a module, from the list and from its own page alike."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.binding import BindingType

from fenbu_tui.keys import SWITCHING, bindings
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.world.modules import ModuleLine
from fenbu_tui.world.switchable import Switchable


class SwitchingScreen(LiveScreen):
    """Enables, disables, upgrades, purges and sets; a subclass says what by `here`."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(SWITCHING)

    def __init__(self, modules: Switchable) -> None:
        super().__init__()
        self._modules = modules

    @property
    def here(self) -> ModuleLine | None:
        """The module that the keys are about."""
        return None

    def action_switch(self, verb: str) -> None:
        """Ask before doing something to the module, with what it brings."""
        if (here := self.here) is not None:
            self.ask(partial(self._modules.switch, verb, (here.name,)))

    def action_settings(self) -> None:
        """Open the module's settings."""
        from fenbu_tui.screens.settings import SettingsScreen

        if (here := self.here) is not None:
            self.app.push_screen(SettingsScreen(self._modules, here.name))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what its state allows."""
        if action in {"switch", "settings"} and self.is_mounted:
            verb = "set" if action == "settings" else str(parameters[0])
            here = self.here
            return here is not None and verb in here.verbs
        return super().check_action(action, parameters)
