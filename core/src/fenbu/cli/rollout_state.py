"""``fenbu rollout import-state``: a rollout file from a running system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fenbu.cli.base import command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.rollout.from_state import StateFile

HELP = N_("""Write a rollout file from what is on: the beginning of a plan for a system that runs already.

One stage holds the modules that are on, with the settings that differ from their own; secrets stand in it as
references. What only people know (who wants it, what comes next) is left to them in comments.""")


@command("import-state", help=HELP)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help=N_("File to write, never over one that is there; to stdout unless given."),
)
def import_state(session: Session, *, out: Path | None) -> None:
    """Write the state of the enterprise as a file."""
    from fenbu.cli.files import fresh
    from fenbu.engine.rollout.drift import import_state as written

    with session.noticing() as kernel:
        made = written(kernel)
        if out is not None:
            fresh(out, made.text)
        if session.json:
            _document(session, made, out)
        elif out is None:
            session.out.stdout.write(made.text)
        else:
            session.out.line(str(out))
        for what, why in made.left_out.items():
            session.out.warn(_("{what} is left out: {why}").format(what=what, why=why))
        named = out or "rollout.toml"
        session.out.say(_("next: read it, change it, then fenbu rollout check {file}").format(file=named))


def _document(session: Session, made: StateFile, out: Path | None) -> None:
    session.out.document(
        "rollout-state",
        {
            "file": str(out) if out else None,
            "modules": list(made.modules),
            "left_out": [{"what": what, "why": why} for what, why in made.left_out.items()],
            "text": made.text,
        },
    )
