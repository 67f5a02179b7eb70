"""``fenbu approve`` and ``fenbu override``: who agrees to a stage, and who answers for a gate that is passed."""

from __future__ import annotations

from pathlib import Path

import click

from fenbu.cli.base import command
from fenbu.cli.planning import FILE
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

APPROVE_HELP = N_("""Say yes to a stage as the file has it, for a layer to which one belongs.

It holds for exactly this: when the file changes the stage, it is needed anew. Who applies the stage is not counted.""")
OVERRIDE_HELP = N_("""Let a gate be passed once, whatever it reads; another operator must apply the stage.

GATE is before.1 or after.2 as the plan names it, or the metric or check that it asks.""")
_OF_FILE = click.Path(path_type=Path)


@command("approve", help=APPROVE_HELP)
@click.argument("stage")
@click.argument("file", default=FILE, type=_OF_FILE)
@click.option(
    "--layer",
    type=click.Choice(["decision", "core", "functional"]),
    default=None,
    help=N_("For which layer, when one belongs to several."),
)
@click.option(
    "--gate", metavar="GATE", default="", help=N_("To a gate that asks for it: before.1; else the stage.")
)
@click.option("--withdraw", is_flag=True, help=N_("Take one's own yes back."))
def approve(
    session: Session, *, stage: str, file: Path, layer: str | None, gate: str, withdraw: bool
) -> None:
    """Show what is agreed to, and agree."""
    from fenbu.engine.rollout.agreeing import approve as agree
    from fenbu.engine.rollout.file import read

    found = read(file)
    done = agree(session.kernel, found, stage, layer=layer or "", gate=gate, withdraw=withdraw)
    if session.json:
        session.out.document("approval", dict(done.answer))
        return
    agreed = found.checked().stage(stage)
    session.out.pairs(
        [
            (_("stage"), f"{agreed.name}  {agreed.title}"),
            *([(_("gate"), gate)] if gate else []),
            (_("goal"), agreed.goal),
            (_("modules"), ", ".join(agreed.modules)),
            (_("answer"), _("taken back") if withdraw else _("yes")),
            *([(_("layer"), str(done.answer["layer"]))] if not withdraw else []),
        ]
    )


@command("override", help=OVERRIDE_HELP)
@click.argument("stage")
@click.argument("gate")
@click.argument("file", default=FILE, type=_OF_FILE)
@click.option("--reason", required=True, help=N_("Why; kept and audited."))
def override(session: Session, *, stage: str, gate: str, file: Path, reason: str) -> None:
    """Write down that a gate may be passed."""
    from fenbu.engine.rollout.agreeing import override as pass_over
    from fenbu.engine.rollout.file import read

    done = pass_over(session.kernel, read(file), stage, gate, reason)
    if session.json:
        session.out.document("override", dict(done.answer))
    else:
        session.out.pairs([(_("stage"), stage), (_("gate"), str(done.answer["gate"])), (_("reason"), reason)])
    session.out.say(_("it holds for the next apply by another operator"))
