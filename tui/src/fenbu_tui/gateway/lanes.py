"""The three lanes: events a minute, and the age of what waits, from the log itself."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import BigInteger, Connection, bindparam, text

from fenbu.events import EventType, Lane
from fenbu.i18n import _
from fenbu_tui.gateway.wording import age
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Standing
from fenbu_tui.world.overview import LaneLine

MINUTE = 60_000_000
MINUTES = 30
"""How far back the sparklines look."""
LATELY = 5
"""Minutes over which the rate is told."""
SAMPLE = 2_000
"""Events that are looked at; where more have happened in that time every so many-th is, and stands for the others."""
TRIES, FURTHER = 5, 8
"""How often the distance between them is mended until they reach back far enough, and at least by how much."""
SCATTER = 2_654_435_761
"""Keeps the sample out of step with flows in which every so many-th event is alike."""
LATE = 30
"""Seconds of lag from which a lane is late."""

_SAMPLED = text(
    "WITH RECURSIVE n (i) AS (SELECT CAST(0 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i < :most - 1)"
    f" SELECT e.topic, e.at / {MINUTE} AS minute, count(*) AS events, min(e.at) AS first"
    " FROM (SELECT max(seq) AS seq FROM fenbu_event) last CROSS JOIN n CROSS JOIN fenbu_event e"
    f" WHERE e.seq = last.seq - n.i * :stride - n.i * {SCATTER} / 128 % :stride GROUP BY e.topic, e.at / {MINUTE}"
).bindparams(bindparam("stride", type_=BigInteger), bindparam("most", type_=BigInteger))
_WAITING = text(
    "SELECT e.topic, min(e.at) AS at FROM"
    " (SELECT (SELECT min(d.seq) FROM fenbu_delivery d WHERE d.subscription = p.subscription"
    " AND d.partition = p.partition AND d.state = w.state) AS seq"
    " FROM fenbu_partition p CROSS JOIN (SELECT 'waiting' AS state UNION ALL SELECT 'held') w) oldest"
    " CROSS JOIN fenbu_event e WHERE e.seq = oldest.seq GROUP BY e.topic"
)
"""Looks at one delivery a partition and state, however many wait there."""


def lanes(
    connection: Connection, now: int, types: Mapping[tuple[str, int], EventType]
) -> tuple[LaneLine, ...]:
    """Return the three lanes.

    Args:
        connection: A reading transaction.
        now: UTC microseconds.
        types: The events that are known, by topic and version; others count for no lane.
    """
    lane_of = {topic: str(one.lane) for (topic, _version), one in types.items()}
    this = now // MINUTE
    moved: defaultdict[str, list[int]] = defaultdict(lambda: [0] * MINUTES)
    for topic, minute, events in sampled(connection, now - MINUTES * MINUTE):
        if 0 <= (ago := this - minute) < MINUTES:
            moved[lane_of.get(topic, "")][MINUTES - 1 - ago] += events
    lag: dict[str, int] = {}
    for row in connection.execute(_WAITING):
        lane = lane_of.get(row.topic, "")
        lag[lane] = max(lag.get(lane, 0), (now - row.at) // 1_000_000)
    return tuple(_lines(moved, lag))


def sampled(connection: Connection, since: int) -> list[tuple[str, int, int]]:
    """Return topics with the minutes in which so many events were published, near enough to be drawn.

    Exact as long as no more than `SAMPLE` were; the cost does not grow with what has happened.

    Args:
        connection: A reading transaction.
        since: From when on; UTC microseconds.
    """
    stride = 1
    for _try in range(TRIES):
        rows = connection.execute(_SAMPLED, {"stride": stride, "most": SAMPLE}).all()
        first = min((row.first for row in rows), default=since)
        last = max((row.minute + 1 for row in rows), default=0) * MINUTE
        if first <= since or sum(row.events for row in rows) < SAMPLE:
            break
        stride *= max(FURTHER, math.ceil(1.1 * (last - since) / (last - first)))
    return [(row.topic, row.minute, row.events * stride) for row in rows]


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
        yield LaneLine(_(lane), course, told, "" if behind is None else age(behind), standing)
