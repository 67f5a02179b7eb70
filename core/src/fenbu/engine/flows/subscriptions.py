"""The life of a subscription: it begins, stops, gathers for later, is dropped.

Whoever calls `enable`, `disable` or `drop` holds the catalogue lock exclusively: no publisher is between
reading who wants an event and committing it, so "from now" and "up to now" are exact.

- A subscription that catches up keeps its position while its module is disabled and no rows; one that starts
  from now gathers nothing then. Only a parked one gathers.
- `history_end` above 0 says that it is still catching up to there; the module's live deliveries wait.
"""

from __future__ import annotations

from attrs import frozen
from sqlalchemy import Connection, Row, text

from fenbu.engine.flows import blocked
from fenbu.engine.flows.errors import NoSuchSubscription, StillWaiting
from fenbu.engine.flows.log import PARTITIONS
from fenbu.engine.flows.records import CATCH_UP, BoundSubscription

DRAIN = "drain"
PARK = "park"
WAIVE = "waive"

_HEAD = text("SELECT coalesce(max(seq), 0) FROM fenbu_event")
_FIND = text(
    "SELECT id, name, module, state, gathers, history, history_position, history_end "
    "FROM fenbu_subscription WHERE name = :name"
)
_OF_MODULE = text(
    "SELECT id, name, module, state, gathers, history, history_position, history_end "
    "FROM fenbu_subscription WHERE module = :module AND state <> 'dropped' ORDER BY name"
)
_BEGIN = text(
    "INSERT INTO fenbu_subscription (name, module, state, gathers, history, history_end, changed_at) "
    "VALUES (:name, :module, 'active', 1, :history, :end, :at) RETURNING id"
)
_BEGIN_AGAIN = text(
    "UPDATE fenbu_subscription SET state = 'active', reason = NULL, gathers = 1, history = :history, "
    "history_end = :end, changed_at = :at WHERE id = :id"
)
_STOP = text(
    "UPDATE fenbu_subscription SET state = :state, reason = :reason, gathers = :gathers, "
    "history_position = :position, history_end = :end, changed_at = :at WHERE id = :id"
)
_PARTITION = text(
    "INSERT INTO fenbu_partition (subscription, partition) VALUES (:id, :partition) "
    "ON CONFLICT (subscription, partition) DO NOTHING"
)
_TOPICS = text("SELECT topic, version, route FROM fenbu_subscription_topic WHERE subscription = :id")
_FORGET_TOPICS = text("DELETE FROM fenbu_subscription_topic WHERE subscription = :id")
_TOPIC = text(
    "INSERT INTO fenbu_subscription_topic (topic, subscription, version, route) "
    "VALUES (:topic, :id, :version, :route)"
)
_OPEN_SPANS = text("SELECT topic, route FROM fenbu_gathering WHERE subscription = :id AND until IS NULL")
_OPEN_SPAN = text(
    'INSERT INTO fenbu_gathering (topic, subscription, "after", until, route) '
    "VALUES (:topic, :id, :seq, NULL, :route)"
)
_CLOSE_SPAN = text(
    "UPDATE fenbu_gathering SET until = :seq WHERE subscription = :id AND topic = :topic AND until IS NULL"
)
_CLOSE_SPANS = text("UPDATE fenbu_gathering SET until = :seq WHERE subscription = :id AND until IS NULL")
_WAITING = text(
    "SELECT count(*) FROM fenbu_delivery WHERE subscription = :id AND state = 'waiting' AND seq <= :end"
)
_SKIP_ALL = text(
    "INSERT INTO fenbu_skipped (seq, subscription, at, reason) "
    "SELECT seq, subscription, :at, :reason FROM fenbu_delivery WHERE subscription = :id"
)
_FORGET_ALL = text("DELETE FROM fenbu_delivery WHERE subscription = :id")
_FORGET_LIVE = text("DELETE FROM fenbu_delivery WHERE subscription = :id AND seq > :end")
_UNBLOCK_ALL = text("DELETE FROM fenbu_blocked_key WHERE subscription = :id")
_SET_STATE = text(
    "UPDATE fenbu_subscription SET state = :state, reason = :reason, changed_at = :at "
    "WHERE name = :name AND state IN ('active', 'paused', 'tripped')"
)
_EVER = 2**63 - 1


@frozen
class Stored:
    """A subscription as the database has it."""

    id: int
    name: str
    module: str
    state: str
    gathers: bool
    history: str
    history_position: int
    history_end: int


def head(connection: Connection) -> int:
    """Return the number of the newest event, 0 when there is none."""
    return int(connection.execute(_HEAD).scalar_one())


def find(connection: Connection, name: str) -> Stored:
    """Return a subscription by name; `NoSuchSubscription` when there is none."""
    row = connection.execute(_FIND, {"name": name}).first()
    if row is None:
        raise NoSuchSubscription(name)
    return _stored(row)


def of_module(connection: Connection, module: str) -> list[Stored]:
    """Return a module's subscriptions that are not dropped, by name."""
    return [_stored(row) for row in connection.execute(_OF_MODULE, {"module": module})]


def enable(connection: Connection, bound: BoundSubscription, *, at: int, history: str | None = None) -> int:
    """Let a subscription begin, go on after its module was disabled, or take its upgraded topics.

    Args:
        connection: Holding the catalogue lock exclusively.
        bound: As declared now; its functions are not used.
        at: UTC microseconds.
        history: Instead of what is declared: ``from_now`` leaves out what a catching-up module has missed.

    Returns:
        How many events of the log it will read to catch up, the unwanted ones included; 0 starts live.
    """
    last = head(connection)
    row = connection.execute(_FIND, {"name": bound.name}).first()
    known = None if row is None else _stored(row)
    # What was parked or is only upgraded goes on as it began, whatever its code declares.
    begun = known.history if known is not None and known.gathers else None
    kind = history or begun or bound.history
    if known is None:
        end = last if kind == CATCH_UP else 0
        values = {"name": bound.name, "module": bound.module, "history": kind, "end": end, "at": at}
        identity = int(connection.execute(_BEGIN, values).scalar_one())
        missed_from = 0
    else:
        identity, missed_from = known.id, known.history_position
        end = _end_again(known, kind, last)
        if kind != CATCH_UP and _unread(known):
            # What it has not read it never will: it was published for nobody.
            connection.execute(_CLOSE_SPANS, {"id": identity, "seq": known.history_position})
            last = known.history_end or last
        connection.execute(_BEGIN_AGAIN, {"id": identity, "history": kind, "end": end, "at": at})
    connection.execute(
        _PARTITION,
        [{"id": identity, "partition": number} for number in range(PARTITIONS[connection.dialect.name])],
    )
    _take_topics(connection, identity, bound, missed_from if end else last)
    return max(0, end - missed_from)


def disable(connection: Connection, module: str, how: str, *, at: int, reason: str = "") -> int:
    """Stop a module's subscriptions; its tables and its history stay.

    Args:
        connection: Holding the catalogue lock exclusively.
        module: Whose subscriptions stop.
        how: ``drain``: nothing may be waiting any more; what is held or dead is kept, and nothing gathers.
            ``park``: keep what waits and go on gathering. ``waive``: skip what waits, by decision.
        at: UTC microseconds.
        reason: Of the waiver, kept with each delivery.

    Returns:
        How many deliveries were waived.

    Raises:
        StillWaiting: To be drained, and not all is done.
    """
    known = of_module(connection, module)
    if how == DRAIN and (waiting := sum(_waiting(connection, one) for one in known)):
        raise StillWaiting(module, waiting)
    last, waived = head(connection), 0
    for one in known:
        if how == WAIVE:
            waived += _waive(connection, one, reason or WAIVE, at)
        _stop(connection, one, last, gathers=how == PARK, at=at)
    return waived


def drop(connection: Connection, name: str, *, at: int, reason: str) -> int:
    """End a subscription for good: what waits is skipped and nothing gathers; return how many were skipped.

    Enabled again later, it starts from then.
    """
    one = find(connection, name)
    last = head(connection)
    skipped = _waive(connection, one, reason, at)
    connection.execute(_CLOSE_SPANS, {"id": one.id, "seq": one.history_position if _unread(one) else last})
    connection.execute(_FORGET_TOPICS, {"id": one.id})
    values = {"id": one.id, "state": "dropped", "reason": reason, "gathers": 0, "at": at}
    connection.execute(_STOP, values | {"position": last, "end": 0})
    return skipped


def pause(connection: Connection, name: str, *, at: int, reason: str = "", state: str = "paused") -> None:
    """Let no delivery of a subscription begin until it is resumed; events go on gathering."""
    find(connection, name)
    connection.execute(_SET_STATE, {"name": name, "state": state, "reason": reason or None, "at": at})


def resume(connection: Connection, name: str, *, at: int) -> None:
    """Let a paused or tripped subscription go on."""
    find(connection, name)
    connection.execute(_SET_STATE, {"name": name, "state": "active", "reason": None, "at": at})


def _unread(one: Stored) -> bool:
    """Say whether a subscription has history to read, or would have when it began again."""
    return one.history == CATCH_UP and (one.history_end > 0 or not one.gathers)


def _end_again(known: Stored, kind: str, last: int) -> int:
    """Return up to where a known subscription catches up, when it begins again."""
    if known.state == "dropped" or kind != CATCH_UP:
        return 0
    if known.gathers:  # parked, or only upgraded: its rows are all there
        return known.history_end
    return last if last > known.history_position else 0


def _stop(connection: Connection, one: Stored, last: int, *, gathers: bool, at: int) -> None:
    values = {"id": one.id, "state": "paused", "reason": "disabled", "gathers": int(gathers), "at": at}
    position, end = one.history_position, one.history_end
    if not gathers:
        if one.history == CATCH_UP and end:
            # No live delivery has begun while it was catching up: they are read from the log again.
            connection.execute(_FORGET_LIVE, {"id": one.id, "end": end})
        elif one.gathers:
            position = last  # of one that starts from now too: should it catch up one day, then from here
        if one.history != CATCH_UP:
            connection.execute(_CLOSE_SPANS, {"id": one.id, "seq": last})
        end = 0
    connection.execute(_STOP, values | {"position": position, "end": end})


def _take_topics(connection: Connection, identity: int, bound: BoundSubscription, edge: int) -> None:
    """Write down which topics it takes; spans of gathering end and begin at `edge` where that changes."""
    versions = {row.topic: row.version for row in connection.execute(_TOPICS, {"id": identity})}
    before = {(row.topic, row.route) for row in connection.execute(_OPEN_SPANS, {"id": identity})}
    now = {(topic, bound.routes.get(topic)) for topic in bound.topics}
    for topic, _route in before - now:
        connection.execute(_CLOSE_SPAN, {"id": identity, "topic": topic, "seq": edge})
    for topic, route in now - before:
        connection.execute(_OPEN_SPAN, {"id": identity, "topic": topic, "route": route, "seq": edge})
    connection.execute(_FORGET_TOPICS, {"id": identity})
    for topic, version in bound.topics.items():
        values = {"id": identity, "topic": topic, "version": version, "route": bound.routes.get(topic)}
        connection.execute(_TOPIC, values)
    if any(version > versions.get(topic, version) for topic, version in bound.topics.items()):
        blocked.release_newer(connection, identity)


def _waive(connection: Connection, one: Stored, reason: str, at: int) -> int:
    if one.history_end:
        connection.execute(_FORGET_LIVE, {"id": one.id, "end": one.history_end})
    skipped = connection.execute(_SKIP_ALL, {"id": one.id, "at": at, "reason": reason}).rowcount
    connection.execute(_FORGET_ALL, {"id": one.id})
    connection.execute(_UNBLOCK_ALL, {"id": one.id})
    return skipped


def _waiting(connection: Connection, one: Stored) -> int:
    return int(connection.execute(_WAITING, {"id": one.id, "end": one.history_end or _EVER}).scalar_one())


def _stored(row: Row[tuple[object, ...]]) -> Stored:
    return Stored(
        row.id,
        row.name,
        row.module,
        row.state,
        bool(row.gathers),
        row.history,
        row.history_position,
        row.history_end,
    )
