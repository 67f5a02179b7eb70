"""What is known of modules at one moment: rows, lines of the table of modules, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from attrs import define, field, frozen

from fenbu.engine.catalog.loading import LoadedModule
from fenbu.engine.catalog.resolver import Offer
from fenbu.engine.catalog.snapshot import Snapshot
from fenbu.engine.catalog.states import TABLE, ModuleState

S = ModuleState


@frozen
class Row:
    """A module's row in the database."""

    name: str
    state: ModuleState
    version: str
    position: int | None
    snapshot: Snapshot | None
    reason: str

    @property
    def on(self) -> bool:
        """It takes part in the enterprise, whether or not its code can be loaded now."""
        return TABLE[self.state].on


@frozen(kw_only=True)
class Module:
    """One line of the table of modules."""

    name: str
    state: ModuleState
    advice: str
    """What the operator can do, in a sentence."""
    reason: str = ""
    """Why it is in this state, where that is not clear from the state alone."""
    title: str = ""
    distribution: str = ""
    version: str = ""
    """Of the installed code; empty when it is gone."""
    row: Row | None = None
    loaded: LoadedModule | None = None
    """Its manifest, when it was loaded."""
    problems: int = 0
    """How many are open."""

    @property
    def on(self) -> bool:
        """It was enabled and not disabled since; others rely on its being asked."""
        return self.row is not None and self.row.on

    @property
    def draining(self) -> bool:
        """It is to be disabled when it has finished what it holds, able to run or not."""
        return self.row is not None and self.row.state is S.DRAINING

    @property
    def runs(self) -> bool:
        """Its code may run."""
        return TABLE[self.state].runs and self.loaded is not None

    def place(self) -> tuple[int, str]:
        """Return where it stands among the enabled ones: in the order in which that was done."""
        return (self.row.position or 0 if self.row else 0), self.name

    @property
    def unavailable_hooks(self) -> Mapping[str, str]:
        """Hooks to their kinds that it should answer and cannot, because its code cannot run."""
        if not self.on or self.runs or self.row is None or self.row.snapshot is None:
            return {}
        return self.row.snapshot.hooks

    @property
    def offer(self) -> Offer | None:
        """The module as the resolver sees it: its code, or what was stored of it; None when neither is known."""
        if self.loaded is not None and (self.runs or not self.on):
            manifest = self.loaded.manifest
            return Offer(self.name, self.version, manifest.requires, manifest.provides)
        if self.row is not None and self.row.snapshot is not None:
            return self.row.snapshot.offer
        return None


@define(slots=False, eq=False)
class Modules:
    """All modules at one generation of the catalogue; never changed."""

    generation: int
    by_name: Mapping[str, Module] = field(factory=dict)

    @cached_property
    def running(self) -> tuple[Module, ...]:
        """Modules whose code may run, in the order in which they were enabled."""
        there = [module for module in self.by_name.values() if module.runs and module.row is not None]
        return tuple(sorted(there, key=Module.place))

    @cached_property
    def on(self) -> frozenset[str]:
        """Names of the modules that take part in the enterprise, able to run or not."""
        return frozenset(name for name, module in self.by_name.items() if module.on)

    @cached_property
    def catching_up(self) -> frozenset[str]:
        """Modules that still read their history: their hooks are not asked yet."""
        return frozenset(
            name
            for name, module in self.by_name.items()
            if module.state is S.CATCHING_UP
            or (module.state is S.DRAINING and module.row and module.row.reason == S.CATCHING_UP.value)
        )

    @cached_property
    def draining(self) -> frozenset[str]:
        """Modules that take nothing new on and are disabled when they have finished what they hold."""
        return frozenset(name for name, module in self.by_name.items() if module.draining)

    @cached_property
    def unavailable(self) -> Mapping[str, tuple[str, ...]]:
        """Module to the hooks that it should answer and cannot."""
        found = {name: tuple(module.unavailable_hooks) for name, module in self.by_name.items()}
        return {name: hooks for name, hooks in found.items() if hooks}

    @cached_property
    def unsettled(self) -> frozenset[str]:
        """Modules on their way to another state: catching up or draining."""
        return frozenset(
            name for name, module in self.by_name.items() if module.state in (S.CATCHING_UP, S.DRAINING)
        )

    @cached_property
    def offers(self) -> Mapping[str, Offer]:
        """What is known of every module's requirements and capabilities."""
        return {name: offer for name, module in self.by_name.items() if (offer := module.offer)}

    @cached_property
    def broken(self) -> frozenset[str]:
        """Modules that are installed and cannot be loaded."""
        return frozenset(name for name, module in self.by_name.items() if module.state is S.QUARANTINED)
