"""Carrying a run out: step by step, each with its mark in one transaction, told to whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from attrs import frozen

from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.acts import Holding, act
from fenbu.engine.rollout.performing import MIGRATING, perform
from fenbu.engine.stages import records
from fenbu.engine.stages.records import Journalled, Step
from fenbu.engine.work import EngineWork


@frozen(kw_only=True)
class Happened:
    """Something that has happened while a plan was carried out."""

    event: Literal[
        "lock-taken-over",
        "begun",
        "gone-on",
        "step-begun",
        "step-done",
        "done",
        "reading",
        "copied",  # by a rehearsal
        "delivered",
    ]
    stage: str = ""
    run: int = 0
    n: int = 0
    """Of the step, from 1; how many deliveries there were by now."""
    steps: int = 0
    """Of the run."""
    step: Step | None = None
    note: str = ""


Tell = Callable[[Happened], None]


def silent(_happened: Happened) -> None:
    """Tell nobody."""


@frozen(kw_only=True)
class Carrying:
    """A run to be carried out."""

    kernel: Kernel
    held: Holding
    name: str
    """Of the act."""
    stage: str
    run: int
    plan_digest: str
    tell: Tell = silent

    def out(self) -> int:
        """Do all steps that are not done yet; return how many that were.

        Raises:
            LockLost: The lock was taken away; the step in hand was undone.
            FenbuError: A step cannot be done; it was undone, and what went before stays done.
        """
        with self.kernel.read() as work:
            journal = records.steps(work.connection, self.run)
        left = [one for one in journal if one.done_at is None]
        for one in left:
            self._tell("step-begun", one, len(journal))
            self._do(one)
            self._tell("step-done", one, len(journal))
        self.tell(Happened(event="done", stage=self.stage, run=self.run, steps=len(journal)))
        return len(left)

    def _do(self, one: Journalled) -> None:
        told = {
            "plan": self.plan_digest,
            "run": self.run,
            "step": one.n,
            "does": f"{one.step.kind} {' '.join(one.step.modules)}",
        }

        def body(work: EngineWork) -> None:
            self.held.keep(work)
            now = next(known for known in records.steps(work.connection, self.run) if known.n == one.n)
            if now.done_at is not None:  # the answer to its commit got lost
                return
            perform(work, one.step, self.stage)
            records.mark(work.connection, self.run, one.n, by=work.actor.name, at=work.transaction.at)

        migrates = one.step.kind in MIGRATING
        act(self.kernel, self.name, self.stage, told, body, migrates=migrates, repeatable=True)

    def _tell(self, event: Literal["step-begun", "step-done"], one: Journalled, steps: int) -> None:
        self.tell(Happened(event=event, stage=self.stage, run=self.run, n=one.n, steps=steps, step=one.step))
