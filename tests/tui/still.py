"""A world in which nothing flows and nothing is rolled out, for tests of what else there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fenbu_tui.world.base import Act, Head, Question
from fenbu_tui.world.deliveries import Before, DeliveryDetail, DeliveryLine, DeliveryPage
from fenbu_tui.world.flows import FlowDetail, FlowMap
from fenbu_tui.world.metrics import MetricLine, MetricValue
from fenbu_tui.world.rollouts import Beginning, Rollout, RunRow, StageDetail


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


class StillRollout:
    """There is no rollout file, and nothing was applied: answers the screen of the rollout."""

    def rollout(self, source: str) -> Rollout:
        at = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
        return Rollout(
            head=Head(enterprise="Harbour Tea", place="sqlite:///tea.db", actor="ada", at=at, worker=""),
            source="",
            title="",
            text=(),
            faulty=(),
            changed=frozenset(),
            plan=(),
            by_hand=0,
            stages=(),
            lock=None,
            next="fenbu rollout new makes a file; n does it",
            verbs=frozenset({"begin"}),
        )

    def stamp(self, source: str) -> str:
        return source

    def stage(self, source: str, name: str) -> StageDetail:
        raise LookupError(source, name)

    def runs(self) -> Sequence[RunRow]:
        return ()

    def applying(self, source: str, stage: str = "") -> Question:
        raise LookupError(source, stage)

    def approving(self, source: str, stage: str, gate: str = "") -> Question:
        raise LookupError(source, stage, gate)

    def overriding(self, source: str, stage: str, gate: str, reason: str) -> Act:
        raise LookupError(source, stage, gate, reason)

    def rehearsing(self, source: str) -> Question:
        raise LookupError(source)

    def rolling_back(self, source: str, stage: str) -> Question:
        raise LookupError(source, stage)

    def adopting(self, source: str) -> Question:
        raise LookupError(source)

    def unlocking(self) -> Question:
        raise LookupError

    def beginnings(self) -> Sequence[Beginning]:
        return (Beginning("sme-three-stages", "information, then capital, then goods"),)

    def begin(self, name: str) -> Act:
        raise LookupError(name)
