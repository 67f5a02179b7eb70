"""Where each stage stands, what was done, and what differs: looked up, never written."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from attrs import frozen

from fenbu.engine import readings
from fenbu.engine.kernel import Kernel
from fenbu.engine.rollout.by_hand import Drifted
from fenbu.engine.rollout.file import RolloutFile, parse
from fenbu.engine.rollout.guards import gate_of
from fenbu.engine.rollout.model import MetricGate
from fenbu.engine.rollout.plan import SHOW, Plan, check, planned
from fenbu.engine.stages import lock, records
from fenbu.engine.stages.errors import span
from fenbu.engine.stages.lock import Held
from fenbu.engine.stages.records import Journalled, Run
from fenbu.engine.work import EngineWork
from fenbu.errors import NotFound
from fenbu.i18n import _

LATELY = timedelta(days=14)
"""How far back the readings of a gate are shown without a window."""


@frozen(kw_only=True)
class OverTime:
    """What the metric of a gate came to lately."""

    stage: str
    gate: str
    metric: str
    readings: tuple[tuple[datetime, Decimal], ...]


@frozen(kw_only=True)
class Status:
    """How the rollout stands."""

    plan: Plan
    """By the file that was given, else by the one that was applied last."""
    states: dict[str, str]
    """Modules of the plan to their states."""
    held: Held | None
    held_for: str
    """How long the lock is held, in words."""
    done: int
    """Steps done of what has not come to its end."""
    steps: int
    over_time: tuple[OverTime, ...]
    next: str
    """The next thing to do, in one sentence."""


@frozen(kw_only=True)
class Past:
    """A run that was, with its journal."""

    run: Run
    journal: tuple[Journalled, ...]
    version: int
    """Of the file."""


@frozen(kw_only=True)
class Difference:
    """How a file differs from the one that was applied last, and the enterprise from that one."""

    file: tuple[str, ...]
    """A unified diff, line by line; empty when it is the same text."""
    by_hand: tuple[Drifted, ...]
    unplanned: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """There is none."""
        return not self.file and not self.by_hand


def status(kernel: Kernel, file: RolloutFile | None = None) -> Status:
    """Return how the rollout stands.

    Args:
        kernel: Of the enterprise; its actor must be allowed to look.
        file: The plan; the one that was applied last unless given.

    Raises:
        NotFound: Nothing was applied yet, and no file is given.
        RolloutInvalid: The file has faults, or does not fit what is installed.
        NotPermitted: The actor may not look.
    """
    if file is not None:
        check(file)
    with kernel.read() as work:
        work.require(SHOW)
        known = file or newest_file(work)
        plan = planned(work, known)
        held = lock.held(work.connection)
        journal = records.steps(work.connection, plan.unfinished.id) if plan.unfinished else []
        by_name = kernel.catalog.read(work.connection, look_at_all=True).by_name
        return Status(
            plan=plan,
            states={name: by_name[name].state.value for name in known.checked().modules if name in by_name},
            held=held,
            held_for=span(max(0, work.transaction.at - held.taken_at) // 1_000_000) if held else "",
            done=sum(one.done_at is not None for one in journal),
            steps=len(journal),
            over_time=tuple(_over_time(work, known, plan)),
            next=_next(plan, held),
        )


def history(kernel: Kernel, stage: str | None = None) -> list[Past]:
    """Return all runs with their journals, the newest first.

    Args:
        kernel: As for `status`.
        stage: Only of this stage.
    """
    with kernel.read() as work:
        work.require(SHOW)
        versions: dict[str, int] = {}
        found = []
        for run in reversed(records.runs(work.connection)):
            if stage is not None and run.stage != stage:
                continue
            if run.file not in versions:
                text = records.file_text(work.connection, run.file)
                versions[run.file] = parse(text).checked().version
            journal = tuple(records.steps(work.connection, run.id))
            found.append(Past(run=run, journal=journal, version=versions[run.file]))
        return found


def difference(kernel: Kernel, file: RolloutFile) -> Difference:
    """Return how a file differs from the one that was applied last, and the enterprise from that one.

    Raises:
        NotFound: Nothing was applied yet.
        RolloutInvalid: The file has faults.
    """
    check(file)
    with kernel.read() as work:
        work.require(SHOW)
        applied = newest_file(work, file.checked().name)
        plan = planned(work, file, only=())
        before, after = (text.splitlines() for text in (applied.text, file.text))
        told = difflib.unified_diff(before, after, _("as applied"), file.path, lineterm="", n=2)
        return Difference(file=tuple(told), by_hand=plan.drift, unplanned=plan.unplanned)


def applied_text(kernel: Kernel) -> str:
    """Return the text of the file that was applied last.

    Raises:
        NotFound: None was.
        NotPermitted: The actor may not look.
    """
    with kernel.read() as work:
        work.require(SHOW)
        return newest_file(work).text


def newest_file(work: EngineWork, rollout: str | None = None) -> RolloutFile:
    """Return the file that was applied last.

    Raises:
        NotFound: None was.
    """
    runs: Sequence[Run] = records.runs(work.connection, rollout)
    if not runs:
        raise NotFound(_("plan that was applied"), rollout or "", _("fenbu plan FILE, then fenbu apply FILE"))
    return parse(records.file_text(work.connection, runs[-1].file), _("the file that was applied"))


def _over_time(work: EngineWork, file: RolloutFile, plan: Plan) -> list[OverTime]:
    """Return the readings of the gates that guard what comes next."""
    found = []
    for line in plan.chosen[0].guards.gates if plan.chosen else ():
        gate = gate_of(file, line.stage, line.key)
        if isinstance(gate, MetricGate):
            since = work.now - (gate.window or LATELY)
            kept = readings.between(work.connection, gate.metric, since=since, until=work.now)
            found.append(
                OverTime(
                    stage=line.stage,
                    gate=line.key,
                    metric=gate.metric,
                    readings=tuple((one.at, one.value) for one in kept),
                )
            )
    return found


def _next(plan: Plan, held: Held | None) -> str:
    if held is not None and not held.dead:
        return _("wait: {operator} is at it ({verb})").format(operator=held.operator, verb=held.verb)
    if plan.unfinished is not None:
        verb = "rollback" if plan.unfinished.verb == records.ROLLBACK else "apply"
        todo = {
            "apply": _("fenbu apply goes on with {stage}, fenbu rollback {stage} takes it back"),
            "rollback": _("fenbu rollback {stage} goes on"),
        }
        return todo[verb].format(stage=plan.unfinished.stage)
    if plan.nothing_to_do:
        return _("nothing: every stage stands as the file says")
    first = plan.chosen[0]
    if first.guards.reasons:
        told = "; ".join(filter(None, (first.guards.reasons[0], first.guards.todo)))
        return _("before {stage}: {what}").format(stage=first.name, what=told)
    if first.change == "update":
        return _("fenbu apply sets {stage} right, or fenbu adopt keeps what is").format(stage=first.name)
    return _("fenbu apply, which begins {stage}").format(stage=first.name)
