"""The canonical export: what the business came to, without what may differ between two ways to it.

Each module says its own facts (``Manifest.canonical``); the kernel adds what happened to which document. There are
no surrogate keys, times or statistics in it, so that a run that was killed and continued, another database or a
restored backup compare equal line by line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from fenbu.engine.catalog.reference import resolve
from fenbu.engine.kernel import Kernel
from fenbu.engine.store.tables import event

_TIMELINE = (
    select(event.c.topic, event.c.version, event.c.key, event.c.day, func.count().label("times"))
    .group_by(event.c.topic, event.c.version, event.c.key, event.c.day)
    .order_by(event.c.topic, event.c.version, event.c.key, event.c.day)
)

Facts = Mapping[str, Sequence[Any] | Mapping[str, Any]]
"""Section to its rows, in an order that does not depend on how they came to be."""


def facts(kernel: Kernel, modules: Sequence[str] = ()) -> dict[str, Facts]:
    """Return the facts of the kernel and of all enabled modules, or of those named.

    Args:
        kernel: Of the enterprise.
        modules: Names of enabled modules; ``fenbu`` is the kernel itself.
    """
    found: dict[str, Facts] = {}
    if not modules or "fenbu" in modules:
        found["fenbu"] = {"timeline": _timeline(kernel)}
    for name in sorted(modules or kernel.assembly.modules):
        module = kernel.assembly.modules.get(name)
        if module is not None and module.manifest.canonical:
            with kernel.read(name) as work:
                found[name] = resolve(module.manifest.canonical, module=name)(work)
    return found


def lines(kernel: Kernel, modules: Sequence[str] = ()) -> Iterator[str]:
    """Yield the canonical export as JSON lines: module, section, one fact."""
    for module, sections in facts(kernel, modules).items():
        for section in sorted(sections):
            rows = sections[section]
            listed = sorted(rows.items()) if isinstance(rows, Mapping) else rows
            for row in listed:
                yield json.dumps(
                    [module, section, row], ensure_ascii=False, separators=(",", ":"), default=str
                )


def text(kernel: Kernel, modules: Sequence[str] = ()) -> str:
    """Return the canonical export as one text."""
    return "".join(f"{line}\n" for line in lines(kernel, modules))


def _timeline(kernel: Kernel) -> list[list[Any]]:
    """Return what happened to which document on which business day, and how often."""
    with kernel.database.read() as connection:
        rows = connection.execute(_TIMELINE)
        told = [[row.key, f"{row.topic}/{row.version}", row.day or "", row.times] for row in rows]
    return sorted(told)
