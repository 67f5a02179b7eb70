"""The three lanes: events a minute, and the age of what waits, from the log itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, func, select

from fenbu.engine.store.tables import delivery, event
from fenbu.events import Lane
from fenbu.i18n import _
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Standing
from fenbu_tui.world.overview import LaneLine

MINUTE = 60_000_000
MINUTES = 30
"""How far back the sparklines look."""
LATELY = 5
"""Minutes over which the rate is told."""
LOOKED_AT = 20_000
"""Events of the log that are looked at, at most."""
LATE = 30
"""Seconds of lag from which a lane is late."""

_LAST = (
    select(event.c.topic, (event.c.at // MINUTE).label("minute"))
    .order_by(event.c.seq.desc())
    .limit(LOOKED_AT)
    .subquery()
)
_BY_MINUTE = select(_LAST.c.topic, _LAST.c.minute, func.count().label("events")).group_by(
    _LAST.c.topic, _LAST.c.minute
)
_OLDEST = (
    select(func.min(delivery.c.seq).label("seq"))
    .where(delivery.c.state.in_(("waiting", "held")))
    .group_by(delivery.c.subscription, delivery.c.state)
    .subquery()
)
_WAITING = (
    select(event.c.topic, func.min(event.c.at).label("at"))
    .where(event.c.seq == _OLDEST.c.seq)
    .group_by(event.c.topic)
)


def lanes(connection: Connection, now: int, lane_of: Mapping[str, str]) -> tuple[LaneLine, ...]:
    """Return the three lanes.

    Args:
        connection: A reading transaction.
        now: UTC microseconds.
        lane_of: Topic to its lane; events of others count for none.
    """
    this = now // MINUTE
    moved: defaultdict[str, list[int]] = defaultdict(lambda: [0] * MINUTES)
    for row in connection.execute(_BY_MINUTE.where(_LAST.c.minute > this - MINUTES)):
        if 0 <= (ago := this - row.minute) < MINUTES:
            moved[lane_of.get(row.topic, "")][MINUTES - 1 - ago] += row.events
    lag: dict[str, int] = {}
    for row in connection.execute(_WAITING):
        lane = lane_of.get(row.topic, "")
        lag[lane] = max(lag.get(lane, 0), (now - row.at) // 1_000_000)
    return tuple(_lines(moved, lag))


def _lines(moved: Mapping[str, list[int]], lag: Mapping[str, int]) -> Iterator[LaneLine]:
    for lane in map(str, Lane):
        course, behind = tuple(moved.get(lane) or [0] * MINUTES), lag.get(lane)
        rate = sum(course[-LATELY:]) / LATELY
        late = behind is not None and behind > LATE
        if late:
            standing = Standing(_("late"), Tone.WARN)
        elif rate:
            standing = Standing(_("flows"), Tone.GOOD)
        else:
            standing = Standing(_("quiet"), Tone.QUIET)
        told = _("{count}/min").format(count=f"{rate:,.1f}".removesuffix(".0"))
        yield LaneLine(_(lane), course, told, "" if behind is None else span(behind), standing)


def span(seconds: float) -> str:
    """Return a span of time in its largest unit: ``41 s``, ``7 min``, ``3 h``, ``12 d``."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
