"""What a rehearsal came to: how long each step took, what was read, what would have gone out, what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import attrs
from attrs import field, frozen

from fenbu.engine.rollout.ahead import ToRead
from fenbu.engine.rollout.document import of_gate, of_needed
from fenbu.engine.rollout.guards import Guards

_ENOUGH = 100
"""Deliveries by which a pace can be told."""


@frozen(kw_only=True)
class RehearsedStep:
    """A step of a stage that was done on the copy."""

    does: str
    """``enable``, ``set``, ``upgrade`` or ``disable``."""
    modules: tuple[str, ...]
    seconds: float


@frozen(kw_only=True)
class Reading:
    """Modules that came late reading what they missed, and everything else that was delivered after a stage."""

    history: tuple[ToRead, ...] = ()
    """What was to be read, with the plan's estimate."""
    deliveries: int = 0
    seconds: float = 0.0
    finished: bool = True
    """False: something waits that would not end by itself."""

    @property
    def events(self) -> int:
        """How many events were to be read."""
        return sum(one.events for one in self.history)

    @property
    def a_second(self) -> float | None:
        """Deliveries a second; None where there were too few to say."""
        return self.deliveries / self.seconds if self.deliveries >= _ENOUGH and self.seconds > 0 else None


@frozen(kw_only=True)
class RehearsedStage:
    """A stage that was applied to the copy."""

    name: str
    title: str
    guards: Guards
    """As they were on the copy before the stage; they stopped nothing."""
    steps: tuple[RehearsedStep, ...] = ()
    reading: Reading = field(factory=Reading)
    failed: str = ""
    """Why it could not be carried out; empty when it was."""
    way_out: str = ""

    @property
    def seconds(self) -> float:
        """How long the steps took."""
        return sum(step.seconds for step in self.steps)


@frozen(kw_only=True)
class Trouble:
    """Something that was well before the rehearsal and is not after it."""

    kind: Literal["delivery", "call", "problem", "check", "module"]
    what: str
    told: str
    way_out: str = ""


@frozen(kw_only=True)
class OutsideCall:
    """A call that would have gone out."""

    module: str
    operation: str
    subject: str
    amount: str = ""
    """With its currency; empty without money."""
    payload: Mapping[str, Any]
    """What it would have sent."""
    answered: str = ""
    """What the recorder said in the outside's place; empty when it was left open."""
    waiting: bool = False
    """It comes of what waited when the copy was made, so it goes out without the rollout too."""


@frozen(kw_only=True)
class Rehearsal:
    """A rollout, or the rest of one, applied to a copy."""

    rollout: str
    version: int
    title: str
    path: str
    enterprise: str
    at: datetime
    copied_seconds: float
    before: Reading
    """What waited when the copy was made, delivered first."""
    stages: tuple[RehearsedStage, ...]
    troubles: tuple[Trouble, ...]
    calls: tuple[OutsideCall, ...]
    kept: str = ""
    """Where the copy is; empty when it was removed."""

    @property
    def well(self) -> bool:
        """Every stage was carried out, all was delivered, and nothing went wrong."""
        finished = all(stage.reading.finished for stage in self.stages)
        return finished and not self.troubles and not any(stage.failed for stage in self.stages)

    @property
    def held_up(self) -> tuple[str, ...]:
        """Stages that would not have begun yet, because something guards them."""
        return tuple(stage.name for stage in self.stages if stage.guards.reasons)

    @property
    def seconds(self) -> float:
        """How long all of it took, without the copy."""
        return sum(stage.seconds + stage.reading.seconds for stage in self.stages)


def of_rehearsal(found: Rehearsal) -> dict[str, Any]:
    """Return a rehearsal as JSON-able document; seconds have three decimals."""
    return {
        "rollout": found.rollout,
        "version": found.version,
        "title": found.title,
        "file": found.path,
        "enterprise": found.enterprise,
        "at": found.at.isoformat(),
        "well": found.well,
        "held_up": list(found.held_up),
        "seconds": {"copying": round(found.copied_seconds, 3), "applying": round(found.seconds, 3)},
        "before": _reading(found.before),
        "stages": [_stage(stage) for stage in found.stages],
        "troubles": [attrs.asdict(one) for one in found.troubles],
        "calls": [attrs.asdict(one) for one in found.calls],
        "kept": found.kept or None,
    }


def _stage(stage: RehearsedStage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "title": stage.title,
        "gates": [of_gate(line) for line in stage.guards.gates],
        "approvals": [of_needed(need) for need in stage.guards.approvals],
        "held_up": list(stage.guards.reasons),
        "steps": [
            {"does": step.does, "modules": list(step.modules), "seconds": round(step.seconds, 3)}
            for step in stage.steps
        ],
        "reading": _reading(stage.reading),
        "failed": stage.failed or None,
        "way_out": stage.way_out,
    }


def _reading(reading: Reading) -> dict[str, Any]:
    pace = reading.a_second
    return {
        "history": [
            {"subscription": one.subscription, "events": one.events, "estimate": round(one.seconds, 3)}
            for one in reading.history
        ],
        "deliveries": reading.deliveries,
        "seconds": round(reading.seconds, 3),
        "deliveries_a_second": None if pace is None else round(pace, 1),
        "finished": reading.finished,
    }
