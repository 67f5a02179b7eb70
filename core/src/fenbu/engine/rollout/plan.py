"""The plan: what applying a file would do, stage by stage; nothing is written.

Its digest covers the file, what is installed, the states and settings of modules, the serial and the steps, so the same
digest means the same doings. Readings, counts and estimates stand beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import attrs
from attrs import field, frozen

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.ahead import Ahead, ahead
from fenbu.engine.rollout.by_hand import Drifted, drift, unplanned
from fenbu.engine.rollout.digests import digest_of, package_digest, stage_digest, text_digest
from fenbu.engine.rollout.errors import OutOfTurn, StageGone
from fenbu.engine.rollout.faults import nearest, refuse
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.fitting import misfits
from fenbu.engine.rollout.guards import Guards, guards_of_changed, guards_of_new
from fenbu.engine.rollout.installed import installed
from fenbu.engine.rollout.situation import Situation, look
from fenbu.engine.rollout.steps import Course, secrets_of
from fenbu.engine.rollout.taking_back import TakingBack, taking_back
from fenbu.engine.stages.records import Run, Step
from fenbu.engine.work import EngineWork
from fenbu.errors import Unknown
from fenbu.i18n import _
from fenbu.values import MASK, from_microseconds

LASTS = timedelta(days=1)
"""How long a saved plan may be applied."""
SHOW = "fenbu.show"

Standing = Literal["waiting", "applied", "half-applied", "half rolled back", "rolled back"]
Change = Literal["", "apply", "update"]


@frozen(kw_only=True)
class PlannedStep:
    """A step with what people may see of it."""

    step: Step
    secrets: frozenset[str] = frozenset()

    def shown(self, name: str, values: str = "settings") -> Any:
        """Return a setting's value as it may be shown; None where it is at its default."""
        kept = getattr(self.step, values)
        return MASK if name in self.secrets and kept.get(name) else kept.get(name)


@frozen(kw_only=True)
class StagePlan:
    """A stage: how it stands, and what would be done about it."""

    number: int
    name: str
    title: str
    goal: str
    digest: str
    modules: tuple[str, ...]
    standing: Standing
    since: datetime | None = None
    by: str = ""
    change: Change = ""
    """``apply`` when it does not stand yet, ``update`` when it stands otherwise than the file says."""
    chosen: bool = False
    """Applying the plan carries it out."""
    steps: tuple[PlannedStep, ...] = ()
    guards: Guards = field(factory=Guards)
    ahead: Ahead = field(factory=Ahead)
    taking_back: TakingBack | None = None
    """What rolling it back would do, once it stands."""


@frozen(kw_only=True)
class Plan:
    """What applying a file would do."""

    rollout: str
    version: int
    title: str
    path: str
    file_digest: str
    serial: int
    digest: str
    made_at: datetime
    made_by: str
    expires_at: datetime
    stage: str | None
    through: str | None
    stages: tuple[StagePlan, ...]
    drift: tuple[Drifted, ...]
    unplanned: tuple[str, ...]
    """Modules that are on and not in the file."""
    unfinished: Run | None
    """What has not come to its end; applying goes on with it."""

    @property
    def chosen(self) -> tuple[StagePlan, ...]:
        """The stages that applying would carry out, in order."""
        return tuple(stage for stage in self.stages if stage.chosen)

    @property
    def nothing_to_do(self) -> bool:
        """Applying would do nothing."""
        return not self.chosen and self.unfinished is None

    @property
    def held_up(self) -> tuple[str, ...]:
        """Why the first stage to be carried out cannot begin."""
        return self.chosen[0].guards.reasons if self.chosen else ()


def make(kernel: Kernel, file: RolloutFile, *, stage: str | None = None, through: str | None = None) -> Plan:
    """Return what applying a file would do; nothing is written.

    Args:
        kernel: Of the enterprise; its actor must be allowed to look.
        file: As read.
        stage: Only this stage; its turn must have come.
        through: All stages up to this one; unless either is given, the next one alone.

    Raises:
        RolloutInvalid: The file has faults, or does not fit what is installed.
        StageGone: A stage that stands is no longer in it.
        Unknown: It has no such stage.
        OutOfTurn: Stages in front do not stand yet.
        NotPermitted: The actor may not look.
    """
    check(file)
    with kernel.read() as work:
        work.require(SHOW)
        return planned(work, file, stage=stage, through=through)


def check(file: RolloutFile) -> None:
    """Refuse a file with faults, or one that does not fit what is installed.

    Raises:
        RolloutInvalid: With all faults.
    """
    file.checked()
    refuse(file.path, misfits(file, installed()))


def planned(
    work: EngineWork,
    file: RolloutFile,
    *,
    stage: str | None = None,
    through: str | None = None,
    appliers: Collection[str] = (),
    only: Collection[str] | None = None,
) -> Plan:
    """Return a plan as things are in a transaction; the file was checked before.

    Args:
        work: Reading or writing.
        file: As read.
        stage: As for `make`.
        through: As for `make`.
        appliers: Whose yeses and overrides do not count.
        only: Stages that are asked for gates and consequences; all unless given.
    """
    rollout = file.checked()
    situation = look(work, rollout.name)
    _refuse_gone(file, situation)
    looking = _Looking(
        work=work,
        file=file,
        situation=situation,
        course=Course(rollout, situation),
        choice=_Choice(file, situation, stage, through),
        appliers=appliers,
        only=only,
    )
    stages = [looking.stage(number) for number in range(len(rollout.stages))]
    return Plan(
        rollout=rollout.name,
        version=rollout.version,
        title=rollout.title or rollout.name,
        path=file.path,
        file_digest=text_digest(file.text),
        serial=situation.serial,
        digest=_digest(file, situation, stages, stage, through),
        made_at=work.now,
        made_by=work.actor.name,
        expires_at=work.now + LASTS,
        stage=stage,
        through=through,
        stages=tuple(stages),
        drift=tuple(drift(situation, rollout)),
        unplanned=tuple(unplanned(situation, rollout)),
        unfinished=situation.unfinished,
    )


@attrs.define
class _Choice:
    """Which stages are to be carried out."""

    file: RolloutFile
    situation: Situation
    stage: str | None
    through: str | None
    last: int = field(init=False)
    """Index up to which stages are carried out that do not stand yet."""

    def __attrs_post_init__(self) -> None:
        names = [one.name for one in self.file.checked().stages]
        wanted = self.stage or self.through
        if wanted is not None and wanted not in names:
            raise Unknown(_("stage"), wanted, *nearest_name(wanted, names))
        waiting = [number for number, name in enumerate(names) if name not in self.situation.applied]
        if wanted is None:
            self.last = waiting[0] if waiting else len(names) - 1
            return
        self.last = names.index(wanted)
        early = [names[number] for number in waiting if number < self.last]
        if self.stage is not None and early and wanted not in self.situation.applied:
            told = _("{stages} come first and do not stand yet").format(stages=", ".join(early))
            way_out = _("fenbu apply --through {stage} applies them all").format(stage=wanted)
            raise OutOfTurn(wanted, told, way_out)

    def takes(self, number: int) -> bool:
        """Say whether a stage is carried out when there is something to do for it."""
        if self.stage is not None:
            return number == self.last
        return number <= self.last or self.file.checked().stages[number].name in self.situation.applied


def nearest_name(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return what was probably meant, or what there is, as `Unknown` takes them."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1)
    return (near[0],) if near else ("", "", nearest(name, known))


def _refuse_gone(file: RolloutFile, situation: Situation) -> None:
    names = {stage.name for stage in file.checked().stages}
    for name in situation.applied:
        if name not in names:
            told = _("the stage {stage} stands, and the file no longer has it").format(stage=name)
            way_out = _(
                "fenbu rollback {stage} takes it back by the file that was applied; or put it in again"
            )
            raise StageGone(file.path, told, way_out=way_out.format(stage=name))


@frozen(kw_only=True)
class _Looking:
    """What all stages of a plan are looked at with."""

    work: EngineWork
    file: RolloutFile
    situation: Situation
    course: Course
    choice: _Choice
    appliers: Collection[str]
    only: Collection[str] | None

    def stage(self, number: int) -> StagePlan:
        """Return a stage as it would be when those in front of it were carried out."""
        situation, stage = self.situation, self.file.checked().stages[number]
        stands = stage.name in situation.applied
        before = set(self.course.on)
        steps = self.course.carry_out(number)
        change: Change = "" if stands and not steps else "update" if stands else "apply"
        looked_at = bool(change) and (self.only is None or stage.name in self.only)
        run = situation.last.get(stage.name)
        return StagePlan(
            number=number,
            name=stage.name,
            title=stage.title,
            goal=stage.goal,
            digest=stage_digest(self.file, number),
            modules=stage.modules,
            standing=standing_of(run, stands=stands),
            since=from_microseconds(run.ended_at or run.started_at) if run else None,
            by=run.actor if run else "",
            change=change,
            chosen=bool(change) and self.choice.takes(number),
            steps=tuple(map(self._shown, steps)),
            guards=self._guards(number, stands=stands) if looked_at else Guards(),
            ahead=ahead(self.work, situation.modules, steps, before) if looked_at else Ahead(),
            taking_back=taking_back(self.file.checked(), number, steps) if looked_at else None,
        )

    def _guards(self, number: int, *, stands: bool) -> Guards:
        measure = guards_of_changed if stands else guards_of_new
        return measure(self.work, self.file, number, self.situation, appliers=self.appliers)

    def _shown(self, step: Step) -> PlannedStep:
        changes = step.settings or step.reset
        secrets = secrets_of(self.situation, step.module) if changes else frozenset[str]()
        return PlannedStep(step=step, secrets=secrets)


def standing_of(run: Run | None, *, stands: bool) -> Standing:
    """Return how a stage stands by its newest run."""
    if run is None:
        return "waiting"
    if run.open:
        return "half-applied" if run.verb == "apply" else "half rolled back"
    return "applied" if stands else "rolled back" if run.verb == "rollback" else "waiting"


def _digest(
    file: RolloutFile,
    situation: Situation,
    stages: Sequence[StagePlan],
    stage: str | None,
    through: str | None,
) -> str:
    known = situation.modules.by_name
    concerned = sorted({*file.checked().modules, *situation.modules.on} & known.keys())
    return digest_of(
        {
            "file": text_digest(file.text),
            "packages": {name: package_digest(known[name]) for name in concerned},
            "states": {
                name: [known[name].state.value, row.version if (row := known[name].row) else None]
                for name in concerned
            },
            "settings": {name: situation.settings.get(name, {}) for name in concerned},
            "serial": situation.serial,
            "wanted": [stage, through],
            "stages": [
                [one.name, one.change, [[step.step.kind, step.step.to_json()] for step in one.steps]]
                for one in stages
                if one.chosen
            ],
        }
    )
