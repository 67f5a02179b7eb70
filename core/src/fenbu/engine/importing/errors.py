"""What can go wrong with an import as a whole; single rows go to the rejects file."""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

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


class AlreadyImported(Exception):
    """Another run has imported this document between our look and our transaction; nothing was done twice."""
