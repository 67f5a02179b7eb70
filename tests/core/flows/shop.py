"""A small shop to test flows with: events, handlers that leave a trace, failures on demand."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import define, field, frozen
from sqlalchemy import Connection, text

from fenbu.calls import CallRequest, Outcome
from fenbu.engine.flows import books, log, subscriptions
from fenbu.engine.flows.batch import Place
from fenbu.engine.flows.caller import moment
from fenbu.engine.flows.delivery import Delivery
from fenbu.engine.flows.log import NewEvent
from fenbu.engine.flows.look import look
from fenbu.engine.flows.pending import Pending
from fenbu.engine.flows.records import BoundCall, BoundSubscription, Handle, Received
from fenbu.engine.flows.worker import Worker
from fenbu.engine.store import catalogue
from fenbu.engine.store.database import Database
from fenbu.events import Lane, event, event_type

SECOND = 1_000_000
TABLES = {
    "sqlite": (
        "CREATE TABLE shop_order (number TEXT PRIMARY KEY, changes INTEGER NOT NULL) STRICT",
        "CREATE TABLE shop_effect (n INTEGER PRIMARY KEY, subscription TEXT NOT NULL, seq INTEGER NOT NULL,"
        " key TEXT NOT NULL, event TEXT NOT NULL, history INTEGER NOT NULL) STRICT",
        "CREATE TABLE shop_line (n INTEGER PRIMARY KEY, number TEXT NOT NULL"
        " REFERENCES shop_order (number) DEFERRABLE INITIALLY DEFERRED) STRICT",
    ),
    "postgresql": (
        "CREATE TABLE shop_order (number TEXT PRIMARY KEY, changes BIGINT NOT NULL)",
        "CREATE TABLE shop_effect (n BIGSERIAL PRIMARY KEY, subscription TEXT NOT NULL, seq BIGINT NOT NULL,"
        " key TEXT NOT NULL, event TEXT NOT NULL, history BIGINT NOT NULL)",
        "CREATE TABLE shop_line (n BIGSERIAL PRIMARY KEY, number TEXT NOT NULL"
        " REFERENCES shop_order (number) DEFERRABLE INITIALLY DEFERRED)",
    ),
}
_EFFECT = text(
    "INSERT INTO shop_effect (subscription, seq, key, event, history) VALUES (:name, :seq, :key, :event, :history)"
)
_EFFECTS = text("SELECT subscription, seq, key, event, history FROM shop_effect ORDER BY n")
_CHANGE = text(
    "INSERT INTO shop_order (number, changes) VALUES (:number, 1) "
    "ON CONFLICT (number) DO UPDATE SET changes = shop_order.changes + 1"
)


@event("shop.placed/1", lane=Lane.INFORMATION, key="order", about={"order": "order"}, route="by")
@frozen(kw_only=True)
class Placed:
    order: str
    by: str = "web"


@event("shop.cancelled/1", lane=Lane.INFORMATION, key="order", about={"order": "order"})
@frozen(kw_only=True)
class Cancelled:
    order: str


@event("shop.cancelled/2", lane=Lane.INFORMATION, key="order", about={"order": "order"})
@frozen(kw_only=True)
class CancelledWithReason:
    order: str
    reason: str


@event("shop.lapses/1", lane=Lane.GOODS, key="order", about={"order": "order"})
@frozen(kw_only=True)
class Lapses:
    order: str


@event("shop.noted/1", lane=Lane.INFORMATION, key="order")
@frozen(kw_only=True)
class Noted:
    order: str
    depth: int


class Declined(Exception):
    """What a handler raises in these tests."""


@frozen
class Effect:
    subscription: str
    seq: int
    key: str
    event: str
    history: bool


Fault = Callable[[Connection, Received], None]


@define(eq=False, slots=False)
class Shop:
    """A database with subscriptions whose handlers each write one row, and fail when told to."""

    database: Database
    now: int | None = None
    """A clock that stands still when set, UTC microseconds."""
    bound: tuple[BoundSubscription, ...] = ()
    calls: tuple[BoundCall, ...] = ()
    faults: dict[str, Fault] = field(factory=dict)
    handled: Counter[str] = field(factory=Counter)
    recorded: list[tuple[str, Outcome]] = field(factory=list)
    delivery: Delivery = field(init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self.delivery = Delivery(self.database, lambda: self.bound, self.before, clock=self.clock)

    # --- the set of modules

    def subscribe(
        self,
        name: str,
        *topics: str,
        module: str = "shop",
        history: str = "from_now",
        enable: bool = True,
        **options: Any,
    ) -> BoundSubscription:
        """Bind a subscription and enable it, under the catalogue lock as the kernel does."""
        versions: dict[str, int] = {}
        for topic in topics or ("shop.placed/1", "shop.cancelled/1"):
            plain, _slash, version = topic.partition("/")
            versions[plain] = int(version or 1)
        options.setdefault("handle", self.handler(name))
        one = BoundSubscription(name=name, module=module, topics=versions, history=history, **options)
        self.bound = (*(old for old in self.bound if old.name != name), one)
        if enable:
            self.enable(one)
        return one

    def enable(self, *bound: BoundSubscription, history: str | None = None) -> None:
        with self.changing() as connection:
            for one in bound:
                subscriptions.enable(connection, one, at=self.clock(connection), history=history)

    def disable(self, how: str, module: str = "shop") -> int:
        with self.changing() as connection:
            return subscriptions.disable(
                connection, module, how, at=self.clock(connection), reason="by decision"
            )

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        with self.database.write() as connection:
            catalogue.lock_exclusive(connection)
            yield connection

    def handler(self, name: str) -> Handle:
        def handle(pending: Pending, received: Received) -> None:
            connection = pending.connection
            with self._lock:
                self.handled[name] += 1
            values = {"name": name, "seq": received.seq, "key": received.key, "event": received.id}
            connection.execute(_EFFECT, values | {"history": int(received.history)})
            if fault := self.faults.get(name):
                fault(connection, received)

        return handle

    # --- doing business

    def before(self, connection: Connection) -> None:
        catalogue.lock_shared(connection)

    def clock(self, connection: Connection) -> int:
        return self.database.clock(connection) if self.now is None else self.now

    def publish(self, *bodies: object, due_in: float | None = None) -> list[int]:
        """Change the orders and publish, in one transaction."""
        with self.database.write() as connection:
            self.before(connection)
            return self.publish_in(connection, *bodies, due_in=due_in)

    def publish_in(
        self,
        connection: Connection,
        *bodies: object,
        due_in: float | None = None,
        cause: Received | None = None,
    ) -> list[int]:
        at = self.clock(connection)
        due = None if due_in is None else at + int(due_in * SECOND)
        for body in bodies:
            connection.execute(_CHANGE, {"number": getattr(body, event_type(type(body)).key)})
        return log.append(
            connection,
            self.database.dialect,
            [NewEvent(event_type(type(body)), body, due) for body in bodies],
            at=at,
            actor="ada",
            module="shop",
            cause=cause.seq if cause else None,
            depth=cause.depth + 1 if cause else 0,
        )

    # --- delivering

    def turn(self, name: str | None = None, batch: int = 50) -> int:
        """Deliver what is due once in each place; return how many transactions did something."""
        with self.database.read() as connection:
            places = look(connection, moment(self.clock(connection))).places
        return sum(
            self.delivery.deliver(place, batch=batch).worked for place in places if name in (None, place.name)
        )

    def drain(self) -> None:
        """Deliver until nothing is due."""
        while self.turn():
            pass

    def place(self, name: str, key: str) -> Place:
        with self.database.read() as connection:
            identity = subscriptions.find(connection, name).id
        return Place(identity, name, log.partition_of(key, self.database.dialect))

    def worker(self, **options: Any) -> Worker:
        return Worker(
            self.database,
            lambda: self.bound,
            lambda: self.calls,
            self.before,
            clock=self.clock,
            **options,
        )

    # --- calls

    def call(self, operation: str, send: Callable[[CallRequest], Outcome], **options: Any) -> BoundCall:
        def record(pending: Pending, request: CallRequest, outcome: Outcome) -> None:
            pending.connection.execute(_CHANGE, {"number": request.subject})
            self.recorded.append((request.id, outcome))

        options.setdefault("record", record)
        one = BoundCall(operation=operation, module="shop", send=send, **options)
        self.calls = (*self.calls, one)
        return one

    # --- looking

    def effects(self, name: str | None = None) -> list[Effect]:
        with self.database.read() as connection:
            rows = connection.execute(_EFFECTS).all()
        return [Effect(r[0], r[1], r[2], r[3], bool(r[4])) for r in rows if name in (None, r[0])]

    def seqs(self, name: str, key: str | None = None) -> list[int]:
        return [one.seq for one in self.effects(name) if key in (None, one.key)]

    def states(self, name: str) -> Counter[str]:
        """How many deliveries are in each state."""
        with self.database.read() as connection:
            rows = connection.execute(
                text(
                    "SELECT d.state, count(*) FROM fenbu_delivery d JOIN fenbu_subscription s "
                    "ON s.id = d.subscription WHERE s.name = :name GROUP BY d.state"
                ),
                {"name": name},
            ).all()
        return Counter({row[0]: row[1] for row in rows})

    def changes(self, number: str) -> int:
        with self.database.read() as connection:
            found = connection.execute(
                text("SELECT changes FROM shop_order WHERE number = :number"), {"number": number}
            ).scalar()
        return int(found or 0)

    def book(self, name: str) -> books.Book:
        return next(book for book in self.balance() if book.subscription == name)

    def balance(self) -> Sequence[books.Book]:
        with self.database.read() as connection:
            found = books.balance(connection)
        assert [book for book in found if book.difference] == []
        return found


def in_order(shop: Shop, name: str) -> bool:
    """Say whether each key's effects stand in the order of their events."""
    seqs: dict[str, list[int]] = {}
    for one in shop.effects(name):
        seqs.setdefault(one.key, []).append(one.seq)
    return all(of_key == sorted(of_key) for of_key in seqs.values())


def build(url: str) -> None:
    """Make the database of a shop."""
    database = Database.create(url)
    with database.migrate() as connection:
        for table in TABLES[database.dialect]:
            connection.exec_driver_sql(table)
        connection.exec_driver_sql(
            "INSERT INTO fenbu_enterprise (id, name, currency, timezone, created_at) "
            "VALUES (1, 'Shop', 'EUR', 'UTC', 1)"
        )
    database.dispose()


def fail(*keys: str, error: Exception | None = None) -> Fault:
    """Return a fault that raises for these keys, or for all without any."""

    def fault(_connection: Connection, received: Received) -> None:
        if not keys or received.key in keys:
            raise error or Declined("no")

    return fault
