"""The rollout: a file with its plan, its stages at length, and the runs that were."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from attrs import evolve
from sqlalchemy import text

from fenbu.cli.plan_tree import IN_FLIGHT, held_text, step_text
from fenbu.cli.rollout_past import gate_record
from fenbu.engine.rollout import status as past
from fenbu.engine.rollout.errors import StageGone
from fenbu.engine.rollout.faults import refuse
from fenbu.engine.rollout.file import RolloutFile
from fenbu.engine.rollout.plan import SHOW, StagePlan, nearest_name, standing_of
from fenbu.engine.rollout.situation import look
from fenbu.engine.rollout.status import Past, Status, status
from fenbu.engine.stages import records
from fenbu.engine.store import catalogue
from fenbu.engine.work import EngineWork
from fenbu.errors import NotFound, Unknown
from fenbu.i18n import N_, _, language
from fenbu.values import from_microseconds
from fenbu_tui.gateway import rollout_sources as sources
from fenbu_tui.gateway.rollout_acts import RolloutActsPart
from fenbu_tui.gateway.rollout_gates import gate_rows, met, yeses
from fenbu_tui.gateway.rollout_lines import plan_lines, stage_spans
from fenbu_tui.gateway.rollout_sources import Source
from fenbu_tui.gateway.rollouts import STANDINGS
from fenbu_tui.gateway.wording import exactly, moment
from fenbu_tui.signs import Tone
from fenbu_tui.world.base import Head, Line, Standing
from fenbu_tui.world.rollouts import Rollout, RunRow, StageDetail, StageRow

FRESH = 10.0
"""Seconds for which a plan is shown while nothing about the rollout has changed: making one measures every gate."""
_STANDS = frozenset({"applied", "half-applied", "half rolled back"})
_ENDS = {
    "done": (N_("done"), Tone.GOOD),
    "undone": (N_("undone"), Tone.WARN),
    "superseded": (N_("superseded"), Tone.QUIET),
}
_PULSE = text(
    "SELECT (SELECT max(id) FROM fenbu_rollout_run), "
    "(SELECT count(*) FROM fenbu_rollout_run WHERE ended_at IS NULL), "
    "(SELECT count(*) FROM fenbu_rollout_step WHERE done_at IS NOT NULL), "
    "(SELECT count(*) FROM fenbu_rollout_approval), (SELECT max(at) FROM fenbu_rollout_approval), "
    "(SELECT max(id) FROM fenbu_rollout_override), (SELECT max(token) FROM fenbu_rollout_lock)"
)
"""What moves whenever anything is done about a rollout; modules and settings move the catalogue's generation."""


class StagingPart(RolloutActsPart):
    """Answers the screen of the rollout."""

    _shown: tuple[object, float, Rollout] | None = None
    """What was shown last: of what, and when it was made."""

    def rollout(self, source: str) -> Rollout:
        with self._reaching():
            with self._kernel.read() as work:
                work.require(SHOW)
                head = self._head(work)
                pulse = (sources.stamp(source), language(), _pulse(work))
                shown = self._shown
                if shown and shown[0] == pulse and time.monotonic() - shown[1] < FRESH:
                    return evolve(shown[2], head=head)
                found = sources.source(work, source)
                applied = _applied_text(work)
            made = self._made(head, found, applied)
        self._shown = (pulse, time.monotonic(), made)
        return made

    def stamp(self, source: str) -> str:
        return sources.stamp(source)

    def stage(self, source: str, name: str) -> StageDetail:
        with self._reading() as work:
            work.require(SHOW)
            found = sources.source(work, source)
            if found.trouble is not None:
                raise found.trouble
            if found.file is None:
                raise NotFound(_("stage"), name, _("fenbu rollout new makes a file"))
            refuse(found.name, found.faults)
            return self._stage_detail(work, found, found.file, name)

    def runs(self) -> Sequence[RunRow]:
        with self._reading() as work:
            zone, now = work.enterprise.zone, work.now
        with self._reaching():
            return [_run(one, zone, now) for one in past.history(self._kernel)]

    # --- a file -----------------------------------------------------------------------------------------

    def _made(self, head: Head, found: Source, applied: str) -> Rollout:
        if found.faults or found.file is None:
            return _without_plan(head, found, applied)
        try:
            now = status(self._kernel, found.file)
        except StageGone as error:
            return _without_plan(head, sources.gone(found, error), applied)
        return _with_plan(head, found, found.file, now, applied)

    # --- a stage ----------------------------------------------------------------------------------------

    def _stage_detail(self, work: EngineWork, found: Source, file: RolloutFile, name: str) -> StageDetail:
        rollout = file.checked()
        names = [stage.name for stage in rollout.stages]
        if name not in names:
            raise Unknown(_("stage"), name, *nearest_name(name, names))
        number = names.index(name)
        stage, situation = rollout.stages[number], look(work, rollout.name)
        run = situation.last.get(name)
        stands = standing_of(run, stands=name in situation.applied)
        word, tone = STANDINGS[stands]
        gates, needed = gate_rows(work, file, number, situation, here=found.here)
        facts = [(_("modules"), ", ".join(stage.modules))]
        if run is not None:
            when = exactly(run.ended_at or run.started_at, work.enterprise.zone)
            facts.append((_("since"), _("{when}, by {operator}").format(when=when, operator=run.actor)))
        facts.append((_("rolling back"), _(IN_FLIGHT[stage.rollback.in_flight])))
        verbs = {
            "rollback": stands in _STANDS,
            "approve": found.here and bool(needed) and stands != "applied",
        }
        return StageDetail(
            name=name,
            title=_(stage.title),
            goal=_(stage.goal),
            standing=Standing(_(word), tone),
            facts=tuple(facts),
            approvals=tuple(map(yeses, needed)),
            gates=gates,
            verbs=frozenset(verb for verb, there in verbs.items() if there),
        )


def _without_plan(head: Head, found: Source, applied: str) -> Rollout:
    if not found.name:
        told = _("fenbu rollout new makes a file; n does it")
    elif found.faults:
        told = _("mend {file}, line {line}").format(file=found.name, line=found.faults[0].line)
    else:
        told = found.trouble.hint if found.trouble else ""
    return Rollout(
        head=head,
        source=found.name,
        title=found.name,
        text=sources.lines(found),
        faulty=tuple(fault.line - 1 for fault in found.faults),
        changed=sources.changed(found, applied),
        plan=tuple(sources.fault_lines(found)),
        by_hand=0,
        stages=(),
        lock=None,
        next=told,
        verbs=frozenset(
            verb
            for verb, there in (("begin", not found.here), ("other", found.here and bool(applied)))
            if there
        ),
    )


def _with_plan(head: Head, found: Source, file: RolloutFile, now: Status, applied: str) -> Rollout:
    plan = now.plan
    told = plan_lines(plan)
    spans = zip(sources.stage_lines(file), stage_spans(told, len(plan.stages)), strict=True)
    rows = [
        _stage(one, now, place, in_plan, here=found.here)
        for one, (place, in_plan) in zip(plan.stages, spans, strict=True)
    ]
    serial = _("serial {n}").format(n=plan.serial)
    lock = None
    if now.held is not None:
        tone = Tone.BAD if now.held.dead else Tone.BUSY
        lock = Standing(held_text(now.held, now.held_for)[2:], tone)
    offered = {
        "apply": found.here and not plan.nothing_to_do,
        "rehearse": found.here and any(stage.change for stage in plan.stages),
        "adopt": found.here and bool(plan.drift),
        "unlock": now.held is not None,
        "begin": not found.here,
        "other": bool(applied) and found.here,
    }
    return Rollout(
        head=head,
        source=found.name,
        title=f"{_(plan.title)} · {plan.rollout} {plan.version} · {serial}",
        text=sources.lines(found),
        faulty=(),
        changed=sources.changed(found, applied),
        plan=tuple(told),
        by_hand=len(plan.drift),
        stages=tuple(rows),
        lock=lock,
        next=now.next,
        verbs=frozenset(verb for verb, there in offered.items() if there),
    )


def _stage(
    one: StagePlan, now: Status, place: tuple[int, int], in_plan: tuple[int, int], *, here: bool
) -> StageRow:
    word, tone = STANDINGS[one.standing]
    told = _(word)
    if one.standing.startswith("half"):
        told += " " + _("{done} of {all}").format(done=now.done, all=now.steps)
    chosen = now.plan.chosen
    stands = one.standing in _STANDS
    does = {
        "": None,
        "apply": Standing(_("to be applied"), Tone.BUSY) if one.chosen else Standing(_("later"), Tone.QUIET),
        "update": Standing(_("to be set right"), Tone.WARN),
    }[one.change]
    verbs = {
        "apply": here and bool(one.change),
        "approve": here and bool(one.guards.approvals),
        "rollback": stands,
    }
    since = ""
    if one.since and one.standing != "waiting":
        since = f"{one.since:%Y-%m-%d} {one.by}"
    return StageRow(
        name=one.name,
        number=one.number + 1,
        title=_(one.title),
        standing=Standing(told, tone),
        next=bool(chosen) and one is chosen[0],
        does=does,
        since=since,
        modules=", ".join(one.modules),
        guards=met(one.guards),
        text=place,
        plan=in_plan,
        verbs=frozenset(verb for verb, there in verbs.items() if there),
    )


def _run(one: Past, zone: ZoneInfo, now: datetime) -> RunRow:
    run = one.run
    words = {"apply": _("apply"), "rollback": _("roll back")}
    end, tone = _ENDS.get(run.outcome or "", (N_("not over"), Tone.BUSY))
    journal = [Line(gate_record(gate), "", Tone.QUIET) for gate in run.gates]
    for step in one.journal:
        told = step_text(step.step)
        if step.done_at is not None:
            told = f"✔ {told}  {from_microseconds(step.done_at).astimezone(zone):%H:%M:%S}, {step.done_by}"
        journal.append(Line(told if step.done_at else f"○ {told}", "", None if step.done_at else Tone.BUSY))
    if not journal:
        journal.append(
            Line(_("its modules were as it says already; it was only written down"), "", Tone.QUIET)
        )
    return RunRow(
        id=str(run.id),
        stage=run.stage,
        did=words[run.verb],
        standing=Standing(_(end), tone),
        steps=f"{sum(step.done_at is not None for step in one.journal)}/{len(one.journal)}",
        by=run.actor,
        at=moment(run.started_at, now, zone),
        version=f"{run.rollout} {one.version}",
        journal=tuple(journal),
    )


def _pulse(work: EngineWork) -> tuple[object, ...]:
    return (catalogue.generation(work.connection), *work.connection.execute(_PULSE).one())


def _applied_text(work: EngineWork) -> str:
    runs = records.runs(work.connection)
    return records.file_text(work.connection, runs[-1].file) if runs else ""
