"""What guards a stage: gates with their readings, yeses by layer, and modules that still read their history."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from attrs import frozen

from fenbu.engine.rollout.digests import stage_digest
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.gates import GateReading, Outcome, measure
from fenbu.engine.rollout.model import ApprovalGate, Gate, Layer
from fenbu.engine.rollout.situation import Situation
from fenbu.engine.stages import records
from fenbu.engine.stages.records import Override
from fenbu.engine.work import EngineWork
from fenbu.i18n import _, ngettext

HISTORY = "history"
"""Kind of what is read of a module that has not read all that it missed: nothing overrides it."""


@frozen(kw_only=True)
class GateLine:
    """A gate with its reading."""

    stage: str
    """In which it stands."""
    key: str
    """By which people name it: ``before.1``, ``after.2``."""
    reading: GateReading
    override: Override | None = None
    """Lets it be passed; by another operator than the one who applies."""

    @property
    def stops(self) -> bool:
        """It holds the stage up."""
        return self.reading.stops and self.override is None

    @property
    def name(self) -> str:
        """Its kind and what it asks."""
        return f"{self.reading.kind} {self.reading.name}"


@frozen(kw_only=True)
class Needed:
    """Yeses that a stage needs of a layer."""

    layer: str
    wanted: int
    by: tuple[str, ...]
    """Who has said yes and counts."""
    not_counted: tuple[str, ...] = ()
    """Who has said yes and applies it."""

    @property
    def missing(self) -> int:
        """How many are still wanted."""
        return max(0, self.wanted - len(self.by))


@frozen(kw_only=True)
class Guards:
    """All that guards a stage."""

    stage: str = ""
    gates: tuple[GateLine, ...] = ()
    approvals: tuple[Needed, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the stage cannot begin, one reason each; empty when it can."""
        return (*map(_held_up, filter(lambda line: line.stops, self.gates)), *_lacking(self.approvals))

    @property
    def todo(self) -> str:
        """What to do about the first reason."""
        for line in self.gates:
            if line.stops:
                return line.reading.todo
        for need in self.approvals:
            if need.missing:
                return _("somebody of the layer {layer} says yes: fenbu approve STAGE").format(
                    layer=need.layer
                )
        return ""


def guards_of_new(
    work: EngineWork,
    file: RolloutFile,
    number: int,
    situation: Situation,
    *,
    appliers: Collection[str] = (),
) -> Guards:
    """Measure all that guards a stage that does not stand yet.

    Args:
        work: Whose moment it is.
        file: With the stage.
        number: Its index.
        situation: As found in the same transaction.
        appliers: Whose yeses and overrides do not count.
    """
    stages = file.checked().stages
    last = situation.last.get(stages[number].name)
    since = last.started_at if last is not None else 0
    lines = list(_reading_history(work, file, number, situation))
    if number:
        lines += _lines(work, file, number - 1, "after", appliers, since)
    lines += _lines(work, file, number, "before", appliers, since)
    return Guards(
        stage=file.checked().stages[number].name,
        gates=tuple(lines),
        approvals=_approvals(work, file, number, appliers),
    )


def guards_of_changed(
    work: EngineWork, file: RolloutFile, number: int, situation: Situation, *, appliers: Collection[str] = ()
) -> Guards:
    """Return what guards a stage that stands: yeses to what the file has changed of it.

    Gates are measured only where the file brings in a module that no stage had which stands: it comes in by them as
    all others did. What was changed by hand is only set right again; otherwise as `guards_of_new`.
    """
    if as_applied(file, number, situation):
        return Guards()
    had = {name for applied in situation.applied.values() for name in applied.modules}
    guards = guards_of_resumed if had.issuperset(file.checked().stages[number].modules) else guards_of_new
    return guards(work, file, number, situation, appliers=appliers)


def as_applied(file: RolloutFile, number: int, situation: Situation) -> bool:
    """Say whether a stage stands, and the file says of it what it said then."""
    applied = situation.applied.get(file.checked().stages[number].name)
    return applied is not None and applied.run.stage_digest == stage_digest(file, number)


def guards_of_resumed(
    work: EngineWork,
    file: RolloutFile,
    number: int,
    situation: Situation,  # noqa: ARG001  (asked as the others are)
    *,
    appliers: Collection[str] = (),
) -> Guards:
    """Return the yeses that a stage needs, for which no gate is measured again; otherwise as `guards_of_new`."""
    stage = file.checked().stages[number]
    asked = {place for place, gate in enumerate(stage.before) if isinstance(gate, ApprovalGate)}
    lines = _lines(work, file, number, "before", appliers, 0, only=asked)
    return Guards(
        stage=file.checked().stages[number].name,
        gates=tuple(lines),
        approvals=_approvals(work, file, number, appliers),
    )


def gates_after(work: EngineWork, file: RolloutFile, number: int, situation: Situation) -> list[GateLine]:
    """Measure what must hold after a stage, which guards the one behind it; otherwise as `guards_of_new`."""
    later = [situation.last.get(stage.name) for stage in file.checked().stages[number + 1 : number + 2]]
    since = max((run.started_at for run in later if run is not None), default=0)
    return _lines(work, file, number, "after", (), since)


def gate_of(file: RolloutFile, stage: str, key: str) -> Gate | None:
    """Return the gate of a stage by its key; None when there is none."""
    side, _point, place = key.partition(".")
    listed: Mapping[str, Sequence[Gate]] = {
        "before": file.checked().stage(stage).before,
        "after": file.checked().stage(stage).after,
    }
    gates = listed.get(side, ())
    return gates[int(place) - 1] if place.isdigit() and 0 < int(place) <= len(gates) else None


def _lines(
    work: EngineWork,
    file: RolloutFile,
    number: int,
    side: str,
    appliers: Collection[str],
    since: int,
    only: Collection[int] | None = None,
) -> list[GateLine]:
    rollout = file.checked()
    stage, digest = rollout.stages[number], stage_digest(file, number)
    gates: Sequence[Gate] = stage.before if side == "before" else stage.after
    if not gates:
        return []
    yeses = records.approvals(work.connection, rollout.name, stage.name, digest)
    passes = records.overrides(work.connection, rollout.name, stage.name, digest)
    lines = []
    for place, gate in enumerate(gates):
        if only is not None and place not in only:
            continue
        key = f"{side}.{place + 1}"
        agreed: dict[str, set[str]] = {}
        for one in yeses:
            if one.gate == key and one.operator not in appliers:
                agreed.setdefault(one.layer, set()).add(one.operator)
        reading = measure(work, gate, agreed)
        valid = [one for one in passes if one.gate == key and one.operator not in appliers and one.at > since]
        override = valid[-1] if valid and reading.stops and not isinstance(gate, ApprovalGate) else None
        lines.append(GateLine(stage=stage.name, key=key, reading=reading, override=override))
    return lines


def _approvals(
    work: EngineWork, file: RolloutFile, number: int, appliers: Collection[str]
) -> tuple[Needed, ...]:
    rollout = file.checked()
    stage, digest = rollout.stages[number], stage_digest(file, number)
    wanted = {layer: getattr(stage.approvals, layer.value) for layer in Layer}
    if not any(wanted.values()):
        return ()
    yeses = records.approvals(work.connection, rollout.name, stage.name, digest)
    needed = []
    for layer, count in wanted.items():
        if not count:
            continue
        names = [one.operator for one in yeses if not one.gate and one.layer == layer.value]
        needed.append(
            Needed(
                layer=layer.value,
                wanted=count,
                by=tuple(name for name in names if name not in appliers),
                not_counted=tuple(name for name in names if name in appliers),
            )
        )
    return tuple(needed)


def _reading_history(
    work: EngineWork, file: RolloutFile, number: int, situation: Situation
) -> Iterator[GateLine]:
    """Yield the modules of the stages in front that have not read all that they missed."""
    stages = file.checked().stages
    for stage in stages[:number]:
        for name in stage.modules:
            if name in situation.modules.catching_up:
                told = _("{module} still reads what happened before it was on").format(module=name)
                reading = GateReading(
                    kind=HISTORY,
                    name=name,
                    outcome=Outcome.INCONCLUSIVE,
                    wanted=_("all read"),
                    got="",
                    samples=0,
                    told=told,
                    todo=_("let a worker run: fenbu worker --once, or fenbu apply --wait"),
                    at=work.now,
                )
                yield GateLine(stage=stage.name, key=HISTORY, reading=reading)


def _held_up(line: GateLine) -> str:
    return f"{line.stage} {line.key} ({line.name} {line.reading.wanted}): {line.reading.told}"


def _lacking(approvals: Sequence[Needed]) -> Iterator[str]:
    for need in approvals:
        if need.missing:
            told = ngettext(
                "{count} yes of the layer {layer} is missing",
                "{count} yeses of the layer {layer} are missing",
                need.missing,
            ).format(count=need.missing, layer=need.layer)
            if need.not_counted:
                told += _(" ({names} applies it and does not count)").format(
                    names=", ".join(need.not_counted)
                )
            yield told
