"""The palette (ctrl+p): every screen, every action, and what the screen on top offers, found by their words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Protocol, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from fenbu.errors import FenbuError
from fenbu.i18n import _
from fenbu_tui.messages import Go, Wished
from fenbu_tui.places import SCREENS, Place
from fenbu_tui.screens.live import Found, LiveScreen
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.world.base import Unreachable
from fenbu_tui.world.offers import Offers
from fenbu_tui.world.records import Verb


class _WithWorld(Protocol):
    """The app, as far as the palette knows it."""

    world: Offers


class Palette(Provider):
    """Goes to screens and to what they show, and begins actions."""

    _verbs: Sequence[Verb] = ()

    async def startup(self) -> None:
        """Ask which actions there are; without an answer there are none to offer."""
        world = cast(_WithWorld, self.app).world
        try:
            self._verbs = await asyncio.to_thread(world.offers)
        except (Unreachable, FenbuError):
            self._verbs = ()

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
        for verb in self._verbs:
            wish = partial(self.app.post_message, Wished(verb.name))
            danger = f" {SIGNS[Tone.WARN]}" if verb.dangerous else ""
            yield Found(f"{verb.title} ({verb.name}){danger}", verb.help, wish)
        yield from self.screen.found()
