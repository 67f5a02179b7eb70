"""``fenbu explain``: the story of a document in time order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from fenbu.cli.base import command
from fenbu.cli.names import completer
from fenbu.cli.session import Session
from fenbu.i18n import N_, _

if TYPE_CHECKING:
    from fenbu.engine.explaining import Chapter, Story, Travel
    from fenbu.engine.kernel import Kernel

HELP = N_("""The story of an order, account or invoice in time order.

fenbu explain order SO-00000042
What happened, who did it, who was told of it, and what still waits, failed or was asked of the outside.""")
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
_KINDS = {"event": "•", "act": "▸", "call": "↗"}


@command("explain", help=HELP)
@click.argument("kind", shell_complete=completer("document"))
@click.argument("number")
@click.option("--limit", type=click.IntRange(1, 10_000), default=500, help=N_("Events told at most (500)."))
def explain(session: Session, *, kind: str, number: str, limit: int) -> None:
    """Tell the story."""
    from fenbu.engine import explaining

    with session.noticing() as kernel:
        with kernel.read() as work:
            story = explaining.explain(work, kind, number, most=limit)
        if not story.chapters:
            _refuse(kernel, story)
        if session.json:
            session.out.document("story", _plain(story))
            return
        tell(session, kernel, story)


def _refuse(kernel: Kernel, story: Story) -> None:
    """Say that nothing is known of the document; with its view, whether it exists at all."""
    from fenbu.engine import reading
    from fenbu.errors import NotFound

    way_out = _("fenbu show fenbu.events shows what is known")
    if story.view is not None and story.view in kernel.assembly.views:
        view = kernel.assembly.view(story.view)
        with kernel.read(kernel.assembly.module_of(view.name)) as work:
            reading.record(work, view, story.number)
        way_out = _("it is there, and nothing has happened to it: fenbu show {view} {number}").format(
            view=view.name, number=story.number
        )
    raise NotFound(_("story of {kind}").format(kind=story.kind), story.number, way_out)


def tell(session: Session, kernel: Kernel, story: Story) -> None:
    """Write a story, day by day."""
    out, zone = session.out, kernel.assembly.enterprise.zone
    out.title(f"{story.kind} {story.number}")
    if story.left_out:
        out.say(_("{count} older events are left out; --limit tells more").format(count=story.left_out))
    day = clock = ""
    for chapter in story.chapters:
        local = chapter.at.astimezone(zone)
        if (today := local.strftime("%Y-%m-%d")) != day:
            day, clock = today, ""
            out.line(out.style(day, "bold"))
        now = local.strftime("%H:%M:%S")
        _write(session, chapter, now if now != clock else "")
        clock = now
    if story.view:
        out.say(_("the record: fenbu show {view} {number}").format(view=story.view, number=story.number))


def _write(session: Session, chapter: Chapter, clock: str) -> None:
    """Write one chapter: what happened, then, fainter, who did it, its number and who has taken it."""
    from fenbu.cli.layout import visible, width_of, wrap

    out = session.out
    room = max((out.width or 1_000) - _LEFT, 20)
    lines = wrap(visible(chapter.text), room)
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
    told = [chapter.who or chapter.module, f"#{chapter.seq}" if chapter.seq else ""]
    for one in chapter.travels:
        if one.state in _PAST:
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


def _plain(story: Story) -> dict[str, Any]:
    return {
        "kind": story.kind,
        "number": story.number,
        "view": story.view,
        "left_out": story.left_out,
        "chapters": [_plain_chapter(chapter) for chapter in story.chapters],
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
        "deliveries": [
            {"subscription": one.subscription, "state": one.state, "at": one.at, "detail": one.detail}
            for one in travels
        ],
    }
