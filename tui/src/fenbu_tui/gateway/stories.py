"""Stories: what the log, the flows and the audit know of a document, with what stands around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fenbu.cli import cells
from fenbu.engine import explaining, surroundings
from fenbu.engine.explaining import Chapter, Story, Travel
from fenbu.engine.reading import Row
from fenbu.engine.surroundings import Place as Standing
from fenbu.engine.work import EngineWork
from fenbu.errors import NotFound
from fenbu.i18n import _
from fenbu.views import View
from fenbu_tui.gateway.base import EnginePart
from fenbu_tui.gateway.sentences import own_code
from fenbu_tui.places import Place
from fenbu_tui.signs import Tone
from fenbu_tui.world.stories import Happening, Heard, Onward, StoryKind, StoryTold

_SIGNS = {"event": "•", "act": "▸", "call": "↗"}
_TRAVELS: Mapping[str, Tone] = {
    "done": Tone.GOOD,
    "waiting": Tone.BUSY,
    "scheduled": Tone.QUIET,
    "held": Tone.WARN,
    "dead": Tone.BAD,
    "skipped": Tone.QUIET,
}
_LOUDEST = (Tone.BAD, Tone.WARN, Tone.BUSY)
_LATEST = 20
"""Of the documents of which a story speaks, the latest so many are offered."""


class StoriesPart(EnginePart):
    """Answers the screen of stories."""

    def story_kinds(self) -> Sequence[StoryKind]:
        with self._reading() as work:
            assembly = work.transaction.assembly
            kinds = [
                (kind, assembly.views.get(name or "")) for kind, name in explaining.kinds(assembly).items()
            ]
            return [
                StoryKind(kind, view.name, _(view.title))
                for kind, view in kinds
                if view is not None and work.holds(view.needs)
            ]

    def story(self, kind: str, number: str) -> StoryTold:
        with own_code(kind), self._reading() as work:
            story = explaining.explain(work, kind, number)
            records = surroundings.records(work, story.view, number) if story.view else []
            places = surroundings.places(work, story.view, number) if story.view and records else []
            if not story.chapters and not records:
                raise NotFound(kind, number, _("5 lists what there is, and t tells its story"))
            return StoryTold(
                kind=kind,
                number=number,
                record=tuple(_record(work, view, row) for view, row in records),
                happenings=tuple(_happenings(work, story)),
                notes=tuple(_notes(story)),
                onward=tuple(_onward(story, records, places)),
            )


def _record(work: EngineWork, view: View, row: Row) -> str:
    """Return what a record says in one line, but for noughts and what tells of a person."""
    told = [
        f"{_(column.title)} {cells.cell(column, row, work.enterprise).text}"
        for column in cells.shown(view)
        if column.name != view.record and not column.personal and row.get(column.name)
    ]
    return " · ".join(told)


def _happenings(work: EngineWork, story: Story) -> Iterator[Happening]:
    for place, chapter in enumerate(story.chapters):
        local = chapter.at.astimezone(work.enterprise.zone)
        of = chapter.of
        text = _told(work, chapter)
        named = of is None or of.number in text
        yield Happening(
            key=str(place),
            day=local.strftime("%Y-%m-%d"),
            clock=local.strftime("%H:%M:%S"),
            sign=_SIGNS[chapter.kind],
            text=text if of is None or named else f"{of.number}: {text}",
            who=chapter.who or chapter.module,
            tone=_tone(chapter.travels),
            about=tuple(_about(chapter)),
            heard=tuple(_heard(one) for one in chapter.travels),
            leads=Place("story", f"{of.kind} {of.number}") if of else None,
        )


def _told(work: EngineWork, chapter: Chapter) -> str:
    """Return what happened; an act by its title, for its name stands below."""
    action = work.transaction.assembly.actions.get(chapter.name) if chapter.kind == "act" else None
    return chapter.text if action is None else chapter.text.replace(chapter.name, _(action.action.title), 1)


def _about(chapter: Chapter) -> Iterator[str]:
    yield f"{chapter.module} · {chapter.name}" if chapter.name else chapter.module
    if chapter.seq is not None:
        yield _("event #{seq}").format(seq=chapter.seq)
    if chapter.cause is not None:
        yield _("because of #{cause}").format(cause=chapter.cause)


def _heard(travel: Travel) -> Heard:
    text = " ".join(part for part in (travel.subscription, _(travel.state), travel.detail) if part)
    return Heard(text, _TRAVELS.get(travel.state, Tone.QUIET))


def _tone(travels: Sequence[Travel]) -> Tone | None:
    tones = {_TRAVELS.get(one.state, Tone.QUIET) for one in travels}
    return next((tone for tone in _LOUDEST if tone in tones), None)


def _notes(story: Story) -> Iterator[str]:
    if story.left_out:
        yield _("{count} older events are left out").format(count=story.left_out)
    if story.hidden:
        told = _("more is known, for which permissions are missing: {names}")
        yield told.format(names=", ".join(story.hidden))


def _onward(
    story: Story, records: Sequence[tuple[View, Row]], places: Sequence[Standing]
) -> Iterator[Onward]:
    for view, _row in records:
        place = Place("records", f"{view.name} {view.record}={_word(story.number)}")
        yield Onward(_("record in {list}").format(list=_(view.title)), place)
    for one in reversed(story.others[-_LATEST:]):
        told = _("story of {kind} {number}").format(kind=_(one.kind), number=one.number)
        yield Onward(told, Place("story", f"{one.kind} {one.number}"))
    for found in places:
        rows = f"{found.rows}" if found.rows < surroundings.MOST else f"{surroundings.MOST - 1}+"
        place = Place("records", f"{found.view.name} {found.column}={_word(story.number)}")
        yield Onward(_("{rows} in {list}").format(rows=rows, list=_(found.view.title)), place)


def _word(text: str) -> str:
    return f'"{text}"' if " " in text else text
