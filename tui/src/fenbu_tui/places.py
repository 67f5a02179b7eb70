"""The screens one can go to, and the way between them: data, and a history as a browser has."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from attrs import field, frozen, mutable

from fenbu.i18n import N_

if TYPE_CHECKING:
    from textual.screen import Screen


@frozen
class Entry:
    """A screen as the keys, the palette and the command line know it."""

    name: str
    """As it is typed: ``:modules``."""
    key: str
    """The key that opens it from everywhere."""
    title: str
    help: str
    """A sentence for help and palette."""
    made_by: str
    """``package.module:Class``, imported when it is first opened; called with the world."""

    def make(self, world: object) -> Screen[None]:
        """Import the screen and make it."""
        module, _colon, name = self.made_by.partition(":")
        made: Screen[None] = getattr(import_module(module), name)(world)
        return made


SCREENS = (
    Entry("overview", "1", N_("Overview"), N_("What is on, what flows, what needs a hand, what comes next"),
          "fenbu_tui.screens.overview:OverviewScreen"),
    Entry("modules", "2", N_("Modules"), N_("Which modules there are and where each stands"),
          "fenbu_tui.screens.modules:ModulesScreen"),
    Entry("flows", "3", N_("Flows"), N_("What moves between the modules, and where it is stuck"),
          "fenbu_tui.screens.flows:FlowsScreen"),
    Entry("deliveries", "4", N_("Deliveries"), N_("Every event on its way to every module, and what became of it"),
          "fenbu_tui.screens.deliveries:DeliveriesScreen"),
    Entry("records", "5", N_("Records"), N_("Every list, its rows, and what can be done with them"),
          "fenbu_tui.screens.records:RecordsScreen"),
    Entry("story", "6", N_("Story"), N_("What happened to a document in all modules, in time order"),
          "fenbu_tui.screens.story:StoryScreen"),
    Entry("rollout", "7", N_("Rollout"), N_("The overall plan: its file, its stages, what guards them, what is next"),
          "fenbu_tui.screens.rollout:RolloutScreen"),
    Entry("metrics", "8", N_("Metrics"), N_("Numbers with their trend and meaning"),
          "fenbu_tui.screens.metrics:MetricsScreen"),
    Entry("audit", "9", N_("Audit"), N_("Who did what, and whether the trail is whole"),
          "fenbu_tui.screens.audit:AuditScreen"),
)  # fmt: skip
"""In the order of their keys; a new screen is a line here."""


def entry(name: str) -> Entry:
    """Return the entry of a screen; KeyError when there is none of this name."""
    return {one.name: one for one in SCREENS}[name]


@frozen
class Place:
    """Where one is: a screen, and what it shows."""

    screen: str
    subject: str = ""
    """What the screen is told to show, in its own words: a view, an order's number, a filter."""


@mutable
class Way:
    """Where one has been: goes back and forth; going elsewhere drops what lay ahead."""

    behind: list[Place] = field(factory=list)
    ahead: list[Place] = field(factory=list)

    @property
    def here(self) -> Place | None:
        """Where one is now."""
        return self.behind[-1] if self.behind else None

    def go(self, place: Place) -> None:
        """Go somewhere; being there already is no step."""
        if place != self.here:
            self.behind.append(place)
            self.ahead.clear()

    def step(self, direction: int) -> Place | None:
        """Go one step back (-1) or forth (1); None when there is none."""
        if direction < 0 and len(self.behind) > 1:
            self.ahead.append(self.behind.pop())
            return self.behind[-1]
        if direction > 0 and self.ahead:
            self.behind.append(self.ahead.pop())
            return self.behind[-1]
        return None
