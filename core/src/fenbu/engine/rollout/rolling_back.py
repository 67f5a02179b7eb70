"""Rolling back: a stage is taken back, planned and looked at as applying is; every row is kept.

By the file with which the stage was last applied, unless another is given, as when its policy has to be another.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import asdict, frozen

from fenbu.engine.catalog.errors import StillNeeded
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.acts import ROLLBACK, Holding, act, holding
from fenbu.engine.rollout.ahead import Ahead, ahead
from fenbu.engine.rollout.carrying_out import Carrying, Happened, Tell, silent
from fenbu.engine.rollout.digests import digest_of, stage_digest, text_digest
from fenbu.engine.rollout.document import of_step
from fenbu.engine.rollout.errors import OutOfTurn, StalePlan, Unfinished, WouldStrand
from fenbu.engine.rollout.file import RolloutFile, parse
from fenbu.engine.rollout.performing import refuse_needed, refuse_to_strand
from fenbu.engine.rollout.plan import SHOW, PlannedStep, Standing, nearest_name, standing_of
from fenbu.engine.rollout.situation import Situation, look
from fenbu.engine.rollout.steps import secrets_of
from fenbu.engine.rollout.taking_back import steps_back
from fenbu.engine.stages import records
from fenbu.engine.stages.records import Outcome, Run, Step
from fenbu.engine.work import EngineWork
from fenbu.errors import NotFound, Unknown
from fenbu.i18n import _


@frozen(kw_only=True)
class BackPlan:
    """What taking a stage back would do."""

    rollout: str
    stage: str
    title: str
    standing: Standing
    serial: int
    digest: str
    made_at: datetime
    in_flight: str
    """The policy: ``refuse``, ``drain``, ``park``, ``waive``."""
    steps: tuple[PlannedStep, ...]
    ahead: Ahead
    stranded: str = ""
    """Why it would be refused now: what is in flight, or a module that stays and needs one of these; else empty."""

    def document(self) -> dict[str, Any]:
        """Return it as JSON-able document."""
        return {
            "rollout": self.rollout,
            "stage": self.stage,
            "title": self.title,
            "standing": self.standing,
            "serial": self.serial,
            "digest": self.digest,
            "in_flight": self.in_flight,
            "steps": [of_step(one) for one in self.steps],
            "ahead": asdict(self.ahead),
            "stranded": self.stranded,
        }


@frozen(kw_only=True)
class RolledBack:
    """What taking a stage back came to."""

    stage: str
    steps: int
    draining: tuple[str, ...] = ()
    """Modules that finish what waits, then a worker switches them off."""


def plan_back(kernel: Kernel, stage: str, file: RolloutFile | None = None) -> BackPlan:
    """Return what taking a stage back would do; nothing is written.

    Args:
        kernel: Of the enterprise; its actor must be allowed to look.
        stage: That stands, or is half-applied.
        file: By whose policy; the one that was applied unless given.

    Raises:
        Unknown: There is no such stage.
        NotFound: Nothing was applied yet.
        OutOfTurn: It does not stand, or later stages do.
        Unfinished: Another stage is half-applied or half rolled back.
        NotPermitted: The actor may not look.
    """
    with kernel.read() as work:
        work.require(SHOW)
        found = _Back(work, stage, file)
        return found.plan()


def roll_back(
    kernel: Kernel,
    stage: str,
    file: RolloutFile | None = None,
    *,
    expected: str | None = None,
    tell: Tell = silent,
) -> RolledBack:
    """Take a stage back; one that was begun goes on, by its own file unless another is given.

    Args:
        kernel: Of the enterprise; its actor rolls back.
        stage: As for `plan_back`.
        file: As for `plan_back`.
        expected: Digest of the plan that was looked at; anything else is stale.
        tell: Called with everything that happens.

    Raises:
        WouldStrand: Work is in flight, and the policy is to refuse then; nothing was done.
        StillNeeded: A module that stays needs one of these; nothing was done.
        StalePlan, Locked, NotPermitted: As for `apply`.
        OutOfTurn, Unknown, NotFound, Unfinished: As for `plan_back`.
    """
    with holding(kernel, ROLLBACK, "rollback") as held:
        if held.taken_from is not None:
            tell(Happened(event="lock-taken-over", note=held.taken_from.operator))
        run, digest = _begin(kernel, held, stage, file, expected)
        tell(Happened(event="begun", stage=stage, run=run))
        carrying = Carrying(
            kernel=kernel, held=held, name=ROLLBACK, stage=stage, run=run, plan_digest=digest, tell=tell
        )
        done = carrying.out()
        with kernel.read() as work:
            modules = {name for one in records.steps(work.connection, run) for name in one.step.modules}
        return RolledBack(
            stage=stage,
            steps=done,
            draining=tuple(sorted(kernel.assembly.known.draining & modules)),
        )


def _begin(
    kernel: Kernel, held: Holding, stage: str, file: RolloutFile | None, expected: str | None
) -> tuple[int, str]:
    """Decide it in one transaction, or find the run that was begun; return run and digest of its plan."""
    told = {"does": "begin"}

    def body(work: EngineWork) -> tuple[int, str]:
        held.keep(work)
        back = _Back(work, stage, file)
        plan = back.plan()
        told["plan"] = plan.digest
        if back.begun is not None:
            told["does"] = "go on"
            return back.begun.id, plan.digest
        if expected is not None and expected != plan.digest:
            raise StalePlan(_("what is on, set or applied has changed since"))
        steps = tuple(one.step for one in plan.steps)
        refuse_needed(work, steps)
        refuse_to_strand(work, steps)
        if back.unfinished is not None:
            outcome: Outcome = "undone" if back.unfinished.verb == records.APPLY else "superseded"
            records.end(work.connection, back.unfinished.id, outcome, work.transaction.at)
        run = records.begin(
            work.connection,
            rollout=plan.rollout,
            stage=stage,
            verb="rollback",
            file=(text_digest(back.file.text), back.file.text),
            stage_digest=stage_digest(back.file, back.number),
            plan_digest=plan.digest,
            actor=work.actor.name,
            gates=(),
            planned=steps,
            at=work.transaction.at,
        )
        return run, plan.digest

    return act(kernel, ROLLBACK, stage, told, body)


class _Back:
    """A stage to be taken back, as found in one transaction."""

    def __init__(self, work: EngineWork, stage: str, file: RolloutFile | None) -> None:
        self.work = work
        self.stage = stage
        runs = records.runs(work.connection)
        if not runs:
            raise NotFound(_("stage that stands, named"), stage, _("fenbu plan says what could be applied"))
        mine = [run for run in runs if run.stage == stage]
        rollout = file.checked().name if file is not None else mine[-1].rollout if mine else runs[-1].rollout
        self.situation: Situation = look(work, rollout)
        if stage not in self.situation.last:
            raise Unknown(_("stage"), stage, *nearest_name(stage, list(self.situation.last)))
        self.unfinished: Run | None = self.situation.unfinished
        self.file = file or parse(records.file_text(work.connection, self.situation.last[stage].file))
        names = [one.name for one in self.file.checked().stages]
        if stage not in names:
            raise Unknown(_("stage"), stage, *nearest_name(stage, names))
        self.number = names.index(stage)
        self._refuse_out_of_turn()

    @property
    def begun(self) -> Run | None:
        """The rollback of this stage that has not come to its end, by the same file."""
        run = self.unfinished
        same = run is not None and run.verb == records.ROLLBACK and run.file == text_digest(self.file.text)
        return run if same else None

    def plan(self) -> BackPlan:
        """Return what is left to do."""
        rollout, work = self.file.checked(), self.work
        steps: tuple[Step, ...] = steps_back(work.connection, rollout, self.stage, self.situation)
        if (begun := self.begun) is not None:
            journal = records.steps(work.connection, begun.id)
            steps = tuple(one.step for one in journal if one.done_at is None)
        try:
            refuse_needed(work, steps)
            refuse_to_strand(work, steps)
            stranded = ""
        except (StillNeeded, WouldStrand) as error:
            stranded = str(error)
        stage = rollout.stages[self.number]
        return BackPlan(
            rollout=rollout.name,
            stage=self.stage,
            title=stage.title,
            standing=standing_of(
                self.situation.last[self.stage], stands=self.stage in self.situation.applied
            ),
            serial=self.situation.serial,
            digest=begun.plan_digest if begun is not None else self._digest(steps),
            made_at=work.now,
            in_flight=stage.rollback.in_flight,
            steps=tuple(map(self._shown, steps)),
            ahead=ahead(work, self.situation.modules, steps, self.situation.modules.on),
            stranded=stranded,
        )

    def _digest(self, steps: tuple[Step, ...]) -> str:
        told = [[step.kind, step.to_json()] for step in steps]
        return digest_of([self.stage, self.situation.serial, text_digest(self.file.text), told])

    def _shown(self, step: Step) -> PlannedStep:
        changes = step.settings or step.reset
        return PlannedStep(
            step=step,
            secrets=secrets_of(self.situation, step.module) if changes else frozenset[str](),
        )

    def _refuse_out_of_turn(self) -> None:
        run, situation = self.unfinished, self.situation
        if run is not None and (run.rollout, run.stage) != (self.file.checked().name, self.stage):
            raise Unfinished(run.stage, run.verb)
        if run is None and self.stage not in situation.applied:
            raise OutOfTurn(self.stage, _("it does not stand"), _("fenbu rollout status shows which do"))
        names = [one.name for one in self.file.checked().stages]
        later = [name for name in names[self.number + 1 :] if name in situation.applied]
        if later:
            told = _("{stages} stands on it").format(stages=", ".join(later))
            raise OutOfTurn(self.stage, told, _("fenbu rollback {stage} first").format(stage=later[-1]))
