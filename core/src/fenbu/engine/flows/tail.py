"""The tail of the flows: deliveries of every state as one list, newest event first.

What is done, skipped and still to do stands in three tables, each with its own key; they are read by one range of
event numbers after another, so a page costs what it shows, and a filter that finds nothing looks a bounded way back
and says how far.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import Connection

from fenbu.engine.flows.filters import Filters
from fenbu.engine.flows.sql import OLDEST, statement
from fenbu.engine.flows.wanted import Term, Wanted

LOOKED = 5_000
"""Over how many events one page looks at most; further back is another page."""
FIRST = 1_000
"""Over how many it looks at first; four times as many each further time."""
FEW = ("dead", "scheduled", "retrying")
"""States in which deliveries are never many: all of them are looked at at once."""
_OPEN = {
    "waiting": "x.state = 'waiting'",
    "retrying": "x.state = 'waiting' AND x.attempts > 0",
    "scheduled": "x.state = 'scheduled'",
    "held": "x.state = 'held'",
    "dead": "x.state = 'dead'",
}
_SHOWN_OPEN = """
    x.subscription, x.seq, CASE WHEN x.state = 'waiting' AND x.attempts > 0 THEN 'retrying' ELSE x.state END
    AS state, x.attempts, x.not_before, NULL AS ended, NULL AS ms, x.error AS detail
"""
_SHOWN_DONE = (
    "x.subscription, x.seq, 'done' AS state, x.attempts, 0 AS not_before, x.at AS ended, x.ms, NULL AS detail"
)
_SHOWN_SKIPPED = """
    x.subscription, x.seq, 'skipped' AS state, 0 AS attempts, 0 AS not_before, x.at AS ended, NULL AS ms,
    x.reason AS detail
"""
_FIRST_LINE = {
    "sqlite": "substr(x.error, 1, instr(x.error || char(10), char(10)) - 1)",
    "postgresql": "split_part(x.error, chr(10), 1)",
}
"""What an error says, without the traceback below it."""
_EVENT = "e.topic, e.version, e.key, e.at AS published, e.module AS publisher"
_RANGE = "x.seq >= :low AND x.seq < :high"
_LOWEST = f"""
    SELECT min(seq) AS lowest FROM (
        SELECT min(seq) AS seq FROM fenbu_delivered UNION ALL SELECT min(seq) FROM fenbu_skipped
        UNION ALL SELECT {OLDEST}
        FROM fenbu_partition p CROSS JOIN (SELECT 'waiting' AS state UNION ALL SELECT 'scheduled'
                                           UNION ALL SELECT 'held' UNION ALL SELECT 'dead') w) ends
"""
_OLDEST_OF = f"""
    SELECT min(seq) FROM (
        SELECT {OLDEST} AS seq
        FROM fenbu_subscription s CROSS JOIN fenbu_partition p
        CROSS JOIN (SELECT 'waiting' AS state UNION ALL SELECT 'held' UNION ALL SELECT 'dead') w
        WHERE s.name = :name AND p.subscription = s.id) ends
"""
_NEWEST = "SELECT max(seq) FROM fenbu_event"
_HAS_KEY = "SELECT EXISTS (SELECT 1 FROM fenbu_event WHERE key = :key)"
_SUBSCRIPTIONS = "SELECT id, name, module FROM fenbu_subscription"


@frozen(kw_only=True)
class Delivery:
    """One event for one subscription, wherever it stands."""

    subscription: str
    module: str
    """Whose subscription it is."""
    seq: int
    topic: str
    version: int
    key: str
    publisher: str
    state: str
    """One of `wanted.STATES`."""
    published: int
    """UTC microseconds."""
    ended: int | None
    """When it was done or skipped, UTC microseconds."""
    ms: int | None
    """In the handler."""
    attempts: int
    """Failures so far."""
    not_before: int
    """When it is tried again or rings, UTC microseconds; 0 for at once."""
    detail: str
    """Error with its traceback, or the reason for which it was skipped."""

    @property
    def name(self) -> str:
        """As every face names it: ``scm.orders/42``."""
        return f"{self.subscription}/{self.seq}"


@frozen
class Page:
    """Whole events' deliveries, newest first."""

    rows: Sequence[Delivery]
    next: int | None
    """Given as `before` it continues here; None when nothing is older."""


def page(
    connection: Connection,
    wanted: Wanted,
    *,
    before: int | None = None,
    limit: int = 200,
    looked: int = LOOKED,
) -> Page:
    """Return deliveries of the newest events; about `limit` of them, fewer when it had to look far.

    Args:
        connection: A reading transaction.
        wanted: Which.
        before: `Page.next` of the page before.
        limit: Deliveries wanted; those of the last event are always complete.
        looked: Over how many events it looks at most, unless all that is wanted is in a state of few.

    Raises:
        NoSuchState: The filter asks for a state that there is not.
    """
    look = _Look(connection, wanted)
    dialect = connection.dialect.name
    newest = int(connection.execute(statement(_NEWEST, dialect)).scalar() or 0)
    lowest = int(connection.execute(statement(_LOWEST, dialect)).scalar() or newest + 1)
    high = min(before or newest + 1, newest + 1)
    end, width = max(lowest, high - looked), FIRST
    if look.at_once:
        end, width = lowest, newest + 1
    rows: list[Delivery] = []
    while high > end and len(rows) < limit:
        low = max(high - width, end)
        found, complete = look.between(low, high, limit - len(rows))
        rows += found
        high = low if complete else found[-1].seq
        width *= 4
    return Page(rows, high if high > lowest else None)


def oldest(connection: Connection, subscription: str) -> Delivery | None:
    """Return a subscription's oldest delivery that is not done, timers aside; None when all are."""
    values = {"name": subscription}
    seq = connection.execute(statement(_OLDEST_OF, connection.dialect.name), values).scalar()
    if seq is None:
        return None
    rows, _complete = _Look(connection, Wanted()).between(seq, seq + 1, 1)
    return next((row for row in rows if row.subscription == subscription and row.ended is None), None)


class _Look:
    """A filter made into statements over ranges of events."""

    def __init__(self, connection: Connection, wanted: Wanted) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        rows = connection.execute(statement(_SUBSCRIPTIONS, self._dialect))
        self._known: Mapping[int, tuple[str, str]] = {row.id: (row.name, row.module) for row in rows}
        self._states = wanted.states()
        self._key = self._exact_key(wanted)
        self._filters = Filters(self._dialect)
        self._narrow(wanted)
        self.at_once = self._key is not None or set(self._states) <= set(FEW)
        """All that there can be is looked at with one statement."""
        self._template = (
            f"SELECT * FROM ({' UNION ALL '.join(self._sources())}) found ORDER BY seq DESC LIMIT :limit"
        )

    def between(self, low: int, high: int, limit: int) -> tuple[list[Delivery], bool]:
        """Return the newest deliveries of the events from `low` to before `high`, and whether these are all."""
        if not self._states:
            return [], True
        most = limit + 4 * len(self._known) + 1  # each subscription has each event at most a few times
        values = self._filters.values | {"low": low, "high": high, "limit": most, "key": self._key}
        rows = self._connection.execute(statement(self._template, self._dialect), values).all()
        if len(rows) < most:
            return self._sorted(rows), True
        last = rows[limit - 1].seq
        whole = [row for row in rows if row.seq >= last]
        return self._sorted(whole), False

    def _exact_key(self, wanted: Wanted) -> str | None:
        """Return the key that the filter names in full: its events are found however old they are."""
        keys = [term.text for term in wanted.of("key") if not term.out]
        if len(keys) != 1:
            return None
        known = self._connection.execute(statement(_HAS_KEY, self._dialect), {"key": keys[0]}).scalar()
        return keys[0] if known else None

    def _narrow(self, wanted: Wanted) -> None:
        filters = self._filters
        for term in wanted.terms:
            if term.field in ("module", "subscription"):
                ids = self._ids(term, 1 if term.field == "module" else 0)
                filters.parts.append(filters.numbers("x.subscription", ids))
            elif term.field == "topic":
                filters.texts(term, ("e.topic",))
            elif term.field == "key" and self._key is None:
                filters.texts(term, ("e.key",))
            elif not term.field:
                named = {one for one, names in self._known.items() if term.text in " ".join(names)}
                filters.texts(
                    term, ("e.topic", "e.key", "{detail}"), filters.numbers("x.subscription", named)
                )

    def _ids(self, term: Term, place: int) -> set[int]:
        return {one for one, names in self._known.items() if (term.text in names[place]) != term.out}

    def _sources(self) -> Iterator[str]:
        if "done" in self._states:
            yield self._ended("fenbu_delivered", _SHOWN_DONE, "''")
        if "skipped" in self._states:
            yield self._ended("fenbu_skipped", _SHOWN_SKIPPED, "x.reason")
        if still := [_OPEN[state] for state in self._states if state in _OPEN]:
            yield self._open(still)

    def _ended(self, table: str, shown: str, detail: str) -> str:
        conditions = self._filters.condition.replace("{detail}", detail)
        if self._key is not None:
            return f"""SELECT {shown}, {_EVENT} FROM fenbu_event e CROSS JOIN {table} x
                WHERE e.key = :key AND x.seq = e.seq AND {_RANGE} AND {conditions}"""
        return f"""SELECT {shown}, {_EVENT} FROM {table} x CROSS JOIN fenbu_event e
            WHERE {_RANGE} AND e.seq = x.seq AND {conditions}"""

    def _open(self, states: Sequence[str]) -> str:
        conditions = self._filters.condition.replace("{detail}", _FIRST_LINE[self._dialect])
        wanted = f"x.state IN ('waiting', 'scheduled', 'held', 'dead') AND ({' OR '.join(states)})"
        if self._key is not None:
            return f"""SELECT {_SHOWN_OPEN}, {_EVENT} FROM fenbu_event e
                CROSS JOIN fenbu_subscription s CROSS JOIN fenbu_delivery x
                WHERE e.key = :key AND x.subscription = s.id AND x.partition = e.partition AND x.seq = e.seq
                  AND {wanted} AND {_RANGE} AND {conditions}"""
        return f"""SELECT {_SHOWN_OPEN}, {_EVENT} FROM fenbu_partition p
            CROSS JOIN fenbu_delivery x CROSS JOIN fenbu_event e
            WHERE x.subscription = p.subscription AND x.partition = p.partition AND {wanted} AND {_RANGE}
              AND e.seq = x.seq AND {conditions}"""

    def _sorted(self, rows: Sequence[Any]) -> list[Delivery]:
        found = [self._delivery(row) for row in rows]
        return sorted(found, key=lambda one: (-one.seq, one.subscription, one.ended or 0))

    def _delivery(self, row: Any) -> Delivery:
        name, module = self._known[row.subscription]
        return Delivery(
            subscription=name,
            module=module,
            seq=row.seq,
            topic=row.topic,
            version=row.version,
            key=row.key,
            publisher=row.publisher,
            state=row.state,
            published=row.published,
            ended=row.ended,
            ms=row.ms,
            attempts=row.attempts,
            not_before=row.not_before,
            detail=row.detail or "",
        )
