"""``fenbu import``: a file of a stranger becomes actions, with progress, rejects and a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fenbu.cli import exits
from fenbu.cli.base import command
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.cli.layout import Cell
    from fenbu.cli.output import Progress as Shown
    from fenbu.engine.importing.report import Progress, Report, Tally
    from fenbu.engine.kernel import Kernel

HELP = N_("""Read FILE through PROFILE: each document becomes actions, in one transaction of its own.

A document is imported once, by its own reference: run it again to continue after an interruption, or to add what
is new. Documents with a bad row are rejected whole and written to FILE.rejects.csv with line and reason; mend
them there and import that file. Exit code 3 when rejects are left.

PROFILE is a name that an enabled module brings, or a TOML file. FILE is CSV, TSV, JSON lines or a
SQLite database, plain or gzipped.""")


@command("import", help=HELP)
@click.argument("profile", shell_complete=completer("profile"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help=N_("Check every document by the rules and write nothing."))
@click.option(
    "--deliver/--no-deliver",
    default=False,
    help=N_("Deliver in this process what the import sets going; otherwise a worker does."),
)
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help=N_("Where rejected rows go instead of FILE.rejects.csv."),
)
@click.option(
    "--most-waiting",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help=N_("Pause while more deliveries than this wait for a worker."),
)
def import_(
    session: Session,
    *,
    profile: str,
    file: Path,
    dry_run: bool,
    deliver: bool,
    rejects: Path | None,
    most_waiting: int,
) -> int:
    """Import a file and say what came of it."""
    from fenbu.engine.importing import profiles
    from fenbu.engine.importing.run import Options, import_file

    with session.noticing() as kernel:
        found = profiles.find(kernel, profile)
        with session.out.progress(_("importing {file}").format(file=file.name), 100) as shown:
            options = Options(
                dry_run=dry_run,
                deliver=deliver,
                rejects=rejects,
                most_waiting=most_waiting,
                on_progress=lambda progress: _tell(shown, progress),
            )
            report = import_file(kernel, found, file, options)
        if session.json:
            session.out.document("import", report.as_json())
        else:
            _show(session, kernel, report)
    if report.dead:
        return exits.FAILED
    return exits.COME_BACK if report.rejected.documents or report.stopped else exits.DONE


def _tell(shown: Shown, progress: Progress) -> None:
    rate = _("{documents:,} documents, {lines:,} lines, {rate:,.0f} documents/s").format(
        documents=progress.documents, lines=progress.lines, rate=progress.rate
    )
    if progress.pausing:
        rate += _(" – pausing: {count:,} deliveries wait for a worker").format(count=progress.waiting)
    shown.at(100 * progress.position // (progress.size or 1), rate)


def _show(session: Session, kernel: Kernel, report: Report) -> None:
    from fenbu.cli.layout import Heading

    headings = [
        Heading(_("Kind")),
        Heading(_("Outcome"), wraps=True),
        Heading(_("Documents"), right=True),
        Heading(_("Lines"), right=True),
        Heading(_("Amount"), right=True),
    ]
    currency = kernel.assembly.enterprise.currency
    done = _("would be imported") if report.dry_run else _("imported")
    rows = [_row(kind, done, tally, currency) for kind, tally in report.imported.items()]
    already = _("imported before, nothing changed")
    rows += [_row(kind, already, tally, currency) for kind, tally in report.already.items()]
    rows += [_row(kind, reason, tally, currency) for (kind, reason), tally in report.left.items()]
    if report.rejected.documents:
        rows.append(_row("–", _("rejected"), report.rejected, currency, "red"))
    if rows:
        session.out.table(headings, rows)
    else:
        session.out.say(_("the file holds no documents"))
    _say_how(session, report)


def _row(kind: str, outcome: str, tally: Tally, currency: str, style: str = "") -> list[Cell]:
    from fenbu.cli.layout import Cell
    from fenbu.values import readable_money

    amount = "" if tally.amount is None else readable_money(tally.amount, currency)
    texts = (kind, outcome, f"{tally.documents:,}", f"{tally.lines:,}", amount)
    return [Cell(text, style) for text in texts]


def _say_how(session: Session, report: Report) -> None:
    """Say what the table does not: the time, why documents were rejected, what to do next."""
    session.out.say(
        _("{documents:,} documents, {lines:,} lines in {seconds:,.1f} s").format(
            documents=report.documents, lines=report.lines, seconds=report.seconds
        )
    )
    if report.rejected.documents:
        for reason, times in sorted(report.reasons.items(), key=lambda one: -one[1])[:5]:
            session.out.warn(f"{reason} (×{times:,})" if times > 1 else reason)
        if len(report.reasons) > 5:
            session.out.warn(_("… and other reasons, all in the file"))
        session.out.warn(
            _("rejected rows are in {file}; mend them and import that file").format(file=report.rejects_file)
        )
    if report.dead:
        told = _("{count:,} deliveries have died of errors: fenbu flows dead shows them")
        session.out.warn(told.format(count=report.dead))
    if report.stopped:
        session.out.warn(report.stopped)
