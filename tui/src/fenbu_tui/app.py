"""The app: one world, its screens, and an ear for what others change."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.worker import get_current_worker

from fenbu.cli.location import locate
from fenbu.errors import FenbuError
from fenbu.i18n import N_, _
from fenbu_tui import themes
from fenbu_tui.keys import APP, bindings
from fenbu_tui.late import LateWorld
from fenbu_tui.messages import Changed, Lost, Seen
from fenbu_tui.screens.modules import ModulesScreen
from fenbu_tui.world import Picture, Unreachable, World

LISTENING = 0.25
"""Seconds for which one turn of listening sleeps; leaving waits for the turn."""
CALM = 0.5
"""Seconds between two readings, however busy the enterprise is."""


def _palette() -> type[Provider]:
    from fenbu_tui.palette import ModulePalette

    return ModulePalette


class FenbuApp(App[None]):
    """Shows one enterprise; I/O is in workers, rules are elsewhere."""

    TITLE = "fenbu 分步"
    HELP_TEXT = N_("The terminal UI of fenbu.")
    BINDINGS: ClassVar[list[BindingType]] = bindings(APP)
    COMMANDS = App.COMMANDS | {_palette}
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self._last: Picture | None = None
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.DARK.name

    def on_mount(self) -> None:
        """Open the first screen, then listen."""
        self.push_screen(ModulesScreen(self._world))
        self._listen()

    @work(thread=True, group="listen")
    def _listen(self) -> None:
        """Tell the screen when something was committed; one thread, because waiting is by thread."""
        listener = get_current_worker()
        while not listener.is_cancelled:
            try:
                changed = self._world.wait(LISTENING)
            except Unreachable as error:
                self.post_message(Lost(error))
                changed = False
                time.sleep(CALM)
            if changed:
                self.post_message(Changed())
                time.sleep(CALM)

    @on(Changed)
    def _pass_on(self) -> None:
        if isinstance(self.screen, ModulesScreen):
            self.screen.reload()

    @on(Seen)
    def _keep(self, message: Seen) -> None:
        self._last = message.picture

    @on(Lost)
    def _show_loss(self, message: Lost) -> None:
        from fenbu_tui.screens.unreachable import UnreachableScreen

        if not any(isinstance(screen, UnreachableScreen) for screen in self.screen_stack):
            self.push_screen(UnreachableScreen(self._world, message.error, self._last), self._show_again)

    def _show_again(self, picture: Picture | None) -> None:
        if picture is not None and isinstance(self.screen, ModulesScreen):
            self.screen.post_message(Seen(picture))

    def action_help(self) -> None:
        """Show the keys that work here."""
        from fenbu_tui.screens.help import HelpScreen

        text = getattr(self.screen, "HELP_TEXT", self.HELP_TEXT)
        keys = {
            active.binding.id or active.binding.action: active.binding
            for active in self.screen.active_bindings.values()
            if active.enabled and (active.binding.id or active.binding.action == "command_palette")
        }
        self.push_screen(HelpScreen(_(text), [_told(binding) for binding in keys.values()]))

    def action_next_theme(self) -> None:
        """Use the next of our own themes."""
        self.theme = themes.after(self.theme)

    def on_unmount(self) -> None:
        """Let go of the database."""
        self._world.close()


def _told(binding: Binding) -> tuple[str, str]:
    return (binding.key_display or binding.key, binding.tooltip)


def main(argv: Sequence[str] | None = None) -> int:
    """Open the terminal UI on an enterprise's database.

    Args:
        argv: ``--database URL``; without it FENBU_DATABASE or the nearest fenbu.toml, as for every command.

    Returns:
        Exit code of the command line.
    """
    parser = argparse.ArgumentParser("fenbu tui", description=_("The terminal UI of fenbu"))
    parser.add_argument("--database", help=_("SQLAlchemy URL, or a SQLite file"))
    try:
        url = locate(parser.parse_args(argv).database)
    except FenbuError as error:
        sys.stderr.write(f"{error}\n{error.hint}\n")
        return error.exit_code
    app = FenbuApp(LateWorld(lambda: _engine_world(url)))
    app.run()
    return app.return_code or 0


def _engine_world(url: str) -> World:
    from fenbu_tui.gateway import EngineWorld

    return EngineWorld(url)
