"""Assembling: from what is enabled in the database to an `Assembly` that can run.

Every module is taken in on its own: one whose code raises, whose hooks do not fit or whose settings are no
longer valid is left out, reported as a problem, and asked for by the hooks that need it, so that nothing
slips through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

from attrs import define, field, frozen
from sqlalchemy import Connection, select

from fenbu.contracts import CONTRACTS
from fenbu.engine import problems
from fenbu.engine.assembly import Assembly, ReadyAction
from fenbu.engine.catalog import reference
from fenbu.engine.catalog.catalog import Catalog
from fenbu.engine.catalog.loading import LoadedModule
from fenbu.engine.catalog.modules import Module, Modules
from fenbu.engine.hooks import Plugin, dispatcher, implemented, specifications
from fenbu.engine.settings import settings_of
from fenbu.engine.store.tables import enterprise
from fenbu.errors import FenbuError
from fenbu.hooks import Hook
from fenbu.metrics import Check
from fenbu.settings import Settings
from fenbu.views import View
from fenbu.work import Enterprise


@frozen
class LeftOut:
    """A module that could not be taken in, and why."""

    module: str
    kind: str
    subject: str
    detail: str


@frozen
class Builtins:
    """What the kernel itself declares."""

    actions: tuple[ReadyAction, ...] = ()
    views: tuple[View, ...] = ()
    checks: tuple[Check, ...] = ()


@define
class _Parts:
    """What is gathered while modules are taken in one by one."""

    modules: dict[str, LoadedModule] = field(factory=dict)
    settings: dict[str, Settings] = field(factory=dict)
    plugins: list[Plugin] = field(factory=list)
    left_out: list[LeftOut] = field(factory=list)


def assemble(
    connection: Connection, catalog: Catalog, modules: Modules, builtins: Builtins
) -> tuple[Assembly, list[LeftOut]]:
    """Load everything that runs; what cannot be loaded is returned beside it.

    Args:
        connection: Reading or writing; the catalogue stands still in it.
        catalog: Of this process.
        modules: Read on the same connection.
        builtins: The kernel's own declarations.
    """
    parts = _Parts()
    specs = _specifications(modules, parts)
    for module in modules.running:
        if module.name not in {one.module for one in parts.left_out}:
            _take_in(connection, module, specs, parts, asked=module.name not in modules.catching_up)
    parts.plugins += [
        Plugin(name, None, hooks, draining=name in modules.draining)
        for name, hooks in modules.unavailable.items()
    ]
    row = connection.execute(select(enterprise)).one()
    assembly = Assembly(
        generation=row.generation,
        enterprise=Enterprise(row.name, row.currency, row.timezone),
        copy_of=row.copy_of,
        catalog=catalog,
        known=modules,
        modules=parts.modules,
        dispatcher=dispatcher(specs, parts.plugins),
        settings=parts.settings,
        builtin_actions=builtins.actions,
        builtin_views=builtins.views,
        builtin_checks=builtins.checks,
    )
    return assembly, parts.left_out


def hook_kinds(module: LoadedModule, others: Iterable[LoadedModule]) -> Mapping[str, str]:
    """Return the hooks that a module implements, to their kinds, for its snapshot.

    Raises:
        HookInvalid: It implements what no contract declares, or takes arguments that it is never given.
        ReferenceBroken: Its code cannot be imported.
    """
    if module.manifest.hooks is None:
        return {}
    specs = specifications(_contracts([module, *others]))
    plugin = reference.import_module(module.manifest.hooks, module=module.name)
    return {name: specs[name].kind.value for name in implemented(module.name, plugin, specs)}


def _specifications(modules: Modules, parts: _Parts) -> dict[str, Hook[..., Any]]:
    """Return all specifications; a module whose contracts cannot be loaded is left out."""
    specs = specifications(_contracts([]))
    for module in modules.running:
        try:
            brought = [reference.import_module(name, module=module.name) for name in _brought(module)]
            specs |= specifications(brought)
        except FenbuError as error:
            parts.left_out.append(LeftOut(module.name, problems.IMPORT, "contracts", str(error)))
            parts.plugins.append(_unavailable(module))
    return specs


def _take_in(
    connection: Connection, module: Module, specs: dict[str, Hook[..., Any]], parts: _Parts, *, asked: bool
) -> None:
    loaded = module.loaded
    if loaded is None:
        return
    manifest = loaded.manifest
    try:
        model = reference.resolve(manifest.settings, module=module.name)
        settings = settings_of(connection, module.name, model)
        plugin: ModuleType | None = None
        if manifest.hooks:
            plugin = reference.import_module(manifest.hooks, module=module.name)
            implemented(module.name, plugin, specs)
        for part in (manifest.views, manifest.metrics, manifest.checks, manifest.completeness):
            if part:
                reference.resolve(part, module=module.name)
    except FenbuError as error:
        kind = problems.HOOK if "hook" in error.code else problems.IMPORT
        parts.left_out.append(LeftOut(module.name, kind, error.where or "code", str(error)))
        parts.plugins.append(_unavailable(module))
        return
    parts.modules[module.name] = loaded
    parts.settings[module.name] = settings
    if asked:
        parts.plugins.append(Plugin(module.name, plugin, draining=module.draining))


def _unavailable(module: Module) -> Plugin:
    snapshot = module.row.snapshot if module.row else None
    hooks = tuple(snapshot.hooks) if snapshot else ()
    return Plugin(module.name, None, hooks, draining=module.draining)


def _contracts(modules: Iterable[LoadedModule]) -> list[ModuleType]:
    names = [name for module in modules for name in module.manifest.contracts]
    return [import_module(name) for name in CONTRACTS] + [
        reference.import_module(name) for name in dict.fromkeys(names)
    ]


def _brought(module: Module) -> tuple[str, ...]:
    return module.loaded.manifest.contracts if module.loaded else ()
