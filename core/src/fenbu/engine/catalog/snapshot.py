"""What is stored of a module when it is enabled, so that it is known when its package is gone.

Plain JSON in the module's row. Disabling, the refusal of hooks that cannot be answered, and the plan read
it; a newer package is recognised by comparing it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from fenbu import API_VERSION
from fenbu.engine.catalog.errors import ReferenceBroken
from fenbu.engine.catalog.loading import LoadedModule
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.catalog.resolver import Offer
from fenbu.i18n import _
from fenbu.manifest import Manifest


def _names(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@frozen(kw_only=True)
class SubscribedTo:
    """A subscription as it was when its module was enabled."""

    history: str
    replayable: bool
    topics: Mapping[str, str | None]
    """Topic with version to the route value it is limited to."""


@frozen(kw_only=True)
class Snapshot:
    """A module as it was when it was enabled."""

    name: str
    title: str
    version: str
    distribution: str
    api: str = API_VERSION
    requires: tuple[str, ...] = field(default=(), converter=_names)
    provides: tuple[str, ...] = field(default=(), converter=_names)
    tables: tuple[str, ...] = field(default=(), converter=_names)
    """Names in the database, sorted."""
    migrations: tuple[str, ...] = field(default=(), converter=_names)
    """Names of the revision files, sorted: newer code is recognised by them without importing Alembic."""
    hooks: Mapping[str, str] = field(factory=dict)
    """Hooks it implements, to their kind."""
    subscriptions: Mapping[str, SubscribedTo] = field(factory=dict)
    actions: tuple[str, ...] = field(default=(), converter=_names)
    permissions: tuple[str, ...] = field(default=(), converter=_names)
    calls: tuple[str, ...] = field(default=(), converter=_names)

    @property
    def offer(self) -> Offer:
        """The module as the resolver sees it."""
        return Offer(self.name, self.version, self.requires, self.provides)

    def to_json(self) -> str:
        """Return the text for the module's row."""
        return json.dumps(attrs.asdict(self), ensure_ascii=False, separators=(",", ":"))


def take(module: LoadedModule, hooks: Mapping[str, str]) -> Snapshot:
    """Return everything worth keeping of a module; imports its tables.

    Args:
        module: Loaded.
        hooks: Names of the hooks it implements, to their kinds.
    """
    names: list[str] = []
    if module.manifest.tables:
        names = sorted(resolve(module.manifest.tables, module=module.name).metadata.tables)
    return attrs.evolve(declared(module), tables=names, hooks=hooks)


def declared(module: LoadedModule) -> Snapshot:
    """Return what the manifest alone tells, importing no code: without tables and hooks."""
    manifest = module.manifest
    return Snapshot(
        name=module.name,
        title=manifest.title,
        version=module.version,
        distribution=module.distribution,
        requires=manifest.requires,
        provides=manifest.provides,
        migrations=migration_names(manifest),
        subscriptions={
            one.name: SubscribedTo(
                history=one.history,
                replayable=one.replayable,
                topics={topic: one.route.get(topic) for topic in one.on},
            )
            for one in manifest.subscriptions
        },
        actions=sorted(action.name for action in manifest.actions),
        permissions=sorted({action.permission for action in manifest.actions}),
        calls=sorted(call.operation for call in manifest.calls),
    )


def differs(stored: Snapshot, code: Snapshot) -> str:
    """Say how the code's declarations differ from what was enabled; empty when they do not."""
    if code.version != stored.version:
        told = _("its code is {code}, its data {stored}")
        return told.format(code=code.version, stored=stored.version)
    if code.migrations != stored.migrations:
        fresh = sorted(set(code.migrations) ^ set(stored.migrations))
        return _("its migrations have changed ({names})").format(names=", ".join(fresh))
    same = attrs.evolve(code, tables=stored.tables, hooks=stored.hooks, title=stored.title, api=stored.api)
    if attrs.evolve(same, distribution=stored.distribution) != stored:
        return _("its declarations have changed")
    return ""


def from_json(text: str) -> Snapshot:
    """Read a stored snapshot; fields that this version does not know are passed over."""
    values: dict[str, Any] = json.loads(text)
    known = {attribute.name for attribute in attrs.fields(Snapshot)}
    kept = {name: value for name, value in values.items() if name in known}
    kept["subscriptions"] = {
        name: SubscribedTo(**value) for name, value in kept.get("subscriptions", {}).items()
    }
    return Snapshot(**kept)


def migration_folder(manifest: Manifest) -> Path | None:
    """Return the folder of a module's migrations; None when it has none.

    Raises:
        ReferenceBroken: The package is not there or is no folder.
    """
    if manifest.migrations is None:
        return None
    package, _dot, folder = manifest.migrations.rpartition(".")
    for place in getattr(
        sys.modules.get(package), "__path__", ()
    ):  # a tenth of the cost of asking all finders
        if (found := Path(place, folder)).is_dir():
            return found
    try:
        spec = find_spec(manifest.migrations)
    except (ImportError, ValueError):
        spec = None
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise ReferenceBroken(manifest.name, manifest.migrations, _("there is no such package"))
    return Path(places[0])


def migration_names(manifest: Manifest) -> tuple[str, ...]:
    """Return the names of a module's revision files without reading them."""
    folder = migration_folder(manifest)
    if folder is None:
        return ()
    with os.scandir(folder) as found:
        names = [entry.name.removesuffix(".py") for entry in found if entry.name.endswith(".py")]
    return tuple(sorted(name for name in names if not name.startswith("_")))
