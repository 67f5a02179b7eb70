"""Modules: the catalogue, with states, problems and what to do about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fenbu.engine.catalog.modules import Module
from fenbu.engine.catalog.states import TABLE, ModuleState
from fenbu.engine.problems import Problem, open_problems
from fenbu.i18n import _
from fenbu_tui.gateway.base import EnginePart
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Standing, Trouble
from fenbu_tui.world.modules import ModuleLine, Picture

S = ModuleState
TONES: Mapping[ModuleState, Tone] = {
    S.ENABLED: Tone.GOOD,
    S.CATCHING_UP: Tone.BUSY,
    S.DRAINING: Tone.BUSY,
    S.UPGRADE_PENDING: Tone.BUSY,
    S.DISCOVERED: Tone.QUIET,
    S.DISABLED: Tone.QUIET,
    S.PURGED: Tone.QUIET,
    S.INCOMPATIBLE: Tone.BAD,
    S.QUARANTINED: Tone.BAD,
    S.MISSING: Tone.BAD,
}


class ModulesPart(EnginePart):
    """Answers the list of modules."""

    def modules(self) -> Picture:
        with self._reading() as work:
            known = self._kernel.catalog.read(work.connection, look_at_all=True)
            problems = open_problems(work.connection)
            return Picture(
                head=self._head(work),
                modules=tuple(module_line(module, problems) for module in known.by_name.values()),
            )


def module_line(module: Module, problems: Iterable[Problem]) -> ModuleLine:
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
        todo=module.advice,
        troubles=tuple(troubles),
        facts=tuple(_facts(module)),
    )


def _version(module: Module) -> str:
    before = module.row.version if module.row else ""
    if before and module.version and before != module.version:
        return f"{before} → {module.version}"
    return module.version or before


def _facts(module: Module) -> Iterator[tuple[str, str]]:
    if module.distribution:
        yield _("package"), f"{module.distribution} {module.version}".strip()
    if offer := module.offer:
        if offer.provides:
            yield _("provides"), ", ".join(offer.provides)
        if offer.requires:
            yield _("requires"), ", ".join(offer.requires)
    if module.row and module.row.snapshot and module.row.snapshot.tables:
        yield _("tables"), ", ".join(module.row.snapshot.tables)
