"""The overview: states, figures, lanes, problems with their repair, and the next step."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal

from fenbu.engine import readings
from fenbu.engine.catalog.modules import Modules
from fenbu.engine.flows.admin import count_dead
from fenbu.engine.telling import event_types
from fenbu.engine.work import EngineWork
from fenbu.i18n import _
from fenbu.metrics import Metric
from fenbu_tui.gateway.glance import problems, states
from fenbu_tui.gateway.lanes import lanes
from fenbu_tui.gateway.opening import Opening
from fenbu_tui.gateway.rollouts import RolloutPart, RolloutState
from fenbu_tui.signs import SIGNS, Tone
from fenbu_tui.world.base import Standing
from fenbu_tui.world.overview import Figure, Overview, ProblemLine

FIGURES = 4
MEASURED = 60.0
"""Seconds for which a metric is not measured anew."""
COURSE = timedelta(days=14)
"""How far back the readings of a figure are shown."""


class OverviewPart(RolloutPart):
    """Answers the overview."""

    def __init__(self, opening: Opening | str) -> None:
        super().__init__(opening)
        self._measured: dict[str, tuple[float, Decimal | None, str]] = {}
        """Metrics to when they were measured, what they came to, and why they cannot say."""

    def overview(self) -> Overview:
        with self._reaching():
            rollout = self._rollout_state()
            with self._kernel.read() as work:
                known = self._kernel.catalog.read(work.connection, look_at_all=True)
                types = event_types(self._kernel.assembly)
                figures = tuple(self._figures(work))
                wrong = (*problems(work, known, rollout.trouble), *self._not_measured(figures))
                return Overview(
                    head=self._head(work),
                    modules=tuple(states(known)),
                    figures=figures,
                    stages=rollout.stages,
                    gates=rollout.gates,
                    lanes=lanes(work.connection, work.transaction.at, types),
                    problems=wrong,
                    next=_next(known, rollout, wrong),
                )

    def _figures(self, work: EngineWork) -> Iterator[Figure]:
        """Yield the first metrics of the modules as of a minute ago at most: measuring may cost."""
        first: dict[str, Metric] = {}
        for name, metric in self._kernel.assembly.metrics.items():
            first.setdefault(name.partition(".")[0], metric)
        order = [name for name in self._kernel.assembly.modules if name in first]
        for name in order[:FIGURES]:
            yield self._figure(work, first[name])
        dead = count_dead(work.connection)
        yield Figure(_("dead deliveries"), f"{dead:,}")

    def _figure(self, work: EngineWork, metric: Metric) -> Figure:
        kept = readings.between(work.connection, metric.name, since=work.now - COURSE, until=work.now)
        value, failed = self._value(work, metric)
        told = SIGNS[Tone.BAD] if failed else "–"
        if value is not None:
            told = readings.worded(metric, value, work.enterprise.currency)
        return Figure(_(metric.title), told, tuple(float(one.value) for one in kept), metric.name)

    def _not_measured(self, figures: Iterable[Figure]) -> Iterator[ProblemLine]:
        """Yield the figures that cannot be said."""
        for figure in figures:
            _at, _value, failed = self._measured.get(figure.metric, (0.0, None, ""))
            if failed:
                error = readings.NotMeasured(figure.metric, failed)
                yield ProblemLine(figure.metric, failed, error.hint, Standing(_("failed"), Tone.WARN))

    def _value(self, work: EngineWork, metric: Metric) -> tuple[Decimal | None, str]:
        """Return what a metric comes to, as of a minute ago at most, and why it cannot say."""
        known = self._measured.get(metric.name)
        if known is None or time.monotonic() - known[0] > MEASURED:
            value, failed = None, ""
            try:
                value = readings.measured(work, metric)
            except readings.NotMeasured as error:
                failed = error.reason
            self._measured[metric.name] = known = (time.monotonic(), value, failed)
        return known[1:]


def _next(known: Modules, rollout: RolloutState, problems: tuple[ProblemLine, ...]) -> str:
    if not known.by_name:
        return _("install a module: pip install fenbu-erp, for one")
    if not any(module.on for module in known.by_name.values()):
        return _("switch the first module on: 2 shows which there are, e enables one")
    if urgent := [one for one in problems if one.standing.tone is Tone.BAD]:
        return _("{about}: {repair}").format(about=urgent[0].about, repair=urgent[0].repair)
    return rollout.next or _("nothing needs a hand")
