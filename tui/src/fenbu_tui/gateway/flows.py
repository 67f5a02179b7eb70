"""Flows: subscriptions with what moves along them, paused and resumed by the kernel's own actions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from fenbu.engine.flows import map as flow_map
from fenbu.engine.flows import tail
from fenbu.engine.flows.errors import NoSuchSubscription
from fenbu.engine.flows.map import Arrow
from fenbu.engine.flows.wanted import parse
from fenbu.engine.guard import permissions
from fenbu.engine.telling import event_types
from fenbu.engine.work import EngineWork
from fenbu.i18n import _
from fenbu.manifest import Subscription
from fenbu_tui.gateway.deliveries import DeliveriesPart
from fenbu_tui.gateway.wording import age
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Act, Standing
from fenbu_tui.world.flows import FlowDetail, FlowLine, FlowMap, TopicLine

RECENT = 50
"""How many of its last deliveries a subscription's page shows."""
PERCENTILES = (50, 75, 90, 95, 99)


class FlowsPart(DeliveriesPart):
    """Answers the flow map."""

    def flows(self) -> FlowMap:
        with self._reading() as work:
            return FlowMap(tuple(_lines(work)))

    def flow(self, name: str) -> FlowDetail:
        with self._reading() as work:
            line = next((one for one in _lines(work) if one.name == name), None)
            if line is None:
                raise NoSuchSubscription(name)
            measured = flow_map.durations(work.connection, name)
            oldest = tail.oldest(work.connection, name)
            page = tail.page(work.connection, parse(f"subscription:{name}"), limit=RECENT)
            return FlowDetail(
                line=line,
                durations=tuple(_percentiles(measured)),
                measured=sum(measured.values()),
                first=self._line(work, oldest) if oldest else None,
                recent=tuple(self._line(work, one) for one in page.rows if one.subscription == name),
            )

    def pause(self, name: str) -> Act:
        again = Act(command=f"fenbu flows resume {name}", run=partial(self._resume, name))
        return Act(command=f"fenbu flows pause {name}", run=partial(self._pause, name), undo=again)

    def resume(self, name: str) -> Act:
        again = Act(command=f"fenbu flows pause {name}", run=partial(self._pause, name))
        return Act(command=f"fenbu flows resume {name}", run=partial(self._resume, name), undo=again)

    def _pause(self, name: str) -> str:
        with self._reaching():
            self._kernel.perform("fenbu.flow.pause", {"subscription": name})
        return _("{name} is paused; its events gather").format(name=name)

    def _resume(self, name: str) -> str:
        with self._reaching():
            self._kernel.perform("fenbu.flow.resume", {"subscription": name})
        return _("{name} goes on").format(name=name)


def _lines(work: EngineWork) -> Iterator[FlowLine]:
    work.require(permissions.show("fenbu"))
    assembly = work.transaction.assembly
    declared = {
        one.name: one for module in assembly.modules.values() for one in module.manifest.subscriptions
    }
    types = event_types(assembly)
    lanes = {f"{topic}/{version}": str(one.lane) for (topic, version), one in types.items()}
    for arrow in flow_map.arrows(work.connection, work.transaction.at):
        yield _line(arrow, lanes, declared.get(arrow.subscription))


def _line(arrow: Arrow, lanes: Mapping[str, str], declared: Subscription | None) -> FlowLine:
    return FlowLine(
        name=arrow.subscription,
        title=_(declared.title) if declared else "",
        module=arrow.module,
        sources=tuple(arrow.sources),
        lane=_lane(arrow, lanes.get),
        standing=standing_of(arrow),
        rate=f"{arrow.rate:,.0f}" if arrow.rate >= 10 else f"{arrow.rate:.1f}" if arrow.rate else "",
        p95="" if arrow.p95 is None else _("{ms} ms").format(ms=f"{arrow.p95:,}"),
        waiting=arrow.waiting,
        retrying=arrow.retrying,
        held=arrow.held,
        dead=arrow.dead,
        timers=arrow.scheduled,
        more=frozenset("timers" if state == "scheduled" else state for state in arrow.more),
        lag=age(arrow.lag) if arrow.oldest_key is not None else "",
        oldest=arrow.oldest_key or "",
        topics=tuple(
            TopicLine(name, _(lanes.get(name, "?")), only or "", arrow.moved.get(name, 0))
            for name, only in arrow.topics.items()
        ),
        facts=tuple(_facts(arrow)),
        running=arrow.state == "active",
        replayable=declared is not None and declared.replayable,
    )


def _lane(arrow: Arrow, lane_of: Callable[[str], str | None]) -> str:
    """Return the lane in which most moves along an arrow; where nothing moves, the lane of most of its topics."""
    counted: Counter[str] = Counter()
    for topic, count in (arrow.moved or dict.fromkeys(arrow.topics, 1)).items():
        counted[lane_of(topic) or "information"] += count
    return min(counted, key=lambda lane: (-counted[lane], lane), default="information")


def standing_of(arrow: Arrow) -> Standing:
    """Return how a subscription stands: what needs a hand comes first."""
    if arrow.state == "tripped":
        return Standing(_("tripped"), Tone.BAD, arrow.reason)
    if arrow.state == "paused":
        return Standing(_("paused"), Tone.QUIET, arrow.reason)
    if arrow.dead:
        return Standing(_("{count} dead").format(count=arrow.told("dead")), Tone.BAD)
    if arrow.catching_up:
        return Standing(_("catching up"), Tone.BUSY)
    if arrow.retrying:
        return Standing(_("trying again"), Tone.WARN)
    return Standing(_("running"), Tone.GOOD)


def _facts(arrow: Arrow) -> Iterator[tuple[str, str]]:
    if arrow.reason:
        yield _("reason"), arrow.reason
    if not arrow.gathers:
        yield _("new events"), _("do not gather")
    yield _("told by"), ", ".join(arrow.sources)


def _percentiles(measured: Mapping[int, int]) -> Iterator[tuple[str, int]]:
    if measured:
        for percent in PERCENTILES:
            yield f"p{percent}", flow_map.quantile(measured, percent)
        yield _("longest"), max(measured)
