"""The catalogue: every module known by package or by row, with its state, at one moment.

`Catalog.read` compares the rows of ``fenbu_module`` with what is installed. It imports the manifests of
the modules that take part in the enterprise and, when asked to look at all, of the others; never their code.
"""

from __future__ import annotations

import threading

from attrs import evolve
from packaging.version import InvalidVersion, Version
from sqlalchemy import Connection, select

from fenbu.engine import problems
from fenbu.engine.catalog import resolver, states
from fenbu.engine.catalog.discovery import Discovery, Found, discover
from fenbu.engine.catalog.errors import ReferenceBroken
from fenbu.engine.catalog.loading import Broken, LoadedModule, clash, load
from fenbu.engine.catalog.modules import Module, Modules, Row
from fenbu.engine.catalog.resolver import Offer
from fenbu.engine.catalog.snapshot import declared, differs, from_json
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.store import catalogue
from fenbu.engine.store.tables import module as rows
from fenbu.i18n import _

S = ModuleState
_ROWS = select(rows).order_by(rows.c.position, rows.c.name)
_QUARANTINING = frozenset({problems.IMPORT, problems.MIGRATION, problems.ENABLING})


class Catalog:
    """What this process knows of modules; keeps the manifests that it has loaded."""

    def __init__(self, *, safe: bool = False) -> None:
        """Begin with nothing loaded.

        Args:
            safe: Load no module's manifest or code, for repair.
        """
        self.safe = safe
        self._loaded: dict[str, tuple[Found, LoadedModule | Broken]] = {}
        self._used: set[str] = set()
        self._failed: dict[str, str] = {}
        self._again: set[str] = set()
        self._generation = 0
        self._lock = threading.RLock()

    def read(self, connection: Connection, *, look_at_all: bool = False, fresh: bool = False) -> Modules:
        """Return all modules with their states.

        Args:
            connection: In a transaction, reading or writing.
            look_at_all: Load the manifests of modules that are not enabled too: their titles, and whether
                they could be enabled. Without it they are known by name, and ``discovered`` or ``disabled``.
            fresh: Look at the search path anew, and try what could not be loaded again.
        """
        with self._lock:
            stored = stored_rows(connection)
            generation = catalogue.generation(connection)
            if fresh or generation != self._generation:
                self._forget_failures()  # somebody has changed something: it may be mended
            self._generation = generation
            found = discover(fresh=fresh)
            counted = _count(problems.open_problems(connection))
            names = sorted({*stored, *found.names})
            lines = [
                self._module(name, stored.get(name), found, counted.get(name, []), look_at_all)
                for name in names
            ]
            return Modules(catalogue.generation(connection), {line.name: line for line in _with_gaps(lines)})

    def use(self, modules: Modules) -> None:
        """Note that the code of these modules runs in this process, and cannot be exchanged any more."""
        with self._lock:
            self._used |= {module.name for module in modules.running}

    def set_aside(self, name: str, error: str) -> None:
        """Note that a module's manifest is well and its code is not, until somebody looks afresh."""
        with self._lock:
            self._failed[name] = error
            self._used.discard(name)

    def _forget_failures(self) -> None:
        broken = {name for name, (_found, answer) in self._loaded.items() if isinstance(answer, Broken)}
        self._again |= broken | set(self._failed)
        for name in self._again:
            self._loaded.pop(name, None)
        self._failed.clear()

    def _load(self, found: Found) -> LoadedModule | Broken:
        known = self._loaded.get(found.name)
        if known is not None and (known[0] == found or found.name in self._used):
            return known[1]
        answer = load(found, again=known is not None or found.name in self._again)
        self._again.discard(found.name)
        self._loaded[found.name] = (found, answer)
        return answer

    def _module(
        self,
        name: str,
        row: Row | None,
        found: Discovery,
        open_ones: list[problems.Problem],
        look_at_all: bool,
    ) -> Module:
        on = row is not None and row.on
        installed = found.modules.get(name)
        if name in found.clashes:
            return _line(name, S.QUARANTINED, row, answer=clash(found.clashes[name]), count=len(open_ones))
        if installed is None:
            state = S.PURGED if row and row.state is S.PURGED else S.MISSING
            return _line(name, state, row, count=len(open_ones))
        if self.safe:
            state = row.state if row else S.DISCOVERED
            reason = _("safe mode: no module's code is loaded")
            return _line(name, state, row, installed, reason=reason, count=len(open_ones))
        answer = self._load(installed) if on or look_at_all else None
        state, reason = self._state(row, installed, answer, open_ones)
        line = _line(name, state, row, installed, answer, reason, len(open_ones))
        if open_ones and line.runs and state is S.ENABLED:
            latest = open_ones[0]
            return evolve(line, reason=f"{latest.subject}: {latest.detail}", advice=latest.hint)
        return line

    def _state(
        self,
        row: Row | None,
        installed: Found,
        answer: LoadedModule | Broken | None,
        open_ones: list[problems.Problem],
    ) -> tuple[ModuleState, str]:
        """Compare row and package; returns the state and why."""
        if isinstance(answer, Broken):
            return S.QUARANTINED, answer.error
        if isinstance(answer, LoadedModule):
            offer = Offer(answer.name, answer.version, answer.manifest.requires)
            if told := resolver.unmet_by_kernel(offer):
                return S.INCOMPATIBLE, told
        if row is not None and row.on:
            return self._state_when_on(row, installed, answer)
        failed = [problem for problem in open_ones if problem.kind in _QUARANTINING]
        if failed:
            return S.QUARANTINED, failed[0].detail
        return (S.DISCOVERED if row is None or row.state is S.PURGED else row.state), ""

    def _state_when_on(  # noqa: PLR0911  (a table of cases, the first that fits)
        self, row: Row, installed: Found, answer: LoadedModule | None
    ) -> tuple[ModuleState, str]:
        if row.name in self._failed:
            return S.QUARANTINED, self._failed[row.name]
        if answer is None or row.snapshot is None:
            return row.state, row.reason
        if answer.version != installed.version:
            told = _("{new} is installed, and this process still runs {old}: start fenbu again")
            return S.UPGRADE_PENDING, told.format(new=installed.version, old=answer.version)
        try:
            code = declared(answer)
        except ReferenceBroken as error:
            return S.QUARANTINED, str(error)
        if set(row.snapshot.migrations) - set(code.migrations) and _older(code.version, row.version):
            told = _("its data are of {data}, and {code} is older")
            return S.INCOMPATIBLE, told.format(data=row.version, code=code.version)
        if told := differs(row.snapshot, code):
            return S.UPGRADE_PENDING, told
        return row.state, row.reason


def stored_rows(connection: Connection) -> dict[str, Row]:
    """Return the rows of all modules that were ever enabled, in order of enabling."""
    return {
        row.name: Row(
            row.name,
            ModuleState(row.state),
            row.version or "",
            row.position,
            from_json(row.snapshot) if row.snapshot else None,
            row.reason or "",
        )
        for row in connection.execute(_ROWS)
    }


def _count(open_ones: list[problems.Problem]) -> dict[str, list[problems.Problem]]:
    counted: dict[str, list[problems.Problem]] = {}
    for problem in open_ones:
        counted.setdefault(problem.module, []).append(problem)
    return counted


def _kept_reason(row: Row | None) -> str:
    """Return what is wrong with a module; of one that is or goes off it is noted how, which is as it was wanted."""
    return row.reason if row is not None and row.state not in (S.DRAINING, S.DISABLED) else ""


def _line(
    name: str,
    state: ModuleState,
    row: Row | None,
    installed: Found | None = None,
    answer: LoadedModule | Broken | None = None,
    reason: str = "",
    count: int = 0,
) -> Module:
    snapshot = row.snapshot if row else None
    known = installed or (answer if isinstance(answer, Broken) else None) or snapshot
    loaded = answer if isinstance(answer, LoadedModule) else None
    broken = answer if isinstance(answer, Broken) else None
    distribution = known.distribution if known else ""
    version = installed.version if installed else ""
    title = loaded.manifest.title if loaded else snapshot.title if snapshot else ""
    told = states.advice(state, name, distribution, row.version if row else "")
    if state is S.MISSING and row is not None and not row.on:
        told = _("reinstall {package} {version}, or take its data away: fenbu purge {module}").format(
            package=distribution or name, version=row.version, module=name
        )
    if state is S.DISCOVERED and row is not None and row.state is S.PURGED:
        told = _("fenbu unarchive brings its data back; fenbu enable {module} begins anew").format(
            module=name
        )
    if broken is not None:
        told = broken.remedy
    if state is S.QUARANTINED and row is not None and row.on:
        told = _("{remedy}; or disable it: fenbu disable {module}").format(remedy=told, module=name)
    return Module(
        name=name,
        state=state,
        advice=told,
        reason=reason or (broken.error if broken else "") or _kept_reason(row),
        title=title,
        distribution=distribution,
        version=version,
        row=row,
        loaded=loaded,
        problems=count,
    )


def _with_gaps(lines: list[Module]) -> list[Module]:
    """Say of each loaded module what it needs and does not find among those that take part."""
    modules = Modules(0, {line.name: line for line in lines})
    return [_with_gap(line, modules) for line in lines]


def _with_gap(line: Module, modules: Modules) -> Module:
    if line.loaded is None or line.state not in (
        S.ENABLED,
        S.CATCHING_UP,
        S.DRAINING,
        S.DISCOVERED,
        S.DISABLED,
    ):
        return line
    told, fillable = resolver.unmet(line.name, modules.offers, modules.on)
    if not told:
        return line
    if line.on or not fillable:
        advice = states.advice(S.INCOMPATIBLE, line.name, line.distribution)
        return evolve(line, state=S.INCOMPATIBLE, reason=told, advice=advice)
    return evolve(line, reason=told)


def _older(version: str, than: str) -> bool:
    try:
        return Version(version) < Version(than)
    except InvalidVersion:
        return False
