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
    day = ""
    for chapter in story.chapters:
        local = chapter.at.astimezone(zone)
        if (today := local.strftime("%Y-%m-%d")) != day:
            day = today
            out.line(out.style(day, "bold"))
        _write(session, chapter, local.strftime("%H:%M:%S"))
    if story.view:
        out.say(_("the record: fenbu show {view} {number}").format(view=story.view, number=story.number))


def _write(session: Session, chapter: Chapter, clock: str) -> None:
    from fenbu.cli.layout import wrap
    from fenbu.cli.output import visible

    out = session.out
    who = f"  {chapter.who}" if chapter.who else ""
    number = f" #{chapter.seq}" if chapter.seq else ""
    width = (out.width or 1_000) - 14
    first, *rest = wrap(visible(f"{chapter.text}{who}{number}"), max(width, 20))
    out.line(f"  {out.style(clock, 'dim')}  {_KINDS[chapter.kind]} {first}")
    for more in rest:
        out.line(f"{' ' * 14}{more}")
    for travel in chapter.travels:
        sign, colour = _SIGNS[travel.state]
        told = visible(
            " ".join(part for part in (travel.subscription, _state(travel), travel.detail) if part)
        )
        for index, line in enumerate(wrap(told, max(width - 3, 20))):
            out.line(f"{' ' * 15}{out.style(sign, colour) if index == 0 else ' '} {line}")


def _state(travel: Travel) -> str:
    return "" if travel.state == "done" else _(travel.state)


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
        "seq": chapter.seq,
        "cause": chapter.cause,
        "deliveries": [
            {"subscription": one.subscription, "state": one.state, "at": one.at, "detail": one.detail}
            for one in travels
        ],
    }
