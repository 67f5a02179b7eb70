"""What can go wrong with the set of modules.

::

    FenbuError
    ├── EnablingFailed            its own code raised while it was enabled; nothing was kept
    ├── DeclarationInvalid
    │   └── ReferenceBroken       a "package.module:name" of a manifest leads nowhere
    └── Refused
        ├── ModuleBroken          its manifest cannot be loaded
        ├── RequirementsUnmet     what it needs is not there, is too old, or goes round in a circle
        ├── StillNeeded           others that stay enabled need it
        ├── StateRefused          its state does not allow the verb
        ├── CannotDrain           what waits for it can only be finished by code that cannot run
        ├── ArchiveUnfit          an archive does not fit this enterprise, or what is installed
        └── SafeMode              no module's code may be loaded now
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from fenbu.errors import DeclarationInvalid, FenbuError, Refused
from fenbu.i18n import _


@frozen(eq=False)
class ReferenceBroken(DeclarationInvalid):
    """A ``"package.module:name"`` cannot be resolved."""

    module: str
    text: str
    problem: str
    nearest: str = ""

    def __str__(self) -> str:
        told = _("{module} names {text!r}, which cannot be used: {problem}").format(
            module=self.module or "?", text=self.text, problem=self.problem
        )
        return told + (_("; nearest is {nearest!r}").format(nearest=self.nearest) if self.nearest else "")

    @property
    def hint(self) -> str:
        return _("install a mended version of {module}, or disable it").format(module=self.module or "?")

    @property
    def where(self) -> str:
        return self.module


@frozen(eq=False)
class ModuleBroken(Refused):
    """A module's manifest cannot be loaded, or it cannot be enabled as it is."""

    module: str
    distribution: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return _("the module {module} (package {distribution}) cannot be loaded: {problem}").format(
            module=self.module, distribution=self.distribution, problem=self.problem
        )

    @property
    def hint(self) -> str:
        return self.remedy

    @property
    def where(self) -> str:
        return self.module


@frozen(eq=False)
class RequirementsUnmet(Refused):
    """Modules cannot be enabled, because something they need is not there."""

    chains: Sequence[str]
    """One sentence a conflict, with the whole way from what was asked for to what is missing."""
    way_out: str = ""

    def __str__(self) -> str:
        return "; ".join(self.chains)

    @property
    def hint(self) -> str:
        return self.way_out


@frozen(eq=False)
class StillNeeded(Refused):
    """A module cannot be disabled while others that stay enabled need it."""

    needed: Mapping[str, str]
    """Module that stays to what it needs, in words."""

    def __str__(self) -> str:
        return "; ".join(self.needed.values())

    @property
    def hint(self) -> str:
        return _("disable {modules} too, in the same command").format(modules=", ".join(self.needed))


@frozen(eq=False)
class StateRefused(Refused):
    """The state of a module does not allow a verb."""

    module: str
    verb: str
    state: str
    advice: str
    why: str = ""

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        return _("{module} is {state}{why}, so it cannot be {verb}d").format(
            module=self.module, state=_(self.state), why=why, verb=self.verb
        )

    @property
    def hint(self) -> str:
        return self.advice


@frozen(eq=False)
class CannotDrain(Refused):
    """A module that cannot run has unfinished work; it can be kept or waived, not finished."""

    module: str
    state: str
    waiting: int

    def __str__(self) -> str:
        return _("{module} is {state} and cannot finish the {waiting} deliveries that wait for it").format(
            module=self.module, state=_(self.state), waiting=self.waiting
        )

    @property
    def hint(self) -> str:
        return _("keep them for later with --how park, or give them up with --how waive")


@frozen(eq=False)
class ArchiveUnfit(Refused):
    """An archive is sound, and cannot be brought back here and now."""

    path: str
    module: str
    problem: str
    way_out: str

    def __str__(self) -> str:
        return _("{path} cannot bring {module} back: {problem}").format(
            path=self.path, module=self.module, problem=self.problem
        )

    @property
    def hint(self) -> str:
        return self.way_out

    @property
    def where(self) -> str:
        return self.path


@frozen(eq=False)
class SafeMode(Refused):
    """A module cannot be enabled or upgraded while no module's code is loaded."""

    module: str

    def __str__(self) -> str:
        return _("safe mode loads no module's code, so {module} cannot be enabled in it").format(
            module=self.module
        )

    @property
    def hint(self) -> str:
        return _("disable what is broken here, then begin again without safe mode")


@frozen(eq=False)
class EnablingFailed(FenbuError):
    """A module's own code raised while it was enabled; nothing was changed."""

    module: str
    step: str
    """What was being done: ``seed``, ``settings``."""
    problem: str

    def __str__(self) -> str:
        return _("{module} could not be enabled, its {step} failed: {problem}").format(
            module=self.module, step=self.step, problem=self.problem
        )

    @property
    def hint(self) -> str:
        return _("nothing was changed; install a mended version of {module} and enable it again").format(
            module=self.module
        )

    @property
    def where(self) -> str:
        return self.module
