"""``fenbu backup``: a verified copy of an enterprise beside running work."""

from __future__ import annotations

from pathlib import Path

import click

from fenbu.cli.base import command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

HELP = N_("""Write a copy of this moment, verified, beside running work; it is there whole or not at all.

The copy is marked: no call to the outside leaves it. When it takes the place of the original, and what gateways say
was compared with it, fenbu do fenbu.copy.release lets calls leave again. PostgreSQL has its own tools: pg_dump.""")


@command("backup", help=HELP)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(session: Session, *, file: Path) -> None:
    """Copy the database, and say what the copy may not do."""
    from fenbu.engine.backup import backup as copied

    with session.noticing() as kernel:
        mark = copied(kernel, file.absolute())
        size = file.stat().st_size
        if session.json:
            session.out.document("backup", {"file": str(file), "bytes": size, "copy_of": mark})
            return
        session.out.pairs([(_("file"), str(file)), (_("size"), f"{size:,} bytes"), (_("copy of"), mark)])
        session.out.say(
            _("look at it before you rely on it: fenbu doctor --database {file}").format(file=file)
        )
