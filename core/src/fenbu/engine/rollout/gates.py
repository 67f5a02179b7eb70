"""Gates measured: a condition for entering or leaving a stage passes, fails, or is inconclusive.

Inconclusive is whatever nobody can say: a module that does not run, a check that does not know, readings that are too
few or too young, yeses that are still out. Only a pass lets anything go on, or a gate that decides nothing
(``dry_run``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from attrs import evolve, frozen

from fenbu.engine import readings
from fenbu.engine.guard import permissions
from fenbu.engine.readings import KEEP, NotMeasured, Reading
from fenbu.engine.rollout.exact import window_said
from fenbu.engine.rollout.model import ApprovalGate, CheckGate, DateGate, Gate, MetricGate
from fenbu.engine.work import EngineWork
from fenbu.errors import Unknown
from fenbu.i18n import N_, _, ngettext
from fenbu.metrics import Finding, Health, Metric
from fenbu.values import MASK

Approved = Mapping[str, Collection[str]]
"""Layer to the operators who have said yes for it; who applies is not among them."""


class Outcome(StrEnum):
    """What measuring a gate comes to."""

    PASS = N_("pass")
    FAIL = N_("fail")
    INCONCLUSIVE = N_("inconclusive")


@frozen(kw_only=True)
class GateReading:
    """A gate as it was measured at one moment."""

    kind: str
    """``metric``, ``check``, ``approval`` or ``date``."""
    name: str
    """What it asks: the metric, the check, the layer, the day."""
    outcome: Outcome
    wanted: str
    """As the file writes it: ``<= 1.5 for 7 days``."""
    got: str
    """What was found, exactly: a number without unit, ``ok``, ``1``; empty when nothing was."""
    samples: int = 1
    """How many readings were looked at, the one of this moment included."""
    told: str
    """In a sentence: why it came to this."""
    todo: str = ""
    """What to do when it does not pass."""
    why: str = ""
    """Why the plan asks this, in the words of the file."""
    dry_run: bool = False
    """It decides nothing."""
    at: datetime
    """UTC with zone."""

    @property
    def stops(self) -> bool:
        """Say whether it keeps a stage from going on: all but a pass do, of a gate that decides."""
        return self.outcome is not Outcome.PASS and not self.dry_run


@frozen
class _Found:
    """What one kind of gate finds."""

    outcome: Outcome
    told: str
    got: str = ""
    todo: str = ""
    samples: int = 1


def measure(work: EngineWork, gate: Gate, approved: Approved | None = None) -> GateReading:
    """Measure a gate at the moment of a work; nothing is written.

    What comes out does not depend on who asks. Who may not look at what its module shows is told the outcome without
    the number.

    Args:
        work: Any; a metric or check that raises leaves its transaction as it was.
        gate: As the file has it.
        approved: Who has said yes to this gate.
    """
    kind, name, wanted, find = _SORTS[type(gate)]
    found = find(work, gate, approved or {})
    reading = GateReading(
        kind=kind,
        name=name(gate),
        outcome=found.outcome,
        wanted=wanted(gate),
        got=found.got,
        samples=found.samples,
        told=found.told,
        todo=found.todo,
        why=gate.why or "",
        dry_run=gate.dry_run,
        at=work.now,
    )
    return _as_permitted(work, reading)


def measure_all(
    work: EngineWork, gates: Iterable[Gate], approved: Approved | None = None
) -> list[GateReading]:
    """Measure gates in their order, all at one moment; see `measure`."""
    return [measure(work, gate, approved) for gate in gates]


def _metric(work: EngineWork, gate: MetricGate, _approved: Approved) -> _Found:
    try:
        metric = work.transaction.assembly.metric(gate.metric)
        if waits := _still_reading(work, gate.metric):
            return waits
        now = readings.measured(work, metric)
    except (Unknown, NotMeasured) as error:
        return _cannot_say(error)
    if now is None:
        told = _("{name} has nothing to measure yet").format(name=gate.metric)
        return _Found(Outcome.INCONCLUSIVE, told, todo=_("it comes with use; ask again later"))
    latest = Reading(work.now, now)
    if gate.window is None:
        return _compared(work, gate, metric, [latest])
    return _over_window(work, gate, metric, latest)


def _over_window(work: EngineWork, gate: MetricGate, metric: Metric, latest: Reading) -> _Found:
    """Judge all readings of a window and the value of this moment, so that an old pass cannot hide a new failure."""
    assert gate.window is not None
    since = work.now - gate.window
    within = readings.between(work.connection, gate.metric, since=since, until=work.now)
    kept = [one for one in within if one.at != latest.at]
    found = _compared(work, gate, metric, [*kept, latest])
    counts = "samples" in gate.model_fields_set
    lacking = _too_few(gate, len(kept) + 1) if counts else _uncovered(work, gate, kept, since)
    if lacking and (counts or found.outcome is Outcome.PASS):
        todo = _("let a worker run, which reads it every hour, or read it more often: fenbu metrics record")
        return evolve(found, outcome=Outcome.INCONCLUSIVE, told=lacking, todo=todo)
    return found


def _too_few(gate: MetricGate, samples: int) -> str:
    """Say how many readings there are where the file says how many suffice; nothing when they do."""
    if samples >= gate.samples:
        return ""
    told = ngettext(
        "{count} reading of {wanted} within {window}", "{count} readings of {wanted} within {window}", samples
    )
    return told.format(count=samples, wanted=gate.samples, window=_window(gate))


def _uncovered(work: EngineWork, gate: MetricGate, kept: list[Reading], since: datetime) -> str:
    """Say why readings do not cover a window from its beginning; nothing when they do."""
    first = readings.first(work.connection, gate.metric)
    if first is None or not kept:
        return _("nothing was read within {window}").format(window=_window(gate))
    if gate.window is not None and gate.window > KEEP:
        told = _("readings are kept for {days} days, and the window of {window} is longer")
        return told.format(days=KEEP.days, window=_window(gate))
    if first > since:
        told = _("the window of {window} begins before the first reading, of {when}")
        return told.format(window=_window(gate), when=_local(work, first))
    return ""


def _compared(work: EngineWork, gate: MetricGate, metric: Metric, found: list[Reading]) -> _Found:
    """Judge readings; the last is of this moment."""
    off = [one for one in found if not gate.must_be.met(one.value)]
    worst = off[-1] if off else found[-1]
    got = format(worst.value, "f")
    said = readings.worded(metric, worst.value, work.enterprise.currency)
    count = len(found)
    if not off:
        told = ngettext("it is {value}", "it is {value}, and so were all {count} readings", count)
        return _Found(Outcome.PASS, told.format(value=said, count=count), got, samples=count)
    if count == 1:
        told = _("it is {value}", "alone").format(value=said)
    else:
        told = _("{off} of {count} readings are not {wanted}; the last of them, {when}, is {value}").format(
            off=len(off), count=count, wanted=gate.must_be, when=_local(work, worst.at), value=said
        )
    return _Found(Outcome.FAIL, told, got, _rows_behind(metric), count)


def _check(work: EngineWork, gate: CheckGate, _approved: Approved) -> _Found:
    try:
        check = work.transaction.assembly.check(gate.check)
        if waits := _still_reading(work, gate.check):
            return waits
        finding = readings.answer(work, gate.check, check.run)
    except (Unknown, NotMeasured) as error:
        return _cannot_say(error)
    if not isinstance(finding, Finding):
        reason = _("it answered {value!r}, which is no finding").format(value=finding)
        return _cannot_say(NotMeasured(gate.check, reason))
    told = finding.detail or _(check.title)
    if finding.skipped:
        left = _("{count} left out, because work on them still waits").format(count=finding.skipped)
        told = f"{told}; {left}"
    outcome = _OUTCOMES.get(finding.health, Outcome.INCONCLUSIVE)
    if outcome is Outcome.PASS and finding.counted and finding.skipped >= finding.counted:
        return _Found(Outcome.INCONCLUSIVE, told, str(finding.health), _("let a worker finish: fenbu worker"))
    todo = "" if outcome is Outcome.PASS else _(check.repair)
    return _Found(outcome, told, str(finding.health), todo)


def _approval(_work: EngineWork, gate: ApprovalGate, approved: Approved) -> _Found:
    agreed = sorted(set(approved.get(gate.approval.value, ())))
    got = str(len(agreed))
    by = _(" ({names})").format(names=", ".join(agreed)) if agreed else ""
    told = _("{got} of {count} have said yes{by}").format(got=got, count=gate.count, by=by)
    if len(agreed) >= gate.count:
        return _Found(Outcome.PASS, told, got)
    todo = _("somebody of the layer {layer} who does not apply it: fenbu approve").format(layer=gate.approval)
    return _Found(Outcome.INCONCLUSIVE, told, got, todo)


def _date(work: EngineWork, gate: DateGate, _approved: Approved) -> _Found:
    today, left = work.today, (gate.date - work.today).days
    got = today.isoformat()
    if left <= 0:
        return _Found(Outcome.PASS, _("the day has come"), got)
    told = ngettext("the day comes in {count} day", "the day comes in {count} days", left)
    return _Found(Outcome.FAIL, told.format(count=left), got, _("come back then"))


def _still_reading(work: EngineWork, name: str) -> _Found | None:
    """Return what is found of a module that has not yet read the history it missed: nobody can say."""
    module = name.partition(".")[0]
    if module not in work.transaction.assembly.known.catching_up:
        return None
    told = _("{module} is still reading its history").format(module=module)
    return _Found(Outcome.INCONCLUSIVE, told, todo=_("let a worker finish: fenbu worker"))


def _cannot_say(error: Unknown | NotMeasured) -> _Found:
    return _Found(Outcome.INCONCLUSIVE, str(error), todo=error.hint)


def _as_permitted(work: EngineWork, reading: GateReading) -> GateReading:
    """Return a reading as the actor may see it: without what a module shows to others only."""
    module = reading.name.partition(".")[0]
    if reading.kind not in ("metric", "check") or work.holds(permissions.show(module)):
        return reading
    told = _("what was found takes the permission {permission}").format(permission=permissions.show(module))
    return evolve(reading, got=MASK if reading.got else "", told=told)


def _rows_behind(metric: Metric) -> str:
    return _("the rows behind it: fenbu show {view}").format(view=metric.drill) if metric.drill else ""


def _local(work: EngineWork, moment: datetime) -> str:
    return moment.astimezone(work.enterprise.zone).strftime("%Y-%m-%d %H:%M")


def _window(gate: MetricGate) -> str:
    return window_said(gate.window) if gate.window else ""


def _wanted_metric(gate: MetricGate) -> str:
    if gate.window is None:
        return str(gate.must_be)
    return _("{condition} for {window}").format(condition=gate.must_be, window=_window(gate))


def _wanted_approval(gate: ApprovalGate) -> str:
    return ngettext("{count} yes", "{count} yeses", gate.count).format(count=gate.count)


_OUTCOMES = {Health.OK: Outcome.PASS, Health.FAILED: Outcome.FAIL}
_SORTS: Mapping[type, tuple[str, Callable[[Any], str], Callable[[Any], str], Callable[..., _Found]]] = {
    MetricGate: ("metric", lambda gate: gate.metric, _wanted_metric, _metric),
    CheckGate: ("check", lambda gate: gate.check, lambda _gate: str(Health.OK), _check),
    ApprovalGate: ("approval", lambda gate: gate.approval.value, _wanted_approval, _approval),
    DateGate: ("date", lambda gate: gate.date.isoformat(), lambda gate: gate.date.isoformat(), _date),
}
