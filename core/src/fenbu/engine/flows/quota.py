"""How much a module may publish, so that a loop in one of them does not drown all."""

from __future__ import annotations

import threading
from collections import Counter
from weakref import WeakKeyDictionary

from attrs import define, field
from sqlalchemy import Connection
from sqlalchemy.engine import Transaction

from fenbu.engine.flows.errors import ChainTooDeep, TooManyEvents

MAX_DEPTH = 16
_MINUTE = 60_000_000


@define(slots=False, eq=False)
class Quota:
    """Limits on publishing; counted in this process, rolled back events included."""

    transaction: int = 20_000
    """Events of one module in one transaction."""
    minute: int = 600_000
    """Events of one module in one minute of the clock."""
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _spent: WeakKeyDictionary[Transaction, Counter[str]] = field(factory=WeakKeyDictionary, init=False)
    _minute_now: int = field(default=0, init=False)
    _this_minute: Counter[str] = field(factory=Counter, init=False)

    def spend(self, connection: Connection, module: str, count: int, at: int) -> None:
        """Take `count` events from a module's share.

        Raises:
            TooManyEvents: It has none left, in this transaction or in this minute.
        """
        transaction = connection.get_transaction()
        with self._lock:
            if transaction is not None:
                spent = self._spent.setdefault(transaction, Counter())
                spent[module] += count
                if spent[module] > self.transaction:
                    raise TooManyEvents(module, spent[module], self.transaction, "transaction")
            if self._minute_now != at // _MINUTE:
                self._minute_now = at // _MINUTE
                self._this_minute.clear()
            self._this_minute[module] += count
            if self._this_minute[module] > self.minute:
                raise TooManyEvents(module, self._this_minute[module], self.minute, "minute")


def check_depth(module: str, topic: str, depth: int) -> None:
    """Refuse an event that would be the end of too long a chain of causes (`ChainTooDeep`)."""
    if depth > MAX_DEPTH:
        raise ChainTooDeep(module, topic, depth, MAX_DEPTH)
