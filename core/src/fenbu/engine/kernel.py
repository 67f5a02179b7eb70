"""The kernel: the composition root, and the only way in.

Whatever a person or a script does becomes `Kernel.perform`: the input is validated, one transaction opened
under the catalogue lock, the permission checked, the verb run, audit row and events written, committed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
from attrs import frozen
from pydantic import BaseModel
from sqlalchemy import Connection, select

from fenbu.actions import Consequence
from fenbu.engine import binding, performed, problems
from fenbu.engine.assembling import assemble
from fenbu.engine.assembly import Assembly, ReadyAction, refuse_nul
from fenbu.engine.builtin import builtins
from fenbu.engine.catalog.catalog import Catalog
from fenbu.engine.catalog.modules import Modules
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.flows.errors import Again
from fenbu.engine.guard import audit, operators
from fenbu.engine.guard.network import no_network
from fenbu.engine.states.settle import settle
from fenbu.engine.store import catalogue
from fenbu.engine.store.database import Database
from fenbu.engine.store.infrastructure import retryable
from fenbu.engine.store.tables import enterprise
from fenbu.engine.work import EngineWork, NotedProblem, Transaction
from fenbu.errors import AlreadyExists, FieldProblem, InputInvalid, NotPermitted
from fenbu.i18n import _
from fenbu.importing import Answer, Step
from fenbu.values import from_microseconds, is_currency
from fenbu.work import Actor

if TYPE_CHECKING:
    from fenbu.engine.flows.worker import Drained, Worker

T = TypeVar("T")

Performed = performed.Performed
SEAL = 60.0
"""How often a resting worker seals the audit trail, seconds."""
_TRIES = 6
_NUL = "\\u0000"
"""As it stands in JSON."""
_FIRST_PAUSE = 0.02


class _Moved(Exception):
    """The set of modules has changed since this process looked; look again and begin anew."""


class _Undone(Exception):
    """Rolls a dry run back, and carries what it came to."""

    def __init__(self, done: performed.Performed) -> None:
        super().__init__()
        self.done = done


@frozen
class Prepared:
    """An action with its accepted input, ready to run in a transaction."""

    ready: ReadyAction
    values: BaseModel
    text: str
    """The input as JSON text."""

    @property
    def digest(self) -> str:
        return audit.digest(self.text)


class Kernel:
    """One enterprise, opened: its database, what is enabled in it, and who acts.

    Safe to use from several threads; each work has its own connection.
    """

    def __init__(
        self,
        database: Database,
        *,
        actor: Actor | None = None,
        safe: bool = False,
        clock: Callable[[], int] | None = None,
    ) -> None:
        self.database = database
        self.catalog = Catalog(safe=safe)
        self._clock = clock
        with database.read() as connection:
            self.actor = actor or operators.operator_of(connection, operators.os_user())
        self._assembly = self._assemble()
        self._handlers: binding.Bound | None = None
        self._next_seal = time.monotonic() + SEAL

    @classmethod
    def init(
        cls,
        url: str,
        *,
        name: str,
        currency: str,
        time_zone: str,
        os_user: str | None = None,
        clock: Callable[[], int] | None = None,
    ) -> Kernel:
        """Make an enterprise's database and open it; the operating system's user becomes its owner.

        Raises:
            InputInvalid: The currency or the time zone is none.
            AlreadyExists: There is an enterprise in this database.
        """
        _check_enterprise(name, currency, time_zone)
        database = Database.create(url)
        user = os_user or operators.os_user()
        with database.write() as connection:
            if (known := connection.execute(select(enterprise.c.name)).scalar()) is not None:
                raise AlreadyExists(_("enterprise"), known)
            at = clock() if clock else database.clock(connection)
            row = {"id": 1, "name": name, "currency": currency, "timezone": time_zone, "created_at": at}
            connection.execute(enterprise.insert(), row)
            operators.add_owner(connection, user, at)
        return cls(database, actor=Actor(user), clock=clock)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        actor: Actor | None = None,
        safe: bool = False,
        clock: Callable[[], int] | None = None,
    ) -> Kernel:
        """Open an enterprise's database.

        Args:
            url: Of SQLite or PostgreSQL, or the path of a SQLite file.
            actor: Who acts; the operator of the operating system's user unless given.
            safe: Load no module's code, for repair.
            clock: UTC microseconds; the machine's (the database's on PostgreSQL) unless given.
        """
        return cls(Database.open(url), actor=actor, safe=safe, clock=clock)

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database's connections."""
        self.database.dispose()

    # --- looking --------------------------------------------------------------------------------------

    @property
    def assembly(self) -> Assembly:
        """What is enabled, as this process last saw it."""
        return self._assembly

    @contextmanager
    def read(self, module: str = "fenbu") -> Iterator[EngineWork]:
        """Open a work that sees one moment and can only look, on behalf of a module."""
        with self.database.read() as connection:
            if catalogue.generation(connection) != self._assembly.generation:
                self._assembly = self._assemble()
            work = EngineWork(self._transaction(connection, self.actor), module, read_only=True)
            with work.owned():
                yield work

    # --- doing ----------------------------------------------------------------------------------------

    def perform(
        self,
        action: str,
        values: Mapping[str, Any] | BaseModel | None = None,
        *,
        actor: Actor | None = None,
        key: str | None = None,
    ) -> Performed:
        """Perform an action in one transaction.

        Args:
            action: Its name (``erp.order.place``).
            values: Its input, as mapping or as its own model.
            actor: Who acts; the kernel's actor unless given.
            key: Idempotency key: the same key performs once and answers the same.

        Raises:
            Unknown: No enabled module declares the action.
            InputInvalid: The input does not fit; every field is named.
            NotPermitted: The actor may not.
            KeyReused: The key belongs to another request.
            Refused: A rule says no; nothing was changed.
        """
        prepared = self._prepare(action, values or {})
        who = actor or self.actor
        try:
            return self.run(
                lambda work: self._perform(work, prepared, key),
                who,
                exclusive=prepared.ready.exclusive,
                migrates=prepared.ready.migrates,
            )
        except NotPermitted:
            self.run(lambda work: self._write_down(work, [(prepared, "denied", key)]), who)
            raise

    def preview(self, action: str, values: Mapping[str, Any] | BaseModel | None = None) -> list[Consequence]:
        """Return what performing an action would bring, in words and numbers; nothing when it does not say.

        Raises:
            Unknown: No enabled module declares the action.
            InputInvalid: The input does not fit.
        """
        prepared = self._prepare(action, values or {})
        reference = prepared.ready.action.preview
        if reference is None:
            return []
        with self.read(prepared.ready.module) as work:
            return list(resolve(reference)(work, prepared.values))

    def dry_run(
        self,
        action: str,
        values: Mapping[str, Any] | BaseModel | None = None,
        *,
        actor: Actor | None = None,
    ) -> Performed:
        """Perform an action to the last statement, then undo all of it; raises what `perform` would raise."""
        prepared = self._prepare(action, values or {})

        def body(work: EngineWork) -> Performed:
            done = self._perform(work, prepared, None)
            work.transaction.flush()
            raise _Undone(done)

        exclusive, migrates = prepared.ready.exclusive, prepared.ready.migrates
        try:
            return self.run(body, actor or self.actor, exclusive=exclusive, migrates=migrates)
        except _Undone as undone:
            return undone.done

    def perform_all(
        self,
        steps: Sequence[Step],
        *,
        actor: Actor | None = None,
        note: Callable[[EngineWork, Sequence[Performed]], None] | None = None,
    ) -> list[Performed]:
        """Perform several actions in one transaction: all of them or none.

        Args:
            steps: Actions with inputs; an `Answer` in an input stands for what an earlier step answered.
            actor: Who acts.
            note: Called last with the work and what the steps answered, in the same transaction (an importer's
                record of what it has read).
        """
        who = actor or self.actor

        def body(work: EngineWork) -> list[Performed]:
            done: list[Performed] = []
            for step in steps:
                values = {name: _filled(value, done) for name, value in step.input.items()}
                done.append(self._perform(work, self._prepare(step.action, values), None))
            if note is not None:
                note(work, done)
            return done

        return self.run(body, who)

    def run(
        self,
        body: Callable[[EngineWork], T],
        actor: Actor,
        *,
        exclusive: bool = False,
        migrates: bool = False,
    ) -> T:
        """Run a body in one transaction under the catalogue lock and commit it; the engine's own entrance.

        A deadlock, a lock or a changed set of modules says nothing about the body: it is run again.

        Args:
            body: Gets a work of the kernel; may be run more than once, each time in a fresh transaction.
            actor: Who acts.
            exclusive: Hold the catalogue lock alone.
            migrates: Allow tables to be made and rebuilt.
        """
        for attempt in range(_TRIES):
            noted: list[NotedProblem] = []
            try:
                return self._run_once(body, actor, noted, exclusive=exclusive, migrates=migrates)
            except _Moved:
                self._assembly = self._assemble()
            except Exception as error:
                if not retryable(error) or attempt == _TRIES - 1:
                    raise
                time.sleep(random.uniform(0, _FIRST_PAUSE * 2**attempt))
            finally:
                self._record_problems(noted)
        return self._run_once(body, actor, [], exclusive=exclusive, migrates=migrates)

    def _run_once(
        self,
        body: Callable[[EngineWork], T],
        actor: Actor,
        noted: list[NotedProblem],
        *,
        exclusive: bool,
        migrates: bool,
    ) -> T:
        opened = self.database.migrate() if migrates else self.database.write()
        with opened as connection:
            lock = catalogue.lock_exclusive if exclusive else catalogue.lock_shared
            if lock(connection) != self._assembly.generation:
                raise _Moved
            transaction = self._transaction(connection, actor)
            transaction.problems = noted
            with no_network("fenbu"):
                result = body(EngineWork(transaction, "fenbu"))
                transaction.flush()
        if exclusive:
            self.refresh()
        if transaction.published:
            self.database.notify()
        return result

    def _perform(self, work: EngineWork, prepared: Prepared, key: str | None) -> Performed:
        ready, connection = prepared.ready, work.connection
        operators.require(connection, work.actor, ready.action.permission)
        at = work.transaction.at
        if key and (known := performed.claim(connection, key, ready.action.name, prepared.digest, at)):
            return known
        acting = EngineWork(work.transaction, ready.module)
        before = len(work.transaction.published)
        with no_network(ready.module), acting.owned():
            answer = performed.as_answer(ready.run(acting, prepared.values))
        keys = (str(getattr(new.body, new.type.key)) for _module, new in work.transaction.published[before:])
        if key:
            performed.keep(connection, key, answer)
        self._write_down(work, [(prepared, "done", key)])
        return Performed(answer, keys=tuple(dict.fromkeys(keys)))

    def _write_down(self, work: EngineWork, acts: Sequence[tuple[Prepared, str, str | None]]) -> None:
        audit.write(
            work.connection,
            [
                audit.Act(
                    at=work.transaction.at,
                    actor=work.actor.name,
                    action=prepared.ready.action.name,
                    module=prepared.ready.module,
                    subject=_subject(prepared),
                    input_digest=prepared.digest,
                    summary=audit.masked(prepared.values),
                    outcome=outcome,
                    key=key,
                )
                for prepared, outcome, key in acts
            ],
        )

    def _prepare(self, action: str, values: Mapping[str, Any] | BaseModel) -> Prepared:
        if action not in self._assembly.actions:
            self.refresh()
        ready = self._assembly.action(action)
        accepted = ready.accept(values)
        text = accepted.model_dump_json()
        if _NUL in text:
            refuse_nul(action, accepted)
        return Prepared(ready, accepted, text)

    # --- keeping up -----------------------------------------------------------------------------------

    def modules(self, *, look_at_all: bool = True, fresh: bool = False) -> Modules:
        """Return every module that is installed or was ever enabled, with its state.

        Args:
            look_at_all: Load the manifests of those that are not enabled too.
            fresh: Look at the search path anew and try again what could not be loaded.
        """
        with self.database.read() as connection:
            return self.catalog.read(connection, look_at_all=look_at_all, fresh=fresh)

    def worker(self, **options: Any) -> Worker:
        """Return a worker that delivers events and makes calls; it follows changes of the modules.

        Args:
            **options: As `Worker` takes them (``markers``, ``own_process``).
        """
        from fenbu.engine.flows.worker import Worker

        return Worker(
            self.database,
            lambda: self._bound().subscriptions,
            lambda: self._bound().calls,
            self._before,
            clock=self._clock_of,
            resting=self._rest,
            **options,
        )

    def drain(self, key: str | None = None, timeout: float = 60.0) -> Drained:
        """Deliver what waits, of one key or of all, by a worker in this thread."""
        worker = self.worker()
        try:
            return worker.drain(key, timeout)
        finally:
            worker.close()

    def _rest(self) -> bool:
        """Do what a worker does when nothing waits: settle modules, and now and then seal the audit trail."""
        if self.settle():
            return True
        if time.monotonic() >= self._next_seal:
            self._next_seal = time.monotonic() + SEAL
            return self.seal_audit() > 0
        return False

    def settle(self) -> bool:
        """Move on the modules that have caught up or drained; return whether there was one."""
        if not self._assembly.known.unsettled:
            return False
        return bool(self.run(settle, operators.SYSTEM, exclusive=True))

    def _bound(self) -> binding.Bound:
        """Return the handlers of what is enabled; the same object while nothing has changed."""
        assembly = self._assembly
        if self._handlers is None or self._handlers.assembly is not assembly:
            self._handlers = binding.bind(assembly, self._begin, self._note_broken)
        return self._handlers

    def _before(self, connection: Connection) -> None:
        """Begin a transaction of the flows; when the modules have moved, look again and let it begin anew."""
        if catalogue.lock_shared(connection) != self._assembly.generation:
            self._assembly = self._assemble()
            raise Again

    def _begin(self, connection: Connection) -> Transaction:
        return self._transaction(connection, operators.SYSTEM)

    def _note_broken(self, module: str, subscription: str, detail: str) -> None:
        self._record_problems([NotedProblem(module, problems.IMPORT, subscription, detail)])

    def refresh(self) -> None:
        """Look again which modules there are, when their set has changed since."""
        with self.database.read() as connection:
            moved = catalogue.generation(connection) != self._assembly.generation
        if moved:
            self._assembly = self._assemble()

    def seal_audit(self) -> int:
        """Chain the audit rows written since the last seal; return how many."""

        def body(work: EngineWork) -> int:
            return audit.seal(work.connection, work.transaction.at)

        return self.run(body, operators.SYSTEM, exclusive=True)

    def _assemble(self) -> Assembly:
        with self.database.read() as connection:
            modules = self.catalog.read(connection)
            self.catalog.use(modules)
            assembly, left_out = assemble(connection, self.catalog, modules, builtins())
        assembly.catalog, assembly.known = self.catalog, modules
        for one in left_out:
            self.catalog.set_aside(one.module, one.detail)
        self._record_problems([NotedProblem(*attrs.astuple(one)) for one in left_out])
        return assembly

    def _clock_of(self, connection: Connection) -> int:
        return self._clock() if self._clock else self.database.clock(connection)

    def _transaction(self, connection: Connection, actor: Actor) -> Transaction:
        return Transaction(connection, self.database, self._assembly, actor, self._clock_of(connection))

    def _record_problems(self, noted: Sequence[NotedProblem]) -> None:
        if not noted:
            return
        with self.database.write() as connection:
            now = from_microseconds(self.database.clock(connection))
            for one in noted:
                hint = _("mend the module {module}, or disable it").format(module=one.module)
                problems.record(connection, one.module, one.kind, one.subject, one.detail, hint, at=now)


def _filled(value: Any, done: Sequence[Performed]) -> Any:
    return done[value.step].answer[value.name] if isinstance(value, Answer) else value


def _subject(prepared: Prepared) -> str | None:
    name = prepared.ready.action.subject
    value = getattr(prepared.values, name, None) if name else None
    return None if value is None else str(value)


def _check_enterprise(name: str, currency: str, time_zone: str) -> None:
    found = []
    if not name.strip():
        found.append(FieldProblem("name", _("an enterprise has a name")))
    if not is_currency(currency):
        found.append(FieldProblem("currency", _("a currency is three capital letters (ISO 4217)"), currency))
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found.append(
            FieldProblem("time_zone", _("a time zone has a name like Europe/London (IANA)"), time_zone)
        )
    if found:
        raise InputInvalid("init", found)
