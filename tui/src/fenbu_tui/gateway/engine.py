"""The world as the engine knows it: all parts of the gateway, each imported when it is first asked."""

from __future__ import annotations

import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

from fenbu_tui.gateway.glance import GlancePart
from fenbu_tui.gateway.opening import Opening

PARTS = {
    "audit:AuditPart": ("audit", "chain"),
    "commands:CommandsPart": ("looks_only", "proposals", "start"),
    "flows:FlowsPart": ("deliveries", "delivery", "delivery_of", "flow", "flows", "pause", "replay", "resume", "retry",
                        "skip"),
    "metrics:MetricsPart": ("measure", "metrics"),
    "modules:ModulesPart": ("module", "modules", "switch"),
    "offers:OffersPart": ("offers",),
    "overview:OverviewPart": ("overview",),
    "records:RecordsPart": ("consequences", "count", "detail", "exporting", "performing", "sheet", "stretch", "views",
                            "wanted"),
    "settings:SettingsPart": ("set", "settings"),
    "staging:StagingPart": ("adopting", "applying", "approving", "begin", "beginnings", "overriding", "rehearsing",
                            "rolling_back", "rollout", "runs", "stage", "stamp", "unlocking"),
    "stories:StoriesPart": ("story", "story_kinds"),
}  # fmt: skip
"""Parts of the gateway to the questions that each answers; the base and the glance answer the others."""
_HOMES = {question: part for part, questions in PARTS.items() for question in questions}

if TYPE_CHECKING:
    from fenbu_tui.gateway.audit import AuditPart
    from fenbu_tui.gateway.commands import CommandsPart
    from fenbu_tui.gateway.flows import FlowsPart
    from fenbu_tui.gateway.metrics import MetricsPart
    from fenbu_tui.gateway.modules import ModulesPart
    from fenbu_tui.gateway.offers import OffersPart
    from fenbu_tui.gateway.overview import OverviewPart
    from fenbu_tui.gateway.records import RecordsPart
    from fenbu_tui.gateway.settings import SettingsPart
    from fenbu_tui.gateway.staging import StagingPart
    from fenbu_tui.gateway.stories import StoriesPart

    class EngineWorld(
        AuditPart,
        CommandsPart,
        FlowsPart,
        GlancePart,
        MetricsPart,
        ModulesPart,
        OffersPart,
        OverviewPart,
        RecordsPart,
        SettingsPart,
        StagingPart,
        StoriesPart,
    ):
        """Fulfils `fenbu_tui.world.whole.World`, as the type checkers see it."""

else:

    class EngineWorld(GlancePart):
        """Fulfils `fenbu_tui.world.whole.World` with one enterprise, opened when something is first asked."""

        def __init__(self, opening: Opening | str) -> None:
            super().__init__(opening)
            self._parts: dict[str, Any] = {}
            self._making = threading.Lock()

        def __getattr__(self, question: str) -> Any:
            if question not in _HOMES:
                raise AttributeError(f"no part of the gateway answers {question}")
            return getattr(self._part(_HOMES[question]), question)

        def _part(self, place: str) -> Any:
            """Return a part, imported and made now if it was not yet."""
            module, _colon, name = place.partition(":")
            kind = getattr(import_module(f"fenbu_tui.gateway.{module}"), name)
            with self._making:
                if place not in self._parts:
                    self._parts[place] = kind(self._opening)
                return self._parts[place]
