"""The palette (ctrl+p): every screen, and whatever the screen on top offers, found by any of their words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from fenbu.i18n import _
from fenbu_tui.messages import Go
from fenbu_tui.places import SCREENS, Place
from fenbu_tui.screens.live import Found, LiveScreen


class Palette(Provider):
    """Goes to screens and to what they show."""

    async def discover(self) -> Hits:
        """Offer everything before anything is typed."""
        for one in self._known():
            yield DiscoveryHit(one.words, one.go, help=one.told)

    async def search(self, query: str) -> Hits:
        """Offer what fits the words."""
        matcher = self.matcher(query)
        for one in self._known():
            if (score := matcher.match(one.words)) > 0:
                yield Hit(score, matcher.highlight(one.words), one.go, help=one.told)

    def _known(self) -> Iterator[Found]:
        if not isinstance(self.screen, LiveScreen):
            return
        for entry in SCREENS:
            go = partial(self.app.post_message, Go(Place(entry.name)))
            yield Found(f"{_(entry.title)} ({entry.name})", _(entry.help), go)
        yield from self.screen.found()
