"""``fenbu init``: make an enterprise, and write the fenbu.toml by which every command finds it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fenbu.cli.base import command
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

FILE = "fenbu.db"
HELP = N_("""Make an enterprise and write fenbu.toml into this folder.

Asks for what is not given. The user who runs it becomes the owner. Without --database the data lie in
fenbu.db beside fenbu.toml; --database names another file, or PostgreSQL: postgresql://user@host/name.""")


@command("init", help=HELP)
@click.option("--name", metavar="TEXT", help=N_("Name of the enterprise."))
@click.option("--currency", metavar="CODE", help=N_("Currency of the books, three letters (ISO 4217)."))
@click.option("--time-zone", metavar="ZONE", help=N_("Time zone of business days, as Europe/London (IANA)."))
def init(session: Session, *, name: str | None, currency: str | None, time_zone: str | None) -> None:
    """Ask for what is missing, make the database, write the file."""
    from fenbu.cli import location
    from fenbu.engine.kernel import Kernel

    folder = Path.cwd()
    place, written = _place(session, folder)
    session.need({"--name": name, "--currency": currency, "--time-zone": time_zone})
    name = name or session.ask(_("Name of the enterprise"))
    currency = currency or session.ask(_("Currency of the books (ISO 4217)"))
    time_zone = time_zone or session.ask(_("Time zone (IANA)"), _time_zone_here())
    url = place if "://" in place else str(folder / place)
    with Kernel.init(url, name=name, currency=currency.upper(), time_zone=time_zone) as kernel:
        made, owner = kernel.assembly.enterprise, kernel.actor.name
        file = None if written else location.write(folder, _without_password(place, kernel.database.url))
    if session.json:
        body = {"name": made.name, "currency": made.currency, "time_zone": made.time_zone, "owner": owner}
        session.out.document("init", {**body, "file": str(file) if file else None})
        return
    session.out.pairs(
        [
            (_("enterprise"), made.name),
            (_("currency"), made.currency),
            (_("time zone"), made.time_zone),
            (_("owner"), owner),
            (_("database"), place if "://" not in place else _without_password(place, kernel.database.url)),
        ]
    )
    session.out.say(_("next: fenbu modules shows what can be enabled"))


def _place(session: Session, folder: Path) -> tuple[str, bool]:
    """Return where the data shall lie, and whether this folder's fenbu.toml says so already."""
    from fenbu.cli import location
    from fenbu.errors import AlreadyExists

    given = session.database or os.environ.get("FENBU_DATABASE")
    file = folder / location.FILE
    if not file.exists():
        return given or FILE, False
    named = location.read(file)
    if given and given != named and str(folder / given) != named:
        raise AlreadyExists(_("fenbu.toml in this folder, for"), named)
    return named, True


def _without_password(place: str, shown: str) -> str:
    """Return an address as it may stand in a file; PGPASSWORD or ~/.pgpass bring the password."""
    return shown.replace(":***@", "@") if "://" in place else place


def _time_zone_here() -> str:
    """Return the machine's time zone, or UTC when it has none by name."""
    if named := os.environ.get("TZ", "").removeprefix(":"):
        return named
    link = Path("/etc/localtime")
    _before, found, name = str(link.resolve()).partition("zoneinfo/") if link.is_symlink() else ("", "", "")
    return name if found else "UTC"
