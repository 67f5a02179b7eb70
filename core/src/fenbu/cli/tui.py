"""``fenbu tui``: open the terminal UI, which is a package of its own and found by its entry point."""

from __future__ import annotations

import os
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution

import click

from fenbu.cli.base import command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

FACES = "fenbu.faces"
PACKAGE = "fenbu-tui"


@command("tui", help=N_("Open the terminal UI; it comes with the package fenbu-tui."))
@click.option("--read-only", is_flag=True, help=N_("Look only; nothing can be changed."))
def tui(session: Session, *, read_only: bool) -> None:
    """Hand over to the terminal UI."""
    from fenbu.cli import logins
    from fenbu.cli.errors import FaceMissing
    from fenbu.cli.location import locate

    found = face()
    if found is None:
        raise FaceMissing(_("terminal UI"), PACKAGE)
    address = locate(session.database)
    if token := logins.token_for(address):
        os.environ[logins.TOKEN] = token  # for this process: arguments are seen by others
    code = found.load()(["--database", address, *(["--read-only"] if read_only else [])])
    raise click.exceptions.Exit(int(code or 0))


def face() -> EntryPoint | None:
    """Return the entry point of the package, which is asked alone: reading those of all takes longer than its frame."""
    try:
        entries = distribution(PACKAGE).entry_points
    except PackageNotFoundError:
        return None
    return next(iter(entries.select(group=FACES, name="tui")), None)
