"""What the kernel keeps for a module beside its tables: settings, subscriptions with their deliveries, calls.

All of it goes into the archive and out of the database with the module, and comes back with it. What stays is what is
everybody's: events, the audit trail, numbers once given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve
from sqlalchemy import Connection, text

from fenbu.engine.store import purge as store
from fenbu.engine.store.archive import Section
from fenbu.engine.store.tables import (
    blocked_key,
    call,
    delivered,
    delivery,
    gathering,
    partition,
    setting,
    skipped,
    subscription,
    subscription_topic,
)

_OWN = (setting.name, call.name, subscription.name)
"""Tables with a column ``module``."""
_OF_SUBSCRIPTIONS = tuple(
    table.name
    for table in (subscription_topic, gathering, partition, delivery, delivered, skipped, blocked_key)
)
"""Tables with a column ``subscription``."""

TABLES = frozenset((*_OWN, *_OF_SUBSCRIPTIONS))

_BEGIN = text(
    "INSERT INTO fenbu_subscription (name, module, state, reason, gathers, history, history_position, history_end, "
    "changed_at) VALUES (:name, :module, :state, :reason, :gathers, :history, :history_position, :history_end, "
    ":changed_at) RETURNING id"
)
_SINCE = """
    FROM fenbu_event e
    JOIN fenbu_subscription_topic t ON t.topic = e.topic AND (t.route IS NULL OR t.route = e.route)
    JOIN fenbu_subscription s ON s.id = t.subscription AND s.gathers = 1 AND s.state <> 'dropped'
    WHERE s.module = :module AND e.seq > :event
"""
_CANCELLED = "EXISTS (SELECT 1 FROM fenbu_cancelled_event c WHERE c.seq = e.seq)"
_GATHER = text(
    "INSERT INTO fenbu_delivery (subscription, partition, state, seq, key, not_before) "
    "SELECT s.id, e.partition, CASE WHEN e.not_before > :at THEN 'scheduled' ELSE 'waiting' END, e.seq, e.key, "
    f"CASE WHEN e.not_before > :at THEN e.not_before ELSE 0 END {_SINCE} AND NOT {_CANCELLED}"
)
_SKIP = text(
    "INSERT INTO fenbu_skipped (seq, subscription, at, reason) "
    f"SELECT e.seq, s.id, :at, 'cancelled' {_SINCE} AND {_CANCELLED}"
)


def contents(connection: Connection, module: str) -> Iterator[Section]:
    """Yield what belongs to a module in the kernel's tables, the subscriptions before what is theirs."""
    for table in (*_OWN, *_OF_SUBSCRIPTIONS):
        columns = store.stored_columns(connection, table)
        listed = ", ".join(f'"{column}"' for column in columns)
        asked = f"SELECT {listed} FROM {table} WHERE {_condition(table, module)}"
        yield Section(table=table, columns=columns, rows=store.rows(connection, asked))


def count(connection: Connection, module: str) -> Mapping[str, int]:
    """Return how many rows of the kernel's tables belong to a module, by table."""
    return {
        table: int(
            connection.exec_driver_sql(
                f"SELECT count(*) FROM {table} WHERE {_condition(table, module)}"
            ).scalar_one()
        )
        for table in (*_OWN, *_OF_SUBSCRIPTIONS)
    }


def remove(connection: Connection, module: str) -> None:
    """Delete what belongs to a module, and the problems that were noted of it."""
    for table in (*_OF_SUBSCRIPTIONS, *_OWN, "fenbu_problem"):
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE {_condition(table, module)}")


class Restoring:
    """Puts back what belonged to a module; its subscriptions get the numbers that are free now."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._numbers: dict[int, int] = {}

    def fill(self, section: Section) -> int:
        """Put back the rows of one section; return how many."""
        if section.table == subscription.name:
            return sum(self._subscribe(dict(zip(section.columns, row, strict=True))) for row in section.rows)
        if section.table in _OF_SUBSCRIPTIONS:
            section = evolve(section, rows=self._renumbered(section))
        return store.fill(self._connection, section)

    def _subscribe(self, row: dict[str, Any]) -> int:
        self._numbers[row["id"]] = int(self._connection.execute(_BEGIN, row).scalar_one())
        return 1

    def _renumbered(self, section: Section) -> Iterator[tuple[Any, ...]]:
        place = section.columns.index("subscription")
        for row in section.rows:
            yield (*row[:place], self._numbers[row[place]], *row[place + 1 :])


def gather(connection: Connection, module: str, event: int, at: int) -> int:
    """Let the subscriptions that were parked have what was published since an event; return how much that is.

    Args:
        connection: Holding the catalogue lock exclusively.
        module: Whose subscriptions.
        event: Number of the last event that they have had their deliveries of.
        at: UTC microseconds.
    """
    values = {"module": module, "event": event, "at": at}
    made = connection.execute(_GATHER, values).rowcount
    return made + connection.execute(_SKIP, values).rowcount


def _condition(table: str, module: str) -> str:
    """Return what tells a module's rows; its name is that of an entry point, of small letters and underscores."""
    if not module.replace("_", "").isalnum():
        raise ValueError(f"a module is called by letters, digits and underscores, got {module!r}")
    if table in _OF_SUBSCRIPTIONS:
        return f"subscription IN (SELECT id FROM fenbu_subscription WHERE module = '{module}')"
    return f"module = '{module}'"
