"""What can go wrong with an import as a whole; single rows go to the rejects file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from attrs import field, frozen

from fenbu.errors import FenbuError
from fenbu.i18n import _


@frozen(eq=False)
class ProfileNotEnabled(FenbuError):
    """A profile is there, and the module that declares it is not enabled."""

    exit_code: ClassVar[int] = 64
    profile: str
    module: str

    def __str__(self) -> str:
        return _("the profile {profile} belongs to {module}, which is not enabled").format(
            profile=self.profile, module=self.module
        )

    @property
    def hint(self) -> str:
        return _("fenbu enable {module}").format(module=self.module)


def _names(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(given)


@frozen(eq=False)
class CapabilityNotEnabled(FenbuError):
    """An importer needs what no enabled module provides."""

    exit_code: ClassVar[int] = 64
    importer: str
    capability: str
    modules: Sequence[str] = field(converter=_names)
    """Installed modules that provide it."""

    def __str__(self) -> str:
        return _("{importer} needs {capability}, which no enabled module provides").format(
            importer=self.importer, capability=self.capability
        )

    @property
    def hint(self) -> str:
        if not self.modules:
            return _("install a module that provides it")
        return _("fenbu enable {module}").format(module=self.modules[0])


class AlreadyImported(Exception):
    """Another run has imported this document between our look and our transaction; nothing was done twice."""
