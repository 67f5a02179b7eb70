"""What guards a stage, at length: each gate measured now, with what it read over time and when it was last passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from attrs import frozen

from fenbu.cli.rollout_past import gate_record
from fenbu.engine import readings
from fenbu.engine.guard import permissions
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.gates import Outcome
from fenbu.engine.rollout.guards import GateLine, Guards, Needed, gate_of, gates_after, guards_of_new
from fenbu.engine.rollout.model import ApprovalGate, MetricGate
from fenbu.engine.rollout.situation import Situation
from fenbu.engine.rollout.status import LATELY
from fenbu.engine.stages.records import Run
from fenbu.engine.work import EngineWork
from fenbu.i18n import _
from fenbu.values import MASK
from fenbu_tui.gateway.rollouts import verdict
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Standing
from fenbu_tui.world.rollouts import GatePoint, GateRow


def standing_of(line: GateLine) -> Standing:
    """Return how a gate stands, with what was found in a sentence."""
    return Standing(*verdict(line), line.reading.told)


def met(guards: Guards) -> Standing | None:
    """Say how much of what guards a stage is met; None when nothing does."""
    every = len(guards.gates) + sum(need.wanted for need in guards.approvals)
    if not every:
        return None
    missing = sum(line.stops for line in guards.gates) + sum(need.missing for need in guards.approvals)
    told = _("{met} of {all}").format(met=every - missing, all=every)
    fails = any(line.stops and line.reading.outcome is Outcome.FAIL for line in guards.gates)
    return Standing(told, Tone.BAD if fails else Tone.WARN if missing else Tone.GOOD)


def yeses(need: Needed) -> Standing:
    """Say who of a layer has said yes, of how many that are wanted."""
    told = _("{layer} {got} of {wanted}").format(layer=_(need.layer), got=len(need.by), wanted=need.wanted)
    by = ", ".join(need.by)
    return Standing(f"{told} ({by})" if by else told, Tone.WARN if need.missing else Tone.GOOD)


def gate_rows(
    work: EngineWork, file: RolloutFile, number: int, situation: Situation, *, here: bool
) -> tuple[tuple[GateRow, ...], tuple[Needed, ...]]:
    """Return the gates of a stage, those in front of it first, and the yeses that it needs.

    Args:
        work: Whose moment it is.
        file: With the stage.
        number: Its index.
        situation: As found in the same transaction.
        here: The file lies in the folder, so that something can be done about its gates.
    """
    stage = file.checked().stages[number].name
    guards = guards_of_new(work, file, number, situation)
    found = [*guards.gates, *gates_after(work, file, number, situation)]
    stands = stage in situation.applied
    rows = _Rows(work, file, situation, _past(situation.last.get(stage)), here and not stands)
    return tuple(map(rows.row, found, [stage] * len(found))), guards.approvals


@frozen
class _Rows:
    work: EngineWork
    file: RolloutFile
    situation: Situation
    past: Mapping[tuple[str, str], str]
    """Stage and key of a gate to how it read when the stage was applied."""
    open: bool
    """Something can be done about its gates."""

    def row(self, line: GateLine, stage: str) -> GateRow:
        """Return a gate as the screen has it."""
        reading = line.reading
        gate = gate_of(self.file, line.stage, line.key)
        points = tuple(self._points(gate, line)) if isinstance(gate, MetricGate) else ()
        yes = isinstance(gate, ApprovalGate)
        verbs = set()
        if gate is not None and self.open and line.stops:
            verbs.add("approve" if yes else "override")
        override = line.override
        return GateRow(
            key=line.key if line.stage == stage else f"{line.stage} {line.key}",
            stage=line.stage,
            gate=line.key if gate is not None else "",
            title=f"{_(reading.kind)} {reading.name} {reading.wanted}".strip(),
            standing=standing_of(line),
            todo=reading.todo if line.stops else "",
            why=reading.why,
            override=_("{operator}: {reason}").format(operator=override.operator, reason=override.reason)
            if override
            else "",
            before=self.past.get((line.stage, line.key), ""),
            points=points,
            limit=float(gate.must_be.value) if isinstance(gate, MetricGate) else None,
            wanted=str(gate.must_be) if isinstance(gate, MetricGate) else "",
            verbs=frozenset(verbs),
        )

    def _points(self, gate: MetricGate, line: GateLine) -> Iterator[GatePoint]:
        """Yield what its metric came to within its window, or lately; the present value last."""
        work = self.work
        metric = work.transaction.assembly.metrics.get(gate.metric)
        if metric is None or not work.holds(permissions.show(gate.metric.partition(".")[0])):
            return
        since = work.now - max(gate.window or LATELY, LATELY)
        kept = [
            (one.at, one.value)
            for one in readings.between(work.connection, gate.metric, since=since, until=work.now)
        ]
        got = line.reading.got
        if line.reading.samples == 1 and got not in ("", MASK) and (not kept or kept[-1][0] != work.now):
            kept.append((work.now, Decimal(got)))
        for at, value in kept:
            text = readings.worded(metric, value, work.enterprise.currency)
            yield GatePoint(at.astimezone(work.enterprise.zone), float(value), text, gate.must_be.met(value))


def _past(run: Run | None) -> dict[tuple[str, str], str]:
    """Return how gates read when a stage was applied last."""
    if run is None or run.verb != "apply":
        return {}
    return {
        (gate["stage"], gate["gate"]): gate_record(gate).partition(": ")[2]
        for gate in run.gates
        if "layer" not in gate
    }
