"""Metrics: each measured on behalf of its module, with the readings kept of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from fenbu.engine import readings
from fenbu.engine.guard import permissions
from fenbu.engine.work import EngineWork
from fenbu.i18n import _
from fenbu.metrics import Metric
from fenbu_tui.gateway.base import EnginePart
from fenbu_tui.signs import Tone
from fenbu_tui.world.metrics import MetricLine, MetricValue, Point

BACK = timedelta(days=90)
"""How far back the trend goes."""


class MetricsPart(EnginePart):
    """Answers the screen of metrics."""

    def metrics(self) -> tuple[MetricLine, ...]:
        with self._reading() as work:
            return tuple(_lines(work))

    def measure(self, name: str) -> MetricValue:
        with self._reading() as work:
            work.require(permissions.show(name.partition(".")[0]))
            metric = work.transaction.assembly.metric(name)
            kept = readings.series(work, name, since=work.now - BACK)
            points = [_point(work, metric, one) for one in kept]
            try:
                value = readings.measured(work, metric)
            except readings.NotMeasured as error:
                return MetricValue(name=name, text="–", tone=Tone.BAD, trouble=error.reason, points=points)
            if value is None:
                return MetricValue(name=name, text="–", tone=Tone.QUIET, points=points)
            points.append(_point(work, metric, readings.Reading(work.now, value)))
            change = _change(work, metric, kept[0].value, value) if kept else ""
            return MetricValue(name=name, text=points[-1].text, points=points, change=change)


def _lines(work: EngineWork) -> Iterator[MetricLine]:
    assembly = work.transaction.assembly
    for name, metric in assembly.metrics.items():
        module = name.partition(".")[0]
        if work.holds(permissions.show(module)):
            yield MetricLine(
                name=name,
                title=_(metric.title),
                module=module,
                definition=_(metric.definition),
                drill=metric.drill if metric.drill and metric.drill in assembly.views else "",
            )


def _point(work: EngineWork, metric: Metric, reading: readings.Reading) -> Point:
    text = readings.worded(metric, reading.value, work.enterprise.currency)
    return Point(reading.at.astimezone(work.enterprise.zone), float(reading.value), text)


def _change(work: EngineWork, metric: Metric, before: Decimal, now: Decimal) -> str:
    difference = now - before
    told = readings.worded(metric, abs(difference), work.enterprise.currency)
    return f"{'+' if difference > 0 else '−' if difference < 0 else '±'}{told}"
