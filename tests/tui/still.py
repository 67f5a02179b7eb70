"""A world in which nothing flows, for tests of what else there is."""

from __future__ import annotations

from fenbu_tui.world.base import Act, Question
from fenbu_tui.world.deliveries import Before, DeliveryDetail, DeliveryLine, DeliveryPage
from fenbu_tui.world.flows import FlowDetail, FlowMap
from fenbu_tui.world.metrics import MetricLine, MetricValue


class StillFlows:
    """Nothing flows: answers the screens of flows, deliveries and metrics."""

    def flows(self) -> FlowMap:
        return FlowMap(())

    def flow(self, name: str) -> FlowDetail:
        raise LookupError(name)

    def pause(self, name: str) -> Act:
        raise LookupError(name)

    def resume(self, name: str) -> Act:
        raise LookupError(name)

    def deliveries(
        self,
        wanted: str,
        before: Before | None = None,
        *,
        limit: int = 200,
        outside: bool = False,
    ) -> DeliveryPage:
        return DeliveryPage((), None)

    def delivery(self, line: DeliveryLine) -> DeliveryDetail:
        raise LookupError(line.name)

    def delivery_of(self, event: int) -> DeliveryLine:
        raise LookupError(event)

    def retry(self, line: DeliveryLine, *, like: bool = False) -> Act:
        raise LookupError(line.name)

    def skip(self, line: DeliveryLine, reason: str) -> Question:
        raise LookupError(line.name, reason)

    def replay(self, line: DeliveryLine) -> Question:
        raise LookupError(line.name)

    def metrics(self) -> tuple[MetricLine, ...]:
        return ()

    def measure(self, name: str) -> MetricValue:
        raise LookupError(name)
