"""A plan as JSON-able document, for scripts and to be saved; secrets are masked in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from fenbu.engine.rollout.by_hand import Drifted
from fenbu.engine.rollout.guards import GateLine, Needed
from fenbu.engine.rollout.plan import Plan, PlannedStep, StagePlan


def of_plan(plan: Plan) -> dict[str, Any]:
    """Return a plan as document; moments are ISO text, numbers of gates text."""
    return {
        "rollout": plan.rollout,
        "version": plan.version,
        "title": plan.title,
        "file": plan.path,
        "file_digest": plan.file_digest,
        "serial": plan.serial,
        "digest": plan.digest,
        "made_at": plan.made_at.isoformat(),
        "made_by": plan.made_by,
        "expires_at": plan.expires_at.isoformat(),
        "stage": plan.stage,
        "through": plan.through,
        "nothing_to_do": plan.nothing_to_do,
        "held_up": list(plan.held_up),
        "unfinished": (
            {"stage": plan.unfinished.stage, "verb": plan.unfinished.verb, "run": plan.unfinished.id}
            if plan.unfinished
            else None
        ),
        "stages": [of_stage(stage) for stage in plan.stages],
        "drift": [of_drift(one) for one in plan.drift],
        "unplanned": list(plan.unplanned),
    }


def of_stage(stage: StagePlan) -> dict[str, Any]:
    """Return a stage of a plan as document."""
    return {
        "name": stage.name,
        "title": stage.title,
        "goal": stage.goal,
        "digest": stage.digest,
        "modules": list(stage.modules),
        "standing": stage.standing,
        "since": stage.since.isoformat() if stage.since else None,
        "by": stage.by or None,
        "change": stage.change or None,
        "chosen": stage.chosen,
        "steps": [of_step(one) for one in stage.steps],
        "gates": [of_gate(line) for line in stage.guards.gates],
        "approvals": [of_needed(need) for need in stage.guards.approvals],
        "ahead": attrs.asdict(stage.ahead),
        "rollback": attrs.asdict(stage.taking_back) if stage.taking_back else None,
    }


def of_step(planned: PlannedStep) -> dict[str, Any]:
    """Return a step as document: what it does to which modules, each setting before and after."""
    step = planned.step
    told: dict[str, Any] = {"does": step.kind, "modules": list(step.modules)}
    if step.settings or step.reset:
        told["settings"] = {
            name: {"before": planned.shown(name, "before"), "after": planned.shown(name)}
            for name in (*step.settings, *step.reset)
        }
        told["reset"] = list(step.reset)
    if step.history:
        told["history"] = dict(step.history)
    if step.kind == "disable":
        told["how"] = step.how or "refuse"
    return told


def of_gate(line: GateLine) -> dict[str, Any]:
    """Return a gate with its reading as document."""
    reading = line.reading
    return {
        "stage": line.stage,
        "gate": line.key,
        "kind": reading.kind,
        "name": reading.name,
        "outcome": str(reading.outcome),
        "wanted": reading.wanted,
        "got": reading.got,
        "samples": reading.samples,
        "told": reading.told,
        "why": reading.why,
        "dry_run": reading.dry_run,
        "at": reading.at.isoformat(),
        "stops": line.stops,
        "override": _override(line),
    }


def of_needed(need: Needed) -> dict[str, Any]:
    """Return what is needed of a layer as document."""
    return {
        "layer": need.layer,
        "wanted": need.wanted,
        "by": list(need.by),
        "missing": need.missing,
        "not_counted": list(need.not_counted),
    }


def of_drift(one: Drifted) -> dict[str, Any]:
    """Return something that has drifted as document."""
    return attrs.asdict(one)


def _override(line: GateLine) -> Mapping[str, Any] | None:
    if line.override is None:
        return None
    return {"operator": line.override.operator, "reason": line.override.reason}
