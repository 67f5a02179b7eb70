"""Rehearsing: the whole apply, catch-up included, on a copy of the database that is gone afterwards.

The copy is marked, its calls are answered by a recorder, secrets are withheld. Gates and approvals are measured and
told, and stop nothing: a rehearsal shows what is behind them. Of the original only the audit trail learns of it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, field
from sqlalchemy import text

from fenbu.engine.flows.calls import request as request_of
from fenbu.engine.guard import audit
from fenbu.engine.guard.permissions import BACKUP
from fenbu.engine.kernel import Kernel
from fenbu.engine.recorder import Recorder
from fenbu.engine.rollout import plan as planning
from fenbu.engine.rollout.aftermath import Troubles, troubles
from fenbu.engine.rollout.ahead import ToRead
from fenbu.engine.rollout.apply import apply
from fenbu.engine.rollout.carrying_out import Happened, Tell, silent
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.plan import StagePlan
from fenbu.engine.rollout.rehearsal import (
    OutsideCall,
    Reading,
    Rehearsal,
    RehearsedStage,
    RehearsedStep,
    Trouble,
)
from fenbu.engine.store.scratch import Scratch
from fenbu.engine.store.tables import OPEN_CALLS
from fenbu.engine.work import EngineWork
from fenbu.errors import FenbuError, NotPermitted
from fenbu.i18n import _
from fenbu.settings import secrets_withheld

PERMISSION = "fenbu.rollout.rehearse"
TURN = 1.0
"""Seconds between two words on how far the deliveries are."""
PATIENCE = 5.0
"""Seconds for which nothing is delivered after which what waits is taken to fail."""

# Of the original's processes, none of which works on the copy.
_LET_GO = (
    text("DELETE FROM fenbu_rollout_lock"),
    text("UPDATE fenbu_call SET lease_until = NULL WHERE lease_until IS NOT NULL"),
)
_CALLS = text("SELECT * FROM fenbu_call ORDER BY at, id")


def rehearse(
    kernel: Kernel,
    file: RolloutFile,
    *,
    through: str | None = None,
    keep: bool = False,
    tell: Tell = silent,
) -> Rehearsal:
    """Apply a rollout file to a copy of the enterprise and say what came of it.

    Args:
        kernel: Of the enterprise; its actor must be allowed to rehearse and to apply.
        file: As read.
        through: Up to this stage; to the last one unless given.
        keep: Leave the copy where it is.
        tell: Called with everything that happens, as `apply` does; also ``copied`` and ``delivered``.

    Raises:
        RolloutInvalid: The file has faults, or does not fit what is installed.
        Unknown: It has no such stage.
        NotPermitted: The actor may not; with `keep`, may not take a copy away either.
        CopyRefused: No copy can be made here; the text says why.
    """
    planning.check(file)
    through = through or file.checked().stages[-1].name
    planning.make(kernel, file, through=through)  # what is refused is refused before anything is copied
    mark = _begin(kernel, file.checked().name, keep=keep)
    started = time.monotonic()
    scratch = kernel.database.scratch(mark)
    took = time.monotonic() - started
    tell(Happened(event="copied", note=f"{took:.1f}"))
    with _removed(scratch, keep=keep), secrets_withheld():
        recorder = Recorder()
        with kernel.on_copy(scratch.url, recorder) as copy:
            trial = _Trial(kernel=copy, file=file, through=through, recorder=recorder, tell=tell)
            return trial.run(took, scratch.place if keep else "")


def _begin(kernel: Kernel, rollout: str, *, keep: bool) -> str:
    """Ask whether the actor may, write down that there is a rehearsal, and return the mark of its copy."""

    def body(work: EngineWork) -> str:
        work.require(PERMISSION)
        if keep:
            work.require(BACKUP)
        _write_down(work, rollout, "done", keep=keep)
        moment = work.now.astimezone(work.enterprise.zone).strftime("%Y-%m-%d %H:%M:%S")
        told = _("{name}, rehearsal of {rollout} on {moment}")
        return told.format(name=work.enterprise.name, rollout=rollout, moment=moment)

    try:
        return kernel.run(body, kernel.actor)
    except NotPermitted:
        kernel.run(lambda work: _write_down(work, rollout, "denied", keep=keep), kernel.actor)
        raise


def _write_down(work: EngineWork, rollout: str, outcome: str, *, keep: bool) -> None:
    act = audit.Act(
        at=work.transaction.at,
        actor=work.actor.name,
        action=PERMISSION,
        module="fenbu",
        subject=None,
        input_digest="",
        summary={"rollout": rollout, "keep": keep},
        outcome=outcome,
        key=None,
    )
    audit.write(work.connection, [act])


@contextmanager
def _removed(scratch: Scratch, *, keep: bool) -> Iterator[None]:
    """Take the copy away after the body, whatever becomes of it."""
    try:
        yield
    finally:
        if not keep:
            scratch.remove()


@define
class _Trial:
    """A rehearsal under way."""

    kernel: Kernel
    """Of the copy."""
    file: RolloutFile
    through: str
    recorder: Recorder
    tell: Tell
    known_calls: set[str] = field(factory=set)

    def run(self, copied_seconds: float, kept: str) -> Rehearsal:
        """Apply all stages and return what came of it."""
        self._let_go()
        before = self._deliver("", ())
        self._remember_calls()
        wrong = troubles(self.kernel)
        stages = list(self._stages())
        plan = self.file.checked()
        with self.kernel.read() as work:
            enterprise, now = work.enterprise.name, work.now
        return Rehearsal(
            rollout=plan.name,
            version=plan.version,
            title=plan.title or plan.name,
            path=self.file.path,
            enterprise=enterprise,
            at=now,
            copied_seconds=copied_seconds,
            before=before,
            stages=tuple(stages),
            troubles=self._new_troubles(wrong),
            calls=tuple(self._calls()),
            kept=kept,
        )

    def _let_go(self) -> None:
        with self.kernel.database.write() as connection:
            for statement in _LET_GO:
                connection.execute(statement)

    def _remember_calls(self) -> None:
        with self.kernel.database.read() as connection:
            self.known_calls = {row.id for row in connection.execute(_CALLS)}

    def _stages(self) -> Iterator[RehearsedStage]:
        """Apply the stages one by one, each followed by what it lets be delivered; end at one that fails."""
        chosen = planning.make(self.kernel, self.file, through=self.through).chosen
        for number, one in enumerate(chosen):
            now = one if number == 0 else self._as_it_stands(one.name)
            done = self._stage(now)
            yield done
            if done.failed:
                return

    def _as_it_stands(self, name: str) -> StagePlan:
        """Return a stage by a plan made after those in front of it were applied."""
        made = planning.make(self.kernel, self.file, stage=name)
        return next(stage for stage in made.stages if stage.name == name)

    def _stage(self, stage: StagePlan) -> RehearsedStage:
        watch = _Watch(self.tell)
        failed, way_out = "", ""
        reading = Reading()
        try:
            apply(self.kernel, self.file, stage=stage.name, tell=watch, rehearsing=True)
            reading = self._deliver(stage.name, stage.ahead.history)
        except FenbuError as error:
            failed, way_out = str(error), error.hint
        return RehearsedStage(
            name=stage.name,
            title=stage.title,
            guards=stage.guards,
            steps=tuple(watch.steps),
            reading=reading,
            failed=failed,
            way_out=way_out,
        )

    def _deliver(self, stage: str, history: tuple[ToRead, ...]) -> Reading:
        """Let a worker deliver until nothing is left that would end by itself, or nothing moves any more."""
        started = moved = time.monotonic()
        done, finished = 0, False
        while not finished and time.monotonic() - moved < PATIENCE:
            turn = self.kernel.drain(timeout=TURN)
            finished = turn.finished
            if turn.done:
                moved = time.monotonic()
                done += turn.done
                self.tell(Happened(event="delivered", stage=stage, n=done))
        seconds = (time.monotonic() if finished else moved) - started
        return Reading(
            history=tuple(one for one in history if one.events),
            deliveries=done,
            seconds=seconds,
            finished=finished,
        )

    def _new_troubles(self, before: Troubles) -> tuple[Trouble, ...]:
        return tuple(one for key, one in troubles(self.kernel).items() if key not in before)

    def _calls(self) -> Iterator[OutsideCall]:
        """Yield what would have gone out: answered by the recorder, or open."""
        answers = {one.request.id: one.answer for one in self.recorder.calls}
        with self.kernel.database.read() as connection:
            rows = connection.execute(_CALLS).all()
        for row in rows:
            if row.id not in answers and row.state not in OPEN_CALLS:
                continue
            amount = request_of(row, None).amount
            answer = answers.get(row.id)
            yield OutsideCall(
                module=row.module,
                operation=row.operation,
                subject=row.subject,
                amount=str(amount) if amount is not None else "",
                payload=json.loads(row.payload),
                answered=type(answer).__name__.removeprefix("Call").lower() if answer is not None else "",
                waiting=row.id in self.known_calls,
            )


@define
class _Watch:
    """Notes how long each step takes, and passes everything on."""

    tell: Tell
    steps: list[RehearsedStep] = field(factory=list)
    begun: float = 0.0

    def __call__(self, happened: Happened) -> None:
        if happened.event == "step-begun":
            self.begun = time.monotonic()
        if happened.event == "step-done" and happened.step is not None:
            took = time.monotonic() - self.begun
            step = happened.step
            self.steps.append(RehearsedStep(does=step.kind, modules=step.modules, seconds=took))
        self.tell(happened)
