"""Taking a stage back: what its runs have done, undone in one go; rows are kept."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from sqlalchemy import Connection

from fenbu.engine.rollout.model import Rollout
from fenbu.engine.rollout.situation import Situation
from fenbu.engine.stages import records
from fenbu.engine.stages.records import Step


@frozen(kw_only=True)
class TakingBack:
    """What rolling a stage back would do, as far as it can be said before it stands."""

    modules: tuple[str, ...]
    """That would go off."""
    settings: tuple[str, ...]
    """That would go back to what they were, of modules that stay on."""
    in_flight: str
    """What becomes of work in flight: ``refuse``, ``drain``, ``park``, ``waive``."""
    upgraded: tuple[str, ...] = ()
    """Modules whose data stay with the newer code."""


def taking_back(rollout: Rollout, number: int, steps: Sequence[Step]) -> TakingBack:
    """Return what rolling a stage back would do once these steps are done."""
    coming = tuple(name for step in steps if step.kind == "enable" for name in step.modules)
    return TakingBack(
        modules=tuple(reversed(coming)),
        settings=tuple(
            f"{step.module}.{name}"
            for step in steps
            if step.kind == "set"
            for name in (*step.settings, *step.reset)
        ),
        in_flight=rollout.stages[number].rollback.in_flight,
        upgraded=tuple(name for step in steps if step.kind == "upgrade" for name in step.modules),
    )


def steps_back(
    connection: Connection, rollout: Rollout, stage: str, situation: Situation
) -> tuple[Step, ...]:
    """Return the steps that undo what the runs of a stage have done since it was last taken back.

    Settings of modules that stay on go back to what they were before the first of those runs; modules that the stage
    has switched on go off together, the last one first, and keep their settings with their rows.
    """
    switched: dict[str, None] = {}
    before: dict[tuple[str, str], tuple[bool, object]] = {}
    for step in _done(connection, rollout.name, stage):
        if step.kind == "enable":
            switched.update(dict.fromkeys(step.modules))
        for name in (*step.settings, *step.reset):
            was = (name in step.before, step.before.get(name))
            before.setdefault((step.module, name), was)
    on = situation.modules.on
    going = sorted(
        (name for name in switched if name in on),
        key=lambda name: situation.modules.by_name[name].place(),
        reverse=True,
    )
    steps: list[Step] = []
    if going:
        policy = rollout.stage(stage).rollback.in_flight
        steps.append(Step(kind="disable", modules=tuple(going), how="" if policy == "refuse" else policy))
    return (*steps, *_settings_back(before, situation, set(going)))


def _done(connection: Connection, rollout: str, stage: str) -> list[Step]:
    """Return the steps done for a stage since it was last taken back, in order."""
    found: list[Step] = []
    for run in records.runs(connection, rollout):
        if run.stage != stage:
            continue
        if run.verb == records.ROLLBACK:
            if run.outcome == "done":
                found.clear()
            continue
        found += [one.step for one in records.steps(connection, run.id) if one.done_at is not None]
    return found


def _settings_back(
    before: dict[tuple[str, str], tuple[bool, object]], situation: Situation, going: set[str]
) -> list[Step]:
    by_module: dict[str, dict[str, tuple[bool, object]]] = {}
    for (module, name), was in before.items():
        if module in situation.on and module not in going:
            by_module.setdefault(module, {})[name] = was
    steps = []
    for module, names in sorted(by_module.items()):
        stored = situation.settings.get(module, {})
        settings = {
            name: value
            for name, (known, value) in names.items()
            if known and (name not in stored or stored[name] != value)
        }
        reset = tuple(sorted(name for name, (known, _v) in names.items() if not known and name in stored))
        if settings or reset:
            kept = {name: stored[name] for name in (*settings, *reset) if name in stored}
            steps.append(Step(kind="set", modules=(module,), settings=settings, reset=reset, before=kept))
    return steps
