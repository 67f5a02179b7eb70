"""``fenbu apply`` and ``fenbu rollback``: a plan is carried out, or a stage taken back, after it was looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli import exits
from fenbu.cli.base import Command
from fenbu.cli.planning import FILE, STAGE, THROUGH, ending, one_of, show
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.rollout.carrying_out import Happened
    from fenbu.engine.rollout.file import RolloutFile
    from fenbu.engine.rollout.rolling_back import BackPlan
    from fenbu.engine.rollout.saved import SavedPlan

APPLY_HELP = N_("""Carry out the next stage of a rollout file, or exactly a plan that was saved.

The plan is shown first. A gate or an approval that is missing stops it (3), a lock of somebody else (4), and a
saved plan is refused once anything has changed (5). Killed anywhere, the next apply goes on.

fenbu apply rollout.toml
fenbu apply --through goods --wait -y
fenbu apply plan.json""")
ROLLBACK_HELP = N_("""Take a stage back: what it has switched on goes off, what it has set is set back.

Every row is kept. It is refused while work is in flight, unless the file says what becomes of it. The file
that was applied says so, or another one: --file.""")


@click.command("apply", cls=Command, help=APPLY_HELP)
@click.argument("file", default=FILE, type=click.Path(path_type=Path))
@click.option("--stage", metavar="NAME", help=STAGE)
@click.option("--through", metavar="NAME", help=THROUGH)
@click.option(
    "--wait", is_flag=True, help=N_("Let modules that come late read what they missed before going on.")
)
@click.option("--dry-run", is_flag=True, help=N_("Only show the plan."))
@click.pass_context
def apply(
    context: click.Context, *, file: Path, stage: str | None, through: str | None, wait: bool, dry_run: bool
) -> None:
    """Show the plan, ask, and carry it out."""
    from fenbu.engine.rollout import apply as applying
    from fenbu.engine.rollout.plan import make

    session: Session = context.obj
    one_of(stage, through)
    source, read = _source(file)
    if source is not read and (stage or through):
        raise click.UsageError(_("a saved plan says itself which stages"))
    stage, through = getattr(source, "stage", stage), getattr(source, "through", through)
    made = make(session.kernel, read, stage=stage, through=through)
    expected = getattr(source, "digest", made.digest)
    applying.refuse_stale(made, source, expected)
    if dry_run or not session.json:
        show(session, made, all_stages=dry_run)
    if dry_run:
        session.out.say(_("nothing was changed: this was a dry run"))
        context.exit(ending(made))
    changes = not made.nothing_to_do or source is not read
    if changes and not made.held_up and not session.confirm(_("Go on?")):
        session.out.say(_("nothing was changed"))
        context.exit(exits.FAILED)
    done = applying.apply(
        session.kernel,
        source,
        stage=stage,
        through=through,
        expected=expected,
        wait=wait,
        tell=_teller(session),
    )
    if session.json:
        _event(
            session, {"event": "end", "stages": list(done.stages), "steps": done.steps, "serial": done.serial}
        )
    elif not done.stages:
        session.out.say(_("nothing to do: all is as {file} says").format(file=read.path))
    _say_what_is_left(session)


@click.command("rollback", cls=Command, help=ROLLBACK_HELP)
@click.argument("stage")
@click.option(
    "--file", type=click.Path(path_type=Path), help=N_("By whose policy; else the file that was applied.")
)
@click.option("--dry-run", is_flag=True, help=N_("Only show what would be done."))
@click.pass_context
def rollback(context: click.Context, *, stage: str, file: Path | None, dry_run: bool) -> None:
    """Show what would be taken back, ask, and do it."""
    from fenbu.engine.rollout.file import read
    from fenbu.engine.rollout.rolling_back import plan_back, roll_back

    session: Session = context.obj
    policy = None if file is None else read(file)
    made = plan_back(session.kernel, stage, policy)
    if not session.json:
        _show_back(session, made)
    elif dry_run:
        session.out.document("rollback-plan", made.document())
    if dry_run:
        session.out.say(_("nothing was changed: this was a dry run"))
        context.exit(exits.COME_BACK if made.stranded else exits.CHANGES_PENDING)
    if not made.stranded and not session.confirm(_("Go on?")):
        session.out.say(_("nothing was changed"))
        context.exit(exits.FAILED)
    done = roll_back(session.kernel, stage, policy, expected=made.digest, tell=_teller(session))
    if session.json:
        _event(
            session, {"event": "end", "stages": [stage], "steps": done.steps, "draining": list(done.draining)}
        )
    if done.draining:
        told = _("{modules} finishes what waits, then a worker switches it off: fenbu worker --once")
        session.out.say(told.format(modules=", ".join(done.draining)))


def _source(file: Path) -> tuple[RolloutFile | SavedPlan, RolloutFile]:
    """Return what is to be applied, and the rollout file that it is or was made of."""
    from fenbu.engine.rollout.file import read
    from fenbu.engine.rollout.saved import saved

    plan = saved(file)
    if plan is not None:
        return plan, plan.file()
    found = read(file)
    return found, found


def _show_back(session: Session, made: BackPlan) -> None:
    from fenbu.cli.branches import write
    from fenbu.cli.plan_tree import taken_back

    session.out.title(
        _("take back {stage}").format(stage=made.stage) + f"  {made.title} ({_(made.standing)})"
    )
    write(session.out, taken_back(made))


def _teller(session: Session) -> Callable[[Happened], None]:
    """Return what is told of each step: lines on stderr, events on stdout for JSON."""
    from fenbu.cli.plan_tree import happened_text

    def tell(happened: Happened) -> None:
        if session.json:
            _event(session, _document(happened))
        else:
            session.out.say(happened_text(happened))

    return tell


def _document(happened: Happened) -> dict[str, Any]:
    body: dict[str, Any] = {"event": happened.event, "stage": happened.stage, "run": happened.run}
    if happened.step is not None:
        body |= {
            "n": happened.n,
            "steps": happened.steps,
            "does": happened.step.kind,
            "modules": list(happened.step.modules),
        }
    return body | ({"note": happened.note} if happened.note else {})


def _event(session: Session, body: dict[str, Any]) -> None:
    session.out.line(json.dumps({"schema": "fenbu.rollout-event/1", **body}, ensure_ascii=False))
    session.out.stdout.flush()


def _say_what_is_left(session: Session) -> None:
    session.kernel.refresh()
    late = session.kernel.assembly.known.catching_up
    if late:
        told = _("{modules} reads what happened before it was on, then it is asked: fenbu worker --once")
        session.out.say(told.format(modules=", ".join(sorted(late))))
