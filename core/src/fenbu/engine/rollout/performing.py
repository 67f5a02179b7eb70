"""Doing one step: each is a transaction, and idempotent, so that what a person has done meanwhile does no harm."""

from __future__ import annotations

from collections.abc import Iterable

from fenbu.engine.catalog import resolver
from fenbu.engine.catalog.errors import ModuleBroken, StillNeeded
from fenbu.engine.catalog.modules import Module
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.rollout.ahead import waiting
from fenbu.engine.rollout.errors import WouldStrand
from fenbu.engine.settings import set_settings
from fenbu.engine.stages.records import Step
from fenbu.engine.states import disable, enable
from fenbu.engine.work import EngineWork

MIGRATING = frozenset({"enable", "upgrade"})
"""Kinds of steps that may make or rebuild tables."""


def perform(work: EngineWork, step: Step, reason: str) -> None:
    """Do a step in the caller's transaction, which holds the catalogue lock alone.

    Args:
        work: Of the kernel; it may make tables where `MIGRATING` says so.
        step: As planned.
        reason: Kept with work that is given up.

    Raises:
        WouldStrand: Modules are to go off, work is in flight, and nothing says what becomes of it.
        FenbuError: As enabling, upgrading, disabling and setting raise.
    """
    if step.settings or step.reset:
        _set(work, step)
    if step.kind == "enable":
        enable.enable(work, step.modules, begin=step.history or None)
    elif step.kind == "upgrade":
        enable.upgrade(work, step.modules)
    elif step.kind == "disable":
        refuse_to_strand(work, [step])
        disable.disable(work, step.modules, step.how or "drain", reason=reason)


def refuse_to_strand(work: EngineWork, steps: Iterable[Step]) -> None:
    """Refuse to switch modules off with work in flight, unless the plan says what becomes of it.

    Raises:
        WouldStrand: Names what is in flight.
    """
    for step in steps:
        if step.kind != "disable" or step.how:
            continue
        on = [name for name in step.modules if name in work.transaction.assembly.known.on]
        held = [one for one in disable.preview(work, on) if not one.at_rest]
        if held:
            told = [f"{count} {kind}" for found in held for kind, count, _examples in waiting(found)]
            raise WouldStrand(tuple(one.module for one in held), tuple(told))


def refuse_needed(work: EngineWork, steps: Iterable[Step]) -> None:
    """Refuse steps that would switch a module off while one that stays needs it: begun, they could not be ended.

    Raises:
        StillNeeded: Names the modules that stay, and what each needs.
    """
    known = work.transaction.assembly.catalog.read(work.connection, look_at_all=True)
    on = set(known.on)
    for step in steps:
        if step.kind == "enable":
            on.update(step.modules)
        elif step.kind == "disable":
            if needed := resolver.still_needed(step.modules, known.offers, on):
                raise StillNeeded(needed)
            on.difference_update(step.modules)


def _set(work: EngineWork, step: Step) -> None:
    module = _module(work, step.module)
    if module.loaded is None:
        raise ModuleBroken(module.name, module.distribution, module.reason, module.advice)
    model = resolve(module.loaded.manifest.settings, module=module.name)
    set_settings(work.connection, module.name, model, step.settings, step.reset)


def _module(work: EngineWork, name: str) -> Module:
    catalog = work.transaction.assembly.catalog
    return catalog.read(work.connection, look_at_all=True).by_name[name]
