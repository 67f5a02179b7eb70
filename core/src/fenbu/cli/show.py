"""``fenbu show``: views as tables, JSON or CSV; records with what belongs to them and what can be done."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli.base import Command
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.cli.words import quoted
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.conditions import Condition
    from fenbu.engine.kernel import Kernel
    from fenbu.engine.reading import Page
    from fenbu.views import Column, Related, View

HELP = N_("""Look at a list or a record.

fenbu show                                  the views that there are
fenbu show erp.orders --where state=placed  a list
fenbu show erp.orders SO-00000042           a record, with what can be done
fenbu show erp.orders --help                its columns, filters and sorts""")
_TYPED = "fenbu.cli.show.typed"
_RELATED = 10
_CHUNK = 1_000


class ShowCommand(Command):
    """Explains the view that is named beside ``--help``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember what was typed, because help is written before arguments are read."""
        ctx.meta[_TYPED] = list(args)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's help, and the view's when one is named."""
        super().format_help(ctx, formatter)
        words = [word for word in ctx.meta[_TYPED] if not word.startswith("-")]
        session = ctx.find_root().obj
        if words and isinstance(session, Session):
            views = session.kernel.assembly.views
            for name in words:
                if name in views:
                    _describe(views[name], formatter)


@click.command("show", cls=ShowCommand, help=HELP)
@click.argument("view", required=False, shell_complete=completer("view"))
@click.argument("key", required=False)
@click.option("--limit", type=int, metavar="N", help=N_("Rows wanted (50)."))
@click.option(
    "--after", default="", metavar="KEY", help=N_("Continue after this key, as the page before said.")
)
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help=N_("column=value; also != > >= < <=, ~ (contains) and !~. May be repeated."),
)
@click.option("--sort", default="", metavar="COLUMN", help=N_("Order by a column; -column turns it round."))
@click.option("--columns", default="", metavar="A,B,C", help=N_("Only these columns, in this order."))
@click.option(
    "--csv", "as_csv", is_flag=True, help=N_("Write CSV; a text that a spreadsheet would run gets a '.")
)
@click.option("--all", "everything", is_flag=True, help=N_("With --csv: all rows, page by page."))
@click.pass_obj
def show(
    session: Session,
    *,
    view: str | None,
    key: str | None,
    limit: int | None,
    after: str,
    where: Sequence[str],
    sort: str,
    columns: str,
    as_csv: bool,
    everything: bool,
) -> None:
    """Show the views, one view, or one record."""
    from fenbu.engine.conditions import conditions
    from fenbu.engine.reading import DEFAULT_LIMIT

    if everything and not as_csv:
        raise click.UsageError(_("--all goes with --csv; otherwise --limit and --after"))
    with session.noticing() as kernel:
        if view is None:
            _list_views(session, kernel)
            return
        found = kernel.assembly.view(view)
        wanted = _columns(found, columns)
        if key is not None:
            show_record(session, kernel, found, key, wanted)
            return
        asked: dict[str, Any] = {"filters": conditions(where), "sort": sort, "after": after}
        if as_csv:
            _write_csv(session, kernel, found, wanted, asked, limit or DEFAULT_LIMIT, everything)
            return
        show_page(session, kernel, found, wanted=wanted, limit=limit or DEFAULT_LIMIT, **asked)


def show_narrowed(
    session: Session, kernel: Kernel, name: str, narrowed: Mapping[str, str | None], *, after: str, limit: int
) -> None:
    """Write one page of a view, narrowed by those of a command's options that are given."""
    from fenbu.engine.conditions import Condition

    filters = [Condition(column, value) for column, value in narrowed.items() if value is not None]
    show_page(session, kernel, kernel.assembly.view(name), filters=filters, after=after, limit=limit)


def show_page(
    session: Session,
    kernel: Kernel,
    view: View,
    *,
    wanted: Sequence[str] = (),
    filters: Sequence[Condition] = (),
    sort: str = "",
    after: str = "",
    limit: int,
) -> None:
    """Write one page of a view as table or JSON, and how to get the next."""
    page = _page(kernel, view, {"filters": filters, "sort": sort, "after": after}, limit)
    enterprise = kernel.assembly.enterprise
    if session.json:
        body = {
            "view": view.name,
            "currency": enterprise.currency,
            "rows": plain_rows(view, wanted, page.rows, kernel),
            "next": page.next,
        }
        session.out.document("show", body)
        return
    if not page.rows:
        session.out.say(_("nothing there"))
        if view.help:
            session.out.say(_("it would show: {help}").format(help=_(view.help)))
        return
    write_rows(session, kernel, view, page.rows, wanted)
    if page.next:
        session.out.say(
            _("{count} rows shown, more follow: --after {next}").format(count=limit, next=quoted(page.next))
        )


def show_record(session: Session, kernel: Kernel, view: View, key: str, wanted: Sequence[str] = ()) -> None:
    """Write one record, the first rows of what belongs to it, and the actions that its state allows."""
    from fenbu.cli.cells import shown, words
    from fenbu.engine import reading

    with kernel.read(kernel.assembly.module_of(view.name)) as work:
        row = reading.record(work, view, key)
        offered = reading.offered(kernel.assembly, view, row)
        actions = [action for action in offered if work.holds(action.permission)]
        parts = [part for part in view.related if work.holds(kernel.assembly.view(part.view).needs)]
    related = [(part, *_related(kernel, part, row)) for part in parts]
    if session.json:
        body = {
            "view": view.name,
            "currency": kernel.assembly.enterprise.currency,
            "record": plain_rows(view, wanted, [row], kernel, masked=False)[0],
            "related": {
                found.name: {"rows": plain_rows(found, (), page.rows, kernel), "next": page.next}
                for _part, found, page in related
            },
            "actions": [action.name for action in actions],
        }
        session.out.document("record", body)
        return
    session.out.title(f"{_(view.title)} {key}")
    enterprise = kernel.assembly.enterprise
    session.out.pairs((_(column.title), words(column, row, enterprise)) for column in shown(view, wanted))
    for part, found, page in related:
        if page.rows:
            session.out.line()
            session.out.title(_(part.title or found.title))
            write_rows(session, kernel, found, page.rows, but=part.column)
            if page.next:
                more = f"fenbu show {found.name} --where {part.column}={quoted(str(row[part.value]))}"
                session.out.say(_("more follow: {command}").format(command=more))
    for action in actions:
        session.out.say(_("possible: {command}").format(command=_command(action, row, view)))


def write_rows(
    session: Session,
    kernel: Kernel,
    view: View,
    rows: Sequence[Mapping[str, Any]],
    wanted: Sequence[str] = (),
    *,
    but: str = "",
) -> None:
    """Write rows of a view as a table; ``but`` names a column that is clear from where they stand."""
    from fenbu.cli.cells import cell, heading, shown
    from fenbu.engine.guard.permissions import personal
    from fenbu.values import MASK

    columns = [column for column in shown(view, wanted) if column.name != but]
    enterprise = kernel.assembly.enterprise
    session.out.table(
        [heading(column, view) for column in columns],
        [[cell(column, row, enterprise, masked=not wanted) for column in columns] for row in rows],
    )
    refused = [column for column in columns if any(row.get(column.name) == MASK for row in rows)]
    if refused:
        told = _("*** hides what tells of a person: {columns}; it takes the permission {permission}")
        names = ", ".join(_(column.title) for column in refused)
        needed = personal(kernel.assembly.module_of(view.name))
        session.out.say(told.format(columns=names, permission=needed))
    elif hidden := [_(column.title) for column in columns if column.personal and not wanted]:
        session.out.say(
            _("*** hides what tells of a person: {columns}; --columns or the record shows it").format(
                columns=", ".join(hidden)
            )
        )


def _page(kernel: Kernel, view: View, asked: Mapping[str, Any], limit: int) -> Page:
    from fenbu.engine import reading

    with kernel.read(kernel.assembly.module_of(view.name)) as work:
        return reading.page(work, view, limit=limit, **asked)


def _related(kernel: Kernel, part: Related, row: Mapping[str, Any]) -> tuple[View, Page]:
    from fenbu.engine import reading
    from fenbu.engine.conditions import Condition

    found = kernel.assembly.view(part.view)
    condition = Condition(part.column, row[part.value])
    with kernel.read(kernel.assembly.module_of(found.name)) as work:
        return found, reading.page(work, found, filters=[condition], limit=_RELATED)


def plain_rows(
    view: View,
    wanted: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    kernel: Kernel,
    *,
    masked: bool | None = None,
) -> list[dict[str, Any]]:
    """Return rows as programs want them; what tells of a person is masked unless its columns are asked for."""
    from fenbu.cli.cells import plain

    columns = _with_units(view, wanted)
    hide = not wanted if masked is None else masked
    enterprise = kernel.assembly.enterprise
    return [{column.name: plain(column, row, enterprise, masked=hide) for column in columns} for row in rows]


def _with_units(view: View, wanted: Sequence[str]) -> list[Column]:
    return [view.column(name) for name in wanted] if wanted else list(view.columns)


def _write_csv(
    session: Session,
    kernel: Kernel,
    view: View,
    wanted: Sequence[str],
    asked: Mapping[str, Any],
    limit: int,
    everything: bool,
) -> None:
    from fenbu.cli.cells import harmless

    columns = _with_units(view, wanted)
    writer = csv.writer(session.out.stdout, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    after = asked["after"]
    while True:
        page = _page(kernel, view, {**asked, "after": after}, _CHUNK if everything else limit)
        for row in plain_rows(view, wanted, page.rows, kernel):
            writer.writerow([harmless(value) for value in row.values()])
        if page.next is None:
            return
        if not everything:
            session.out.say(_("more rows follow: --after {next}, or --all").format(next=quoted(page.next)))
            return
        after = page.next


def _columns(view: View, text: str) -> list[str]:
    """Return the columns meant: by their names, or by the titles that stand over them."""
    from attrs import evolve

    from fenbu.engine.assembly import unknown

    known = {column.name: column.name for column in view.columns}
    titles = {_(column.title).casefold(): column.name for column in view.columns}
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in known and name.casefold() not in titles:
            missing = unknown(_("column of {view}").format(view=view.name), name, known)
            told = _("fenbu show {view} --help lists its columns").format(view=view.name)
            raise missing if missing.nearest else evolve(missing, todo=told)
    return [known.get(name) or titles[name.casefold()] for name in names]


def _list_views(session: Session, kernel: Kernel) -> None:
    from fenbu.cli.layout import Cell, Heading

    views = kernel.assembly.views
    if session.json:
        listed = [
            {"view": view.name, "title": _(view.title), "columns": [column.name for column in view.columns]}
            for view in views.values()
        ]
        session.out.document("views", {"views": listed})
        return
    session.out.table(
        [Heading(_("View")), Heading(_("Title"), wraps=True)],
        [[Cell(name), Cell(_(view.title))] for name, view in views.items()],
    )


def _command(action: Any, row: Mapping[str, Any], view: View) -> str:
    from fenbu.cli.options import option_name

    subject = f" {option_name(action.subject)} {quoted(str(row[view.record]))}" if action.subject else ""
    return f"fenbu do {action.name}{subject}"


def _describe(view: View, formatter: click.HelpFormatter) -> None:
    from fenbu.engine.conditions import filterable

    if view.help:
        formatter.write_paragraph()
        formatter.write_text(_(view.help))
    with formatter.section(_("Columns of {view}").format(view=view.name)):
        formatter.write_dl([(column.name, _(column.title)) for column in view.columns])
    sorts = list(dict.fromkeys([*view.sorts, *(name.removeprefix("-") for name in view.key)]))
    told = [("--where", ", ".join(filterable(view))), ("--sort", ", ".join(sorts))]
    if view.actions:
        told.append((_("actions"), ", ".join(view.actions)))
    with formatter.section(_("It takes")):
        formatter.write_dl(told)
