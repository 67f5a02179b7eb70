"""Keys are told in the language of now: bindings are made once, languages change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.binding import ActiveBinding
from textual.screen import Screen

from fenbu.i18n import _


class Translated(Screen[Any]):
    """A screen whose keys are told in the language of now."""

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
