"""Going from screen to screen: what was left stays as it was, the first line says where one is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on
from textual.app import App, SystemCommand
from textual.screen import Screen

from fenbu import i18n
from fenbu.i18n import N_, _
from fenbu_tui import snapshot, themes
from fenbu_tui.memory import Memory
from fenbu_tui.messages import Appeared, Go, Headed, Seen
from fenbu_tui.places import SCREENS, Place, Way, entry
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.snapshot import Snapshot
from fenbu_tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from fenbu_tui.world.base import Head
    from fenbu_tui.world.modules import Picture
    from fenbu_tui.world.whole import World


TEXTUAL = (N_("palette"), N_("Open the command palette"))
"""What Textual itself writes into the footer."""


class Going(App[None]):
    """An app with the screens of the registry; remembers where one was."""

    def __init__(self, world: World, memory: Memory, place: Place | None, *, read_only: bool) -> None:
        super().__init__()
        self.world, self._memory = world, memory
        self.read_only = read_only
        """Nothing may be changed from here."""
        self._way = Way()
        self._first = place or self._remembered()
        self._pages: dict[str, LiveScreen] = {}
        self._head: Head | None = None
        self._last: Picture | None = None
        self._snapshot: Snapshot | None = None
        if memory.file is not None:
            self._snapshot = snapshot.read(snapshot.beside(memory.file), i18n.language())
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = memory.theme if memory.theme in self.available_themes else themes.DARK.name

    def _remembered(self) -> Place:
        name = self._memory.screen
        if name not in {one.name for one in SCREENS}:
            return Place(SCREENS[0].name)
        return Place(name, self._memory.subjects.get(name, ""))

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
        self.go(Place(name, page.subject if page else self._memory.subjects.get(name, "")))

    def action_step(self, direction: int) -> None:
        """Go back or forth."""
        if place := self._way.step(direction):
            self._open(place)

    def _open(self, place: Place) -> None:
        while len(self.screen_stack) > 2:
            self.pop_screen()
        page = self._page(place.screen)
        if place.subject != page.subject:
            page.show_subject(place.subject)
        if self._head is None and self._snapshot is not None:
            page.last_time = self._snapshot.screens.get(place.screen)
        if len(self.screen_stack) == 1:
            self.push_screen(page)
        elif page is not self.screen:
            self.switch_screen(page)
        else:
            page.read_again()
        self._write_head()
        self.call_after_refresh(self._write_head)  # a page that appears for the first time has its line now

    def _page(self, name: str) -> LiveScreen:
        """Return a screen as it was left, or make it; a screen that is left stays, cursor and filter with it."""
        if name not in self._pages:
            page = entry(name).make(self.world)
            assert isinstance(page, LiveScreen), name
            page.recall(self._memory.screens.get(name, {}))
            self.install_screen(page, f"{name} {i18n.language()}")
            self._pages[name] = page
        return self._pages[name]

    # --- the first line -------------------------------------------------------------------------------

    @on(Headed)
    def _keep_head(self, message: Headed) -> None:
        self._head = message.head
        self._write_head()

    @on(Seen)
    def _keep(self, message: Seen) -> None:
        self._last = message.picture
        self._head = message.picture.head
        self._write_head()

    @on(Appeared)
    def _write_head(self) -> None:
        """Write the first line of the screen on top."""
        if not self.screen_stack:
            return  # an answer that came while the app was closing
        for line in self.screen.query(TopLine) if self.screen_stack else ():
            last = self._snapshot.head if self._snapshot else None
            line.head, line.crumbs = self._head or last, tuple(self._crumbs())
            line.seen = self._seen_at(last) if self._head is None and last is not None else None

    def _seen_at(self, last: Head) -> datetime:
        """Return when what the screen on top shows was read, in the enterprise's zone."""
        page = next((one for one in reversed(self.screen_stack) if isinstance(one, LiveScreen)), None)
        shown = page.last_time if page else None
        return shown.at.astimezone(last.at.tzinfo) if shown else last.at

    def _crumbs(self) -> list[str]:
        here = self._way.here
        if here is None:
            return []
        one = entry(here.screen)
        deeper = [screen.crumb for screen in self.screen_stack if isinstance(screen, LiveScreen)]
        told = [f"{one.key} {_(one.title)}", *(crumb for crumb in deeper if crumb)]
        return [*told, _("read-only")] if self.read_only else told

    @property
    def last_picture(self) -> Picture | None:
        """The modules as they were last seen, be it last time."""
        shown = self._snapshot.screens.get("modules") if self._snapshot else None
        if self._last is None and shown is not None:
            from fenbu_tui.world.modules import Picture

            with contextlib.suppress(ValueError, TypeError, KeyError):
                return snapshot.rebuilt(Picture, shown.rows)
        return self._last

    # --- how one likes it -----------------------------------------------------------------------------

    def action_next_theme(self) -> None:
        """Use the next of our own themes."""
        self.theme = themes.after(self.theme)
        self._memory.theme = self.theme

    def action_next_language(self) -> None:
        """Use the next language; screens are made anew, and show what they showed."""
        self._memory.instead_of = self._memory.instead_of or i18n.language()
        known = i18n.languages()
        at = known.index(i18n.language()) if i18n.language() in known else 0
        self._note()
        old = {page: f"{name} {i18n.language()}" for name, page in self._pages.items()}
        i18n.use(known[(at + 1) % len(known)])
        self._memory.language = i18n.language()
        self._pages = {}
        self._open(self._way.here or self._first)
        for page, name in old.items():
            self.uninstall_screen(name)
            page.remove()
        self._read_head()

    def _read_head(self) -> object:
        """Read anew what the first line says; the app says how."""

    # --- the palette ----------------------------------------------------------------------------------

    def action_command_palette(self) -> None:
        """Open the palette."""
        from textual.command import CommandPalette

        opened = any(isinstance(screen, CommandPalette) for screen in self.screen_stack)
        if self.use_command_palette and not opened:
            self.push_screen(CommandPalette(placeholder=_("Search for commands …"), id="--command-palette"))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002
        """Offer what has no key of its own here."""
        yield SystemCommand(
            _("Choose a theme"), _("Choose among all themes there are"), self.action_change_theme
        )
        yield SystemCommand(_("Take a picture"), _("Keep this screen as an SVG file"), self.action_screenshot)

    def remember(self) -> None:
        """Keep where one is and how one likes it."""
        self._note()
        self._memory.write()
        if self._memory.file is not None and self._head is not None:
            snapshot.write(snapshot.beside(self._memory.file), i18n.language(), self._taken(self._head))

    def _taken(self, head: Head) -> Snapshot:
        """Return what the screens show, and of those that were not opened what they showed before."""
        shown = {name: page.shown for name, page in self._pages.items()}
        before = self._snapshot.screens if self._snapshot else {}
        return Snapshot(head, {**before, **{name: one for name, one in shown.items() if one is not None}})

    def _note(self) -> None:
        """Take down what the screens show."""
        if here := self._way.here:
            self._memory.screen = here.screen
        for name, page in self._pages.items():
            self._memory.subjects[name] = page.subject
            self._memory.screens[name] = page.memory()
