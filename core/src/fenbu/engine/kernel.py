"""The kernel: the composition root, and the only way in.

Whatever a person or a script does becomes `Kernel.perform`: the input is validated, one transaction opened
under the catalogue lock, the permission checked, the verb run, audit row and events written, committed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, SecretStr

from fenbu.actions import Consequence
from fenbu.engine import entering, performed
from fenbu.engine.assembly import Assembly
from fenbu.engine.catalog.catalog import Catalog
from fenbu.engine.catalog.modules import Modules
from fenbu.engine.catalog.reference import resolve
from fenbu.engine.founding import found
from fenbu.engine.guard import audit, operators
from fenbu.engine.guard.coming import who_comes
from fenbu.engine.guard.network import no_network
from fenbu.engine.guard.sessions import LASTS, Login
from fenbu.engine.preparing import Prepared, filled, prepare
from fenbu.engine.serving import Serving
from fenbu.engine.store.database import Database
from fenbu.engine.transactions import Transactions
from fenbu.engine.work import EngineWork
from fenbu.errors import NotPermitted
from fenbu.importing import Step
from fenbu.work import Actor

if TYPE_CHECKING:
    from fenbu.engine.flows.worker import Drained, Worker
    from fenbu.engine.recorder import Recorder

T = TypeVar("T")

Performed = performed.Performed


class _Undone(Exception):
    """Rolls a dry run back, and carries what it came to."""

    def __init__(self, done: performed.Performed) -> None:
        super().__init__()
        self.done = done


class Kernel:
    """One enterprise, opened: its database, what is enabled in it, and who acts.

    Safe to use from several threads; each work has its own connection.
    """

    def __init__(
        self,
        database: Database,
        *,
        actor: Actor | None = None,
        token: str = "",
        safe: bool = False,
        clock: Callable[[], int] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.database = database
        self._clock = clock
        self.catalog = Catalog(safe=safe)
        with database.read() as connection:
            self.actor = actor or who_comes(
                connection, token, clock() if clock else database.clock(connection)
            )
        self._transactions = Transactions(database, self.catalog, clock)
        self._serving = Serving(self._transactions, recorder)

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
        user = os_user or operators.os_user()
        database = found(url, name=name, currency=currency, time_zone=time_zone, owner=user, clock=clock)
        return cls(database, actor=Actor(user), clock=clock)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        actor: Actor | None = None,
        token: str = "",
        safe: bool = False,
        clock: Callable[[], int] | None = None,
        recorder: Recorder | None = None,
        database: Database | None = None,
    ) -> Kernel:
        """Open an enterprise's database.

        Args:
            url: Of SQLite or PostgreSQL, or the path of a SQLite file.
            actor: Who acts, as the caller vouches for; from the token unless given.
            token: Of a session that `login` has opened; without one the operating system's user acts.
            safe: Load no module's code, for repair.
            clock: UTC microseconds; the machine's (the database's on PostgreSQL) unless given.
            recorder: Answers calls in the outside's place; only on a copy, where nothing else does.
            database: What is at the address, where it was opened already; the kernel closes it.

        Raises:
            SessionOver: The token opens nothing, or no more.
        """
        database = database or Database.open(url)
        try:
            return cls(database, actor=actor, token=token, safe=safe, clock=clock, recorder=recorder)
        except BaseException:
            database.dispose()
            raise

    def on_copy(self, url: str, recorder: Recorder) -> Kernel:
        """Open a copy of this enterprise for the same actor, with a recorder in the outside's place."""
        return Kernel.open(url, actor=self.actor, clock=self._clock, recorder=recorder)

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database's connections."""
        self.database.dispose()

    # --- coming in ------------------------------------------------------------------------------------

    def login(self, name: str, secret: SecretStr, lasts: timedelta = LASTS) -> Login:
        """Open a session of an operator; this kernel goes on for whom it was opened.

        Args:
            name: Of the operator.
            secret: As the operator knows it.
            lasts: How long the session opens the enterprise.

        Raises:
            InputInvalid: A session does not last so long.
            LoginRefused: Name and secret do not fit.
            TooManyTries: The name has to wait, after too many wrong secrets.
        """
        return entering.login(self._transactions, name, secret, lasts)

    # --- looking --------------------------------------------------------------------------------------

    @property
    def assembly(self) -> Assembly:
        """What is enabled, as this process last saw it."""
        return self._transactions.assembly

    def read(self, module: str = "fenbu") -> AbstractContextManager[EngineWork]:
        """Open a work that sees one moment and can only look, on behalf of a module."""
        return self._transactions.read(self.actor, module)

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
            OutcomeUnknown: Without a key: the connection was lost at the commit, so it was done or not.
            Refused: A rule says no; nothing was changed.
        """
        prepared = self._prepare(action, values or {})
        who = actor or self.actor
        with self._noting_denial(who, lambda: prepared, key):
            return self.run(
                lambda work: self._perform(work, prepared, key),
                who,
                exclusive=prepared.ready.exclusive,
                migrates=prepared.ready.migrates,
                repeatable=key is not None,
            )

    def preview(self, action: str, values: Mapping[str, Any] | BaseModel | None = None) -> list[Consequence]:
        """Return what performing an action would bring, in words and numbers; nothing when it does not say.

        Raises:
            Unknown: No enabled module declares the action.
            InputInvalid: The input does not fit.
            NotPermitted: The actor may not perform it either.
        """
        prepared = self._prepare(action, values or {})
        reference = prepared.ready.action.preview
        if reference is None:
            return []
        with (
            self._noting_denial(self.actor, lambda: prepared, None),
            self.read(prepared.ready.module) as work,
        ):
            work.require(prepared.ready.action.permission)
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
            work.transaction.dry_run = True
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
        last: list[Prepared] = []

        def body(work: EngineWork) -> list[Performed]:
            done: list[Performed] = []
            for step in steps:
                last[:] = [self._prepare(step.action, filled(step, done))]
                done.append(self._perform(work, last[0], None))
            if note is not None:
                note(work, done)
            return done

        with self._noting_denial(who, lambda: last[0], None):
            return self.run(body, who)

    def run(
        self,
        body: Callable[[EngineWork], T],
        actor: Actor,
        *,
        exclusive: bool = False,
        migrates: bool = False,
        repeatable: bool = False,
    ) -> T:
        """Run a body in one transaction and commit it, as `Transactions.run` does; the engine's own entrance."""
        return self._transactions.run(
            body, actor, exclusive=exclusive, migrates=migrates, repeatable=repeatable
        )

    def _perform(self, work: EngineWork, prepared: Prepared, key: str | None) -> Performed:
        ready, connection = prepared.ready, work.connection
        work.require(ready.action.permission)
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
        self._write_down(work, [(prepared, "done", key)], answer)
        return Performed(answer, keys=tuple(dict.fromkeys(keys)))

    @contextmanager
    def _noting_denial(self, who: Actor, prepared: Callable[[], Prepared], key: str | None) -> Iterator[None]:
        """Write down in a transaction of its own that somebody was not permitted to act."""
        try:
            yield
        except NotPermitted:
            self.run(lambda work: self._write_down(work, [(prepared(), "denied", key)]), who)
            raise

    def _write_down(
        self,
        work: EngineWork,
        acts: Sequence[tuple[Prepared, str, str | None]],
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        audit.write(
            work.connection,
            [
                audit.Act(
                    at=work.transaction.at,
                    actor=work.actor.name,
                    action=prepared.ready.action.name,
                    module=prepared.ready.module,
                    subject=prepared.subject or self._made(prepared, answer or {}),
                    input_digest=prepared.digest,
                    summary=audit.masked(prepared.values),
                    outcome=outcome,
                    key=key,
                )
                for prepared, outcome, key in acts
            ],
        )

    def _made(self, prepared: Prepared, answer: Mapping[str, Any]) -> str | None:
        """Return the number of what an act has made: what its answer says in the record's column of its view."""
        view = self.assembly.views.get(prepared.ready.action.view or "")
        number = answer.get(view.record) if view is not None and view.record else None
        return None if number is None else str(number)

    def _prepare(self, action: str, values: Mapping[str, Any] | BaseModel) -> Prepared:
        if action not in self.assembly.actions:
            self.refresh()
        return prepare(self.assembly, action, values)

    # --- keeping up -----------------------------------------------------------------------------------

    def modules(self, *, look_at_all: bool = True, fresh: bool = False) -> Modules:
        """Return every module that is installed or was ever enabled, with its state.

        Args:
            look_at_all: Load the manifests of those that are not enabled too.
            fresh: Look at the search path anew and try again what could not be loaded.
        """
        with self.database.read() as connection:
            return self.catalog.read(connection, look_at_all=look_at_all, fresh=fresh)

    def refresh(self) -> None:
        """Look again which modules there are, when their set has changed since."""
        self._transactions.refresh()

    def settle(self) -> bool:
        """Move on the modules that have caught up or drained; return whether there was one."""
        return self._serving.settle()

    def seal_audit(self) -> int:
        """Chain the audit rows written since the last seal; return how many."""
        return self._serving.seal_audit()

    # --- serving --------------------------------------------------------------------------------------

    def worker(self, **options: Any) -> Worker:
        """Return a worker that delivers events and makes calls; it follows changes of the modules.

        Args:
            **options: As `Worker` takes them (``markers``, ``own_process``).
        """
        return self._serving.worker(**options)

    def drain(self, key: str | None = None, timeout: float = 60.0) -> Drained:
        """Deliver what waits, of one key or of all, by a worker in this thread."""
        worker = self.worker()
        try:
            return worker.drain(key, timeout)
        finally:
            worker.close()
