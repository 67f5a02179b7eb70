"""``fenbu rehearse``: a rollout file applied to a copy of the enterprise, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fenbu.cli import exits
from fenbu.cli.base import command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _, ngettext

if TYPE_CHECKING:
    from fenbu.cli.branches import Branch
    from fenbu.engine.rollout.carrying_out import Happened
    from fenbu.engine.rollout.rehearsal import OutsideCall, Reading, Rehearsal, RehearsedStage

HELP = N_("""Apply a rollout file to a copy of the enterprise, and say what came of it; the original stays as it is.

All stages that do not stand yet are applied, or those up to --through, and what they let be delivered is delivered.
Gates and approvals are measured and stop nothing. No call goes out: each is written down and answered as its module
says that the outside might, or left open. No secret is read. The copy is removed, unless --keep.

Ends with 0 when all went well, else with 1.""")
_SHOWN = 12
"""Calls that are listed; --json has all."""
_SIGNS = {"enable": "+", "upgrade": "↑", "set": "~", "disable": "-"}


@command("rehearse", help=HELP)
@click.argument("file", default="rollout.toml", type=click.Path(path_type=Path))
@click.option("--through", metavar="NAME", help=N_("Stages up to this one; else all."))
@click.option("--keep", is_flag=True, help=N_("Leave the copy, and say where it is."))
def rehearse(session: Session, *, file: Path, through: str | None, keep: bool) -> int:
    """Rehearse, and show how it went."""
    from fenbu.engine.rollout.file import read
    from fenbu.engine.rollout.rehearsal import of_rehearsal
    from fenbu.engine.rollout.rehearsing import rehearse as rehearsed

    kernel = session.kernel
    done = rehearsed(kernel, read(file), through=through, keep=keep, tell=_Narrator(session))
    if session.json:
        session.out.document("rehearsal", of_rehearsal(done))
    else:
        _show(session, done)
    _conclude(session, done)
    return exits.DONE if done.well else exits.FAILED


class _Narrator:
    """Says on stderr how far a rehearsal is; of deliveries only where they take their time."""

    def __init__(self, session: Session) -> None:
        self._say = session.out.say
        self._delivering = ""

    def __call__(self, happened: Happened) -> None:
        from fenbu.cli.plan_tree import happened_text

        told = ""
        if happened.event == "copied":
            told = happened_text(happened)
        elif happened.event == "begun":
            told = ngettext("{stage}: {count} step", "{stage}: {count} steps", happened.steps)
            told = told.format(stage=happened.stage, count=happened.steps)
        elif happened.event == "delivered" and happened.stage:
            if self._delivering == happened.stage:
                told = happened_text(happened)
            self._delivering = happened.stage
        if told:
            self._say(told)


def _show(session: Session, done: Rehearsal) -> None:
    from fenbu.cli.branches import write

    out = session.out
    out.title(f"{done.title} · {done.rollout} {done.version}")
    out.line(_("rehearsed on a copy of {enterprise}").format(enterprise=done.enterprise))
    if done.before.deliveries:
        told = _("before: {deliveries} that waited were delivered in {seconds}")
        out.line(told.format(deliveries=_deliveries(done.before), seconds=_took(done.before.seconds)))
    write(out, [stage_branch(stage) for stage in done.stages])
    if not done.stages:
        out.line(_("nothing to do: all is as {file} says").format(file=done.path))
    if done.calls:
        _calls(session, done.calls)
    if done.troubles:
        out.line(out.style(_("what went wrong"), "red"))
        write(out, troubles(done))


def troubles(done: Rehearsal) -> list[Branch]:
    """Return what went wrong as branches."""
    from fenbu.cli.branches import Branch

    return [
        Branch(f"✖ {one.what}: {one.told}", "red", [Branch(f"→ {one.way_out}")] if one.way_out else [])
        for one in done.troubles
    ]


def stage_branch(stage: RehearsedStage) -> Branch:
    """Return a rehearsed stage with how long its steps took, what guarded it and what was read."""
    from fenbu.cli.branches import Branch
    from fenbu.cli.plan_tree import gate

    sign, style = ("✖", "red") if stage.failed else ("●", "bold")
    below = [
        Branch(f"{_SIGNS[step.does]} {_(step.does)} {', '.join(step.modules)}  {_took(step.seconds)}")
        for step in stage.steps
    ]
    if not below and not stage.failed:
        below.append(Branch(_("its modules are on and set already; it is only written down")))
    below += [gate(line) for line in stage.guards.gates]
    below += [
        Branch(
            _("? approval by {layer}: {got} of {wanted}").format(
                layer=need.layer, got=len(need.by), wanted=need.wanted
            ),
            "yellow",
        )
        for need in stage.guards.approvals
        if need.missing
    ]
    if stage.failed:
        way_out = [Branch(f"→ {stage.way_out}")] if stage.way_out else []
        below.append(Branch(f"✖ {stage.failed}", "red", way_out))
    else:
        below += _reading(stage.reading)
    return Branch(f"{sign} {stage.name}  {stage.title}", style, below)


def _reading(reading: Reading) -> Iterator[Branch]:
    from fenbu.cli.branches import Branch

    for one in reading.history:
        told = ngettext("{name} read {count} event", "{name} read {count} events", one.events)
        yield Branch(told.format(name=one.subscription, count=f"{one.events:,}"))
    if reading.deliveries:
        told = _("{deliveries} in {seconds}").format(
            deliveries=_deliveries(reading), seconds=_took(reading.seconds)
        )
        pace = reading.a_second
        yield Branch(told + (_(", {pace} a second").format(pace=f"{pace:,.0f}") if pace else ""))
    if not reading.finished:
        yield Branch(_("✖ something still waits that does not end by itself"), "red")


def _calls(session: Session, calls: tuple[OutsideCall, ...]) -> None:
    from fenbu.cli.layout import Cell, Heading

    out = session.out
    told = ngettext(
        "{count} call would have gone out", "{count} calls would have gone out", len(calls)
    ).format(count=len(calls))
    out.line(told)
    headings = [
        Heading(_("Call")),
        Heading(_("About")),
        Heading(_("Amount"), right=True),
        Heading(_("Answer")),
    ]
    rows = [
        [
            Cell(one.operation),
            Cell(one.subject),
            Cell(one.amount),
            Cell(
                (_(one.answered) if one.answered else _("left open"))
                + (_(", waited before") if one.waiting else "")
            ),
        ]
        for one in calls[:_SHOWN]
    ]
    out.table(headings, rows)
    if len(calls) > _SHOWN:
        out.say(_("{count} more calls: --json has all").format(count=len(calls) - _SHOWN))


def _conclude(session: Session, done: Rehearsal) -> None:
    out = session.out
    if done.kept:
        out.say(_("the copy is kept: fenbu doctor --database {place}").format(place=done.kept))
    if done.held_up:
        told = _("these would not begin yet: {stages}; fenbu plan says why")
        out.say(told.format(stages=", ".join(done.held_up)))
    if done.well:
        out.say(conclusion(done))
    else:
        out.warn(conclusion(done))


def conclusion(done: Rehearsal) -> str:
    """Say in one line how a rehearsal went."""
    if not done.well:
        return _("it did not go well; the enterprise is as it was")
    told = _("all went well: copied in {copying}, applied and delivered in {applying}")
    return told.format(copying=_took(done.copied_seconds), applying=_took(done.seconds))


def _deliveries(reading: Reading) -> str:
    return ngettext("{count} delivery", "{count} deliveries", reading.deliveries).format(
        count=f"{reading.deliveries:,}"
    )


def _took(seconds: float) -> str:
    return _("{seconds} s").format(seconds=f"{seconds:,.1f}" if seconds < 100 else f"{seconds:,.0f}")
