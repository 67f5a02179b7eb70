"""Work: one database transaction on behalf of one actor.

Verbs, handlers and hook implementations get a work; they never open a transaction, never commit and
never look at the clock elsewhere. The engine implements it, so that contracts can name it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar
from zoneinfo import ZoneInfo

from attrs import field, frozen

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Executable
    from sqlmodel import Session

    from fenbu.hooks import Hook
    from fenbu.settings import Settings
    from fenbu.values import Money

P = ParamSpec("P")
R = TypeVar("R")
RowT = TypeVar("RowT")
SettingsT = TypeVar("SettingsT", bound="Settings")


@frozen
class Enterprise:
    """The enterprise whose books these are."""

    name: str
    currency: str
    """ISO 4217; the books are kept in it."""
    time_zone: str
    """IANA name; business dates are days in it."""

    @property
    def zone(self) -> ZoneInfo:
        """The enterprise's time zone."""
        return ZoneInfo(self.time_zone)


@frozen
class Actor:
    """Who acts: an operator, or a part of the system acting for one."""

    name: str
    kind: str = "operator"
    """``operator``, ``system``, or ``stranger``: somebody who is no operator here and may do nothing."""
    session: str = field(default="", repr=False)
    """By which session an operator has come in; empty for the user of the operating system."""


@frozen
class Envelope:
    """What is known of the event in hand, beside its body."""

    seq: int
    id: str
    topic: str
    version: int
    key: str
    at: datetime
    cause: int | None
    module: str
    """Who published it."""


class Work(Protocol):
    """One transaction: session, clock, hooks, publish. The caller of the verb commits."""

    @property
    def enterprise(self) -> Enterprise:
        """The enterprise whose books these are."""
        ...

    @property
    def actor(self) -> Actor:
        """Who acts."""
        ...

    @property
    def module(self) -> str:
        """The module on whose behalf the code runs; it may write its own tables only."""
        ...

    @property
    def now(self) -> datetime:
        """The moment of this work, UTC with zone; one reading for the whole transaction."""
        ...

    @property
    def today(self) -> date:
        """The business date of this work: the day of ``now`` in the enterprise's time zone."""
        ...

    @property
    def event(self) -> Envelope | None:
        """The event in hand when this work handles a delivery, else None."""
        ...

    @property
    def read_only(self) -> bool:
        """True in hooks, views, metrics and checks: writing and publishing are refused."""
        ...

    @property
    def connection(self) -> Connection:
        """The SQLAlchemy connection, inside the transaction."""
        ...

    @property
    def session(self) -> Session:
        """A SQLModel session on this connection, opened when first used; flushed before the commit."""
        ...

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        ...

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        """Run a Core statement; with a list of parameters, once for all of them."""
        ...

    def get(self, row: type[RowT], key: object) -> RowT:
        """Return a row by its primary key; NotFound when there is none."""
        ...

    def ask(self, hook: Hook[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Ask the enabled modules a question; the answer's shape follows the hook's kind.

        Raises:
            Vetoed: A ``veto`` hook was refused.
            HookFailed: A module that had to answer raised.
            ModuleUnavailable: A module that had to answer cannot be loaded.
        """
        ...

    def publish(self, event: object, *, not_before: datetime | None = None) -> None:
        """Publish an event; it commits with this work or not at all.

        Lock or change the row the event is about before publishing it: the order of one key is the
        order of these locks. Events are written as the last statements of the transaction.

        Args:
            event: An instance of a class declared with ``@event``.
            not_before: For a timer: the moment before which nobody is told.
        """
        ...

    def cancel_timers(self, topic: str, key: str) -> int:
        """Cancel the timers of a topic and key that are not yet delivered; return how many."""
        ...

    def call(
        self,
        operation: str,
        *,
        subject: str,
        key: str,
        payload: Mapping[str, Any],
        amount: Money | None = None,
    ) -> str:
        """Record a call to the outside; it is sent after the commit. Return its idempotency key."""
        ...

    def number(self, series: str) -> int:
        """Return the next number of a gapless series of this module; the last lock a work takes."""
        ...

    def hold_numbers(self, *series: str) -> None:
        """Lock several series of this module in one order; the last locks a `locks` function takes.

        For a batch whose handlers take numbers of more than one series, in whatever order its events come.
        """
        ...

    def settings(self, model: type[SettingsT]) -> SettingsT:
        """Return this module's settings."""
        ...

    def enabled(self, capability: str) -> bool:
        """Say whether an enabled module provides this capability, or has this name."""
        ...

    def waiting(self, *, key: str | None = None, until: date | None = None) -> int:
        """Count this module's deliveries that still wait (waiting, held or dead).

        Args:
            key: Only those of this key.
            until: Only those whose event's business date, or day of publishing, is not after this day.
        """
        ...

    def waiting_keys(self) -> frozenset[str]:
        """Return the keys with deliveries or calls still to do, which invariants at rest leave out."""
        ...
