"""Modules: the catalogue, with states, problems and what to do about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import func, inspect, literal, select, table

from fenbu.cli.late import catching_up, told
from fenbu.engine.assembly import unknown
from fenbu.engine.catalog.modules import Module
from fenbu.engine.catalog.snapshot import declared
from fenbu.engine.catalog.states import TABLE
from fenbu.engine.flows.history import Progress
from fenbu.engine.problems import Problem, open_problems
from fenbu.engine.work import EngineWork
from fenbu.i18n import _
from fenbu_tui.gateway.glance import TONES
from fenbu_tui.gateway.switching import SwitchingPart
from fenbu_tui.world.base import Standing, Trouble
from fenbu_tui.world.modules import ModuleDetail, ModuleLine, Picture, Reading

COUNTED = 100_000
"""Rows of a table that are counted at most."""


class ModulesPart(SwitchingPart):
    """Answers the list of modules, and one of them at length."""

    def modules(self) -> Picture:
        with self._reading() as work:
            known = self._kernel.catalog.read(work.connection, look_at_all=True)
            problems = open_problems(work.connection)
            late = catching_up(work.connection, work.transaction.at)
            return Picture(
                head=self._head(work),
                modules=tuple(
                    module_line(module, problems, late.get(module.name, ()))
                    for module in known.by_name.values()
                ),
            )

    def module(self, name: str) -> ModuleDetail:
        with self._reading() as work:
            known = self._kernel.catalog.read(work.connection, look_at_all=True)
            if name not in known.by_name:
                raise unknown(_("module"), name, known.by_name)
            module, late = known.by_name[name], catching_up(work.connection, work.transaction.at)
            return ModuleDetail(
                line=module_line(module, open_problems(work.connection), late.get(name, ())),
                chapters=tuple(chapter for chapter in self._chapters(work, module) if chapter[1]),
            )

    def _chapters(
        self, work: EngineWork, module: Module
    ) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
        """Tell what a module brings: by its code where it can be loaded, else as it was when it was enabled."""
        if module.loaded is not None:
            manifest = module.loaded.manifest
            yield _("actions"), tuple((one.name, _(one.title)) for one in manifest.actions)
            yield (
                _("views"),
                tuple(
                    (one.name, _(one.title))
                    for one in self._kernel.assembly.views.values()
                    if one.name.partition(".")[0] == module.name
                ),
            )
            yield _("subscriptions"), tuple((one.name, ", ".join(one.on)) for one in manifest.subscriptions)
            yield _("permissions"), tuple((name, "") for name in declared(module.loaded).permissions)
        elif snapshot := module.row.snapshot if module.row else None:
            yield _("actions"), tuple((name, "") for name in snapshot.actions)
            yield _("subscriptions"), tuple((name, "") for name in snapshot.subscriptions)
            yield _("permissions"), tuple((name, "") for name in snapshot.permissions)
        if snapshot := module.row.snapshot if module.row else None:
            yield _("hooks it answers"), tuple(snapshot.hooks.items())
            yield _("tables"), tuple((name, _rows(work, name)) for name in snapshot.tables)


def module_line(module: Module, problems: Iterable[Problem], late: Iterable[Progress] = ()) -> ModuleLine:
    """Return a module of the catalogue as the screens show it."""
    troubles = [
        Trouble(subject=one.subject, detail=one.detail, hint=one.hint, times=one.count)
        for one in problems
        if one.module == module.name
    ]
    if module.reason and module.reason not in {trouble.detail for trouble in troubles}:
        troubles.insert(0, Trouble(subject="", detail=module.reason, hint=""))
    return ModuleLine(
        name=module.name,
        title=_(module.title),
        version=_version(module),
        standing=Standing(_(module.state.value), TONES[module.state], _(TABLE[module.state].means)),
        tier=_(module.loaded.manifest.tier) if module.loaded and module.loaded.manifest.tier else "",
        todo=module.advice,
        troubles=tuple(troubles),
        facts=tuple(_facts(module)),
        verbs=_verbs(module),
        reading=tuple(Reading(told(one), one.share) for one in late),
    )


def _version(module: Module) -> str:
    before = module.row.version if module.row else ""
    if before and module.version and before != module.version:
        return f"{before} → {module.version}"
    return module.version or before


def _facts(module: Module) -> Iterator[tuple[str, str]]:
    if module.distribution:
        yield _("package"), f"{module.distribution} {module.version}".strip()
    if module.loaded is not None and module.loaded.manifest.tier:
        yield _("tier"), _(module.loaded.manifest.tier)
    if offer := module.offer:
        if offer.provides:
            yield _("provides"), ", ".join(offer.provides)
        if offer.requires:
            yield _("requires"), ", ".join(offer.requires)
    if module.row and module.row.snapshot and module.row.snapshot.tables:
        yield _("tables"), ", ".join(module.row.snapshot.tables)


def _verbs(module: Module) -> frozenset[str]:
    """Return what its state allows, and ``set`` where it has settings that can be read."""
    has = module.loaded is not None and bool(module.loaded.manifest.settings)
    return TABLE[module.state].verbs | ({"set"} if has else frozenset())


def _rows(work: EngineWork, name: str) -> str:
    """Say how many rows a table has, counting only so far; nothing when it is not there, as after a purge."""
    inspector = inspect(work.connection)
    if not inspector.has_table(name):
        return ""
    few = select(literal(1)).select_from(table(name)).limit(COUNTED).subquery()
    rows = work.connection.execute(select(func.count()).select_from(few)).scalar_one()
    return _("{count} rows").format(count=f"{rows:,}" + ("+" if rows >= COUNTED else ""))
