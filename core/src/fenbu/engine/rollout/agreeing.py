"""Saying yes to a stage, letting a gate be passed, freeing the lock: actions of `engine/stages`, by file and name."""

from __future__ import annotations

from typing import Any

from fenbu.engine.kernel import Kernel, Performed
from fenbu.engine.rollout.digests import stage_digest
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.guards import gate_of
from fenbu.engine.rollout.model import ApprovalGate, CheckGate, MetricGate, Stage
from fenbu.engine.rollout.plan import nearest_name
from fenbu.errors import Refused, Unknown
from fenbu.i18n import _


class NothingToOverride(Refused):
    """A yes is not overridden but said."""

    exit_code = 64

    def __str__(self) -> str:
        return _("this gate asks for a yes, and that is not overridden but said")

    @property
    def hint(self) -> str:
        return _("fenbu approve STAGE --gate GATE")


def approve(
    kernel: Kernel, file: RolloutFile, stage: str, *, layer: str = "", gate: str = "", withdraw: bool = False
) -> Performed:
    """Say yes to a stage as the file has it, or to one of its gates; or take that back.

    Args:
        kernel: Of the enterprise; its actor says so.
        file: With the stage; a stage that it changes later needs the yes anew.
        stage: Its name.
        layer: For which the actor speaks; needed by who belongs to several.
        gate: ``before.1``, when a gate asks for it.
        withdraw: Take one's own yes back.

    Raises:
        Unknown: There is no such stage or gate.
        NotInLayer, SamePerson, AlreadyExists, InputInvalid, NotPermitted: As `engine.stages.actions` says.
    """
    if gate and not isinstance(gate_of(file, _stage(file, stage).name, gate), ApprovalGate):
        raise Unknown(_("gate that asks for a yes"), gate, *nearest_name(gate, _asking(file, stage)))
    values = {**_key(file, stage), "layer": layer, "gate": gate}
    return kernel.perform("fenbu.rollout.withdraw" if withdraw else "fenbu.rollout.approve", values)


def override(kernel: Kernel, file: RolloutFile, stage: str, gate: str, reason: str) -> Performed:
    """Let a gate be passed the next time by another operator.

    Args:
        kernel: Of the enterprise; its actor answers for it.
        file: With the stage.
        stage: In which the gate stands.
        gate: ``before.1``, or the metric or check that it asks.
        reason: Why.

    Raises:
        Unknown: There is no such stage or gate.
        NothingToOverride: The gate asks for a yes.
        NotPermitted, InputInvalid: As of any action.
    """
    key = gate_key(file, stage, gate)
    if isinstance(gate_of(file, stage, key), ApprovalGate):
        raise NothingToOverride
    return kernel.perform("fenbu.rollout.override", {**_key(file, stage), "gate": key, "reason": reason})


def unlock(kernel: Kernel, *, force: bool = False) -> Performed:
    """Free the lock of the rollout.

    Raises:
        NotFound: Nobody holds it.
        Locked: Its holder may still live, and it is not forced.
        NotPermitted: The actor may not.
    """
    return kernel.perform("fenbu.rollout.unlock", {"force": force})


def gate_key(file: RolloutFile, stage: str, name: str) -> str:
    """Return the key of a gate by its key or by what it asks.

    Raises:
        Unknown: The stage has no such gate, or several.
    """
    known = _gates(_stage(file, stage))
    if name in known:
        return name
    alike = [key for key, asks in known.items() if asks == name]
    if len(alike) == 1:
        return alike[0]
    names = alike or [*known, *filter(None, known.values())]
    raise Unknown(_("gate of {stage}").format(stage=stage), name, *nearest_name(name, names))


def _stage(file: RolloutFile, name: str) -> Stage:
    names = [stage.name for stage in file.checked().stages]
    if name not in names:
        raise Unknown(_("stage"), name, *nearest_name(name, names))
    return file.checked().stage(name)


def _key(file: RolloutFile, stage: str) -> dict[str, Any]:
    rollout = file.checked()
    number = rollout.stages.index(_stage(file, stage))
    return {"rollout": rollout.name, "stage": stage, "digest": stage_digest(file, number)}


def _gates(stage: Stage) -> dict[str, str]:
    """Return the keys of a stage's gates, to the metric or check that they ask."""
    found = {}
    for side, gates in (("before", stage.before), ("after", stage.after)):
        for place, gate in enumerate(gates, 1):
            asks = (
                gate.metric
                if isinstance(gate, MetricGate)
                else gate.check
                if isinstance(gate, CheckGate)
                else ""
            )
            found[f"{side}.{place}"] = asks
    return found


def _asking(file: RolloutFile, stage: str) -> list[str]:
    return [key for key in _gates(_stage(file, stage)) if isinstance(gate_of(file, stage, key), ApprovalGate)]
