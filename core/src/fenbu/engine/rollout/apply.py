"""Applying: a plan is carried out stage by stage, under the lock, by a journal that survives a kill at any point.

Each stage begins with one transaction in which the plan is made again, gates are measured and yeses counted; what it
decides is written as a run with all its steps. Then each step is a transaction of its own. Whoever applies next goes on
with a run that has not come to its end.
"""

from __future__ import annotations

from attrs import field, frozen
from sqlalchemy import Connection, select

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.acts import APPLY, Holding, act, holding
from fenbu.engine.rollout.carrying_out import Carrying, Happened, Tell, silent
from fenbu.engine.rollout.digests import stage_digest, text_digest
from fenbu.engine.rollout.document import of_gate, of_needed
from fenbu.engine.rollout.errors import GateNotMet, StalePlan, Unfinished
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.guards import Guards, as_applied, guards_of_resumed
from fenbu.engine.rollout.performing import refuse_needed, refuse_to_strand
from fenbu.engine.rollout.plan import Plan, StagePlan, check, planned
from fenbu.engine.rollout.saved import SavedPlan
from fenbu.engine.rollout.situation import Situation, look
from fenbu.engine.stages import records
from fenbu.engine.stages.records import Run, Step
from fenbu.engine.store.tables import enterprise
from fenbu.engine.work import EngineWork
from fenbu.i18n import _


@frozen(kw_only=True)
class Applied:
    """What applying came to."""

    stages: tuple[str, ...] = ()
    """Carried out, in order; empty when there was nothing to do."""
    steps: int = 0
    serial: int = 0
    """After it."""


def apply(
    kernel: Kernel,
    source: RolloutFile | SavedPlan,
    *,
    stage: str | None = None,
    through: str | None = None,
    expected: str | None = None,
    wait: bool = False,
    rehearsing: bool = False,
    tell: Tell = silent,
) -> Applied:
    """Carry a rollout file out, or exactly a plan of it that was saved.

    Args:
        kernel: Of the enterprise; its actor applies.
        source: A file, or a saved plan, which says itself which stages.
        stage: As for `plan.make`.
        through: As for `plan.make`.
        expected: Digest of the plan that was looked at; anything else is stale.
        wait: Let modules that come late read what they missed, here and now, before going on.
        rehearsing: On a copy: gates and yeses are measured and written down, and stop nothing.
        tell: Called with everything that happens.

    Raises:
        StalePlan: Something has changed since the plan was made; nothing was done.
        Locked: Somebody else applies or rolls back.
        GateNotMet: A gate or an approval holds a stage up; stages before it were carried out.
        Unfinished: A stage is half rolled back, or half-applied and not in this file.
        NotPermitted: The actor may not apply.
        FenbuError: A step cannot be done; the stage is half-applied until it is applied or rolled back.
    """
    if isinstance(source, SavedPlan):
        file, stage, through, expected = source.file(), source.stage, source.through, source.digest
    else:
        file = source
    check(file)
    with holding(kernel, APPLY, "apply") as held:
        if held.taken_from is not None:
            tell(Happened(event="lock-taken-over", note=held.taken_from.operator))
        applying = _Applying(kernel=kernel, file=file, held=held, wait=wait, rehearsing=rehearsing, tell=tell)
        plan = applying.plan(stage, through)
        refuse_stale(plan, source, expected)
        return applying.all(plan, expected or plan.digest)


def refuse_stale(plan: Plan, source: RolloutFile | SavedPlan, expected: str | None) -> None:
    """Refuse another plan than the one that was looked at, unless it was begun and has not come to its end.

    Args:
        plan: As things are.
        source: What is to be applied.
        expected: Digest of the plan that was looked at; None for whatever it is.

    Raises:
        StalePlan: It is another, or its time is over.
    """
    if isinstance(source, SavedPlan):
        source.refuse_expired(plan.made_at)
    begun = plan.unfinished is not None and plan.unfinished.plan_digest == expected
    if expected is None or expected == plan.digest or begun:
        return
    if isinstance(source, SavedPlan) and source.serial != plan.serial:
        told = _("it was made at serial {then}, and the rollout is at {now}: something was applied since")
        raise StalePlan(told.format(then=source.serial, now=plan.serial))
    raise StalePlan(_("what is installed, on or set has changed since"))


@frozen(kw_only=True)
class _Applying:
    """One apply, holding the lock."""

    kernel: Kernel
    file: RolloutFile
    held: Holding
    wait: bool
    rehearsing: bool
    tell: Tell
    _done: list[str] = field(factory=list)

    def plan(self, stage: str | None, through: str | None) -> Plan:
        """Return the plan as things are; its gates are measured where a stage begins."""
        with self.kernel.read() as work:
            return planned(work, self.file, stage=stage, through=through, only=())

    def all(self, plan: Plan, digest: str) -> Applied:
        """Go on with what has not come to its end, then carry the plan's stages out."""
        steps = self._go_on(plan.unfinished) if plan.unfinished is not None else 0
        for one in plan.chosen:
            if one.name not in self._done:
                steps += self._stage(one, digest)
        with self.kernel.read() as work:
            serial = records.serial(work.connection)
        return Applied(stages=tuple(self._done), steps=steps, serial=serial)

    # --- a stage --------------------------------------------------------------------------------------

    def _stage(self, wanted: StagePlan, digest: str) -> int:
        steps = tuple(one.step for one in wanted.steps)
        told = {"plan": digest, "does": "begin", "file": text_digest(self.file.text)}
        run = act(
            self.kernel, APPLY, wanted.name, told, lambda work: self._begin(work, wanted.name, digest, steps)
        )
        if run is None:
            return 0
        self.tell(Happened(event="begun", stage=wanted.name, run=run, steps=len(steps)))
        return self._carry_out(wanted.name, run, digest)

    def _begin(self, work: EngineWork, stage: str, digest: str, steps: tuple[Step, ...]) -> int | None:
        """Decide a stage in one transaction: plan, gates, yeses; None when there is nothing to do any more."""
        self.held.keep(work)
        begun = records.open_run(work.connection)
        appliers = {work.actor.name, *(records.appliers(work.connection, begun) if begun else ())}
        now = planned(work, self.file, stage=stage, appliers=appliers, only={stage})
        found = next(one for one in now.stages if one.name == stage)
        if now.unfinished is not None:
            if (now.unfinished.rollout, now.unfinished.stage) != (now.rollout, stage):
                raise Unfinished(now.unfinished.stage, now.unfinished.verb)
            records.end(work.connection, now.unfinished.id, "superseded", work.transaction.at)
        if not found.change:
            return None
        if tuple(one.step for one in found.steps) != steps:
            raise StalePlan(_("what is installed, on or set has changed since"))
        self._refuse_held_up(work, stage, found.guards)
        refuse_needed(work, steps)
        refuse_to_strand(work, steps)
        return records.begin(
            work.connection,
            rollout=now.rollout,
            stage=stage,
            verb="apply",
            file=(now.file_digest, self.file.text),
            stage_digest=found.digest,
            plan_digest=digest,
            actor=work.actor.name,
            gates=[*map(of_gate, found.guards.gates), *map(of_needed, found.guards.approvals)],
            planned=steps,
            at=work.transaction.at,
        )

    def _carry_out(self, stage: str, run: int, digest: str) -> int:
        carrying = Carrying(
            kernel=self.kernel,
            held=self.held,
            name=APPLY,
            stage=stage,
            run=run,
            plan_digest=digest,
            tell=self.tell,
        )
        done = carrying.out()
        self._done.append(stage)
        if self.wait:
            self._let_read(stage)
        return done

    def _let_read(self, stage: str) -> None:
        """Let a worker deliver until no module reads history any more, or nothing moves."""
        self.kernel.refresh()
        if self.kernel.assembly.known.catching_up:
            names = ", ".join(sorted(self.kernel.assembly.known.catching_up))
            self.tell(Happened(event="reading", stage=stage, note=names))
            self.kernel.drain()
            self.kernel.settle()

    # --- going on -------------------------------------------------------------------------------------

    def _go_on(self, run: Run) -> int:
        """Go on with a run that has not come to its end; one of a file that has changed since begins anew."""
        stages = [stage.name for stage in self.file.checked().stages]
        known = run.rollout == self.file.checked().name and run.stage in stages
        if run.verb == records.ROLLBACK or not known:
            raise Unfinished(run.stage, run.verb)
        number = stages.index(run.stage)
        if stage_digest(self.file, number) != run.stage_digest:
            return self._begin_anew(run)
        told = {"plan": run.plan_digest, "run": run.id, "does": "go on"}
        act(self.kernel, APPLY, run.stage, told, lambda work: self._may_go_on(work, run, number))
        self.tell(Happened(event="gone-on", stage=run.stage, run=run.id))
        return self._carry_out(run.stage, run.id, run.plan_digest)

    def _begin_anew(self, run: Run) -> int:
        with self.kernel.read() as work:
            now = planned(work, self.file, stage=run.stage, only=())
        wanted = next(one for one in now.stages if one.name == run.stage)
        steps = self._stage(wanted, now.digest)
        if run.stage not in self._done:
            self._done.append(run.stage)
        return steps

    def _may_go_on(self, work: EngineWork, run: Run, number: int) -> None:
        """Refuse to go on for whoever was counted among those who have said yes."""
        self.held.keep(work)
        situation: Situation = look(work, run.rollout)
        appliers = {work.actor.name, *records.appliers(work.connection, run)}
        if not as_applied(self.file, number, situation):
            guards = guards_of_resumed(work, self.file, number, situation, appliers=appliers)
            self._refuse_held_up(work, run.stage, guards)

    def _refuse_held_up(self, work: EngineWork, stage: str, guards: Guards) -> None:
        if guards.reasons and not (self.rehearsing and is_copy(work.connection)):
            raise GateNotMet(stage, guards.reasons, guards.todo)


def is_copy(connection: Connection) -> bool:
    """Say whether this is a copy of an enterprise, from which nothing goes out."""
    return connection.execute(select(enterprise.c.copy_of)).scalar() is not None
