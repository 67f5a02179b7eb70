"""Loading a manifest, whatever its package does.

A package that cannot be loaded is an answer (`Broken`), not an exception: the rest of the system runs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from fenbu.engine.catalog.discovery import Found
from fenbu.engine.catalog.errors import ModuleBroken, ReferenceBroken
from fenbu.engine.catalog.reference import forget, package_of, resolve
from fenbu.i18n import _, add_catalogue
from fenbu.manifest import Manifest


@frozen
class LoadedModule:
    """A module whose manifest is loaded; its code is imported when it is first needed."""

    name: str
    version: str
    """Of its distribution."""
    distribution: str
    manifest: Manifest

    @property
    def package(self) -> str:
        """Distribution and version, as people name it."""
        return f"{self.distribution} {self.version}"


@frozen
class Broken:
    """A module that cannot be loaded: why, and what to do about it."""

    name: str
    distribution: str
    version: str
    error: str
    remedy: str

    def refusal(self) -> ModuleBroken:
        """Return the same as an exception."""
        return ModuleBroken(self.name, self.distribution, self.error, self.remedy)


def load(found: Found, *, again: bool = False) -> LoadedModule | Broken:
    """Load the manifest of a module; whatever its code raises becomes `Broken`.

    Args:
        found: From `discover`.
        again: It failed before and may have been mended: read its code anew.
    """
    if again:
        forget(package_of(found.value), found.name)
    if ":" not in found.value:
        wanted = _("its entry point must read like 'package.manifest:MANIFEST', not {value!r}")
        return _broken(found, wanted.format(value=found.value))
    try:
        manifest = resolve(found.value, module=found.name)
    except ReferenceBroken as error:
        # What the package itself raised says more than where the manifest was looked for.
        return _broken(found, error.problem if error.__cause__ else str(error))
    if not isinstance(manifest, Manifest):
        got = type(manifest).__name__
        return _broken(found, _("{value} is a {got}, not a Manifest").format(value=found.value, got=got))
    if manifest.name != found.name:
        told = _("its entry point is named {found!r}, its manifest {named!r}; they must be the same")
        return _broken(found, told.format(found=found.name, named=manifest.name))
    _take_its_texts(found)
    return LoadedModule(found.name, found.version, found.distribution, manifest)


def _take_its_texts(found: Found) -> None:
    """Let the catalogues beside a manifest answer, so that a module is told of in words also while it is off."""
    home = getattr(sys.modules.get(found.value.partition(":")[0]), "__file__", None)
    if home and (folder := Path(home).parent / "locale").is_dir():
        add_catalogue(folder)


def clash(claims: Iterable[Found]) -> Broken:
    """Return the answer for a name that several distributions claim."""
    claims = tuple(claims)
    packages = ", ".join(f"{found.distribution} {found.version}" for found in claims)
    return Broken(
        claims[0].name,
        ", ".join(found.distribution for found in claims),
        "",
        _("several packages have a module of this name: {packages}").format(packages=packages),
        _("uninstall all but one of them (pip uninstall {package})").format(package=claims[-1].distribution),
    )


def _broken(found: Found, error: str) -> Broken:
    remedy = _("mend or reinstall the package {package}, then try again; or uninstall it")
    return Broken(
        found.name, found.distribution, found.version, error, remedy.format(package=found.distribution)
    )
