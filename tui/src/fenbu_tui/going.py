"""Going from screen to screen: what was left stays as it was, the first line says where one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.app import App

from fenbu import i18n
from fenbu.i18n import _
from fenbu_tui import themes
from fenbu_tui.memory import Memory
from fenbu_tui.messages import Appeared, Go, Headed, Seen
from fenbu_tui.places import SCREENS, Place, Way, entry
from fenbu_tui.screens.live import LiveScreen
from fenbu_tui.widgets.top_line import TopLine

if TYPE_CHECKING:
    from fenbu_tui.world.base import Head
    from fenbu_tui.world.modules import Picture
    from fenbu_tui.world.whole import World


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
            line.head, line.crumbs = self._head, tuple(self._crumbs())

    def _crumbs(self) -> list[str]:
        here = self._way.here
        if here is None:
            return []
        one = entry(here.screen)
        deeper = [screen.crumb for screen in self.screen_stack if isinstance(screen, LiveScreen)]
        told = [f"{one.key} {_(one.title)}", *(crumb for crumb in deeper if crumb)]
        return [*told, _("read-only")] if self.read_only else told

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

    def remember(self) -> None:
        """Keep where one is and how one likes it."""
        self._note()
        self._memory.write()

    def _note(self) -> None:
        """Take down what the screens show."""
        if here := self._way.here:
            self._memory.screen = here.screen
        for name, page in self._pages.items():
            self._memory.subjects[name] = page.subject
            self._memory.screens[name] = page.memory()
