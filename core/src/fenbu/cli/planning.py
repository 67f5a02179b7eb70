"""``fenbu plan``: what applying a rollout file would do; nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fenbu.cli import exits
from fenbu.cli.base import Command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.rollout.plan import Plan

FILE = "rollout.toml"
HELP = N_("""Say what applying a rollout file would do; nothing is written.

Ends with 0 when there is nothing to do, with 2 when something would change, with 3 when a gate or an
approval holds it up.

fenbu plan rollout.toml
fenbu plan --through capital --out plan.json""")
STAGE = N_("Only this stage; its turn must have come.")
THROUGH = N_("All stages up to this one; else the next one.")


@click.command("plan", cls=Command, help=HELP)
@click.argument("file", default=FILE, type=click.Path(path_type=Path))
@click.option("--stage", metavar="NAME", help=STAGE)
@click.option("--through", metavar="NAME", help=THROUGH)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help=N_("Save the plan, so that exactly this is applied or nothing: fenbu apply FILE."),
)
@click.pass_context
def plan(
    context: click.Context, *, file: Path, stage: str | None, through: str | None, out: Path | None
) -> None:
    """Make a plan, show it, and save it where asked."""
    from fenbu.engine.rollout.document import of_plan
    from fenbu.engine.rollout.file import read
    from fenbu.engine.rollout.plan import make
    from fenbu.engine.rollout.saved import SCHEMA, save

    session: Session = context.obj
    one_of(stage, through)
    made = make(session.kernel, read(file), stage=stage, through=through)
    if out is not None:
        save(made, out)
    if session.json:
        session.out.document(SCHEMA.removeprefix("fenbu.").removesuffix("/1"), of_plan(made))
    else:
        show(session, made)
    _say_what_next(session, made, out)
    context.exit(ending(made))


def one_of(stage: str | None, through: str | None) -> None:
    """Refuse --stage beside --through."""
    if stage is not None and through is not None:
        raise click.UsageError(_("--stage and --through are one or the other"))


def ending(made: Plan) -> int:
    """Return the exit code of a plan."""
    if made.nothing_to_do:
        return exits.DONE
    return exits.COME_BACK if made.held_up else exits.CHANGES_PENDING


def show(session: Session, made: Plan, *, all_stages: bool = True) -> None:
    """Show a plan as tree: all stages, or those alone that would be carried out."""
    from fenbu.cli.branches import Branch, write
    from fenbu.cli.plan_tree import drifted, half_done, stages

    out = session.out
    out.title(f"{made.title} · {made.rollout} {made.version} · " + _("serial {n}").format(n=made.serial))
    if told := half_done(made):
        out.line(out.style(told, "yellow"))
    write(out, stages(made.stages if all_stages else made.chosen))
    if drift := drifted(made):
        out.line(_("by hand"))
        write(out, drift)
    write(out, [Branch(_("digest {digest}").format(digest=made.digest), "dim")])


def _say_what_next(session: Session, made: Plan, out: Path | None) -> None:
    say = session.out.say
    if made.nothing_to_do:
        say(_("nothing to do: all is as {file} says").format(file=made.path))
        return
    for reason in made.held_up:
        say(_("{stage} waits: {reason}").format(stage=made.chosen[0].name, reason=reason))
    if out is not None:
        when = f"{made.expires_at:%Y-%m-%d %H:%M} UTC"
        say(_("saved until {when}; next: fenbu apply {file}").format(when=when, file=out))
    elif not made.held_up:
        say(_("next: fenbu apply {file}").format(file=made.path))
