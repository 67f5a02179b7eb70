"""The floor: what the database alone costs, by its raw driver, in the same run.

Either statements that were sent are recorded and sent again to a copy of the database as it stood, with the same
commits; or a benchmark writes the least rows itself, on a connection of `driver`. A floor computes, checks, locks and
decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import field, frozen
from sqlalchemy import Engine, event

from benchmarks.machine import Took, timing
from benchmarks.servers import kind

WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
TABLES = ("CREATE", "ALTER", "DROP")
BEGIN = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "BEGIN"}


@frozen
class Recording:
    """What was sent to the database, in order; ``None`` is a commit."""

    sent: list[tuple[str, Any, bool] | None] = field(factory=list)
    rows: list[int] = field(factory=list)
    """Inserted, changed or deleted, by statement, as the driver tells; PostgreSQL's may do several things at once."""

    @property
    def statements(self) -> list[str]:
        return [one[0] for one in self.sent if one is not None]


@contextmanager
def recorded() -> Iterator[Recording]:
    """Record what the body sends, by all threads."""
    told = Recording()

    def sends(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        # Of rows that SQLAlchemy puts into one statement it says "many" too, but gives their values as one set.
        told.sent.append((statement, parameters, many and isinstance(parameters, list)))

    def sent(_conn: Any, cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool) -> None:
        if is_write(statement):
            told.rows.append(max(0, cursor.rowcount))

    def commits(_conn: Any) -> None:
        told.sent.append(None)

    heard: Sequence[tuple[str, Callable[..., None]]] = (
        ("before_cursor_execute", sends),
        ("after_cursor_execute", sent),
        ("commit", commits),
    )
    for name, hear in heard:
        event.listen(Engine, name, hear)
    try:
        yield told
    finally:
        for name, hear in heard:
            event.remove(Engine, name, hear)


def is_write(statement: str) -> bool:
    """Say whether a statement may change rows."""
    return statement.lstrip().upper().startswith(WRITES)


def makes_tables(statement: str) -> bool:
    """Say whether a statement makes or changes a table, an index or a trigger."""
    return statement.lstrip().upper().startswith(TABLES)


def anything(statement: str) -> bool:
    """Leave nothing out."""
    return True


@contextmanager
def driver(url: str) -> Iterator[Any]:
    """Give a connection of `sqlite3` or `psycopg`, begun and committed by statements, as durable as the product's."""
    opened: Any
    if kind(url) == "sqlite":
        import sqlite3

        opened = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        opened.execute("PRAGMA journal_mode = wal")
        opened.execute("PRAGMA synchronous = full")
    else:
        import psycopg

        opened = psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True)
    try:
        yield opened
    finally:
        opened.close()


def replay(url: str, told: Recording, wanted: Callable[[str], bool] = is_write) -> Took:
    """Send what is wanted of a recording by the raw driver to a copy of where it was made; return what it took."""
    with driver(url) as connection:
        cursor, within, begin = connection.cursor(), False, BEGIN[kind(url)]
        with timing(url) as took:
            for one in told.sent:
                if one is None:
                    if within:
                        cursor.execute("COMMIT")
                    within = False
                    continue
                statement, parameters, many = one
                if not wanted(statement):
                    continue
                if not within:
                    cursor.execute(begin)
                    within = True
                (cursor.executemany if many else cursor.execute)(statement, parameters)
                if cursor.description is not None:
                    cursor.fetchall()
    return took


class Deliveries:
    """The least that delivering costs: an effect, the delivery gone, what the screens show, the count, a commit.

    Args:
        connection: Of `driver`.
        url: Of its database.
        subscription: Whose deliveries.
        effect: The statement of the effect, with one parameter, the event's key, as ``?``.
    """

    def __init__(self, connection: Any, url: str, subscription: int, effect: str) -> None:
        self._cursor, self._kind, self._subscription = connection.cursor(), kind(url), subscription
        self._effect = effect

    def expand(self, after: int, last: int) -> None:
        """Make deliveries of a part of the log; commits."""
        self._begin()
        self._run(
            "INSERT INTO fenbu_delivery (subscription, partition, state, seq, key) "
            "SELECT ?, partition, 'waiting', seq, key FROM fenbu_event WHERE seq > ? AND seq <= ?",
            (self._subscription, after, last),
        )
        self._run(
            "UPDATE fenbu_subscription SET history_position = ? WHERE id = ?", (last, self._subscription)
        )
        self._cursor.execute("COMMIT")

    def deliver(self, partition: int, size: int) -> int:
        """Deliver up to so many of a partition; commits, and returns how many those were."""
        place = (self._subscription, partition)
        self._begin()
        rows = self._run(
            "SELECT d.seq, e.key, e.payload FROM fenbu_delivery d JOIN fenbu_event e ON e.seq = d.seq "
            "WHERE d.subscription = ? AND d.partition = ? AND d.state = 'waiting' ORDER BY d.seq LIMIT ?",
            (*place, size),
        ).fetchall()
        if rows:
            self._run_all(self._effect, [(key,) for _seq, key, _payload in rows])
            self._run_all(
                "DELETE FROM fenbu_delivery WHERE subscription = ? AND partition = ? AND state = 'waiting' "
                "AND seq = ?",
                [(*place, seq) for seq, _key, _payload in rows],
            )
            self._run_all(
                "INSERT INTO fenbu_delivered (seq, subscription, at, ms, attempts) VALUES (?, ?, 1, 0, 0)",
                [(seq, self._subscription) for seq, _key, _payload in rows],
            )
            self._run(
                "UPDATE fenbu_partition SET done = done + ? WHERE subscription = ? AND partition = ?",
                (len(rows), *place),
            )
        self._cursor.execute("COMMIT")
        return len(rows)

    def _begin(self) -> None:
        self._cursor.execute(BEGIN[self._kind])

    def _run(self, statement: str, values: Sequence[Any]) -> Any:
        return self._cursor.execute(self._told(statement), values)

    def _run_all(self, statement: str, values: Sequence[Sequence[Any]]) -> None:
        if len(values) == 1:
            self._run(statement, values[0])
        else:
            self._cursor.executemany(self._told(statement), values)

    def _told(self, statement: str) -> str:
        return statement if self._kind == "sqlite" else statement.replace("?", "%s")
