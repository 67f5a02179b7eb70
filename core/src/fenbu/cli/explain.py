"""``fenbu explain``: the story of a document in time order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli.base import command
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.cli.words import quoted
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.explaining import Chapter, Document, Story, Travel
    from fenbu.engine.kernel import Kernel
    from fenbu.engine.reading import Row
    from fenbu.engine.surroundings import Place
    from fenbu.views import View

HELP = N_("""The story of an order, account, customer, item, payment or employee in time order.

fenbu explain                    the kinds of document
fenbu explain order SO-00000042  the story of one

What it is, what happened to it, who did it, who was told of it, what still waits, failed or was asked of the outside,
and where to go on from there. Who only keeps a record of all that happens, as a customer's timeline does, is named
where that is late or failed.""")
_SIGNS = {
    "done": ("✔", "green"),
    "waiting": ("…", "yellow"),
    "scheduled": ("◷", "dim"),
    "held": ("‖", "yellow"),
    "dead": ("✖", "red"),
    "skipped": ("○", "dim"),
}
_LEFT = 14
"""Columns of the clock and the sign."""
_PAST = ("done", "skipped")
_LATEST = 6
"""Of the documents of one kind the latest so many are named."""
_KINDS = {"event": "•", "act": "▸", "call": "↗"}


@command("explain", help=HELP)
@click.argument("kind", required=False, shell_complete=completer("document"))
@click.argument("number", required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=500, help=N_("Events told at most (500)."))
def explain(session: Session, *, kind: str | None, number: str | None, limit: int) -> None:
    """Tell the story, or which kinds of document have one."""
    from fenbu.engine import explaining, surroundings

    with session.noticing() as kernel:
        if kind is None:
            _list_kinds(session, kernel)
            return
        if number is None:
            raise _which(kernel, kind)
        with kernel.read() as work:
            story = explaining.explain(work, kind, number, most=limit)
            records = surroundings.records(work, story.view, number) if story.view else []
            places = surroundings.places(work, story.view, number) if story.view and records else []
        if not story.chapters and not records:
            _refuse(kernel, story)
        if session.json:
            session.out.document("story", _plain(kernel, story, records, places))
            return
        session.out.title(f"{story.kind} {story.number}")
        for view, row in records:
            _what_it_is(session, kernel, view, row)
        tell(session, kernel, story)
        if story.hidden:
            told = _("more is known, for which permissions are missing: {names}")
            session.out.say(told.format(names=", ".join(story.hidden)))
        _go_on(session, story, places)


def _kinds(kernel: Kernel) -> dict[str, str]:
    """Return the kinds of document that have a record here, to the view that holds it."""
    from fenbu.engine.explaining import kinds

    return {kind: view for kind, view in kinds(kernel.assembly).items() if view}


def _list_kinds(session: Session, kernel: Kernel) -> None:
    from fenbu.cli.layout import Cell, Heading

    found = _kinds(kernel)
    if session.json:
        session.out.document(
            "kinds", {"kinds": [{"kind": kind, "view": view} for kind, view in found.items()]}
        )
        return
    headings = [Heading(_("Kind")), Heading(_("Numbers", "of documents"))]
    session.out.table(headings, [[Cell(kind), Cell(f"fenbu show {view}")] for kind, view in found.items()])


def _which(kernel: Kernel, kind: str) -> click.UsageError:
    """Ask for the number of a document, and say where there are some."""
    view = _kinds(kernel).get(kind)
    if view is None:
        return click.UsageError(_("explain takes a kind of document and its number"))
    return click.UsageError(_("which {kind}? fenbu show {view} lists them").format(kind=kind, view=view))


def _refuse(kernel: Kernel, story: Story) -> None:
    """Say that nothing is known of the document; with its view, which there are."""
    from fenbu.engine import reading
    from fenbu.errors import NotFound

    if story.view is not None and story.view in kernel.assembly.views:
        view = kernel.assembly.view(story.view)
        with kernel.read(kernel.assembly.module_of(view.name)) as work:
            reading.record(work, view, story.number)
    way_out = _("fenbu show fenbu.events shows what is known")
    raise NotFound(_("story of {kind}").format(kind=story.kind), story.number, way_out)


def _what_it_is(session: Session, kernel: Kernel, view: View, row: Row) -> None:
    """Write what a record says, but for noughts and what tells of a person, and the command that shows all of it."""
    from fenbu.cli.cells import shown, words
    from fenbu.cli.layout import visible, wrap

    out, enterprise = session.out, kernel.assembly.enterprise
    told = [
        f"{_(column.title)} {words(column, row, enterprise)}"
        for column in shown(view)
        if column.name != view.record and not column.personal and row.get(column.name)
    ]
    for line in wrap(visible(" · ".join(told)), max((out.width or 1_000) - 2, 20)):
        out.line(f"  {line}")
    out.line(out.style(f"  fenbu show {view.name} {quoted(str(row[view.record]))}", "dim"))


def _go_on(session: Session, story: Story, places: Sequence[Place]) -> None:
    """Write of what else the story speaks, and where the document stands, each with the command that shows it."""
    from fenbu.cli.layout import wrap
    from fenbu.engine.surroundings import MOST

    out = session.out
    by_kind: dict[str, list[Document]] = {}
    for one in story.others:
        by_kind.setdefault(one.kind, []).append(one)
    if by_kind:
        out.line(
            f"{out.style(_('it speaks of'), 'bold')}  {out.style(_('fenbu explain KIND NUMBER'), 'dim')}"
        )
    widest = max(map(len, by_kind), default=0)
    for kind, listed in by_kind.items():
        numbers = ", ".join(one.number for one in listed[-_LATEST:])
        if len(listed) > _LATEST:
            numbers = _("{numbers}, and {count} before").format(numbers=numbers, count=len(listed) - _LATEST)
        first, *rest = wrap(numbers, max((out.width or 1_000) - widest - 4, 20))
        out.line(f"  {kind:<{widest}}  {first}")
        for line in rest:
            out.line(f"  {'':<{widest}}  {line}")
    if places:
        out.line(out.style(_("it stands in"), "bold"))
    for place in places:
        rows = f"{place.rows}" if place.rows < MOST else f"{MOST - 1}+"
        command = f"fenbu show {place.view.name} --where {place.column}={quoted(story.number)}"
        out.line(f"  {rows:>3}  {command}")


def tell(session: Session, kernel: Kernel, story: Story) -> None:
    """Write what happened, day by day; of which other document, where that changes."""
    out, zone = session.out, kernel.assembly.enterprise.zone
    if story.left_out:
        out.say(_("{count} older events are left out; --limit tells more").format(count=story.left_out))
    day = clock = ""
    of = None
    for chapter in story.chapters:
        local = chapter.at.astimezone(zone)
        if (today := local.strftime("%Y-%m-%d")) != day:
            day, clock, of = today, "", None
            out.line(out.style(day, "bold"))
        now = local.strftime("%H:%M:%S")
        _write(session, chapter, now if now != clock else "", chapter.of if chapter.of != of else None)
        clock = now
        of = chapter.of if chapter.kind == "event" else of


def _write(session: Session, chapter: Chapter, clock: str, of: Document | None) -> None:
    """Write one chapter: what happened, then, fainter, who did it, its number and who has taken it."""
    from fenbu.cli.layout import visible, width_of, wrap

    out = session.out
    room = max((out.width or 1_000) - _LEFT, 20)
    named = of is None or of.number in chapter.text
    lines = wrap(visible(chapter.text if of is None or named else f"{of.number}: {chapter.text}"), room)
    tail = visible(_tail(chapter))
    beside = width_of(lines[-1]) + 2 + width_of(tail) <= room
    for index, line in enumerate(lines):
        start = f"  {out.style(f'{clock:<8}', 'dim')}  {_KINDS[chapter.kind]} " if index == 0 else " " * _LEFT
        ends = f"  {out.style(tail, 'dim')}" if tail and beside and line is lines[-1] else ""
        out.line(f"{start}{line}{ends}")
    if not beside:
        for line in wrap(tail, room):
            out.line(f"{' ' * _LEFT}{out.style(line, 'dim')}")
    for travel in chapter.travels:
        if travel.state not in _PAST:
            _write_travel(session, travel, room)


def _tail(chapter: Chapter) -> str:
    """Return who did it, its number, and who has taken it; who only keeps a record of all is not worth a word."""
    told = [chapter.who or chapter.module, f"#{chapter.seq}" if chapter.seq else ""]
    for one in chapter.travels:
        if one.state in _PAST and not (one.keeps and one.state == "done"):
            why = one.detail if one.state == "skipped" else ""
            told.append(f"{_SIGNS[one.state][0]} {one.subscription} {why}".rstrip())
    return " ".join(part for part in told if part)


def _write_travel(session: Session, travel: Travel, room: int) -> None:
    """Write where an event is on its way or stuck."""
    from fenbu.cli.layout import visible, wrap

    out = session.out
    sign, colour = _SIGNS[travel.state]
    told = visible(" ".join(part for part in (travel.subscription, _(travel.state), travel.detail) if part))
    for index, line in enumerate(wrap(told, room - 2)):
        out.line(f"{' ' * _LEFT}{out.style(sign, colour) if index == 0 else ' '} {line}")


def _plain(
    kernel: Kernel, story: Story, records: Sequence[tuple[View, Row]], places: Sequence[Place]
) -> dict[str, Any]:
    from fenbu.cli.show import plain_rows

    return {
        "kind": story.kind,
        "number": story.number,
        "view": story.view,
        "records": {view.name: plain_rows(view, (), [row], kernel)[0] for view, row in records},
        "left_out": story.left_out,
        "chapters": [_plain_chapter(chapter) for chapter in story.chapters],
        "speaks_of": [{"kind": one.kind, "number": one.number} for one in story.others],
        "stands_in": [
            {"view": place.view.name, "column": place.column, "rows": place.rows} for place in places
        ],
    }


def _plain_chapter(chapter: Chapter) -> dict[str, Any]:
    travels: Sequence[Travel] = chapter.travels
    return {
        "at": chapter.at,
        "kind": chapter.kind,
        "name": chapter.name,
        "text": chapter.text,
        "who": chapter.who,
        "module": chapter.module,
        "seq": chapter.seq,
        "cause": chapter.cause,
        "of": None if chapter.of is None else {"kind": chapter.of.kind, "number": chapter.of.number},
        "deliveries": [
            {"subscription": one.subscription, "state": one.state, "at": one.at, "detail": one.detail}
            for one in travels
        ],
    }
