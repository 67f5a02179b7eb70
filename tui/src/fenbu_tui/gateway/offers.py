"""Every action of every enabled module, for the palette."""

from __future__ import annotations

from collections.abc import Sequence

from fenbu.i18n import _
from fenbu_tui.gateway.base import EnginePart
from fenbu_tui.world.records import Verb


class OffersPart(EnginePart):
    """Answers the palette."""

    def offers(self) -> Sequence[Verb]:
        with self._reaching():
            self._kernel.refresh()
            actions = [ready.action for ready in self._kernel.assembly.actions.values()]
        return [Verb(one.name, _(one.title), _(one.help), one.dangerous) for one in actions]
