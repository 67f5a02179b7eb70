"""Explaining: the story of a document in time order, from what the log, the flows and the audit know of it.

Events say what they mean by themselves (``says`` of their declaration); what is still on its way, dead or asked
of the outside stands beside them, and who did what comes from the audit trail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import field, frozen
from sqlalchemy import and_, or_, select, type_coerce

from fenbu.column_types import MoneyType
from fenbu.contracts.module import module_also_known
from fenbu.engine.guard import permissions
from fenbu.engine.guard.operators import SYSTEM
from fenbu.engine.store.tables import (
    audit,
    call,
    delivered,
    delivery,
    event,
    event_about,
    skipped,
    subscription,
)
from fenbu.engine.telling import MINUTES, event_types, sentence
from fenbu.errors import Unknown
from fenbu.events import EventType
from fenbu.i18n import _
from fenbu.values import from_microseconds, readable_money

if TYPE_CHECKING:
    from fenbu.engine.assembly import Assembly
    from fenbu.engine.work import EngineWork

_ORDER = ("act", "event", "call")
"""Within one transaction, whose parts have one time: somebody acts, so it happens, so the outside is asked."""
MOST = 500
"""Events of one story at most; more are counted, not told."""


@frozen(eq=False)
class KindUnknown(Unknown):
    """No module speaks of documents of this kind."""

    known: tuple[str, ...] = ()

    @property
    def hint(self) -> str:
        nearest = _("did you mean {nearest}? ").format(nearest=self.nearest) if self.nearest else ""
        return nearest + _("known here are: {kinds}").format(kinds=", ".join(self.known))


@frozen
class Document:
    """A document by its kind, as events name it, and its number."""

    kind: str
    number: str


@frozen
class Travel:
    """What became of an event at one subscription."""

    subscription: str
    state: str
    """``done``, ``waiting``, ``scheduled``, ``held``, ``dead`` or ``skipped``."""
    at: datetime | None = None
    detail: str = ""
    """Error, reason, or how long it took."""
    keeps: bool = False
    """The subscription only keeps a record of what happens: it is replayable."""


@frozen(kw_only=True)
class Chapter:
    """One thing that happened."""

    at: datetime
    kind: str
    """``event``, ``act`` or ``call``."""
    text: str
    who: str = ""
    """Who did it; empty when it followed by itself."""
    module: str = ""
    """Whose it is: what published the event, declares the action, asked the outside."""
    name: str = ""
    """Topic, action or operation."""
    seq: int | None = None
    cause: int | None = None
    of: Document | None = None
    """The other document that it happened to: in a customer's story, the order."""
    travels: Sequence[Travel] = field(factory=tuple)


@frozen
class Story:
    """All that is known of a document."""

    kind: str
    number: str
    chapters: Sequence[Chapter]
    left_out: int
    """Events that are not told, because there are too many; the latest are."""
    view: str | None
    """View that holds its record."""
    others: Sequence[Document]
    """The other documents that it speaks of, in the order in which they appear."""
    hidden: tuple[str, ...] = ()
    """Permissions that the actor lacks to be told the rest."""


def kinds(assembly: Assembly) -> dict[str, str | None]:
    """Return the kinds of document that can be explained, to the view with their records."""
    found: dict[str, str | None] = {
        kind: None for one in event_types(assembly).values() for kind in one.about
    }
    for module in assembly.modules.values():
        found |= module.manifest.explain
    return dict(sorted(found.items()))


def explain(work: EngineWork, kind: str, number: str, *, most: int = MOST) -> Story:
    """Return the story of a document; without chapters when nobody has ever spoken of it.

    Args:
        work: A reading work of the kernel.
        kind: ``order``, ``account``, ``invoice`` … as events name them.
        number: Its number.
        most: Events told at most, the latest.

    Raises:
        Unknown: No module knows this kind.
        NotPermitted: The actor may not look at its record.
    """
    assembly = work.transaction.assembly
    known = kinds(assembly)
    if kind not in known:
        near = get_close_matches(kind, known, 1)
        raise KindUnknown(_("kind of document"), kind, near[0] if near else "", known=tuple(known))
    view = assembly.views.get(known[kind] or "")
    work.require(view.needs if view else permissions.show("fenbu"))
    names = [Document(kind, number), *_other_names(work, kind, number)]
    rows, left_out = _events(work, names, most)
    seqs = [row.seq for row in rows]
    travels, about = _travels(work, seqs), _about(work, seqs)
    types, zone = event_types(assembly), assembly.enterprise.zone
    chapters = [
        _told(row, types, travels.get(row.seq, ()), zone, _of(row, about.get(row.seq, ()), names))
        for row in rows
    ]
    numbers = sorted({name.number for name in names})
    chapters += _acts(work, numbers) + _calls(work, numbers)
    chapters, hidden = _permitted(work, chapters)
    chapters.sort(key=lambda chapter: (chapter.at, _ORDER.index(chapter.kind), chapter.seq or 0))
    named = dict.fromkeys([*names, *(one for seq in seqs for one in about.get(seq, ()))])
    others = [one for one in named if one != names[0] and known.get(one.kind)]
    return Story(kind, number, chapters, left_out, known[kind], others, hidden)


def _permitted(work: EngineWork, chapters: Sequence[Chapter]) -> tuple[list[Chapter], tuple[str, ...]]:
    """Return the chapters of modules that the actor may look at, and which permissions the others take."""
    needed = {one.module: permissions.show(one.module) for one in chapters}
    hidden = {module for module, permission in needed.items() if not work.holds(permission)}
    told = [one for one in chapters if one.module not in hidden]
    return told, tuple(sorted(needed[module] for module in hidden))


def _other_names(work: EngineWork, kind: str, number: str) -> list[Document]:
    """Return what the enabled modules call the same matter."""
    answers = work.ask(module_also_known, kind=kind, number=number)
    found = sorted({(one.kind, one.number) for answer in answers for one in answer} - {(kind, number)})
    return [Document(*one) for one in found]


def _events(work: EngineWork, names: Sequence[Document], most: int) -> tuple[list[Any], int]:
    named = [and_(event_about.c.kind == one.kind, event_about.c.value == one.number) for one in names]
    about = select(event_about.c.seq).where(or_(*named))
    wanted = select(event).where(event.c.seq.in_(about)).order_by(event.c.seq.desc()).limit(most)
    rows = list(reversed(work.execute(wanted).all()))
    if len(rows) < most:
        return rows, 0
    older = about.where(event_about.c.seq < rows[0].seq).limit(100_000)
    return rows, len(work.execute(older).all())


def _about(work: EngineWork, seqs: Sequence[int]) -> dict[int, list[Document]]:
    """Return the documents that events are about, in the order of their kinds."""
    found: dict[int, list[Document]] = {}
    wanted = select(event_about).where(event_about.c.seq.in_(seqs)).order_by(event_about.c.kind)
    for row in work.execute(wanted) if seqs else ():
        found.setdefault(row.seq, []).append(Document(row.kind, row.value))
    return found


def _of(row: Any, about: Sequence[Document], names: Sequence[Document]) -> Document | None:
    """Return whose fact an event is, by its key, unless it is that of which the story tells."""
    return next((one for one in about if one.number == row.key and one not in names), None)


def _told(
    row: Any,
    types: Mapping[tuple[str, int], EventType],
    travels: Sequence[Travel],
    zone: ZoneInfo,
    of: Document | None,
) -> Chapter:
    text = sentence(types.get((row.topic, row.version)), row.topic, json.loads(row.payload), zone)
    if row.not_before is not None:
        due = from_microseconds(row.not_before).astimezone(zone).strftime(MINUTES)
        text = _("timer for {due}: {text}").format(text=text, due=due)
    return Chapter(
        at=from_microseconds(row.at),
        kind="event",
        text=text,
        who="" if row.actor == SYSTEM.name else row.actor,
        module=row.module,
        name=row.topic,
        seq=row.seq,
        cause=row.cause,
        of=of,
        travels=travels,
    )


def _travels(work: EngineWork, seqs: Sequence[int]) -> dict[int, list[Travel]]:
    found: dict[int, list[Travel]] = {}
    if not seqs:
        return found
    named = work.execute(select(subscription.c.id, subscription.c.name))
    names: dict[int, str] = {row.id: row.name for row in named}
    keeping = {
        one.name
        for module in work.transaction.assembly.modules.values()
        for one in module.manifest.subscriptions
        if one.replayable
    }

    def add(row: Any, state: str, at: datetime | None, detail: str) -> None:
        name = names[row.subscription]
        found.setdefault(row.seq, []).append(Travel(name, state, at, detail, name in keeping))

    for row in work.execute(select(delivered).where(delivered.c.seq.in_(seqs))):
        add(row, "done", from_microseconds(row.at), _("{ms} ms").format(ms=row.ms))
    for row in work.execute(select(delivery).where(delivery.c.seq.in_(seqs))):
        error = (row.error or "").split("\n", 1)[0]
        detail = _("{count} attempts: {error}").format(count=row.attempts, error=error) if error else ""
        add(row, row.state, None, detail)
    for row in work.execute(select(skipped).where(skipped.c.seq.in_(seqs))):
        add(row, "skipped", from_microseconds(row.at), row.reason)
    return found


def _acts(work: EngineWork, numbers: Sequence[str]) -> list[Chapter]:
    wanted = select(audit).where(audit.c.subject.in_(numbers)).order_by(audit.c.id.desc()).limit(MOST)
    return [
        Chapter(
            at=from_microseconds(row.at),
            kind="act",
            text=row.action if row.outcome == "done" else f"{row.action}: {_(row.outcome)}",
            who=row.actor,
            module=row.module,
            name=row.action,
        )
        for row in work.execute(wanted)
    ]


def _calls(work: EngineWork, numbers: Sequence[str]) -> list[Chapter]:
    amount = type_coerce(call.c.amount, MoneyType()).label("money")
    # Operations of a payment are its parts: PAY-00000001-C1.
    parts = [call.c.subject.startswith(f"{number}-", autoescape=True) for number in numbers]
    wanted = (
        select(call, amount)
        .where(or_(call.c.key.in_(numbers), call.c.subject.in_(numbers), *parts))
        .limit(MOST)
    )
    chapters = []
    for row in work.execute(wanted):
        sum_ = f", {readable_money(row.money, row.currency)}" if row.money is not None else ""
        error = f" – {row.error}" if row.error else ""
        text = f"{row.operation} {row.subject}{sum_}: {_(row.state)}{error}"
        at = from_microseconds(row.at)
        chapters.append(Chapter(at=at, kind="call", text=text, module=row.module, name=row.operation))
    return chapters
