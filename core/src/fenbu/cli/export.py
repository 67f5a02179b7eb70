"""``fenbu export``: what modules write in formats of other programs, and business facts for comparing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from fenbu.cli.base import Group, command
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.exporting import Found

HELP = N_("""Write what modules export in formats of other programs, or business facts for comparing.

fenbu export list                          what there is, and in which formats
fenbu export ledger --format beancount     the books, to stdout
fenbu export ledger --since 2026-01-01 -o books.beancount""")


class Day(click.ParamType[date]):
    """A day, written as 2026-01-31."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read the day; a usage error when it is none."""
        from fenbu.inputs import FIRST_DAY, LAST_DAY

        try:
            day = value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(_("{value} is no day, written as 2026-01-31").format(value=value), param, ctx)
        if not FIRST_DAY <= day <= LAST_DAY:
            told = _("must be a day between {first} and {last}").format(first=FIRST_DAY, last=LAST_DAY)
            self.fail(told, param, ctx)
        return day


class Exports(Group):
    """Takes every other name for that of an export; which there are is known once the enterprise is open."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one of the commands declared here, or the one that writes an export of this name."""
        found = super().get_command(ctx, cmd_name)
        return _written(cmd_name) if found is None and not cmd_name.startswith("-") else found

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the names of exports too, as far as they were remembered."""
        exports: list[CompletionItem] = completer("exporter")(ctx, None, incomplete)
        return [*exports, *super().shell_complete(ctx, incomplete)]


@click.group("export", cls=Exports, help=HELP)
def export() -> None:
    """Group of the exports."""


@export.command("list", help=N_("What enabled modules export, and in which formats."))
@click.pass_obj
def list_(session: Session) -> None:
    """List the exports."""
    from fenbu.cli.helping import sentences
    from fenbu.cli.layout import Cell, Heading
    from fenbu.engine.exporting import exporters

    with session.noticing() as kernel:
        found = exporters(kernel)
    if session.json:
        listed = [
            {"export": one.name, "title": _(one.title), "formats": sorted(one.formats)} for one in found
        ]
        session.out.document("exports", {"exports": listed})
    elif not found:
        session.out.say(_("no enabled module exports anything"))
    else:
        headings = [Heading(_("Export")), Heading(_("Formats")), Heading(_("Title"), wraps=True)]
        texts = [
            (one.name, ", ".join(sorted(one.formats)), sentences(_(one.title), _(one.help).rstrip(".。")))
            for one in found
        ]
        session.out.table(headings, [[Cell(text.strip()) for text in row] for row in texts])


@export.command(
    "canonical",
    help=N_(
        "Numbers, quantities, amounts, balances and facts as JSON lines; no surrogate keys, times or statistics, "
        "so that two databases with the same business compare equal."
    ),
)
@click.argument("modules", nargs=-1, shell_complete=completer("module"), metavar="[MODULE…]")
@click.pass_obj
def canonical(session: Session, *, modules: Sequence[str]) -> None:
    """Write what every enabled module, or those named, say of themselves."""
    from fenbu.engine import canonical as facts
    from fenbu.engine.assembly import unknown

    with session.noticing() as kernel:
        enabled = {"fenbu", *kernel.assembly.modules}
        for name in modules:
            if name not in enabled:
                raise unknown("enabled module", name, enabled)
        if session.json:
            session.out.document("canonical", {"modules": facts.facts(kernel, modules)})
            return
        for line in facts.lines(kernel, modules):
            session.out.line(line)


def _written(name: str) -> click.Command:
    """Return the command that writes an export; whether there is one of this name shows when it runs."""

    @command(name, help=N_("Write an export of an enabled module to stdout or into a file."))
    @click.option(
        "--format", "format_", default="", metavar="FORMAT", help=N_("The format, where it has several.")
    )
    @click.option(
        "--since", type=Day(), metavar="DAY", help=N_("First business day; what was before is carried.")
    )
    @click.option("--until", type=Day(), metavar="DAY", help=N_("Last business day."))
    @click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help=N_("Write into this file, in UTF-8; it is there whole or as it was before."),
    )
    def write(
        session: Session, *, format_: str, since: date | None, until: date | None, output: Path | None
    ) -> None:
        from fenbu.engine import exporting
        from fenbu.exporting import Span

        if since is not None and until is not None and until < since:
            raise click.UsageError(_("--until is before --since"))
        with session.noticing() as kernel:
            found = exporting.find(kernel, name, format_)
            if output is None and session.json:
                told = _("{export} is written as {format}; --json goes with --output")
                raise click.UsageError(told.format(export=found.exporter.name, format=found.format))
            lines = exporting.lines(kernel, found, Span(since, until))
            if output is not None:
                _into_file(session, found, output, lines)
                return
            for line in lines:
                session.out.line(line)

    return write


def _into_file(session: Session, found: Found, path: Path, lines: Iterable[str]) -> None:
    """Write the lines into a file, and say how many those were.

    Raises:
        BadFile: It cannot be written.
    """
    from fenbu.cli.files import whole
    from fenbu.errors import BadFile

    count = 0
    try:
        with whole(path) as file:
            for count, line in enumerate(lines, 1):  # noqa: B007  (told below)
                file.write(f"{line}\n")
    except OSError as error:
        way_out = _("name a file in a folder that you may write to")
        raise BadFile(
            str(path), _("it cannot be written: {error}").format(error=error.strerror), way_out=way_out
        ) from None
    if session.json:
        body = {"export": found.exporter.name, "format": found.format, "file": str(path), "lines": count}
        session.out.document("export", body)
        return
    told = _("{export} as {format}: {count:,} lines in {file}")
    session.out.say(told.format(export=found.exporter.name, format=found.format, count=count, file=path))
