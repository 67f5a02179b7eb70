"""What stands beside the steps of a stage: what they bring, take away, touch and cost; counted, never decided by."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from attrs import frozen
from sqlalchemy import text

from fenbu.contracts.module import module_in_flight
from fenbu.engine.assembling import hook_kinds
from fenbu.engine.catalog import resolver
from fenbu.engine.catalog.loading import LoadedModule
from fenbu.engine.catalog.modules import Module, Modules
from fenbu.engine.catalog.snapshot import Snapshot, declared, migration_folder
from fenbu.engine.flows.history import Missed
from fenbu.engine.stages.records import Step
from fenbu.engine.states import disable
from fenbu.engine.work import EngineWork
from fenbu.errors import FenbuError
from fenbu.events import parse_topic
from fenbu.i18n import _
from fenbu.manifest import CATCH_UP

_PACE = text("SELECT avg(ms) FROM (SELECT ms FROM fenbu_delivered ORDER BY seq DESC LIMIT 1000) latest")
_USUAL = 2.0
"""Milliseconds an event, where nothing has been delivered yet by which to judge."""
_LEAST = 0.2


@frozen
class Migration:
    """A change of a module's tables."""

    module: str
    name: str
    unsafe: str = ""
    """Why it must not run beside daily work; empty when it may."""
    irreversible: str = ""
    """Why it cannot be undone; empty when it can."""


@frozen
class ToRead:
    """A subscription that reads what happened before it was on."""

    subscription: str
    events: int
    seconds: float
    """An estimate, by the pace of what was delivered lately."""


@frozen
class Flow:
    """An arrow of the flow map: events of one module for a subscription of another."""

    module: str
    topic: str
    subscription: str


@frozen
class Touched:
    """Business in flight that involves a module."""

    module: str
    kind: str
    count: int
    examples: tuple[str, ...] = ()
    stays: bool = True
    """It goes on the old way; no when the module is switched off and the file says what becomes of it."""


@frozen(kw_only=True)
class Ahead:
    """What the steps of a stage come to."""

    migrations: tuple[Migration, ...] = ()
    history: tuple[ToRead, ...] = ()
    permissions: tuple[str, ...] = ()
    """That nobody could hold before."""
    hooks_gained: tuple[str, ...] = ()
    """``module: hook``."""
    hooks_lost: tuple[str, ...] = ()
    flows_gained: tuple[Flow, ...] = ()
    flows_lost: tuple[Flow, ...] = ()
    unmet: tuple[str, ...] = ()
    """What a module that is on then needs and nobody would provide, or code that cannot be loaded."""
    in_flight: tuple[Touched, ...] = ()


def ahead(work: EngineWork, modules: Modules, steps: Sequence[Step], on: Collection[str]) -> Ahead:
    """Return what steps come to.

    Args:
        work: To ask with.
        modules: All that are known.
        steps: Of one stage.
        on: Modules that are on before it.
    """
    if not steps:
        return Ahead()
    coming = [modules.by_name[name] for step in steps if step.kind == "enable" for name in step.modules]
    upgraded = [modules.by_name[name] for step in steps if step.kind == "upgrade" for name in step.modules]
    going = [modules.by_name[name] for step in steps if step.kind == "disable" for name in step.modules]
    before = {name: modules.by_name[name] for name in on if name in modules.by_name}
    gone = {module.name for module in going}
    after = {**before, **{module.name: module for module in coming}}
    after = {name: module for name, module in after.items() if name not in gone}
    kept = set(_flows(after)) & set(_flows(before))
    unmet = [*_unmet(modules, before, after)]
    return Ahead(
        migrations=tuple(one for module in (*coming, *upgraded) for one in _migrations(work, module, unmet)),
        history=tuple(_history(work, steps, modules)),
        permissions=tuple(_permissions(before, coming)),
        hooks_gained=tuple(one for module in coming for one in _hooks(module, after, unmet)),
        hooks_lost=tuple(f"{module.name}: {hook}" for module in going for hook in _stored_hooks(module)),
        flows_gained=tuple(one for one in _flows(after) if one not in kept),
        flows_lost=tuple(one for one in _flows(before) if one not in kept),
        unmet=tuple(unmet),
        in_flight=tuple(_touched(work, steps)),
    )


def _unmet(modules: Modules, before: Collection[str], after: Collection[str]) -> Iterator[str]:
    """Yield what those that are on then lack, and did not lack before."""
    for name in sorted(after):
        told = resolver.unmet(name, modules.offers, after)[0]
        if told and not (name in before and resolver.unmet(name, modules.offers, before)[0]):
            yield told


def _migrations(work: EngineWork, module: Module, unmet: list[str]) -> Iterator[Migration]:
    if module.loaded is None:
        return
    try:
        yield from _pending(work, module.loaded, module.row.snapshot if module.row else None)
    except FenbuError as error:
        unmet.append(str(error))


def _pending(work: EngineWork, loaded: LoadedModule, snapshot: Snapshot | None) -> Iterator[Migration]:
    names = declared(loaded).migrations
    folder = migration_folder(loaded.manifest)
    if folder is None or (snapshot is not None and set(names) <= set(snapshot.migrations)):
        return
    if snapshot is None:  # there is nothing that it could lose yet
        yield from (Migration(loaded.name, name) for name in names)
        return
    from fenbu.engine.store.migrations import pending  # Alembic takes half a second to import

    for step in pending(work.connection, loaded.name, folder):
        name = f"{step.revision} {step.title}".strip()
        yield Migration(loaded.name, name, step.unsafe, step.irreversible)


def _history(work: EngineWork, steps: Sequence[Step], modules: Modules) -> Iterator[ToRead]:
    """Yield the subscriptions that would read what they have missed, with how much that is."""
    missed, pace = Missed(work.connection), None
    for step in steps:
        for name in step.modules if step.kind == "enable" else ():
            loaded = modules.by_name[name].loaded
            for one in loaded.manifest.subscriptions if loaded else ():
                if step.history.get(one.name, one.history) != CATCH_UP:
                    continue
                if (events := missed.by(one)) is not None:
                    pace = pace or max(_LEAST, float(work.execute(_PACE).scalar() or _USUAL))
                    yield ToRead(one.name, events, events * pace / 1000)


def _permissions(before: Mapping[str, Module], coming: Sequence[Module]) -> Iterator[str]:
    known = {name for module in before.values() for name in _asked(module.loaded)}
    for module in coming:
        yield from (name for name in _asked(module.loaded) if name not in known)


def _asked(loaded: LoadedModule | None) -> list[str]:
    return sorted({action.permission for action in loaded.manifest.actions}) if loaded else []


def _hooks(module: Module, after: Mapping[str, Module], unmet: list[str]) -> Iterator[str]:
    if module.loaded is None:
        return
    others = [one.loaded for one in after.values() if one.loaded and one.name != module.name]
    try:
        for hook in hook_kinds(module.loaded, others):
            yield f"{module.name}: {hook}"
    except FenbuError as error:
        unmet.append(str(error))


def _stored_hooks(module: Module) -> Sequence[str]:
    return tuple(module.row.snapshot.hooks) if module.row and module.row.snapshot else ()


def _flows(on: Mapping[str, Module]) -> Iterator[Flow]:
    """Yield the arrows between modules that are on."""
    for name in sorted(on):
        loaded = on[name].loaded
        for one in loaded.manifest.subscriptions if loaded else ():
            for topic in sorted({parse_topic(told)[0] for told in one.on}):
                if (publisher := topic.partition(".")[0]) in on:
                    yield Flow(publisher, topic, one.name)


def _touched(work: EngineWork, steps: Sequence[Step]) -> Iterator[Touched]:
    """Yield what is in flight: beside modules that come it goes on the old way, and modules that go leave it."""
    for step in steps:
        if step.kind == "disable":
            for found in disable.preview(work, step.modules):
                yield from (Touched(found.module, *one, stays=False) for one in waiting(found))
        if step.kind in ("enable", "upgrade"):
            for name in step.modules:
                for answer in work.ask(module_in_flight, module=name):
                    yield from (
                        Touched(name, one.kind, one.count, one.examples) for one in answer if one.count
                    )


def waiting(found: disable.Waiting) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Yield what waits for a module that is to go: kind in words, how many, examples."""
    yield from ((one.kind, one.count, one.examples) for one in found.in_flight if one.count)
    waits = sum(states.get("waiting", 0) for states in found.deliveries.values())
    if waits:
        yield _("deliveries that wait"), waits, ()
    if found.unread:
        yield _("events still to read"), found.unread, ()
    if found.calls:
        yield _("open calls"), found.calls, ()
