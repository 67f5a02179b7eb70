"""Works: the engine's implementation of `fenbu.work.Work`.

A `Transaction` is what all works of one database transaction share: connection, clock, what was published,
what went wrong beside the way. An `EngineWork` is one module's hold on it. Events are written when the
transaction ends, as its last statements, together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, ParamSpec, TypeVar

from attrs import define, field, frozen
from sqlalchemy import Connection, CursorResult, Executable
from sqlmodel import Session

from fenbu.engine.assembly import Assembly
from fenbu.engine.flows import books, calls, log
from fenbu.engine.flows.log import NewEvent
from fenbu.engine.flows.pending import Pending
from fenbu.engine.guard import operators
from fenbu.engine.guard.operators import Standing
from fenbu.engine.store.database import Database
from fenbu.engine.store.guard import owner
from fenbu.errors import HookFailed, NotFound, ReadOnlyWork
from fenbu.events import event_type
from fenbu.hooks import Hook
from fenbu.i18n import _
from fenbu.settings import Settings
from fenbu.values import Money, from_microseconds, to_microseconds
from fenbu.work import Actor, Enterprise, Envelope

P = ParamSpec("P")
R = TypeVar("R")
RowT = TypeVar("RowT")
SettingsT = TypeVar("SettingsT", bound=Settings)


@frozen
class NotedProblem:
    """Something that went wrong without stopping the work; recorded when its transaction is over."""

    module: str
    kind: str
    subject: str
    detail: str


@define(slots=False, eq=False)
class Transaction:
    """One database transaction on behalf of one actor."""

    connection: Connection
    database: Database
    assembly: Assembly
    actor: Actor
    at: int
    """UTC microseconds; one reading for the whole transaction."""
    pending: Pending
    """What is written last; the handlers of a batch share it."""
    cause: int | None = None
    """Sequence number of the event in hand."""
    depth: int = 0
    catching_up: bool = False
    dry_run: bool = False
    """It will be undone: nothing may be left outside of the database either."""
    problems: list[NotedProblem] = field(factory=list)
    published: list[tuple[str, NewEvent]] = field(factory=list)
    """Module and event, in the order in which they were published; what is handed over already stays here."""
    _handed: int = 0
    """How many of the published are pending or in the log."""
    _standing: Standing | None = None

    @cached_property
    def now(self) -> datetime:
        return from_microseconds(self.at)

    @property
    def standing(self) -> Standing:
        """How the actor stands: asked once a transaction, in it; nobody changes it meanwhile but the actor."""
        if self._standing is None:
            self._standing = operators.standing(self.connection, self.actor, self.at)
        return self._standing

    def ask_again(self) -> None:
        """Forget how the actor stands, because this transaction has changed an operator."""
        self._standing = None

    @cached_property
    def session(self) -> Session:
        return Session(bind=self.connection)

    def flush_rows(self) -> None:
        """Write what the ORM holds."""
        if "session" in self.__dict__:
            self.session.flush()

    def hand_over(self) -> None:
        """Write what the ORM holds, and let the events be written with all that is pending."""
        self.flush_rows()
        new = self.published[self._handed :]
        self._handed = len(self.published)
        for module, events in groupby(new, key=itemgetter(0)):
            composed = log.compose(
                self.connection,
                self.database.dialect,
                [event for _module, event in events],
                at=self.at,
                actor=self.actor.name,
                module=module,
                cause=self.cause,
                depth=self.depth,
            )
            self.pending.publish(composed)

    def flush(self) -> None:
        """Write what the ORM holds, then all that is pending, events in the order in which they were published."""
        self.hand_over()
        self.pending.write()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Keep what the body writes and publishes only when it does not raise."""
        self.flush()
        before = len(self.published)
        try:
            with self.pending.savepoint():
                yield
                self.hand_over()
        except BaseException:
            del self.published[before:]
            self._handed = before
            raise


class EngineWork:
    """One module's hold on a transaction; see `fenbu.work.Work` for what each member promises."""

    __slots__ = ("_read_only", "event", "module", "transaction")

    def __init__(
        self,
        transaction: Transaction,
        module: str,
        *,
        read_only: bool = False,
        event: Envelope | None = None,
    ) -> None:
        self.transaction = transaction
        self.module = module
        self.event = event
        self._read_only = read_only

    @property
    def enterprise(self) -> Enterprise:
        return self.transaction.assembly.enterprise

    @property
    def actor(self) -> Actor:
        return self.transaction.actor

    @property
    def now(self) -> datetime:
        return self.transaction.now

    @property
    def today(self) -> date:
        return self.transaction.now.astimezone(self.enterprise.zone).date()

    @property
    def read_only(self) -> bool:
        return self._read_only

    @property
    def connection(self) -> Connection:
        return self.transaction.connection

    @property
    def session(self) -> Session:
        return self.transaction.session

    @property
    def dialect(self) -> str:
        return self.transaction.database.dialect

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        result: CursorResult[Any] = self.transaction.connection.execute(statement, parameters)
        return result

    def get(self, row: type[RowT], key: object) -> RowT:
        found = self.session.get(row, key)
        if found is None:
            name = getattr(row, "__tablename__", row.__name__)
            raise NotFound(str(name).removeprefix(f"{self.module}_").replace("_", " "), str(key))
        return found

    def ask(self, hook: Hook[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self.transaction.catching_up:
            reason = _("hooks answer for today, and this module is still reading its history")
            raise HookFailed(hook.name, self.module, reason)
        if args:
            kwargs = {**dict(zip(_arguments(hook), args, strict=False)), **kwargs}  # type: ignore[assignment]
        answer: R = self.transaction.assembly.dispatcher.ask(self, hook, kwargs)
        return answer

    def publish(self, event: object, *, not_before: datetime | None = None) -> None:
        self._refuse_when_read_only("publish")
        due = None if not_before is None else to_microseconds(not_before)
        new = NewEvent(event_type(type(event)), event, due)
        self.transaction.published.append((self.module, new))

    def cancel_timers(self, topic: str, key: str) -> int:
        self._refuse_when_read_only("cancel timers")
        self.transaction.hand_over()
        topic = topic.partition("/")[0]
        if self.transaction.pending.holds_timer(topic, key):
            self.transaction.pending.write()
        with owner(self.connection, None):
            return log.cancel_timers(self.connection, topic, key, self.transaction.at)

    def call(
        self,
        operation: str,
        *,
        subject: str,
        key: str,
        payload: Mapping[str, Any],
        amount: Money | None = None,
    ) -> str:
        self._refuse_when_read_only("call")
        self.transaction.pending.called = True
        with owner(self.connection, None):
            return calls.record(
                self.connection,
                module=self.module,
                operation=operation,
                subject=subject,
                key=key,
                payload=payload,
                amount=amount,
                at=self.transaction.at,
                cause=self.transaction.cause,
            )

    def number(self, series: str) -> int:
        self._refuse_when_read_only("take a number")
        with owner(self.connection, None):
            return self.transaction.pending.number(f"{self.module}.{series}")

    def hold_numbers(self, *series: str) -> None:
        self._refuse_when_read_only("take a number")
        with owner(self.connection, None):
            self.transaction.pending.hold_numbers(f"{self.module}.{name}" for name in series)

    def settings(self, model: type[SettingsT]) -> SettingsT:
        found = self.transaction.assembly.settings.get(self.module)
        if not isinstance(found, model):
            raise TypeError(f"the settings of {self.module} are {type(found).__name__}, not {model.__name__}")
        return found

    def enabled(self, capability: str) -> bool:
        return capability in self.transaction.assembly.capabilities

    def waiting(self, *, key: str | None = None, until: date | None = None) -> int:
        self.transaction.pending.write()  # what other handlers of this transaction have published
        return books.waiting(self.connection, self.module, key=key, until=until, zone=self.enterprise.zone)

    def waiting_keys(self) -> frozenset[str]:
        self.transaction.pending.write()  # what other handlers of this transaction have published
        return books.waiting_keys(self.connection)

    # What follows is for the engine only.

    def bound(self, module: str, *, read_only: bool) -> EngineWork:
        """Return another module's hold on the same transaction."""
        return EngineWork(self.transaction, module, read_only=read_only or self._read_only, event=self.event)

    def owned(self) -> AbstractContextManager[None]:
        """Hold the statements of the body to this module's tables; the kernel's own may write anything."""
        if self.module == "fenbu":
            return nullcontext()
        return owner(self.connection, self.module, read_only=self._read_only)

    def require(self, permission: str) -> None:
        """Refuse unless the actor holds a permission at this moment; NotPermitted names who may grant it."""
        found = self.transaction.standing
        if not found.holds(permission):
            operators.require(self.connection, self.actor, permission, found)

    def holds(self, permission: str) -> bool:
        """Say whether the actor holds a permission at this moment."""
        return self.transaction.standing.holds(permission)

    def savepoint(self) -> AbstractContextManager[None]:
        """Keep what the body writes and publishes only when it does not raise."""
        return self.transaction.savepoint()

    def note_problem(self, module: str, kind: str, subject: str, detail: str) -> None:
        """Remember a problem, to be recorded when the transaction is over."""
        self.transaction.problems.append(NotedProblem(module, kind, subject, detail))

    def _refuse_when_read_only(self, verb: str) -> None:
        if self._read_only:
            raise ReadOnlyWork(self.module, verb)


def _arguments(hook: Hook[..., Any]) -> Sequence[str]:
    code = hook.function.__code__
    return code.co_varnames[1 : code.co_argcount]
