"""The canonical export: what the business came to, without what may differ between two ways to it.

Each module says its own facts (``Manifest.canonical``); the kernel adds what happened to which document. There are
no surrogate keys, times or statistics in it, so that a run that was killed and continued, another database or a
restored backup compare equal line by line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from fenbu.canonical import Facts
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.guard import permissions
from fenbu.engine.kernel import Kernel
from fenbu.engine.store.tables import event

_TIMELINE = (
    select(event.c.topic, event.c.version, event.c.key, event.c.day, func.count().label("times"))
    .group_by(event.c.topic, event.c.version, event.c.key, event.c.day)
    .order_by(event.c.topic, event.c.version, event.c.key, event.c.day)
)


def facts(kernel: Kernel, modules: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Return the facts of the kernel and of all enabled modules, or of those named; all of them in memory.

    Args:
        kernel: Of the enterprise.
        modules: Names of enabled modules; ``fenbu`` is the kernel itself.
    """
    found: dict[str, dict[str, Any]] = {}
    for module, section, told in _sections(kernel, modules):
        found.setdefault(module, {})[section] = told if isinstance(told, Mapping) else list(told)
    return found


def lines(kernel: Kernel, modules: Sequence[str] = ()) -> Iterator[str]:
    """Yield the canonical export as JSON lines: module, section, one fact; a section at a time is in memory."""
    for module, section, told in _sections(kernel, modules):
        for row in sorted(told.items()) if isinstance(told, Mapping) else told:
            yield json.dumps([module, section, row], ensure_ascii=False, separators=(",", ":"), default=str)


def _sections(
    kernel: Kernel, modules: Sequence[str]
) -> Iterator[tuple[str, str, Iterable[Any] | Mapping[str, Any]]]:
    with kernel.read() as work:
        for name in modules or ("fenbu", *kernel.assembly.modules):
            work.require(permissions.export(name))
    if not modules or "fenbu" in modules:
        yield "fenbu", "timeline", _timeline(kernel)
    for name in sorted(modules or kernel.assembly.modules):
        module = kernel.assembly.modules.get(name)
        if module is not None and module.manifest.canonical:
            with kernel.read(name) as work:
                told: Facts = resolve(module.manifest.canonical, module=name)(work)
                for section in sorted(told):
                    yield name, section, told[section]


def text(kernel: Kernel, modules: Sequence[str] = ()) -> str:
    """Return the canonical export as one text."""
    return "".join(f"{line}\n" for line in lines(kernel, modules))


def _timeline(kernel: Kernel) -> list[list[Any]]:
    """Return what happened to which document on which business day, and how often."""
    with kernel.database.read() as connection:
        rows = connection.execute(_TIMELINE)
        told = [[row.key, f"{row.topic}/{row.version}", row.day or "", row.times] for row in rows]
    return sorted(told)
