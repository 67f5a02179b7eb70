"""The palette (ctrl+p): what can be done here and every module, found by any of their words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from fenbu_tui.screens.modules import ModulesScreen
from fenbu_tui.signs import SIGNS
from fenbu_tui.widgets.module_table import ModuleTable


class ModulePalette(Provider):
    """Goes to a module."""

    async def discover(self) -> Hits:
        """Offer every module before anything is typed."""
        for shown, told, go in self._known():
            yield DiscoveryHit(shown, go, help=told)

    async def search(self, query: str) -> Hits:
        """Offer the modules whose words fit."""
        matcher = self.matcher(query)
        for shown, told, go in self._known():
            if (score := matcher.match(shown)) > 0:
                yield Hit(score, matcher.highlight(shown), go, help=told)

    def _known(self) -> Iterator[tuple[str, str, IgnoreReturnCallbackType]]:
        screen = self.screen
        if isinstance(screen, ModulesScreen):
            table = screen.query_one(ModuleTable)
            for line in table.lines:
                told = f"{SIGNS[line.standing.tone]} {line.standing.word} {line.problem}".strip()
                yield f"{line.name} {line.title}", told, partial(table.go_to, line.name)
