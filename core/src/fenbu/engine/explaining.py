"""Explaining: the story of a document in time order, from what the log, the flows and the audit know of it.

Events say what they mean by themselves (``says`` of their declaration); what is still on its way, dead or asked
of the outside stands beside them, and who did what comes from the audit trail.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import field, frozen
from sqlalchemy import and_, or_, select, type_coerce

from fenbu.contracts.module import module_also_known
from fenbu.engine.assembling import CONTRACTS
from fenbu.engine.assembly import unknown
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
from fenbu.events import EventType
from fenbu.i18n import _
from fenbu.tables import MoneyType
from fenbu.values import from_microseconds, round_amount

if TYPE_CHECKING:
    from fenbu.engine.assembly import Assembly
    from fenbu.engine.work import EngineWork

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)\Z")
_MINUTES = "%Y-%m-%d %H:%M"
_ORDER = ("act", "event", "call")
"""Within one transaction, whose parts have one time: somebody acts, so it happens, so the outside is asked."""
MOST = 500
"""Events of one story at most; more are counted, not told."""


@frozen
class Travel:
    """What became of an event at one subscription."""

    subscription: str
    state: str
    """``done``, ``waiting``, ``scheduled``, ``held``, ``dead`` or ``skipped``."""
    at: datetime | None = None
    detail: str = ""
    """Error, reason, or how long it took."""


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
    """
    assembly = work.transaction.assembly
    known = kinds(assembly)
    if kind not in known:
        raise unknown("kind of document", kind, known)
    names = [(kind, number), *_other_names(work, kind, number)]
    rows, left_out = _events(work, names, most)
    travels = _travels(work, [row.seq for row in rows])
    types, zone = event_types(assembly), assembly.enterprise.zone
    chapters = [_told(row, types, travels.get(row.seq, ()), zone) for row in rows]
    numbers = sorted({name for _kind, name in names})
    chapters += _acts(work, numbers) + _calls(work, numbers)
    chapters.sort(key=lambda chapter: (chapter.at, _ORDER.index(chapter.kind), chapter.seq or 0))
    return Story(kind, number, chapters, left_out, known[kind])


def event_types(assembly: Assembly) -> Mapping[tuple[str, int], EventType]:
    """Return every event that a contract declares, by topic and version."""
    brought = (name for module in assembly.modules.values() for name in module.manifest.contracts)
    found: dict[tuple[str, int], EventType] = {}
    for name in dict.fromkeys((*CONTRACTS, *brought)):
        contract = sys.modules.get(name)
        for value in vars(contract).values() if contract else ():
            declared = getattr(value, "__dict__", {}).get("__fenbu_event__")
            if isinstance(declared, EventType):
                found[declared.topic, declared.version] = declared
    return found


def sentence(
    declared: EventType | None, topic: str, payload: Mapping[str, Any], zone: ZoneInfo | None = None
) -> str:
    """Return how an event reads for people; topic and payload when it has no sentence.

    Args:
        declared: What its contract says of it; None when no enabled module knows it.
        topic: Without version.
        payload: As it is kept.
        zone: In which moments are told; UTC unless given.
    """
    told = {name: _shown(_local(value, zone)) for name, value in payload.items()}
    plain = ", ".join(f"{name} {told[name]}" for name in told if payload[name] not in (None, "", []))
    if declared is None or not declared.says:
        return f"{topic}: {plain}"
    try:
        return _(declared.says).format(**told)
    except (KeyError, IndexError, AttributeError):  # an older event lacks a field that the sentence names
        return f"{topic}: {plain}"


def _other_names(work: EngineWork, kind: str, number: str) -> list[tuple[str, str]]:
    """Return what the enabled modules call the same matter."""
    answers = work.ask(module_also_known, kind=kind, number=number)
    return sorted({(one.kind, one.number) for answer in answers for one in answer} - {(kind, number)})


def _events(work: EngineWork, names: Sequence[tuple[str, str]], most: int) -> tuple[list[Any], int]:
    named = [and_(event_about.c.kind == kind, event_about.c.value == number) for kind, number in names]
    about = select(event_about.c.seq).where(or_(*named))
    wanted = select(event).where(event.c.seq.in_(about)).order_by(event.c.seq.desc()).limit(most)
    rows = list(reversed(work.execute(wanted).all()))
    if len(rows) < most:
        return rows, 0
    older = about.where(event_about.c.seq < rows[0].seq).limit(100_000)
    return rows, len(work.execute(older).all())


def _told(
    row: Any, types: Mapping[tuple[str, int], EventType], travels: Sequence[Travel], zone: ZoneInfo
) -> Chapter:
    text = sentence(types.get((row.topic, row.version)), row.topic, json.loads(row.payload), zone)
    if row.not_before is not None:
        due = from_microseconds(row.not_before).astimezone(zone).strftime(_MINUTES)
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
        travels=travels,
    )


def _travels(work: EngineWork, seqs: Sequence[int]) -> dict[int, list[Travel]]:
    names: dict[int, str] = {
        row.id: row.name for row in work.execute(select(subscription.c.id, subscription.c.name))
    }
    found: dict[int, list[Travel]] = {}
    if not seqs:
        return found
    for row in work.execute(select(delivered).where(delivered.c.seq.in_(seqs))):
        detail = _("{ms} ms").format(ms=row.ms)
        at = from_microseconds(row.at)
        found.setdefault(row.seq, []).append(Travel(names[row.subscription], "done", at, detail))
    for row in work.execute(select(delivery).where(delivery.c.seq.in_(seqs))):
        error = (row.error or "").split("\n", 1)[0]
        detail = _("{count} attempts: {error}").format(count=row.attempts, error=error) if error else ""
        found.setdefault(row.seq, []).append(Travel(names[row.subscription], row.state, None, detail))
    for row in work.execute(select(skipped).where(skipped.c.seq.in_(seqs))):
        travel = Travel(names[row.subscription], "skipped", from_microseconds(row.at), row.reason)
        found.setdefault(row.seq, []).append(travel)
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
        sum_ = f", {round_amount(row.money, row.currency)} {row.currency}" if row.money is not None else ""
        error = f" – {row.error}" if row.error else ""
        text = f"{row.operation} {row.subject}{sum_}: {_(row.state)}{error}"
        at = from_microseconds(row.at)
        chapters.append(Chapter(at=at, kind="call", text=text, module=row.module, name=row.operation))
    return chapters


def _local(value: Any, zone: ZoneInfo | None) -> Any:
    """Return a moment as people write it; what is none as it is."""
    if not isinstance(value, str) or not _MOMENT.match(value):
        return value
    return datetime.fromisoformat(value).astimezone(zone or UTC).strftime(_MINUTES)


def _shown(value: Any) -> str:
    """Return a payload's value as text: lists as their entries, parts as name and value."""
    if isinstance(value, Mapping):
        return " ".join(_shown(part) for part in value.values() if part not in (None, ""))
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(_shown, value))
    return "–" if value is None else str(value)
