"""Runs of stages with their journal, and who has agreed; nothing here that could be derived.

Invariant: a step and its mark commit together, so the journal says exactly what was done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs
from attrs import field, frozen
from sqlalchemy import Connection, Row, and_, func, select

from fenbu.engine.store.tables import (
    rollout_approval,
    rollout_file,
    rollout_override,
    rollout_run,
    rollout_step,
)

APPLY: Literal["apply"] = "apply"
ROLLBACK: Literal["rollback"] = "rollback"
Kind = Literal["upgrade", "enable", "set", "disable"]
Verb = Literal["apply", "rollback"]
Outcome = Literal["done", "undone", "superseded"]

_RUN, _STEP = rollout_run.c, rollout_step.c


@frozen(kw_only=True)
class Step:
    """One transaction of a run."""

    kind: Kind
    modules: tuple[str, ...]
    """One, except where several must go off together."""
    settings: Mapping[str, Any] = field(factory=dict)
    """Set before the module is enabled, or of one that is on; as they are stored."""
    reset: tuple[str, ...] = ()
    """Settings that go back to their defaults."""
    history: Mapping[str, str] = field(factory=dict)
    """Subscriptions that begin otherwise than they declare."""
    how: str = ""
    """Of disabling: ``drain``, ``park``, ``waive``."""
    before: Mapping[str, Any] = field(factory=dict)
    """What was stored of the settings that it changes; those that were at their defaults are not in it."""

    @property
    def module(self) -> str:
        """The first, or only, module."""
        return self.modules[0]

    def to_json(self) -> str:
        """Return the text for the journal."""
        told = {name: value for name, value in attrs.asdict(self).items() if value and name != "kind"}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


@frozen(kw_only=True)
class Journalled:
    """A step of a run as the journal has it."""

    n: int
    step: Step
    done_at: int | None
    done_by: str | None


@frozen(kw_only=True)
class Run:
    """A stage that was, or is being, applied or rolled back."""

    id: int
    rollout: str
    stage: str
    verb: Verb
    file: str
    """Digest of the file's text."""
    stage_digest: str
    plan_digest: str
    actor: str
    started_at: int
    gates: Sequence[Mapping[str, Any]]
    ended_at: int | None
    outcome: Outcome | None

    @property
    def open(self) -> bool:
        """It has not come to its end: its stage is half-applied, or half rolled back."""
        return self.ended_at is None

    @property
    def applied(self) -> bool:
        """Its stage stands since it ended."""
        return self.verb == APPLY and self.outcome == "done"


@frozen(kw_only=True)
class Approval:
    """A yes."""

    gate: str
    """Of one gate (``before.1``); empty for the stage."""
    layer: str
    operator: str
    at: int


@frozen(kw_only=True)
class Override:
    """A gate that need not pass, once."""

    gate: str
    operator: str
    reason: str
    at: int


def serial(connection: Connection) -> int:
    """Return the number of the newest run: it rises with everything that is applied or rolled back."""
    return int(connection.execute(select(func.coalesce(func.max(_RUN.id), 0))).scalar_one())


def runs(connection: Connection, rollout: str | None = None) -> list[Run]:
    """Return all runs, or those of one rollout, the oldest first."""
    wanted = select(rollout_run).order_by(_RUN.id)
    if rollout is not None:
        wanted = wanted.where(_RUN.rollout == rollout)
    return [_run(row) for row in connection.execute(wanted)]


def open_run(connection: Connection) -> Run | None:
    """Return the run that has not come to its end, of whatever rollout."""
    row = connection.execute(select(rollout_run).where(_RUN.ended_at.is_(None))).first()
    return None if row is None else _run(row)


def steps(connection: Connection, run: int) -> list[Journalled]:
    """Return the journal of a run, in order."""
    wanted = select(rollout_step).where(_STEP.run == run).order_by(_STEP.n)
    return [
        Journalled(n=row.n, step=step_of(row.kind, row.detail), done_at=row.done_at, done_by=row.done_by)
        for row in connection.execute(wanted)
    ]


def appliers(connection: Connection, run: Run) -> list[str]:
    """Return who has begun a run and who has done any of its steps; their yeses do not count for it."""
    done = (one.done_by for one in steps(connection, run.id) if one.done_by is not None)
    return list(dict.fromkeys((run.actor, *done)))


def step_of(kind: Kind, text: str) -> Step:
    """Read a step as the journal has it."""
    told: dict[str, Any] = json.loads(text)
    told |= {name: tuple(told[name]) for name in ("modules", "reset") if name in told}
    return Step(kind=kind, **told)


def file_text(connection: Connection, digest: str) -> str:
    """Return the text of a file that was applied."""
    wanted = select(rollout_file.c.text).where(rollout_file.c.digest == digest)
    return str(connection.execute(wanted).scalar_one())


def begin(
    connection: Connection,
    *,
    rollout: str,
    stage: str,
    verb: Verb,
    file: tuple[str, str],
    stage_digest: str,
    plan_digest: str,
    actor: str,
    gates: Sequence[Mapping[str, Any]],
    planned: Sequence[Step],
    at: int,
) -> int:
    """Write a run with all its steps, none of them done; one without steps has ended; return its number.

    Args:
        connection: In the transaction in which it was decided.
        rollout: Name of the plan.
        stage: Name of the stage.
        verb: ``apply`` or ``rollback``.
        file: Digest and text of the file.
        stage_digest: Of what the file says of the stage.
        plan_digest: Of the plan that is carried out.
        actor: Who began it.
        gates: What was measured, JSON-able.
        planned: In order.
        at: UTC microseconds.
    """
    digest, text = file
    if (
        connection.execute(select(rollout_file.c.digest).where(rollout_file.c.digest == digest)).first()
        is None
    ):
        connection.execute(rollout_file.insert(), {"digest": digest, "text": text, "at": at})
    row = {
        "rollout": rollout,
        "stage": stage,
        "verb": verb,
        "file": digest,
        "stage_digest": stage_digest,
        "plan_digest": plan_digest,
        "actor": actor,
        "started_at": at,
        "gates": json.dumps(list(gates), ensure_ascii=False, separators=(",", ":")),
        "ended_at": None if planned else at,
        "outcome": None if planned else "done",
    }
    run = int(connection.execute(rollout_run.insert().values(row).returning(_RUN.id)).scalar_one())
    if planned:
        journal = [
            {"run": run, "n": n, "kind": step.kind, "detail": step.to_json()}
            for n, step in enumerate(planned, 1)
        ]
        connection.execute(rollout_step.insert(), journal)
    return run


def mark(connection: Connection, run: int, n: int, *, by: str, at: int) -> None:
    """Write that a step is done, in its own transaction; the last one ends the run."""
    this = and_(_STEP.run == run, _STEP.n == n, _STEP.done_at.is_(None))
    marked = connection.execute(rollout_step.update().where(this).values(done_at=at, done_by=by)).rowcount
    if marked != 1:
        raise RuntimeError(f"step {n} of run {run} is not there to be done")
    left = select(_STEP.n).where(_STEP.run == run, _STEP.done_at.is_(None)).limit(1)
    if connection.execute(left).first() is None:
        end(connection, run, "done", at)


def end(connection: Connection, run: int, outcome: Outcome, at: int) -> None:
    """Write how a run came to its end."""
    ended = rollout_run.update().where(_RUN.id == run, _RUN.ended_at.is_(None))
    connection.execute(ended.values(ended_at=at, outcome=outcome))


def approvals(connection: Connection, rollout: str, stage: str, digest: str) -> list[Approval]:
    """Return who has said yes to a stage as a file has it, and to its gates, in order of time."""
    of = rollout_approval.c
    wanted = (
        select(of.gate, of.layer, of.operator, of.at)
        .where(of.rollout == rollout, of.stage == stage, of.stage_digest == digest)
        .order_by(of.at, of.operator)
    )
    return [
        Approval(gate=row.gate, layer=row.layer, operator=row.operator, at=row.at)
        for row in connection.execute(wanted)
    ]


def overrides(connection: Connection, rollout: str, stage: str, digest: str) -> list[Override]:
    """Return the overrides of a stage's gates, the oldest first."""
    of = rollout_override.c
    wanted = (
        select(of.gate, of.operator, of.reason, of.at)
        .where(of.rollout == rollout, of.stage == stage, of.stage_digest == digest)
        .order_by(of.id)
    )
    return [
        Override(gate=row.gate, operator=row.operator, reason=row.reason, at=row.at)
        for row in connection.execute(wanted)
    ]


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        rollout=row.rollout,
        stage=row.stage,
        verb=row.verb,
        file=row.file,
        stage_digest=row.stage_digest,
        plan_digest=row.plan_digest,
        actor=row.actor,
        started_at=row.started_at,
        gates=json.loads(row.gates),
        ended_at=row.ended_at,
        outcome=row.outcome,
    )
