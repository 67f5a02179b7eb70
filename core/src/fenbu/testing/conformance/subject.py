"""The module under test: its manifest, what that names, and what others have declared."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from fenbu.contracts import CONTRACTS
from fenbu.engine.catalog.discovery import discover
from fenbu.engine.catalog.loading import Broken, LoadedModule, load
from fenbu.engine.catalog.reference import package_of, resolve
from fenbu.engine.hooks import specifications
from fenbu.errors import FenbuError
from fenbu.events import event_type, events_of
from fenbu.hooks import Hook
from fenbu.manifest import Manifest


class NotInstalled(LookupError):
    """There is no module of this name to test."""


class Subject:
    """A module by its name, found as the kernel finds it."""

    def __init__(self, name: str) -> None:
        discovery = discover(fresh=True)
        if name not in discovery.modules:
            there = ", ".join(discovery.names) or "none"
            raise NotInstalled(
                f"There is no module {name!r} in this environment (found: {there}). Install it, `pip install -e .`, "
                f'with an entry point in the group fenbu.modules: {name} = "your_package.manifest:MANIFEST".'
            )
        self.found = discovery.modules[name]
        loaded = load(self.found)
        if isinstance(loaded, Broken):
            raise loaded.refusal()
        self.loaded: LoadedModule = loaded

    @property
    def name(self) -> str:
        return self.loaded.name

    @property
    def manifest(self) -> Manifest:
        return self.loaded.manifest

    @property
    def package(self) -> str:
        """The top package of the manifest (``fenbu_tea``)."""
        return package_of(self.found.value)

    @cached_property
    def folder(self) -> Path:
        """Where the package's sources are."""
        spec = find_spec(self.package)
        assert spec is not None and spec.submodule_search_locations, self.package
        return Path(next(iter(spec.submodule_search_locations)))

    def sources(self) -> Iterator[Path]:
        """Yield the package's Python files, migrations left out."""
        for file in sorted(self.folder.rglob("*.py")):
            if "migrations" not in file.relative_to(self.folder).parts:
                yield file

    def resolve(self, text: str) -> Any:
        """Return what the manifest names; `ReferenceBroken` when it is not there."""
        return resolve(text, module=self.name)

    def declared(self, part: str) -> tuple[Any, ...]:
        """Return what the manifest's ``views``, ``metrics``, ``checks`` or ``lifecycles`` names; empty without."""
        text = getattr(self.manifest, part)
        return tuple(self.resolve(text)) if text else ()

    @property
    def metadata(self) -> Any:
        """MetaData of the module's tables; None when it has none."""
        return self.resolve(self.manifest.tables).metadata if self.manifest.tables else None

    @cached_property
    def contracts(self) -> list[ModuleType]:
        """The kernel's contracts, the module's own, and those that other installed modules bring."""
        names = [*CONTRACTS, *self.manifest.contracts]
        for found in discover().modules.values():
            other = load(found)
            if isinstance(other, LoadedModule):
                names += other.manifest.contracts
        modules = []
        for name in dict.fromkeys(names):
            try:
                modules.append(importlib.import_module(name))
            except Exception:  # another module's fault; our own is found by resolving references
                if name in self.manifest.contracts:
                    raise
        return modules

    @cached_property
    def events(self) -> dict[str, type[Any]]:
        """Topic with version to the class that a known contract declares."""
        bodies = (body for contract in self.contracts for body in events_of(contract))
        return {event_type(body).name: body for body in bodies}

    @cached_property
    def hooks(self) -> dict[str, Hook[..., Any]]:
        """Hooks that known contracts declare, by name."""
        return specifications(self.contracts)


def told(error: Exception) -> str:
    """Return an error in one line."""
    text = str(error) if isinstance(error, FenbuError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())
