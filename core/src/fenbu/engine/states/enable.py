"""Enabling and upgrading: one transaction, up to catching up.

Migrations, seed, settings, subscriptions, snapshot, state and the event commit together or not at all. What
went wrong is noted as a problem, which is recorded when the transaction is over: the module is then
*quarantined* until it is tried again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs
from attrs import frozen
from sqlalchemy import Connection

from fenbu.contracts.module import ModuleEnabled
from fenbu.engine import binding, problems
from fenbu.engine.assembling import hook_kinds
from fenbu.engine.assembly import unknown
from fenbu.engine.catalog import resolver, states
from fenbu.engine.catalog.errors import EnablingFailed, ModuleBroken, SafeMode
from fenbu.engine.catalog.loading import LoadedModule
from fenbu.engine.catalog.modules import Module, Modules
from fenbu.engine.catalog.reference import package_of, resolve, told
from fenbu.engine.catalog.snapshot import migration_folder, take
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.flows import history, subscriptions
from fenbu.engine.settings import SettingInvalid, settings_of
from fenbu.engine.states import rows
from fenbu.engine.store import catalogue
from fenbu.engine.store.errors import MigrationFailed
from fenbu.engine.store.infrastructure import infrastructure
from fenbu.engine.store.savepoint import savepoint
from fenbu.engine.work import EngineWork
from fenbu.errors import DeclarationInvalid, FenbuError
from fenbu.i18n import _

S = ModuleState


@frozen
class Enabled:
    """What enabling came to."""

    enabled: tuple[str, ...] = ()
    """In the order in which it was done."""
    already: tuple[str, ...] = ()
    """Nothing was to do for these."""
    catching_up: tuple[str, ...] = ()
    """Those of them that read history first; a worker does it."""


Begin = str | Mapping[str, str] | None
"""How subscriptions begin: ``from_now`` for all, by name for some of them (``catch_up`` too), or as they declare."""


def enable(work: EngineWork, names: Sequence[str], *, begin: Begin = None) -> Enabled:
    """Let modules take part, all of them or none.

    Args:
        work: Of the kernel, in a transaction that holds the catalogue lock exclusively and may make tables.
        names: Modules in any order; those that are on already are passed over.
        begin: ``from_now`` to leave out what catching-up subscriptions have missed; as declared when None; a mapping
            says it of single subscriptions.

    Raises:
        Unknown: No package has a module of this name.
        SafeMode, StateRefused, ModuleBroken: It cannot be enabled as it is.
        RequirementsUnmet: With the chain of what is missing and the command that would do.
        MigrationFailed, EnablingFailed, DeclarationInvalid: Its own code is at fault; noted as a problem.
    """
    modules = _look(work, names)
    for name in names:
        _require("enable", modules.by_name[name])
    fresh = [name for name in dict.fromkeys(names) if not modules.by_name[name].runs]
    known = modules.on - set(fresh)
    order = resolver.enabling_order(fresh, modules.offers, known, modules.broken)
    going = [modules.by_name[name] for name in order]
    late = [module.name for module in going if _begin(work, module, going, begin)]
    back = [name for name in names if modules.by_name[name].state is S.DRAINING]
    for name in back:
        behind = name in modules.catching_up
        rows.move(work.connection, name, S.CATCHING_UP if behind else S.ENABLED, work.transaction.at)
    already = tuple(name for name in dict.fromkeys(names) if name not in (*order, *back))
    mended = [name for name in already if modules.by_name[name].problems]
    for name in mended:
        _forgive(work, name)
    if order or back or mended:
        catalogue.bump(work.connection)
    return Enabled((*order, *back), already, tuple(late))


def upgrade(work: EngineWork, names: Sequence[str] = ()) -> tuple[str, ...]:
    """Bring the data of modules up to the code that is installed; otherwise as `enable`.

    Args:
        work: As for `enable`.
        names: Those to upgrade; all that wait for it when empty.

    Returns:
        The modules upgraded, in the order in which they were enabled; empty when there was nothing to do.
    """
    modules = _look(work, names)
    chosen = [modules.by_name[name] for name in names or sorted(modules.on)]
    chosen = [module for module in chosen if module.state is S.UPGRADE_PENDING or names]
    for module in chosen:
        _require("upgrade", module)
        if module.loaded and module.loaded.version != module.version:
            raise ModuleBroken(module.name, module.distribution, module.reason, module.advice)
    waiting = [module for module in chosen if module.state is S.UPGRADE_PENDING]
    for module in sorted(waiting, key=Module.place):
        if gap := resolver.unmet(module.name, _offers_of_code(modules, waiting), modules.on)[0]:
            raise ModuleBroken(module.name, module.distribution, gap, module.advice)
        _begin(work, module, waiting, None)
    if waiting:
        catalogue.bump(work.connection)
    return tuple(module.name for module in waiting)


def _look(work: EngineWork, names: Iterable[str]) -> Modules:
    """Read all modules afresh, so that what was just installed or mended is seen."""
    catalog = work.transaction.assembly.catalog
    modules = catalog.read(work.connection, look_at_all=True, fresh=True)
    for name in names:
        if name not in modules.by_name:
            raise unknown(_("module"), name, modules.by_name)
        if catalog.safe:
            raise SafeMode(name)
    return modules


def _require(verb: str, module: Module) -> None:
    if verb == "enable" and module.runs:
        return
    if module.state is S.INCOMPATIBLE and module.loaded and not module.on:
        return  # the resolver tells the whole chain of what is missing
    states.require(verb, module.name, module.state, module.advice, module.reason)
    if module.loaded is None:
        raise ModuleBroken(module.name, module.distribution, module.reason, module.advice)


def _offers_of_code(modules: Modules, changed: Iterable[Module]) -> dict[str, resolver.Offer]:
    """Return what everything will offer once these run their installed code."""
    fresh = {
        one.name: resolver.Offer(
            one.name, one.version, one.loaded.manifest.requires, one.loaded.manifest.provides
        )
        for one in changed
        if one.loaded
    }
    return {**modules.offers, **fresh}


def _begin(work: EngineWork, module: Module, going: Sequence[Module], begin: Begin) -> bool:
    """Let one module begin or go on with its installed code.

    Args:
        work: Of the kernel.
        module: The one.
        going: All that begin in this transaction: their contracts are in force for each other.
        begin: As for `enable`.

    Returns:
        Whether it has history to read first.
    """
    loaded = module.loaded
    if loaded is None:
        raise ModuleBroken(module.name, module.distribution, module.reason, module.advice)
    try:
        late = _begin_parts(work, module, loaded, going, begin)
    except Exception as error:
        if not infrastructure(error):
            _note(work, module.name, error)
            work.transaction.assembly.catalog.set_aside(module.name, str(error))
        raise
    _forgive(work, module.name)
    return late


def _forgive(work: EngineWork, name: str) -> None:
    """Forget what was wrong with a module's code, now that it has been tried again."""
    for kind in (problems.IMPORT, problems.MIGRATION, problems.ENABLING, problems.HOOK):
        problems.clear(work.connection, name, kind)


def _begin_parts(
    work: EngineWork, module: Module, loaded: LoadedModule, going: Sequence[Module], begin: Begin
) -> bool:
    connection, at, manifest = work.connection, work.transaction.at, loaded.manifest
    for text in manifest.references():
        resolve(text, module=module.name)
    running = work.transaction.assembly.modules
    others = {**running, **{one.name: one.loaded for one in going if one.loaded}}
    hooks = hook_kinds(loaded, [one for one in others.values() if one.name != module.name])
    if folder := migration_folder(manifest):
        # Alembic takes half a second to import: nobody pays for it who enables nothing.
        from fenbu.engine.store.migrations import upgrade as migrate

        migrate(connection, module.name, folder)
    rows.keep(connection, take(loaded, hooks), S.ENABLED, at)
    _assemble(work, loaded)
    if manifest.seed and (module.row is None or module.row.snapshot is None):
        _seed(work, module.name, manifest.seed)
    late = _subscribe(work, loaded, begin, keep_pauses=module.on)
    if late:
        rows.move(connection, module.name, S.CATCHING_UP, at)
    work.publish(ModuleEnabled(module=module.name, version=loaded.version))
    return late


def _assemble(work: EngineWork, loaded: LoadedModule) -> None:
    """Let the rest of this transaction know the module and its settings, for its seed."""
    assembly = work.transaction.assembly
    try:
        model = resolve(loaded.manifest.settings, module=loaded.name)
        settings = settings_of(work.connection, loaded.name, model)
    except SettingInvalid as error:
        raise EnablingFailed(loaded.name, "settings", str(error)) from error
    work.transaction.assembly = attrs.evolve(
        assembly,
        modules={**assembly.modules, loaded.name: loaded},
        settings={**assembly.settings, loaded.name: settings},
    )


def _seed(work: EngineWork, name: str, reference: str) -> None:
    """Run a module's seed on its own behalf."""
    own = work.bound(name, read_only=False)
    try:
        with own.owned():
            resolve(reference, module=name)(own)
        own.session.flush()
    except (Exception, SystemExit) as error:
        if infrastructure(error):
            raise
        raise EnablingFailed(name, "seed", told(error, package_of(reference))) from error


def _subscribe(work: EngineWork, loaded: LoadedModule, begin: Begin, *, keep_pauses: bool) -> bool:
    """Let all subscriptions begin or go on, and end those that the code no longer has.

    Args:
        work: Of the kernel.
        loaded: The module.
        begin: As for `enable`.
        keep_pauses: The module was on, so a pause is an operator's or the breaker's and stays.
    """
    connection, at = work.connection, work.transaction.at
    before = {one.name: one for one in subscriptions.of_module(connection, loaded.name)}
    late = False
    for declared in loaded.manifest.subscriptions:
        kind = begin.get(declared.name) if isinstance(begin, Mapping) else begin
        subscriptions.enable(connection, binding.bound(loaded.name, declared), at=at, history=kind)
        late = _behind(connection, declared.name, at) or late
        known = before.pop(declared.name, None)
        if keep_pauses and known is not None and known.state in ("paused", "tripped"):
            subscriptions.pause(connection, declared.name, at=at, reason=known.state, state=known.state)
    for gone in before:
        subscriptions.drop(connection, gone, at=at, reason=f"{loaded.package} no longer has it")
    return late


class _SomethingToRead(Exception):
    """Undoes a look at the log that found events."""


def _behind(connection: Connection, name: str, at: int) -> bool:
    """Say whether a subscription has history to read; one that wants nothing of the log is past it at once."""
    try:
        with savepoint(connection):
            one = subscriptions.find(connection, name)
            while one.history_end:
                made, _done = history.expand(connection, one.id, at)
                before, one = one, subscriptions.find(connection, name)
                if made or one == before:
                    raise _SomethingToRead
    except _SomethingToRead:
        return True
    return False


def _note(work: EngineWork, name: str, error: Exception) -> None:
    """Note what went wrong with a module's own code; it is recorded when this transaction is undone."""
    kinds: dict[type[Any], tuple[str, str]] = {
        MigrationFailed: (problems.MIGRATION, getattr(error, "revision", "")),
        EnablingFailed: (problems.ENABLING, getattr(error, "step", "")),
        DeclarationInvalid: (problems.ENABLING, getattr(error, "text", "") or getattr(error, "hook", "")),
    }
    found = next((named for kind, named in kinds.items() if isinstance(error, kind)), None)
    if found is None and isinstance(error, FenbuError):
        return  # a rule's word about the request, not about the module
    kind, subject = found or (problems.ENABLING, type(error).__name__)
    work.note_problem(name, kind, subject, str(error))
