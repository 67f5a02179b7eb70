"""What passes between the kernel and the flows: plain values, and functions over what is pending of a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from attrs import field, frozen
from sqlalchemy import Connection

from fenbu.calls import CallRequest, Outcome
from fenbu.engine.flows.pending import Pending

CATCH_UP = "catch_up"
FROM_NOW = "from_now"


@frozen
class Received:
    """One event as it is handed to one subscription."""

    seq: int
    id: str
    topic: str
    version: int
    key: str
    payload: str
    """JSON text."""
    at: int
    """UTC microseconds of its publishing."""
    cause: int | None
    depth: int
    """Events that its handler publishes have this plus one."""
    module: str
    """Who published it."""
    attempts: int
    """How often it has failed here so far."""
    now: int
    """When it is handed over, UTC microseconds: one reading of the clock for all of its transaction."""
    history: bool = False
    """True while catching up: hooks would answer for today, so they are refused."""


Handle = Callable[[Pending, Received], None]
"""Runs one event's handler in a transaction; writes, publishes, never commits. Raises when it failed."""

HandleAll = Callable[[Pending, Sequence[Received]], None]
"""Runs the handler of several events, in their order."""


@frozen(kw_only=True)
class BoundSubscription:
    """A declared subscription with the functions that serve it in this process."""

    name: str
    module: str
    topics: Mapping[str, int]
    """Topic without version to the newest version that the handler knows."""
    routes: Mapping[str, str] = field(factory=dict)
    """Topic to the only route value it takes."""
    attempts: int = 8
    history: str = FROM_NOW
    replayable: bool = False
    locks: HandleAll | None = None
    """Locks the rows of a whole batch, sorted; with it PostgreSQL delivers batches too."""
    handle: Handle | None = None
    """None while the module's code cannot be used: its deliveries wait."""
    together: HandleAll | None = None
    """Handles a whole batch at once, with the same effects as `handle` for one after another."""


@frozen(kw_only=True)
class BoundCall:
    """A declared call with the functions that make it in this process."""

    operation: str
    module: str
    send: Callable[[CallRequest], Outcome]
    record: Callable[[Pending, CallRequest, Outcome], None]
    """Writes what came of it, once, in the transaction that ends the call."""
    ask: Callable[[CallRequest], Outcome | None] | None = None
    """What the outside knows of it by our reference; None when it never heard of it."""
    locks: Callable[[Pending, Sequence[CallRequest]], None] | None = None
    """Locks the rows of many outcomes, sorted; with it PostgreSQL records them together too."""
    rehearse: Callable[[CallRequest], Outcome] | None = None
    """What the outside might answer, on a copy where nobody asks it."""
    deadline: timedelta = timedelta(seconds=30)
    ask_after: timedelta = timedelta(minutes=10)
    attempts: int = 8
    settings: Any = None


Before = Callable[[Connection], None]
"""Called first in each transaction: takes the catalogue lock; raises `errors.Again` when the modules moved."""

Clock = Callable[[Connection], int]
"""UTC microseconds."""
