"""Pending: what a database transaction writes last, for all works in it together.

The events of a whole batch go to the log with three statements instead of three for each handler, and a series whose
numbers several handlers take is read once and written once. Whoever must see what is pending writes it first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from attrs import define, field
from sqlalchemy import Connection

from fenbu.engine.flows import log
from fenbu.engine.flows.log import LogRow
from fenbu.engine.store import series
from fenbu.engine.store.guard import owner
from fenbu.engine.store.savepoint import savepoint


@define(eq=False)
class Pending:
    """What one database transaction has still to write; lives as long as the transaction."""

    connection: Connection
    dialect: str
    _events: list[LogRow] = field(factory=list, init=False)
    _next: dict[str, int] = field(factory=dict, init=False)
    """Of each series whose row this transaction has locked: the number that comes next."""
    called: bool = field(default=False, init=False)
    """Whether a call was recorded in it, undone or not: whoever makes calls may then look at once."""
    _behind: set[str] = field(factory=set, init=False)
    """Series of which the database does not know the next number yet."""

    def publish(self, events: Sequence[LogRow]) -> None:
        """Let events be written, after those that are pending already."""
        self._events += events

    def holds_timer(self, topic: str, key: str) -> bool:
        """Say whether a timer of a topic and key is not yet in the log."""
        return any(event.is_timer(topic, key) for event in self._events)

    def number(self, name: str) -> int:
        """Take the next number of a series; see `series.next_number` for the order of locks."""
        number = self._next.get(name)
        if number is None:
            number = series.next_number(self.connection, name)
        else:
            self._behind.add(name)
        self._next[name] = number + 1
        return number

    def hold_numbers(self, names: Iterable[str]) -> None:
        """Let nobody else take numbers of these series until the transaction ends; see `series.hold`."""
        self._next |= series.hold(self.connection, (name for name in names if name not in self._next))

    def write(self) -> None:
        """Write all that is pending: numbers taken, then events with their deliveries."""
        if not (self._behind or self._events):
            return
        events, self._events = self._events, []
        taken = {name: self._next[name] for name in sorted(self._behind)}
        self._behind.clear()
        with owner(self.connection, None):
            if taken:
                series.write(self.connection, taken)
            log.write(self.connection, self.dialect, events)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Keep what the body writes, pending or not, only when it does not raise."""
        self.write()
        try:
            with savepoint(self.connection):
                yield
                self.write()
        except BaseException:
            self._events.clear()
            self._behind.clear()
            self._next.clear()  # what was held before stays locked, and is read anew
            raise
