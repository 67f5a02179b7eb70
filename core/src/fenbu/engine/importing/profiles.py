"""Profiles: found by name among the enabled modules, or read from a TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from fenbu.engine.assembly import unknown
from fenbu.engine.catalog.resolver import providers
from fenbu.engine.importing.errors import CapabilityNotEnabled, ProfileNotEnabled
from fenbu.engine.kernel import Kernel
from fenbu.errors import BadFile
from fenbu.i18n import _
from fenbu.importing import Importer, Profile


@frozen
class Found:
    """A profile with the importer that it feeds and the module whose importer that is."""

    module: str
    importer: Importer
    profile: Profile


def find(kernel: Kernel, name: str) -> Found:
    """Return a profile by its name, or from a TOML file when the name is a path that ends in ``.toml``.

    Raises:
        Unknown: No enabled module declares it; the nearest is named.
        ProfileNotEnabled: A module that is installed declares it and is not enabled.
        CapabilityNotEnabled: Its importer needs what no enabled module provides.
        BadFile: The TOML file is none, or says what no profile says.
    """
    if name.endswith(".toml"):
        return _with_importer(kernel, read(Path(name)))
    profiles = {
        profile.name: profile
        for module in kernel.assembly.modules.values()
        for profile in module.manifest.profiles
    }
    if name in profiles:
        return _with_importer(kernel, profiles[name])
    for module in kernel.modules().by_name.values():
        if module.loaded and any(profile.name == name for profile in module.loaded.manifest.profiles):
            raise ProfileNotEnabled(name, module.name)
    raise unknown(_("profile"), name, profiles)


def read(path: Path) -> Profile:
    """Read a profile from a TOML file, whose keys are the fields of `Profile`.

    Raises:
        BadFile: It is no TOML, lacks a key or has one too many; line and column are named.
    """
    import tomli

    try:
        found = tomli.loads(path.read_text(encoding="utf-8"))
    except tomli.TOMLDecodeError as error:
        raise BadFile(str(path), error.msg, error.lineno, error.colno) from None
    except UnicodeDecodeError:
        raise BadFile(str(path), _("it is not written in UTF-8")) from None
    except OSError as error:
        raise BadFile(str(path), error.strerror or str(error)) from None
    fields = attrs.fields_dict(Profile)
    if stray := sorted(set(found) - set(fields)):
        raise BadFile(
            str(path),
            _("a profile has no {keys}").format(keys=", ".join(stray)),
            way_out=_("its keys are {keys}").format(keys=", ".join(fields)),
        )
    required = {name for name, field in fields.items() if field.default is attrs.NOTHING}
    if missing := sorted(required - set(found)):
        raise BadFile(str(path), _("the profile lacks {keys}").format(keys=", ".join(missing)))
    for key, value in found.items():
        if not _fits(value, mapping=key in ("columns", "defaults")):
            raise BadFile(str(path), _("{key} is written as text").format(key=key))
    return Profile(**found)


def _fits(value: Any, *, mapping: bool) -> bool:
    if mapping:
        return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
    return isinstance(value, str)


def _with_importer(kernel: Kernel, profile: Profile) -> Found:
    importers = {
        importer.name: (module.name, importer)
        for module in kernel.assembly.modules.values()
        for importer in module.manifest.importers
    }
    if profile.importer not in importers:
        raise unknown(_("importer"), profile.importer, importers)
    module, importer = importers[profile.importer]
    for capability in importer.requires:
        if capability not in kernel.assembly.capabilities:
            able = providers(capability, kernel.modules().offers)
            raise CapabilityNotEnabled(importer.name, capability, able)
    return Found(module, importer, profile)
