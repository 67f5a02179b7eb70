"""Drift: what was changed by hand since a file was applied; the next apply sets it right again, `adopt` keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from attrs import frozen

from fenbu.engine.rollout.model import Rollout
from fenbu.engine.rollout.situation import Situation
from fenbu.engine.rollout.steps import Course, secrets_of
from fenbu.values import MASK


@frozen(kw_only=True)
class Drifted:
    """Something that is not as the file that was applied says."""

    kind: Literal["module", "setting"]
    module: str
    name: str = ""
    """Of the setting."""
    planned: Any = None
    """``on`` or ``off`` of a module; the value of a setting, None for its default."""
    found: Any = None


def drift(situation: Situation, file: Rollout | None = None) -> Iterator[Drifted]:
    """Yield what differs from the plan that was applied last, in its order; nothing while no stage stands.

    Args:
        situation: As things are.
        file: The plan at hand: what is as it says has been adopted, and is no drift any more.
    """
    if situation.newest is None:
        return
    found = _differs(situation, situation.newest)
    if file is None:
        yield from found
        return
    left = {(one.kind, one.module, one.name) for one in _differs(situation, file)}
    yield from (one for one in found if (one.kind, one.module, one.name) in left)


def _differs(situation: Situation, rollout: Rollout) -> Iterator[Drifted]:
    """Yield what is not as a plan says, as far as its stages stand."""
    numbers = {stage.name: number for number, stage in enumerate(rollout.stages)}
    members = sorted(numbers[name] for name in situation.applied if name in numbers)
    course = Course(rollout, situation)
    for number in members:
        for step in course.carry_out(number):
            secret = secrets_of(situation, step.module) if step.settings or step.reset else frozenset()
            if step.kind == "enable":
                yield Drifted(kind="module", module=step.module, planned="on", found="off")
            if step.kind == "disable":
                yield from (
                    Drifted(kind="module", module=name, planned="off", found="on") for name in step.modules
                )
            for name in (*step.settings, *step.reset):
                planned, found = step.settings.get(name), step.before.get(name)
                if name in secret:
                    planned, found = planned and MASK, found and MASK
                yield Drifted(kind="setting", module=step.module, name=name, planned=planned, found=found)
    due = {name for number in members for name in rollout.stages[number].modules}
    for name in sorted((situation.on & rollout.modules.keys()) - due):
        yield Drifted(kind="module", module=name, planned="off", found="on")


def unplanned(situation: Situation, rollout: Rollout) -> Iterator[str]:
    """Yield the modules that are on and that a plan does not know."""
    yield from sorted(situation.modules.on - rollout.modules.keys())
