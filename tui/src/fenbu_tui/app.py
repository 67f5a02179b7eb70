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
from fenbu_tui.keys import APP, GOING, bindings
from fenbu_tui.late import late
from fenbu_tui.messages import Acted, Arrived, Changed, Go, Headed, Lost, Seen
from fenbu_tui.places import SCREENS, Place, Way, entry
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.widgets.top_line import TopLine
from fenbu_tui.world.base import Head, Unreachable
from fenbu_tui.world.modules import Picture
from fenbu_tui.world.whole import World

LISTENING = 0.25
"""Seconds for which one turn of listening sleeps; leaving waits for the turn."""
CALM = 0.5
"""Seconds between two readings, however busy the enterprise is."""


def _palette() -> type[Provider]:
    from fenbu_tui.palette import Palette

    return Palette


class FenbuApp(App[None]):
    """Shows one enterprise; I/O is in workers, rules are elsewhere."""

    TITLE = "fenbu 分步"
    HELP_TEXT = N_("The terminal UI of fenbu.")
    BINDINGS: ClassVar[list[BindingType]] = bindings(APP, GOING)
    COMMANDS = App.COMMANDS | {_palette}
    ENABLE_COMMAND_PALETTE = True

    def __init__(self, world: World, place: Place | None = None) -> None:
        super().__init__()
        self._world = world
        self._way = Way()
        self._first = place or Place(SCREENS[0].name)
        self._pages: dict[str, LiveScreen] = {}
        self._head: Head | None = None
        self._last: Picture | None = None
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.DARK.name

    def on_mount(self) -> None:
        """Open the first screen, then listen."""
        self.go(self._first)
        self._read_head()
        self._listen()

    # --- going ----------------------------------------------------------------------------------------

    def go(self, place: Place) -> None:
        """Go to a place; it can be left again by ``[``."""
        self._way.go(place)
        self._open(place)

    @on(Go)
    def _go(self, message: Go) -> None:
        self.go(message.place)

    def action_go(self, name: str) -> None:
        """Go to a screen as it was left."""
        page = self._pages.get(name)
        self.go(Place(name, page.subject if page else ""))

    def action_step(self, direction: int) -> None:
        """Go back or forth."""
        if place := self._way.step(direction):
            self._open(place)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Stay where the database is unreachable."""
        if action in {"go", "step"}:
            return isinstance(self.screen, LiveScreen)
        return super().check_action(action, parameters)

    def _open(self, place: Place) -> None:
        while len(self.screen_stack) > 2:
            self.pop_screen()
        page = self._page(place.screen)
        if place.subject != page.subject:
            page.show_subject(place.subject)
        if len(self.screen_stack) == 1:
            self.push_screen(page)
        elif page is not self.screen:
            self.switch_screen(page)
        else:
            page.read_again()
        self._write_head()

    def _page(self, name: str) -> LiveScreen:
        """Return a screen as it was left, or make it; a screen that is left stays, cursor and filter with it."""
        if name not in self._pages:
            page = entry(name).make(self._world)
            assert isinstance(page, LiveScreen), name
            self.install_screen(page, name)
            self._pages[name] = page
        return self._pages[name]

    # --- following ------------------------------------------------------------------------------------

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
    def _read_again(self) -> None:
        if isinstance(self.screen, LiveScreen):
            self.screen.read_again()
            self._read_head()

    @work(thread=True, exclusive=True, group="head")
    def _read_head(self) -> None:
        try:
            head = self._world.head()
        except Unreachable as error:
            self.post_message(Lost(error))
        else:
            self.post_message(Headed(head))

    @on(Headed)
    def _keep_head(self, message: Headed) -> None:
        self._head = message.head
        self._write_head()

    @on(Seen)
    def _keep(self, message: Seen) -> None:
        self._last = message.picture
        self._head = message.picture.head
        self._write_head()

    @on(Arrived)
    def _write_head(self) -> None:
        """Write the first line of the screen on top."""
        for line in self.screen.query(TopLine):
            line.head, line.crumbs = self._head, tuple(self._crumbs())

    def _crumbs(self) -> list[str]:
        here = self._way.here
        if here is None:
            return []
        one = entry(here.screen)
        deeper = [screen.crumb for screen in self.screen_stack if isinstance(screen, LiveScreen)]
        return [f"{one.key} {_(one.title)}", *(crumb for crumb in deeper if crumb)]

    # --- losing the database --------------------------------------------------------------------------

    @on(Lost)
    def _show_loss(self, message: Lost) -> None:
        from fenbu_tui.screens.unreachable import UnreachableScreen

        if not any(isinstance(screen, UnreachableScreen) for screen in self.screen_stack):
            self.push_screen(UnreachableScreen(self._world, message.error, self._last), self._show_again)

    def _show_again(self, head: Head | None) -> None:
        self._head = head
        self._write_head()

    # --- acting ---------------------------------------------------------------------------------------

    @on(Acted)
    def _tell(self, message: Acted) -> None:
        self.notify(message.said, severity="error" if message.refused else "information", markup=False)

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
    app = FenbuApp(late(lambda: _engine_world(url)))
    app.run()
    return app.return_code or 0


def _engine_world(url: str) -> World:
    from fenbu_tui.gateway.engine import EngineWorld

    return EngineWorld(url)
