"""``fenbu doctor``: every check, with what to do where it is red."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli import exits
from fenbu.cli.base import command
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.doctor import Examined

HELP = N_("""Check the health of books, flows, audit and modules; with names, only those checks.

✔ well   ✖ failed   ? nobody can say
Ends with 1 when a check has failed or could not be made.""")
_SIGNS = {"ok": ("✔", "green"), "failed": ("✖", "red"), "unknown": ("?", "yellow")}


@command("doctor", help=HELP)
@click.argument("names", nargs=-1, shell_complete=completer("check"), metavar="[NAME…]")
def doctor(session: Session, *, names: Sequence[str]) -> None:
    """Run the checks; exit code 1 when one is not well."""
    from fenbu.engine.doctor import examine

    kernel = session.kernel
    examined = []
    with session.out.progress(_("checking"), len(names) or len(kernel.assembly.checks)) as progress:
        for one in examine(kernel, names):
            examined.append(one)
            progress.at(len(examined), one.check.name)
    sick = [one for one in examined if not one.well]
    if session.json:
        session.out.document("doctor", {"healthy": not sick, "checks": [_plain(one) for one in examined]})
    else:
        _table(session, examined)
        for one in sick:
            session.out.say(f"{one.check.name}: {_(one.check.repair)}")
        session.out.say(_summary(len(examined), len(sick)))
    if sick:
        raise click.exceptions.Exit(exits.FAILED)


def _table(session: Session, examined: Sequence[Examined]) -> None:
    from fenbu.cli.layout import Cell, Heading

    session.out.table(
        [Heading(""), Heading(_("Check")), Heading(_("Found"), wraps=True)],
        [[Cell(*_SIGNS[one.finding.health]), Cell(one.check.name), Cell(_found(one))] for one in examined],
    )


def _found(one: Examined) -> str:
    told = one.finding.detail or _(one.check.title)
    if one.finding.skipped:
        left = _("{count} left out, because work on them still waits").format(count=one.finding.skipped)
        told = f"{told}; {left}"
    return told


def _plain(one: Examined) -> dict[str, Any]:
    finding = one.finding
    return {
        "check": one.check.name,
        "title": _(one.check.title),
        "health": str(finding.health),
        "detail": finding.detail,
        "counted": finding.counted,
        "skipped": finding.skipped,
        "ms": one.ms,
        "repair": "" if one.well else _(one.check.repair),
    }


def _summary(count: int, sick: int) -> str:
    if sick:
        return _("{sick} of {count} checks need a hand").format(sick=sick, count=count)
    return _("all {count} checks are well").format(count=count)
