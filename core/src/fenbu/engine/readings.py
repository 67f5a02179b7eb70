"""Readings: what metrics came to over time, kept exactly, for the windows of gates and for curves.

A worker takes them every hour when it rests, and ``fenbu metrics record`` at any time. Each reads one moment: all
metrics of it have its time. What a metric does not know then is not kept, so a gap means that nobody could say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from attrs import evolve, frozen
from sqlalchemy import Connection, bindparam, func, select

from fenbu.engine import problems
from fenbu.engine.guard import permissions
from fenbu.engine.guard.network import no_network
from fenbu.engine.store.infrastructure import infrastructure
from fenbu.engine.store.tables import metric_reading
from fenbu.engine.work import EngineWork
from fenbu.errors import FenbuError, in_words, makers
from fenbu.i18n import N_, _
from fenbu.metrics import Metric
from fenbu.statements import upsert
from fenbu.values import from_microseconds, readable, readable_money, to_microseconds

EVERY = timedelta(hours=1)
"""How often a resting worker takes readings."""
KEEP = timedelta(days=400)
"""How long a reading is kept: a year, and enough to compare with the same month of the year before."""
CHUNK = 5_000
"""Old readings that go in one transaction."""

_R = metric_reading.c
_KEEP = upsert(metric_reading, change=("value",))
_LATEST = select(func.max(_R.at)).where(_R.metric == bindparam("wanted"), _R.at <= bindparam("now"))
_UNITS = {"percent": "%", "days": N_("days"), "count": "", "quantity": ""}


@frozen
class Reading:
    """What a metric came to at a moment."""

    at: datetime
    """UTC with zone."""
    value: Decimal


@frozen
class Measured:
    """What all metrics came to at one moment."""

    at: int
    """UTC microseconds."""
    values: Mapping[str, Decimal]
    empty: Sequence[str] = ()
    """Metrics that have nothing to measure yet."""
    failed: Mapping[str, str] = {}
    """Metrics that raised, with what they said."""


@frozen(eq=False)
class NotMeasured(FenbuError):
    """A metric or a check raised instead of answering; it is the module's fault, not the asker's."""

    name: str
    reason: str

    def __str__(self) -> str:
        return _("{name} could not be measured: {reason}").format(name=self.name, reason=self.reason)

    @property
    def hint(self) -> str:
        return makers(self.name)


def answer(work: EngineWork, name: str, ask: Any) -> Any:
    """Return what a metric or a check of a module answers, isolated from the transaction in which it is asked.

    Args:
        work: Any; what it has written is seen.
        name: Of the metric or check; its module is the first part.
        ask: Function of a work, which only reads on behalf of the module.

    Raises:
        NotMeasured: It raised. A failure of the machine passes as it is.
    """
    module = name.partition(".")[0]
    asked = work.bound(module, read_only=True)
    try:
        with work.savepoint(), no_network(module), asked.owned():
            return ask(asked)
    except (Exception, SystemExit) as error:
        if infrastructure(error):
            raise
        raise NotMeasured(name, in_words(error).partition("\n")[0]) from error


def measured(work: EngineWork, metric: Metric) -> Decimal | None:
    """Return what a metric comes to now, exactly; None when there is nothing to measure yet.

    Raises:
        NotMeasured: It raised, or answered what is no finite exact number.
    """
    value = answer(work, metric.name, metric.value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        reason = _("it answered {value!r}, which is no exact number").format(value=value)
        raise NotMeasured(metric.name, reason)
    return Decimal(value)


def measure_all(work: EngineWork, names: Iterable[str] = ()) -> Measured:
    """Return what metrics come to at the moment of a work: those named, or all.

    Raises:
        Unknown: A name that no enabled module declares.
    """
    assembly = work.transaction.assembly
    values, empty, failed = {}, [], {}
    for name in dict.fromkeys(names) or assembly.metrics:
        try:
            value = measured(work, assembly.metric(name))
        except NotMeasured as error:
            failed[name] = error.reason
        else:
            if value is None:
                empty.append(name)
            else:
                values[name] = value
    return Measured(work.transaction.at, values, empty, failed)


def keep(work: EngineWork, found: Measured) -> int:
    """Write readings down, the later of two of one moment; the caller commits. Return how many.

    A metric that raised becomes a problem of its module, and none any more once it answers again.
    """
    rows = [{"metric": name, "at": found.at, "value": format(one, "f")} for name, one in found.values.items()]
    if rows:
        work.execute(_KEEP[work.dialect], rows)
    for one in problems.open_problems(work.connection):
        if one.kind == problems.METRIC and one.subject in {*found.values, *found.empty}:
            problems.clear(work.connection, one.module, one.kind, one.subject)
    for name, reason in found.failed.items():
        work.note_problem(name.partition(".")[0], problems.METRIC, name, reason)
    return len(rows)


def due(work: EngineWork, asked: Mapping[str, int] | None = None) -> list[str]:
    """Return the metrics of which no reading, by whomever, is younger than an hour.

    Args:
        work: Any.
        asked: Metrics to when they were last asked, UTC microseconds, whether or not they could say.
    """
    now = work.transaction.at
    before = now - EVERY // timedelta(microseconds=1)

    def lately(at: int | None) -> bool:
        return at is not None and before < at <= now  # after a clock was set back, some are still to come

    return [
        name
        for name in work.transaction.assembly.metrics
        if not lately((asked or {}).get(name)) and not lately(_latest(work.connection, name, now))
    ]


def prune(connection: Connection, now: int) -> int:
    """Throw away readings that are older than they are kept, at most some thousand; return how many."""
    before = now - KEEP // timedelta(microseconds=1)
    oldest = select(_R.at).where(_R.at < before).order_by(_R.at).limit(CHUNK).subquery()
    last = connection.execute(select(func.max(oldest.c.at))).scalar()
    if last is None:
        return 0
    return connection.execute(metric_reading.delete().where(_R.at <= last)).rowcount


def keep_due(work: EngineWork, found: Measured) -> int:
    """Keep what nobody else has read meanwhile, and throw old readings away; otherwise as `keep`."""
    prune(work.connection, work.transaction.at)
    still = set(due(work))
    values = {name: value for name, value in found.values.items() if name in still}
    return keep(work, evolve(found, values=values))


def series(
    work: EngineWork, name: str, *, since: datetime | None = None, until: datetime | None = None
) -> list[Reading]:
    """Return what a metric came to, in the order of time, of one that is enabled or was.

    Args:
        work: Reading.
        name: Of the metric.
        since: The first moment; from the beginning unless given.
        until: The last moment, itself included; up to now unless given.

    Raises:
        Unknown: No enabled module declares it, and no reading of it is kept.
        NotPermitted: The actor may not look at what its module shows.
    """
    work.require(permissions.show(name.partition(".")[0]))
    if first(work.connection, name) is None:
        work.transaction.assembly.metric(name)
    return between(work.connection, name, since=since, until=until or work.now)


def between(
    connection: Connection, name: str, *, since: datetime | None = None, until: datetime
) -> list[Reading]:
    """Return the readings of a metric from one moment to another, both included; the engine's own entrance."""
    wanted = select(_R.at, _R.value).where(_R.metric == name, _R.at <= to_microseconds(until)).order_by(_R.at)
    if since is not None:
        wanted = wanted.where(_R.at >= to_microseconds(since))
    return [Reading(from_microseconds(at), Decimal(value)) for at, value in connection.execute(wanted)]


def first(connection: Connection, name: str) -> datetime | None:
    """Return since when readings of a metric are kept; None when there is none."""
    at = connection.execute(select(func.min(_R.at)).where(_R.metric == name)).scalar()
    return None if at is None else from_microseconds(at)


def _latest(connection: Connection, name: str, now: int) -> int | None:
    at: int | None = connection.execute(_LATEST, {"wanted": name, "now": now}).scalar()
    return at


def worded(metric: Metric, value: Decimal | int, currency: str) -> str:
    """Return a metric's value for people, with its unit: ``1,234.50 GBP``, ``3 days``."""
    if metric.unit == "money":
        return readable_money(Decimal(value), currency)
    return f"{readable(Decimal(value))} {_(_UNITS.get(metric.unit, metric.unit))}".rstrip()
