"""The verbs on a rollout that are acts of their own: say yes to a stage, let a gate be passed, free the lock.

Applying and rolling back are sequences of transactions and live above the kernel.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import delete

from fenbu import approvals
from fenbu.engine.assembly import ReadyAction
from fenbu.engine.guard import operators
from fenbu.engine.stages import lock, records
from fenbu.engine.stages.errors import NotInLayer
from fenbu.engine.store.tables import rollout_approval, rollout_lock, rollout_override
from fenbu.engine.work import EngineWork
from fenbu.errors import AlreadyExists, FieldProblem, InputInvalid, NotFound
from fenbu.i18n import N_, _
from fenbu.inputs import Input

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
GateName = Annotated[str, StringConstraints(pattern=r"^(before|after)\.[1-9]\d*$")]


class OfStage(Input):
    """A stage as one version of a file has it."""

    rollout: str = Field(min_length=1, description=N_("Name of the plan"))
    stage: str = Field(min_length=1, description=N_("Name of the stage"))
    digest: Digest = Field(
        description=N_("Of what the file says of the stage, as fenbu plan --json tells it")
    )


class Approve(OfStage):
    """A yes to a stage, or to one of its gates."""

    gate: GateName | Literal[""] = Field(
        "", description=N_("Gate that asks for it: before.1; else the stage")
    )
    layer: Literal["decision", "core", "functional", ""] = Field(
        "", description=N_("Layer for which one speaks; needed by who belongs to several")
    )


class OverrideGate(OfStage):
    """A gate that need not pass the next time."""

    gate: GateName = Field(description=N_("Gate, as the plan names it: before.1, after.2"))
    reason: str = Field(min_length=1, max_length=2000, description=N_("Why; kept and audited"))


class Unlock(Input):
    """The lock of the rollout is to be freed."""

    force: bool = Field(False, description=N_("Also when its holder may still live"))


def approve(work: EngineWork, wanted: Approve) -> dict[str, Any]:
    """Say yes to a stage as a file has it.

    Raises:
        NotInLayer: The actor does not belong to the layer, or to none.
        InputInvalid: The actor belongs to several layers and names none.
        SamePerson: The actor is applying it.
        AlreadyExists: The actor has said so before.
    """
    layer = _layer(work, wanted.layer)
    run = records.open_run(work.connection)
    if run is not None and (run.rollout, run.stage) == (wanted.rollout, wanted.stage):
        appliers = records.appliers(work.connection, run)
        approvals.require_another(work.actor, wanted.stage, [(one, _("is applying it")) for one in appliers])
    known = records.approvals(work.connection, wanted.rollout, wanted.stage, wanted.digest)
    if any((one.gate, one.layer, one.operator) == (wanted.gate, layer, work.actor.name) for one in known):
        raise AlreadyExists(_("approval of"), f"{wanted.stage} ({layer}, {work.actor.name})")
    row = {**_key(wanted), "gate": wanted.gate, "layer": layer, "operator": work.actor.name}
    work.execute(rollout_approval.insert(), row | {"at": work.transaction.at})
    return {"stage": wanted.stage, "gate": wanted.gate, "layer": layer, "operator": work.actor.name}


def withdraw(work: EngineWork, wanted: Approve) -> dict[str, Any]:
    """Take one's own yes back.

    Raises:
        NotFound: There is none.
    """
    of = rollout_approval.c
    mine = delete(rollout_approval).where(
        of.rollout == wanted.rollout,
        of.stage == wanted.stage,
        of.stage_digest == wanted.digest,
        of.gate == wanted.gate,
        of.operator == work.actor.name,
    )
    if wanted.layer:
        mine = mine.where(of.layer == wanted.layer)
    gone = work.execute(mine).rowcount
    if not gone:
        raise NotFound(_("approval by {operator} of").format(operator=work.actor.name), wanted.stage)
    return {"stage": wanted.stage, "gate": wanted.gate, "withdrawn": gone}


def override(work: EngineWork, wanted: OverrideGate) -> dict[str, Any]:
    """Let a gate be passed the next time by another operator, whatever it reads."""
    row = {**_key(wanted), "gate": wanted.gate, "operator": work.actor.name, "reason": wanted.reason}
    work.execute(rollout_override.insert(), row | {"at": work.transaction.at})
    return {"stage": wanted.stage, "gate": wanted.gate, "operator": work.actor.name}


def unlock(work: EngineWork, wanted: Unlock) -> dict[str, Any]:
    """Free the lock of the rollout; whoever held it can commit no further step.

    Raises:
        NotFound: Nobody holds it.
        Locked: Its holder may still live, and it is not forced.
    """
    found = lock.held(work.connection)
    if found is None:
        raise NotFound(_("lock of"), _("the rollout"), _("fenbu apply can begin"))
    if not found.dead and not wanted.force:
        raise found.refusal(work.transaction.at)
    work.execute(delete(rollout_lock).where(rollout_lock.c.token == found.token))
    return {
        "holder": found.operator,
        "verb": found.verb,
        "host": found.host,
        "pid": found.pid,
        "dead": found.dead,
    }


def _key(wanted: OfStage) -> dict[str, str]:
    return {"rollout": wanted.rollout, "stage": wanted.stage, "stage_digest": wanted.digest}


def _layer(work: EngineWork, named: str) -> str:
    """Return the layer for which the actor speaks."""
    mine = sorted(operators.layers(work.transaction.standing))
    if named and named not in mine:
        raise NotInLayer(work.actor.name, (named,))
    if not mine:
        raise NotInLayer(work.actor.name, ())
    if not named and len(mine) > 1:
        told = _("{actor} belongs to {layers}; say for which").format(
            actor=work.actor.name, layers=", ".join(mine)
        )
        raise InputInvalid("fenbu.rollout.approve", [FieldProblem("layer", told)])
    return named or mine[0]


ACTIONS: tuple[ReadyAction, ...] = (
    ReadyAction.of_kernel(
        "rollout.approve",
        N_("Say yes to a stage"),
        Approve,
        approve,
        help=N_("For a layer to which one belongs; a stage that the file changes needs it anew."),
        subject="stage",
    ),
    ReadyAction.of_kernel(
        "rollout.withdraw",
        N_("Take one's yes to a stage back"),
        Approve,
        withdraw,
        permission="fenbu.rollout.approve",
        subject="stage",
    ),
    ReadyAction.of_kernel(
        "rollout.override",
        N_("Let a gate be passed once"),
        OverrideGate,
        override,
        help=N_("Whatever it reads; another operator must apply the stage."),
        subject="stage",
    ),
    ReadyAction.of_kernel(
        "rollout.unlock",
        N_("Free the lock of the rollout"),
        Unlock,
        unlock,
        help=N_("Of a process that has died; with force also of one that may still live."),
    ),
)
"""What can be done about a rollout in one transaction."""
