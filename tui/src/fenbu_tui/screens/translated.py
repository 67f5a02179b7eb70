"""Keys are told in the language of now, and anew where they change: bindings are made once, languages change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.binding import ActiveBinding
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Footer

from fenbu.i18n import _


class Translated(Screen[Any]):
    """A screen whose keys are told in the language of now."""

    _keys_told: tuple[tuple[str, str, bool], ...] | None = None
    """Keys of the footer, their words and whether they work, as it was last told."""

    def refresh_bindings(self) -> None:
        """Let the footer be made anew where its keys have changed: a dozen widgets each time is what it costs."""
        before, self._keys_told = self._keys_told, self._keys_shown()
        if self._keys_told is None or self._keys_told != before:
            super().refresh_bindings()

    def _keys_shown(self) -> tuple[tuple[str, str, bool], ...] | None:
        """Return what the footer tells now; None where nobody sees it, and it may not hear."""
        if not (self.is_mounted and self.is_current and self.app.app_focus and self.query(Footer)):
            return None
        try:
            shown = [one for one in self.active_bindings.values() if one.binding.show]
        except NoMatches:  # what a key asks about is not there yet, or not any more
            return None
        return tuple((one.binding.key, one.binding.description, one.enabled) for one in shown)

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys that work here, their texts translated."""
        return {
            key: active._replace(
                binding=replace(
                    active.binding,
                    description=_(active.binding.description),
                    tooltip=_(active.binding.tooltip),
                ),
                tooltip=_(active.tooltip),
            )
            for key, active in super().active_bindings.items()
        }
