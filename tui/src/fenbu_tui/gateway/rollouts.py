"""The rollout as the overview shows it: the stages as a track, what the next one asks, the next step."""

from __future__ import annotations

import time

from attrs import frozen

from fenbu.engine.rollout.gates import Outcome
from fenbu.engine.rollout.guards import GateLine as Gate
from fenbu.engine.rollout.plan import StagePlan
from fenbu.engine.rollout.status import Status, status
from fenbu.engine.store.errors import StoreError
from fenbu.errors import FenbuError, NotFound
from fenbu.i18n import N_, _, language
from fenbu_tui.gateway.base import EnginePart
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Standing
from fenbu_tui.world.overview import GateLine, StageLine

FRESH = 10.0
"""Seconds for which a reading of the rollout is shown: a plan measures every gate."""
STANDINGS = {
    "waiting": (N_("waiting"), Tone.QUIET),
    "applied": (N_("applied"), Tone.GOOD),
    "half-applied": (N_("half-applied"), Tone.BUSY),
    "half rolled back": (N_("half rolled back"), Tone.BUSY),
    "rolled back": (N_("rolled back"), Tone.QUIET),
}
_OUTCOMES = {
    Outcome.PASS: (N_("passes"), Tone.GOOD),
    Outcome.FAIL: (N_("fails"), Tone.BAD),
    Outcome.INCONCLUSIVE: (N_("not known yet"), Tone.WARN),
}


@frozen
class RolloutState:
    """How the rollout stands; empty when none was applied."""

    stages: tuple[StageLine, ...] = ()
    gates: tuple[GateLine, ...] = ()
    next: str = ""
    trouble: str = ""
    """Why nothing can be said."""


class RolloutPart(EnginePart):
    """Reads the rollout, seldom: measuring gates may cost."""

    _rollout: tuple[float, str, RolloutState] | None = None
    """When it was read, and in which language."""

    def _rollout_state(self) -> RolloutState:
        """Return how the rollout stands, as of some seconds ago at most; within `_reaching`."""
        known = self._rollout
        if known is None or time.monotonic() - known[0] > FRESH or known[1] != language():
            self._rollout = known = (time.monotonic(), language(), self._look_at_rollout())
        return known[2]

    def _look_at_rollout(self) -> RolloutState:
        try:
            found = status(self._kernel)
        except NotFound:
            return RolloutState()
        except StoreError:
            raise
        except FenbuError as error:
            return RolloutState(trouble=f"{error} {error.hint}".strip())
        return state_of(found)


def state_of(found: Status) -> RolloutState:
    """Return a rollout's status in lines."""
    chosen = found.plan.chosen[0] if found.plan.chosen else None
    return RolloutState(
        stages=tuple(_stage(one, chosen) for one in found.plan.stages),
        gates=tuple(_gate(one) for one in chosen.guards.gates) if chosen else (),
        next=found.next,
    )


def _stage(stage: StagePlan, chosen: StagePlan | None) -> StageLine:
    word, tone = STANDINGS[stage.standing]
    return StageLine(stage.number + 1, _(stage.title) or stage.name, Standing(_(word), tone), stage is chosen)


def verdict(line: Gate) -> tuple[str, Tone]:
    """Return how a gate stands, in a word of now."""
    if line.override is not None:
        return _("passed by decision"), Tone.WARN
    word, tone = _OUTCOMES[line.reading.outcome]
    return _(word), tone


def _gate(line: Gate) -> GateLine:
    reading, stands = line.reading, Standing(*verdict(line))
    told = reading.got or reading.told
    if reading.kind == "check":  # passes or fails, which stands there already
        return GateLine(reading.name, "" if told in (reading.wanted, "failed") else told, stands)
    return GateLine(f"{reading.name} {reading.wanted}".strip(), told, stands)
