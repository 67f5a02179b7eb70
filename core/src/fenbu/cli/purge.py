"""``fenbu purge``, ``fenbu unarchive``: a module's data leave for an archive, and come back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fenbu.cli.base import command
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.kernel import Kernel

PURGE_HELP = N_("""Take a disabled module's data out of the database, into an archive; its package may be gone.

What goes, what stays and who refers to it is shown first, and the module's name must be typed; -y says so beforehand.
The archive is written, read back and checked before anything is deleted. It holds what is personal in clear.""")
UNARCHIVE_HELP = N_("""Bring a purged module's data back from its archive.

The module's package must be installed. It is disabled then: enabling it reads what has happened since.""")


@command("purge", help=PURGE_HELP)
@click.argument("module", shell_complete=completer("module"))
@click.option(
    "--archive",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=N_("File to write; in this folder, called by module and time, unless given."),
)
@click.option("--dry-run", is_flag=True, help=N_("Say what would happen; change nothing."))
def purge(session: Session, *, module: str, file: Path | None, dry_run: bool) -> None:
    """Purge a module through the kernel's action."""
    from fenbu.cli.do import act

    with session.noticing() as kernel:
        path = file or Path(_file_name(kernel, module))
        values = {"module": module, "archive": str(path)}
        act(session, kernel, "fenbu.module.purge", values, dry_run=dry_run, typed=module)
        if not dry_run:
            session.out.say(_("to bring it back: fenbu unarchive {file}").format(file=path))


@command("unarchive", help=UNARCHIVE_HELP)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help=N_("Say what would happen; change nothing."))
def unarchive(session: Session, *, file: Path, dry_run: bool) -> None:
    """Bring a module back through the kernel's action."""
    from fenbu.cli.do import act

    with session.noticing() as kernel:
        done = act(session, kernel, "fenbu.module.unarchive", {"archive": str(file)}, dry_run=dry_run)
        if not dry_run:
            module = done.answer["module"]
            session.out.say(_("it is disabled; fenbu enable {module} goes on with it").format(module=module))


def _file_name(kernel: Kernel, module: str) -> str:
    with kernel.read() as work:
        return f"{module}-{work.now:%Y%m%dT%H%M%SZ}.archive.jsonl.gz"
