"""The world as the engine knows it: all parts of the gateway together."""

from __future__ import annotations

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
    MetricsPart,
    ModulesPart,
    OffersPart,
    OverviewPart,
    RecordsPart,
    SettingsPart,
    StagingPart,
    StoriesPart,
):
    """Fulfils `fenbu_tui.world.whole.World` with a kernel, opened when something is first asked."""
