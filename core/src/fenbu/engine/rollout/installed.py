"""What the installed modules declare, as far as a rollout file can name it; needs no enterprise."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from fenbu.engine import health
from fenbu.engine.catalog.discovery import discover
from fenbu.engine.catalog.loading import Broken, LoadedModule, clash, load
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.catalog.resolver import Offer
from fenbu.settings import Settings


@define
class Installed:
    """The modules on the search path; what needs their code is imported when it is asked for."""

    modules: Mapping[str, LoadedModule]
    broken: Mapping[str, Broken] = field(factory=dict)

    @property
    def names(self) -> list[str]:
        """Every module there is, sorted, broken ones too."""
        return sorted({*self.modules, *self.broken})

    @property
    def offers(self) -> dict[str, Offer]:
        """The modules as the resolver sees them."""
        return {
            name: Offer(name, one.version, one.manifest.requires, one.manifest.provides)
            for name, one in self.modules.items()
        }

    def settings(self, module: str) -> type[Settings]:
        """Return a module's settings model.

        Raises:
            ReferenceBroken: Its code cannot be imported.
        """
        found: type[Settings] = resolve(self.modules[module].manifest.settings, module=module)
        return found

    def metrics(self, module: str) -> frozenset[str]:
        """Return the names of a module's metrics; otherwise as `settings`."""
        return self._names(module, "metrics")

    def checks(self, module: str) -> frozenset[str]:
        """Return the names of a module's checks, of the kernel's own for ``fenbu``; otherwise as `settings`."""
        if module == "fenbu":
            return frozenset(check.name for check in health.CHECKS)
        return self._names(module, "checks")

    def subscriptions(self, module: str) -> frozenset[str]:
        """Return the names of a module's subscriptions."""
        return frozenset(one.name for one in self.modules[module].manifest.subscriptions)

    def _names(self, module: str, kind: str) -> frozenset[str]:
        if module not in self.modules:
            return frozenset()
        place = getattr(self.modules[module].manifest, kind)
        return frozenset(one.name for one in resolve(place, module=module)) if place else frozenset()


def installed() -> Installed:
    """Return what is installed in this process's environment; what cannot be loaded is told apart."""
    found = discover()
    answers = {name: load(one) for name, one in found.modules.items()}
    answers |= {name: clash(claims) for name, claims in found.clashes.items()}
    return Installed(
        {name: one for name, one in answers.items() if isinstance(one, LoadedModule)},
        {name: one for name, one in answers.items() if isinstance(one, Broken)},
    )
