"""Manifests: what a module is, as pure data.

A manifest is the module's entry point in the group ``fenbu.modules``. It imports nothing but ``fenbu``
and names its code by ``"package.module:name"``, so that two hundred of them load in an instant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import field, frozen

from fenbu.actions import Action
from fenbu.calls import Call
from fenbu.errors import ManifestInvalid
from fenbu.events import parse_topic
from fenbu.exporting import Exporter
from fenbu.importing import Importer, Profile

ENTRY_POINTS = "fenbu.modules"
"""Group of entry points in which modules are found."""

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_REFERENCE = re.compile(r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")

CATCH_UP = "catch_up"
FROM_NOW = "from_now"


def _copied(mapping: Mapping[str, str]) -> dict[str, str]:
    return dict(mapping)


@frozen
class Subscription:
    """A module reacts to one or more topics, with one order per key over all of them."""

    name: str
    """``<module>.<noun>``; one arrow on the flow map; the unit of retry, pause, replay and measure."""
    on: Mapping[str, str] = field(converter=_copied)
    """Topic with version to the handler ``"package.module:function"`` of ``(work, event)``."""
    history: str = FROM_NOW
    """``catch_up``: a module enabled late reads what it missed. ``from_now``: it starts with today."""
    route: Mapping[str, str] = field(factory=dict, converter=_copied)
    """Topic to the value of its declared route field; only such events are delivered."""
    replayable: bool = False
    """The handler says that running it again on purpose does no harm (timelines, metrics)."""
    locks: str | None = None
    """``"package.module:function"`` of ``(work, events)`` locking the rows of a whole batch, sorted, or nothing where
    no two batches share a row. Without it each event has a transaction of its own on PostgreSQL."""
    together: str | None = None
    """``"package.module:function"`` of ``(work, [(envelope, event), …])``: does for a whole batch, in its order, what
    the handlers do one by one, with fewer statements. It publishes nothing; when it fails, each is handled alone."""
    attempts: int = 8
    title: str = ""


@frozen(kw_only=True)
class Manifest:
    """What a module is, needs, gives and does."""

    name: str
    title: str
    summary: str = ""
    requires: tuple[str, ...] = ()
    """``"fenbu>=1,<2"``, ``"erp>=1"``, ``"capability:sales.orders"``."""
    provides: tuple[str, ...] = ()
    """Capabilities: named things that others may require."""
    settings: str = "fenbu.settings:NoSettings"
    tables: str | None = None
    """``"package.tables:Base"``: the base class whose MetaData holds the module's tables."""
    migrations: str | None = None
    """Package of the module's Alembic scripts (``"fenbu_erp.migrations"``)."""
    seed: str | None = None
    """``"package.module:function"`` of ``(work)``, run once when the module is first enabled."""
    hooks: str | None = None
    """Module with the hook implementations (``"fenbu_erp.plugin"``)."""
    contracts: tuple[str, ...] = ()
    """Modules with hook specifications and events that this module brings along for others."""
    actions: tuple[Action, ...] = ()
    views: str | None = None
    """``"package.views:VIEWS"``: a tuple of views."""
    metrics: str | None = None
    checks: str | None = None
    completeness: str | None = None
    """``"package.completeness:COMPLETENESS"``: a tuple, for the readiness report of the rollout."""
    lifecycles: str | None = None
    """``"package.lifecycles:LIFECYCLES"``: a tuple, for diagrams and the generic tests."""
    subscriptions: tuple[Subscription, ...] = ()
    calls: tuple[Call, ...] = ()
    importers: tuple[Importer, ...] = ()
    profiles: tuple[Profile, ...] = ()
    exporters: tuple[Exporter, ...] = ()
    """What of it is written in formats that other programs read."""
    explain: Mapping[str, str] = field(factory=dict, converter=_copied)
    """Kind of document to the view that holds its record, for ``fenbu explain order SO-00000001``."""
    canonical: str | None = None
    """``"package.module:function"`` of ``(work)`` → business facts without surrogate keys, for comparing."""
    tier: str = ""
    """Level of support that its maker promises, in one word (``gold``); shown beside its state."""

    def __attrs_post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ManifestInvalid(self.name, "its name must be lower-case letters, digits and underscores")
        for problem in self._problems():
            raise ManifestInvalid(self.name, problem)

    def _problems(self) -> list[str]:
        prefix = f"{self.name}."
        problems = [
            f"the {kind} {name} must start with {prefix}"
            for kind, name in (
                *(("action", action.name) for action in self.actions),
                *(("subscription", subscription.name) for subscription in self.subscriptions),
                *(("call", call.operation) for call in self.calls),
                *(("exporter", exporter.name) for exporter in self.exporters),
            )
            if not name.startswith(prefix)
        ]
        names = [action.name for action in self.actions] + [sub.name for sub in self.subscriptions]
        names += [exporter.name for exporter in self.exporters]
        problems += [f"{name} is declared twice" for name in sorted({n for n in names if names.count(n) > 1})]
        problems += [
            f"{text!r} must read like 'package.module:name'"
            for text in self.references()
            if not _REFERENCE.match(text)
        ]
        for subscription in self.subscriptions:
            if subscription.history not in (CATCH_UP, FROM_NOW):
                problems.append(f"{subscription.name}: history is 'catch_up' or 'from_now'")
            for topic in (*subscription.on, *subscription.route):
                try:
                    parse_topic(topic)
                except ValueError as error:
                    problems.append(f"{subscription.name}: {error}")
            if stray := set(subscription.route) - set(subscription.on):
                problems.append(
                    f"{subscription.name}: routes {', '.join(sorted(stray))}, which it does not take"
                )
        return problems

    def references(self) -> list[str]:
        """Return every ``"package.module:name"`` in this manifest, for checking that each can be found."""
        found = [self.settings, self.tables, self.seed, self.views, self.metrics, self.checks]
        found += [self.completeness, self.lifecycles, self.canonical]
        for action in self.actions:
            found += [action.input, action.run, action.preview, action.lifecycle]
        for subscription in self.subscriptions:
            found += [*subscription.on.values(), subscription.locks, subscription.together]
        for call in self.calls:
            found += [call.send, call.record, call.ask, call.locks, call.rehearse]
        found += [importer.reader for importer in self.importers]
        found += [writer for exporter in self.exporters for writer in exporter.formats.values()]
        return [text for text in found if text]
