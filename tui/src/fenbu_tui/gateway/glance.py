"""A glance: in whose books one is, how the modules stand and what needs a hand, before any module's code is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress

from sqlalchemy import select

from fenbu.contracts import CONTRACTS
from fenbu.engine.catalog.catalog import Catalog
from fenbu.engine.catalog.modules import Modules
from fenbu.engine.catalog.reference import import_module
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.flows.standing import standing, waits
from fenbu.engine.problems import open_problems
from fenbu.engine.store.tables import subscription
from fenbu.engine.telling import declared_in
from fenbu.errors import FenbuError
from fenbu.events import EventType
from fenbu.i18n import _, ngettext
from fenbu.values import to_microseconds
from fenbu_tui.gateway.base import EnginePart, Moment
from fenbu_tui.gateway.lanes import lanes
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Standing
from fenbu_tui.world.overview import Glance, ProblemLine

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
_S = subscription.c
_STOPPED = select(_S.name, _S.state, _S.reason).where(_S.state.in_(("tripped", "paused"))).order_by(_S.name)


class GlancePart(EnginePart):
    """Answers what rows and manifests alone can say."""

    def glance(self) -> Glance | None:
        if self._opening.ready:
            return None
        with self._glancing() as seen:
            known = Catalog().read(seen.connection, look_at_all=True)
            moved = lanes(seen.connection, to_microseconds(seen.now), event_types(known))
            return Glance(self._head(seen), tuple(states(known)), moved, tuple(problems(seen, known)))


def event_types(known: Modules) -> Mapping[tuple[str, int], EventType]:
    """Return the events that the contracts of what runs declare; what cannot be loaded is told elsewhere."""
    brought = [name for one in known.running if one.loaded for name in one.loaded.manifest.contracts]
    for name in (*CONTRACTS, *brought):
        with suppress(FenbuError):
            import_module(name)
    return declared_in(brought)


def states(known: Modules) -> Iterator[tuple[str, Standing]]:
    """Yield how many modules are in each state that there is."""
    counted = Counter(module.state for module in known.by_name.values())
    for state, tone in TONES.items():
        if counted[state]:
            told = _("{count} {state}").format(count=counted[state], state=_(state.value))
            yield told, Standing(_(state.value), tone)


def problems(seen: Moment, known: Modules, rollout: str = "") -> Iterator[ProblemLine]:
    """Yield what needs a hand, the most urgent first.

    Args:
        seen: The moment.
        known: The modules at that moment.
        rollout: What is wrong with the rollout.
    """
    bad, warn = Standing(_("failed"), Tone.BAD), Standing(_("waits"), Tone.WARN)
    found = standing(seen.connection, seen.now)
    if found.waiting and not found.attended:
        yield ProblemLine(_("worker"), waits(found), "fenbu worker", bad)
    if found.dead:
        told = ngettext("{count} delivery is dead", "{count} deliveries are dead", found.dead)
        yield ProblemLine(_("deliveries"), told.format(count=f"{found.dead:,}"), "fenbu flows dead", bad)
    for one in known.by_name.values():
        if TONES[one.state] in (Tone.BAD, Tone.BUSY):
            told = f"{_(one.state.value)}{': ' if one.reason else ''}{one.reason}"
            yield ProblemLine(one.name, told, one.advice, bad if TONES[one.state] is Tone.BAD else warn)
    for name, state, reason in seen.connection.execute(_STOPPED):
        told = f"{_(state)}{': ' if reason else ''}{reason or ''}"
        yield ProblemLine(name, told, f"fenbu flows resume {name}", bad if state == "tripped" else warn)
    for problem in open_problems(seen.connection):
        yield ProblemLine(problem.module, f"{problem.subject}: {problem.detail}", problem.hint, warn)
    if rollout:
        yield ProblemLine(_("rollout"), rollout, "fenbu status", warn)
