"""``fenbu rollout status | history | diff | unlock``: where it stands, what was done, what differs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli import exits
from fenbu.cli.base import Command, command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.rollout.file import RolloutFile
    from fenbu.engine.rollout.status import Past, Status

_FILE = click.Path(path_type=Path)


@command(
    "status",
    help=N_("Where each stage stands, since when, by whom; what its gates read; what is to be done next."),
)
@click.argument("file", required=False, type=_FILE)
def status(session: Session, *, file: Path | None) -> None:
    """Show how the rollout stands, by a file or by the one that was applied."""
    from fenbu.engine.rollout import status as looking

    found = looking.status(session.kernel, _read(file))
    if session.json:
        session.out.document("rollout-status", _status_document(found))
        return
    _show_status(session, found)


@command("history", help=N_("What was applied and rolled back, the newest first, with its journal."))
@click.option("--stage", metavar="NAME", help=N_("Only of this stage."))
@click.option("--steps", is_flag=True, help=N_("With every step and every gate."))
def history(session: Session, *, stage: str | None, steps: bool) -> None:
    """List the runs."""
    from fenbu.engine.rollout import status as looking

    found = looking.history(session.kernel, stage)
    if session.json:
        session.out.document("rollout-history", {"runs": [_past_document(one) for one in found]})
    elif not found:
        session.out.say(_("nothing was applied yet: fenbu plan, then fenbu apply"))
    else:
        _show_history(session, found, steps=steps)


@click.command(
    "diff",
    cls=Command,
    help=N_(
        "What the file has changed since it was applied, and what was changed by hand; ends with 2 then."
    ),
)
@click.argument("file", default="rollout.toml", type=_FILE)
@click.pass_context
def diff(context: click.Context, *, file: Path) -> None:
    """Show both differences."""
    from fenbu.cli.plan_tree import drift_text
    from fenbu.engine.rollout import status as looking
    from fenbu.engine.rollout.document import of_drift
    from fenbu.engine.rollout.file import read

    session: Session = context.obj
    found = looking.difference(session.kernel, read(file))
    if session.json:
        body = {
            "file": list(found.file),
            "by_hand": [of_drift(one) for one in found.by_hand],
            "unplanned": list(found.unplanned),
        }
        session.out.document("rollout-diff", body)
    else:
        colours = {"+": "green", "-": "red", "@": "cyan"}
        for line in found.file:
            session.out.line(session.out.style(line, colours.get(line[:1], "")))
        for one in found.by_hand:
            session.out.line(_("by hand: {what}").format(what=drift_text(one)))
    if found.nothing:
        session.out.say(_("no difference"))
    context.exit(exits.DONE if found.nothing else exits.CHANGES_PENDING)


@command(
    "unlock",
    help=N_("Free the lock of a process that has died; --force also of one that may still live. Audited."),
)
@click.option("--force", is_flag=True, help=N_("Whoever holds it can commit no further step."))
def unlock(session: Session, *, force: bool) -> None:
    """Free the lock."""
    from fenbu.engine.rollout.agreeing import unlock as free

    done = free(session.kernel, force=force)
    if session.json:
        session.out.document("rollout-unlock", dict(done.answer))
    else:
        told = _("the lock of {holder} ({verb}, process {pid} on {host}) is free")
        session.out.line(
            told.format(**{name: done.answer[name] for name in ("holder", "verb", "pid", "host")})
        )


def _read(file: Path | None) -> RolloutFile | None:
    from fenbu.engine.rollout.file import read

    if file is not None:
        return read(file)
    here = Path("rollout.toml")
    return read(here) if here.exists() else None


def _show_status(session: Session, found: Status) -> None:
    from fenbu.cli.branches import Branch, write
    from fenbu.cli.layout import Cell, Heading
    from fenbu.cli.plan_tree import drifted, gate, held_text

    out, plan = session.out, found.plan
    out.title(f"{plan.title} · {plan.rollout} {plan.version} · " + _("serial {n}").format(n=plan.serial))
    if found.held is not None:
        out.line(held_text(found.held, found.held_for))
    signs = {"applied": "●", "half-applied": "◐", "half rolled back": "◐"}
    headings = [
        Heading(_("Stage")),
        Heading(_("Stands")),
        Heading(_("Since")),
        Heading(_("By")),
        Heading(_("Modules"), wraps=True),
    ]
    rows = []
    for stage in plan.stages:
        differs = _(", differs from the file") if stage.change == "update" else ""
        modules = ", ".join(
            name if found.states.get(name) in ("enabled", None) else f"{name} ({_(found.states[name])})"
            for name in stage.modules
        )
        since = f"{stage.since:%Y-%m-%d %H:%M}" if stage.since and stage.standing != "waiting" else ""
        rows.append(
            [
                Cell(stage.name),
                Cell(f"{signs.get(stage.standing, '○')} {_(stage.standing)}{differs}"),
                Cell(since),
                Cell(stage.by if since else ""),
                Cell(modules),
            ]
        )
    out.table(headings, rows)
    guards = plan.chosen[0].guards if plan.chosen else None
    if guards and guards.gates:
        out.line(_("gates to {stage}").format(stage=plan.chosen[0].name))
        past = {(one.stage, one.gate): one.readings for one in found.over_time}
        branches = []
        for line in guards.gates:
            branch = gate(line)
            readings = past.get((line.stage, line.key), ())
            below = [*branch.below, *([Branch(_sparks(readings))] if len(readings) > 1 else [])]
            branches.append(branch._replace(below=below))
        write(out, branches)
    if drift := drifted(plan):
        out.line(_("by hand"))
        write(out, drift)
    out.pairs([(_("next"), found.next)])


def _sparks(readings: Any) -> str:
    """Draw readings over time as bars, with the first and the last in numbers."""
    from fenbu.cli.sparkline import BLOCKS

    values = [value for _at, value in readings][-40:]
    low, high = min(values), max(values)
    reach = high - low
    bars = "".join(BLOCKS[int((value - low) / reach * 7) if reach else 3] for value in values)
    when = readings[-len(values)][0]
    return _("{bars}  {first} on {day}, {last} now").format(
        bars=bars, first=values[0], day=f"{when:%Y-%m-%d}", last=values[-1]
    )


def _status_document(found: Status) -> dict[str, Any]:
    from fenbu.engine.rollout.document import of_plan

    held = found.held
    return {
        "plan": of_plan(found.plan),
        "modules": found.states,
        "lock": (
            {
                "operator": held.operator,
                "verb": held.verb,
                "host": held.host,
                "pid": held.pid,
                "dead": held.dead,
            }
            if held
            else None
        ),
        "steps_done": found.done,
        "steps": found.steps,
        "readings": [
            {
                "stage": one.stage,
                "gate": one.gate,
                "metric": one.metric,
                "readings": [[at.isoformat(), format(value, "f")] for at, value in one.readings],
            }
            for one in found.over_time
        ],
        "next": found.next,
    }


def _show_history(session: Session, found: list[Past], *, steps: bool) -> None:
    from fenbu.cli.branches import Branch, write
    from fenbu.cli.layout import Cell, Heading
    from fenbu.cli.plan_tree import step_text

    words = {"apply": _("apply"), "rollback": _("roll back")}
    headings = [
        Heading(_("Run"), right=True),
        Heading(_("Stage")),
        Heading(_("Did")),
        Heading(_("Outcome")),
        Heading(_("Steps"), right=True),
        Heading(_("By")),
        Heading(_("Began")),
        Heading(_("Plan")),
    ]
    rows = [
        [
            Cell(str(one.run.id)),
            Cell(one.run.stage),
            Cell(words[one.run.verb]),
            Cell(_(one.run.outcome or "not over")),
            Cell(f"{sum(step.done_at is not None for step in one.journal)}/{len(one.journal)}"),
            Cell(one.run.actor),
            Cell(f"{_moment(one.run.started_at):%Y-%m-%d %H:%M}"),
            Cell(f"{one.run.rollout} {one.version}"),
        ]
        for one in found
    ]
    session.out.table(headings, rows)
    for one in found if steps else ():
        session.out.line()
        session.out.title(f"{one.run.id}  {words[one.run.verb]} {one.run.stage}")
        branches = [Branch(gate_record(gate)) for gate in one.run.gates]
        branches += [
            Branch(
                f"{'✔' if step.done_at else '○'} {step_text(step.step)}"
                + (f"  {_moment(step.done_at):%H:%M:%S}, {step.done_by}" if step.done_at else "")
            )
            for step in one.journal
        ]
        write(session.out, branches)


def gate_record(gate: Any) -> str:
    """Say in one line how a gate, or a layer's yeses, stood when a run began."""
    if "layer" in gate:
        told = _("approval by {layer}: {names}")
        return told.format(layer=gate["layer"], names=", ".join(gate["by"]))
    told = f"{gate['stage']} {gate['gate']}  {gate['kind']} {gate['name']} {gate['wanted']}: {_(gate['outcome'])}"
    if gate["override"]:
        told += _(", overridden by {operator}: {reason}").format(**gate["override"])
    return told


def _past_document(one: Past) -> dict[str, Any]:
    run = one.run
    return {
        "run": run.id,
        "rollout": run.rollout,
        "version": one.version,
        "stage": run.stage,
        "verb": run.verb,
        "outcome": run.outcome,
        "by": run.actor,
        "started_at": _moment(run.started_at).isoformat(),
        "ended_at": _moment(run.ended_at).isoformat() if run.ended_at is not None else None,
        "plan": run.plan_digest,
        "file": run.file,
        "gates": list(run.gates),
        "steps": [
            {
                "n": step.n,
                "does": step.step.kind,
                "modules": list(step.step.modules),
                "done_at": _moment(step.done_at).isoformat() if step.done_at is not None else None,
                "done_by": step.done_by,
            }
            for step in one.journal
        ],
    }


def _moment(at: int) -> Any:
    from fenbu.values import from_microseconds

    return from_microseconds(at)
