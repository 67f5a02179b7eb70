"""Mistakes that only the command line can meet."""

from __future__ import annotations

from attrs import frozen

from fenbu.errors import FenbuError
from fenbu.i18n import _


class NoEnterprise(FenbuError):
    """Nothing says which enterprise is meant."""

    exit_code = 64

    def __str__(self) -> str:
        return _("there is no enterprise here: no fenbu.toml in this folder or above it")

    @property
    def hint(self) -> str:
        return _("fenbu init makes one; --database or FENBU_DATABASE name one elsewhere")


@frozen(eq=False)
class NotLoggedIn(FenbuError):
    """Somebody is to act who has no session here."""

    exit_code = 77
    operator: str

    def __str__(self) -> str:
        return _("{operator} is not logged in here").format(operator=self.operator)

    @property
    def hint(self) -> str:
        return _(
            "fenbu operator login {operator}; without FENBU_OPERATOR the user of this system acts"
        ).format(operator=self.operator)


@frozen(eq=False)
class FaceMissing(FenbuError):
    """A face that comes with another package is not installed."""

    face: str
    package: str

    def __str__(self) -> str:
        return _("the {face} is not installed").format(face=self.face)

    @property
    def hint(self) -> str:
        return f"pip install {self.package}"


@frozen(eq=False)
class ModuleMissing(FenbuError):
    """What is asked for needs a module that is not installed."""

    what: str
    module: str

    def __str__(self) -> str:
        return _("{what} needs the module {module}, which is not installed").format(
            what=self.what, module=self.module
        )

    @property
    def hint(self) -> str:
        return f"pip install fenbu-{self.module}"


@frozen(eq=False)
class NotDelivered(FenbuError):
    """What an act has set going did not come to its end in time."""

    enterprise: str

    def __str__(self) -> str:
        return _("something is not delivered, so the story cannot go on")

    @property
    def hint(self) -> str:
        return _("fenbu flows waiting --database {enterprise} shows what, and why").format(
            enterprise=self.enterprise
        )
