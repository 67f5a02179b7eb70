"""Exports: found by name among the enabled modules, and written line by line from one moment of the books."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from attrs import frozen

from fenbu.engine.assembly import not_running, unknown
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.guard import permissions
from fenbu.engine.kernel import Kernel
from fenbu.errors import FenbuError, Unknown
from fenbu.exporting import Exporter, Span, Writer
from fenbu.i18n import _


@frozen
class Found:
    """An exporter in one of its formats, and the module whose it is."""

    module: str
    exporter: Exporter
    format: str


@frozen(eq=False)
class WhichFormat(FenbuError):
    """An export has several formats and none was named."""

    exit_code: ClassVar[int] = 64
    export: str
    formats: tuple[str, ...]

    def __str__(self) -> str:
        return _("which format of {export}?").format(export=self.export)

    @property
    def hint(self) -> str:
        return _choose(self.formats)


def exporters(kernel: Kernel) -> list[Exporter]:
    """Return what the enabled modules export, by name."""
    found = (one for module in kernel.assembly.modules.values() for one in module.manifest.exporters)
    return sorted(found, key=lambda one: one.name)


def find(kernel: Kernel, name: str, format_: str = "") -> Found:
    """Return an exporter by its name, or by what follows its module's name where only one is called so.

    Args:
        kernel: Of the enterprise.
        name: ``erp.ledger`` or ``ledger``.
        format_: One of its formats; may be left out where it has but one.

    Raises:
        Unknown: No enabled module exports this, several do, or not in this format; what there is is named.
        WhichFormat: It has several, and none was named.
    """
    known = exporters(kernel)
    meant = [one for one in known if one.name == name] or [one for one in known if one.noun == name]
    if len(meant) != 1:
        raise _several(name, meant) if meant else _missing(kernel, name, known)
    [exporter] = meant
    formats = sorted(exporter.formats)
    if not format_ and len(formats) > 1:
        raise WhichFormat(exporter.name, tuple(formats))
    wanted = format_ or formats[0]
    if wanted not in exporter.formats:
        kind = _("format of {export}").format(export=exporter.name)
        raise Unknown(kind, wanted, todo=_choose(formats))
    return Found(exporter.name.partition(".")[0], exporter, wanted)


def lines(kernel: Kernel, found: Found, span: Span) -> Iterator[str]:
    """Yield the lines of an export, all of one moment, without their ends; NotPermitted without ``.export``."""
    with kernel.read(found.module) as work:
        work.require(permissions.export(found.module))
        yield from writer(found)(work, span)


def writer(found: Found) -> Writer:
    """Return the function that writes an export."""
    function: Writer = resolve(found.exporter.formats[found.format], module=found.module)
    return function


def _choose(formats: Iterable[str]) -> str:
    return _("choose with --format: {formats}").format(formats=", ".join(formats))


def _several(name: str, meant: Iterable[Exporter]) -> Unknown:
    names = ", ".join(one.name for one in meant)
    because = _("several modules have one")
    return Unknown("export", name, because=because, todo=_("say which: {names}").format(names=names))


def _missing(kernel: Kernel, name: str, known: Iterable[Exporter]) -> Unknown:
    """Return the error for a name: of a module that does not run, how it stands and what to do about that."""
    for module in kernel.modules().by_name.values():
        if module.loaded is None or module.name in kernel.assembly.modules:
            continue
        if any(name in (one.name, one.noun) for one in module.loaded.manifest.exporters):
            return not_running("export", name, module)
    names = [one.name for one in known]
    missing = unknown(_("export"), name, [*names, *(one.noun for one in known)])
    if missing.nearest:
        return missing
    there = ", ".join(names) or _("no enabled module exports anything")
    return Unknown("export", name, todo=_("there is: {names}").format(names=there))
