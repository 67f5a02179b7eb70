"""The readiness report: whether the data, the health and the numbers of an enterprise are fit for each stage.

A stage is reported with the modules that it switches on; one stage by itself with those of the stages in front of it
too, because on their data it will work. Everything is looked at in one transaction, at one moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from attrs import field, frozen

from fenbu.completeness import Completeness, Counted
from fenbu.engine import readings
from fenbu.engine.catalog.modules import Modules
from fenbu.engine.guard import permissions
from fenbu.engine.kernel import Kernel
from fenbu.engine.problems import open_problems
from fenbu.engine.readings import NotMeasured, Reading
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.guards import Guards, guards_of_new
from fenbu.engine.rollout.plan import Standing, nearest_name, standing_of
from fenbu.engine.rollout.situation import Situation, look
from fenbu.engine.work import EngineWork
from fenbu.errors import Unknown
from fenbu.i18n import _
from fenbu.metrics import Check, Finding, Health, Metric
from fenbu.work import Enterprise

SHOW = permissions.show("fenbu")
SPAN = timedelta(days=30)
"""Over how long numbers are told."""
KERNEL = "fenbu"
_TOLD_BY_PROBLEMS = "fenbu.problems"

Declared = TypeVar("Declared", Completeness, Check, Metric)


@frozen(kw_only=True)
class Concerned:
    """How a module of a stage stands."""

    name: str
    title: str
    state: str
    on: bool


@frozen(kw_only=True)
class Complete:
    """How complete the records of a module are in one respect."""

    declared: Completeness
    counted: Counted | None
    reason: str = ""
    """Why it could not be counted."""

    @property
    def whole(self) -> bool:
        """Say whether nothing is known to be missing, and everything was looked at."""
        return self.counted is not None and self.counted.complete == self.counted.of


@frozen(kw_only=True)
class Trouble:
    """Something that is open: a problem of a module, or a check that is not well."""

    module: str
    kind: str
    """``problem`` or ``check``."""
    name: str
    health: Health
    told: str
    todo: str


@frozen(kw_only=True)
class Baseline:
    """What a metric comes to, and came to in the last thirty days."""

    metric: Metric
    now: Decimal | None
    reason: str = ""
    """Why it could not be measured."""
    series: Sequence[Reading] = ()
    """What was read, and what it comes to now."""

    @property
    def lowest(self) -> Decimal | None:
        """The lowest of the last thirty days, today's included."""
        return min((one.value for one in self.series), default=None)

    @property
    def highest(self) -> Decimal | None:
        """The highest of the last thirty days, today's included."""
        return max((one.value for one in self.series), default=None)


@frozen(kw_only=True)
class StageReadiness:
    """How fit an enterprise is for one stage; without a plan, for what is on."""

    name: str
    title: str
    goal: str = ""
    standing: Standing = "applied"
    modules: Sequence[Concerned] = ()
    guards: Guards = field(factory=Guards)
    """What has to pass before it is applied; nothing of a stage that stands."""
    completeness: Sequence[Complete] = ()
    troubles: Sequence[Trouble] = ()
    metrics: Sequence[Baseline] = ()


@frozen(kw_only=True)
class Readiness:
    """The report."""

    enterprise: Enterprise
    rollout: str
    """Name of the plan; empty without one."""
    version: int
    title: str
    at: datetime
    """UTC with zone."""
    stages: Sequence[StageReadiness]
    troubles: Sequence[Trouble]
    """Of the enterprise as a whole."""
    hidden: Sequence[str]
    """Modules of which the actor may not see anything."""


def readiness(kernel: Kernel, file: RolloutFile | None = None, stage: str | None = None) -> Readiness:
    """Return how fit an enterprise is for the stages of a plan, or what is on where there is no plan.

    Args:
        kernel: Of the enterprise; its actor sees of each module what it may look at.
        file: As read.
        stage: Only this stage, with what the stages in front of it have brought.

    Raises:
        RolloutInvalid: The file has faults.
        Unknown: It has no such stage.
        NotPermitted: The actor may not look at how the enterprise stands.
    """
    with kernel.read() as work:
        work.require(SHOW)
        return _Report(work).of_plan(file, stage) if file is not None else _Report(work).of_what_is_on()


class _Report:
    """What all stages are looked at with: one moment, and what the actor may see of it."""

    def __init__(self, work: EngineWork) -> None:
        self._work = work
        self._assembly = work.transaction.assembly
        self._hidden: dict[str, None] = {}

    def of_plan(self, file: RolloutFile, wanted: str | None) -> Readiness:
        rollout = file.checked()
        situation = look(self._work, rollout.name)
        names = [one.name for one in rollout.stages]
        if wanted is not None and wanted not in names:
            raise Unknown(_("stage"), wanted, *nearest_name(wanted, names))
        numbers = range(len(names)) if wanted is None else [names.index(wanted)]
        stages = [self._stage(file, number, situation, with_earlier=wanted is not None) for number in numbers]
        return self._report(stages, rollout.name, rollout.version, rollout.title or rollout.name)

    def of_what_is_on(self) -> Readiness:
        modules = list(self._assembly.modules)
        title = _("What is on")
        return self._report([self._parts("", title, modules, self._assembly.known)], "", 0, title)

    def _report(self, stages: Sequence[StageReadiness], rollout: str, version: int, title: str) -> Readiness:
        return Readiness(
            enterprise=self._work.enterprise,
            rollout=rollout,
            version=version,
            title=title,
            at=self._work.now,
            stages=tuple(stages),
            troubles=tuple(self._troubles([KERNEL, *self._elsewhere(stages)])),
            hidden=tuple(self._hidden),
        )

    def _stage(
        self, file: RolloutFile, number: int, situation: Situation, *, with_earlier: bool
    ) -> StageReadiness:
        rollout = file.checked()
        stage = rollout.stages[number]
        concerned = rollout.stages[: number + 1] if with_earlier else (stage,)
        modules = [name for one in concerned for name in one.modules]
        stands = stage.name in situation.applied
        return self._parts(
            stage.name,
            stage.title,
            modules,
            situation.modules,
            goal=stage.goal,
            standing=standing_of(situation.last.get(stage.name), stands=stands),
            guards=Guards() if stands else guards_of_new(self._work, file, number, situation),
        )

    def _parts(
        self,
        name: str,
        title: str,
        modules: Sequence[str],
        known: Modules,
        *,
        goal: str = "",
        standing: Standing = "applied",
        guards: Guards | None = None,
    ) -> StageReadiness:
        seen = [one for one in modules if one in self._assembly.modules and self._may_see(one)]
        return StageReadiness(
            name=name,
            title=title,
            goal=goal,
            standing=standing,
            modules=tuple(_state(one, known) for one in modules),
            guards=guards or Guards(),
            completeness=tuple(self._completeness(seen)),
            troubles=tuple(self._troubles(modules)),
            metrics=tuple(self._metrics(seen)),
        )

    def _elsewhere(self, stages: Sequence[StageReadiness]) -> list[str]:
        """Return the modules with problems that no stage of the report has."""
        told = {module.name for stage in stages for module in stage.modules}
        troubled = {problem.module for problem in open_problems(self._work.connection)}
        return sorted(troubled - told - {KERNEL})

    def _may_see(self, module: str) -> bool:
        if self._work.holds(permissions.show(module)):
            return True
        self._hidden[module] = None
        return False

    def _completeness(self, modules: Iterable[str]) -> Iterator[Complete]:
        for one in self._of(modules, self._assembly.completeness.values()):
            try:
                found = readings.answer(self._work, one.name, one.count)
            except NotMeasured as error:
                yield Complete(declared=one, counted=None, reason=error.reason)
                continue
            if isinstance(found, Counted):
                yield Complete(declared=one, counted=found)
            elif found is not None:
                reason = _("it answered {value!r}, which counts nothing").format(value=found)
                yield Complete(declared=one, counted=None, reason=reason)

    def _troubles(self, modules: Sequence[str]) -> Iterator[Trouble]:
        seen = [one for one in modules if self._may_see(one)]
        for problem in open_problems(self._work.connection):
            if problem.module in seen:
                yield Trouble(
                    module=problem.module,
                    kind="problem",
                    name=f"{problem.kind} {problem.subject}",
                    health=Health.FAILED,
                    told=problem.detail,
                    todo=problem.hint,
                )
        for check in self._of(seen, self._assembly.checks.values()):
            if check.name != _TOLD_BY_PROBLEMS and (trouble := self._examined(check)):
                yield trouble

    def _examined(self, check: Check) -> Trouble | None:
        """Return what a check finds wrong, or why nobody can say; None when all is well."""
        health, told = Health.UNKNOWN, ""
        try:
            found = readings.answer(self._work, check.name, check.run)
        except NotMeasured as error:
            told = error.reason
        else:
            if isinstance(found, Finding):
                health, told = Health(found.health), found.detail
        if health is Health.OK:
            return None
        module = check.name.partition(".")[0]
        return Trouble(
            module=module,
            kind="check",
            name=check.name,
            health=health,
            told=told or _(check.title),
            todo=_(check.repair),
        )

    def _metrics(self, modules: Iterable[str]) -> Iterator[Baseline]:
        work = self._work
        for metric in self._of(modules, self._assembly.metrics.values()):
            kept = readings.between(work.connection, metric.name, since=work.now - SPAN, until=work.now)
            try:
                now = readings.measured(work, metric)
            except NotMeasured as error:
                yield Baseline(metric=metric, now=None, reason=error.reason, series=tuple(kept))
                continue
            if now is not None:
                kept = [*(one for one in kept if one.at != work.now), Reading(work.now, now)]
            yield Baseline(metric=metric, now=now, series=tuple(kept))

    @staticmethod
    def _of(modules: Iterable[str], declared: Iterable[Declared]) -> list[Declared]:
        """Return what modules declare, module by module."""
        listed = list(declared)
        return [one for name in modules for one in listed if one.name.startswith(f"{name}.")]


def _state(name: str, known: Modules) -> Concerned:
    found = known.by_name.get(name)
    if found is None:
        return Concerned(name=name, title="", state=_("not installed"), on=False)
    return Concerned(name=name, title=_(found.title), state=str(found.state), on=found.on)
