"""The kernel's own verb on metrics, declared as a module declares its actions: so it is permitted and audited."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from fenbu.engine import readings
from fenbu.engine.assembly import ReadyAction
from fenbu.engine.work import EngineWork
from fenbu.i18n import N_
from fenbu.inputs import Input


class Record(Input):
    """Which metrics to read."""

    metrics: tuple[str, ...] = Field((), description=N_("Metrics; all when none is named"))


def record(work: EngineWork, values: Record) -> dict[str, Any]:
    """Keep what metrics come to now, for the windows of gates and for curves.

    Whoever takes a reading need not be allowed to see it: what it came to is not answered.
    """
    found = readings.measure_all(work, values.metrics)
    kept = readings.keep(work, found)
    return {"kept": kept, "empty": list(found.empty), "failed": dict(found.failed), "at": work.now}


ACTIONS: tuple[ReadyAction, ...] = (
    ReadyAction.of_kernel(
        "metric.record",
        N_("Read the metrics"),
        Record,
        record,
        help=(record.__doc__ or "").partition("\n")[0],
    ),
)
"""What the kernel can do about metrics."""
