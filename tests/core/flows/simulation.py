"""A seeded simulation: one seed, one run.

A simulated clock, handlers that fail by chance, operators that retry, skip, pause and resume, a module that
comes late and one that goes and comes back, and a process that may die at any statement. In the end nothing
may be lost, doubled or out of order, and the books must balance after every step.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import define, field
from sqlalchemy import Connection, Engine, event, text

from fenbu.engine.flows import admin, batch, blocked, books, history, log, retry, subscriptions, timers
from fenbu.engine.flows.records import Received
from fenbu.engine.store.database import Database
from fenbu.errors import Permanent
from tests.core.flows.shop import SECOND, Cancelled, Lapses, Placed, Shop

LEDGER, STOCK, CRM = "erp.ledger", "scm.stock", "crm.timeline"
TOPICS = {
    LEDGER: ("shop.placed/1", "shop.cancelled/1", "shop.lapses/1"),
    STOCK: ("shop.placed/1",),
    CRM: ("shop.placed/1", "shop.cancelled/1", "shop.lapses/1"),
}


class SimulatedShop(Shop):
    """A shop whose clock is always simulated."""

    @property
    def clock_now(self) -> int:
        assert self.now is not None
        return self.now


class Crash(BaseException):
    """The process is dead: no statement of it reaches the database any more."""


class Wrong(AssertionError):
    """A promise was broken."""


@define
class Published:
    """What the simulation knows of one event, beside the database."""

    seq: int
    topic: str
    key: str
    timer: bool


@define(eq=False, slots=False)
class Simulation:
    """One run."""

    seed: int
    shop: SimulatedShop
    chance: random.Random
    crash_in: int | None = None
    published: list[Published] = field(factory=list)
    poison: set[tuple[str, int]] = field(factory=set)
    skipped: set[tuple[str, int]] = field(factory=set)
    cancelled: dict[int, set[str]] = field(factory=dict)
    """Timer to the subscriptions that had handled it before it was cancelled."""
    since: dict[str, int] = field(factory=dict)
    """Number of the last event that a subscription is not told of."""
    fails: float = 0.0
    poisoned: float = 0.0
    crashes: float = 0.0

    def run(self) -> int:
        """Live a while, come to rest, check; return the number of effects."""
        for name in (LEDGER, STOCK):
            self.shop.subscribe(name, *TOPICS[name], module=name.partition(".")[0], attempts=4)
            self.since[name] = 0
        for name in TOPICS:
            self.shop.faults[name] = self.fault(name)
        late = self.chance.randint(0, 40)
        for step in range(self.chance.randint(10, 50)):
            if step == late:
                self.enable_late()
            self.act()
            if step % 4 == 0:
                self.check_books()
        self.rest()
        return self.check()

    # --- what may happen

    def act(self) -> None:
        what = self.chance.choices(
            (self.publish, self.deliver, self.read, self.wait, self.decide, self.cancel, self.pause, self.go),
            (40, 40, 8, 8, 8, 3, 4, 2),
        )[0]
        self.dying(what)

    def publish(self) -> None:
        chance, found = self.chance, list[Published]()
        with self.shop.database.write() as connection:
            for _ in range(chance.randint(1, 3)):
                key = f"O{chance.randrange(3)}"
                body = chance.choice((Placed, Placed, Cancelled, Lapses))(order=key)
                due = chance.choice((0.5, 50.0)) if isinstance(body, Lapses) else None
                (seq,) = self.shop.publish_in(connection, body, due_in=due)
                topic = {Placed: "shop.placed/1", Cancelled: "shop.cancelled/1", Lapses: "shop.lapses/1"}
                found.append(Published(seq, topic[type(body)], key, due is not None))
        self.published += found

    def deliver(self) -> None:
        self.shop.turn(batch=self.chance.choice((1, 2, 5, 50)))

    def read(self) -> None:
        """Let timers ring and history be read on."""
        now = self.shop.clock_now
        with self.shop.database.write() as connection:
            timers.ring(connection, now)
        with self.shop.database.read() as connection:
            reading = history.reading(connection)
        for one in reading:
            with self.shop.database.write() as connection:
                history.expand(connection, one.id, now)

    def wait(self) -> None:
        self.shop.now = self.shop.clock_now + self.chance.choice((10_000, SECOND, 60 * SECOND, 400 * SECOND))

    def decide(self) -> None:
        """An operator looks at the dead."""
        with self.shop.database.read() as connection:
            stuck = admin.dead(connection)
        for one in stuck:
            if self.chance.random() < 0.5:
                self.settle(one)

    def settle(self, one: admin.Stuck) -> None:
        with self.shop.database.write() as connection:
            if (one.subscription, one.seq) in self.poison:
                admin.skip(connection, one.subscription, one.seq, reason="poison", at=self.shop.clock_now)
            else:
                admin.retry(connection, one.subscription, one.seq)
        if (one.subscription, one.seq) in self.poison:
            self.skipped.add((one.subscription, one.seq))

    def cancel(self) -> None:
        key = f"O{self.chance.randrange(3)}"
        with self.shop.database.write() as connection:
            log.cancel_timers(connection, "shop.lapses", key, self.shop.clock_now)
        with self.shop.database.read() as connection:
            timers_gone = connection.execute(text("SELECT seq FROM fenbu_cancelled_event")).scalars().all()
        for seq in set(timers_gone) - set(self.cancelled):
            self.cancelled[seq] = {one.subscription for one in self.shop.effects() if one.seq == seq}

    def pause(self) -> None:
        name = self.chance.choice((LEDGER, STOCK))
        verb = self.chance.choice((subscriptions.pause, subscriptions.resume))
        with self.shop.database.write() as connection:
            verb(connection, name, at=self.shop.clock_now)

    def go(self) -> None:
        """The late module goes and comes back: its place in the log is kept."""
        if CRM not in self.since:
            return
        with self.shop.database.read() as connection:
            stopped = not subscriptions.find(connection, CRM).gathers
            waiting = books.waiting(connection, "crm")
        if stopped:
            self.shop.enable(next(one for one in self.shop.bound if one.name == CRM))
        elif not waiting and not self._retried_timers(CRM):
            self.shop.disable("drain", "crm")

    def enable_late(self) -> None:
        self.shop.subscribe(CRM, *TOPICS[CRM], module="crm", history="catch_up", attempts=4)
        self.since[CRM] = 0

    def fault(self, name: str) -> Callable[[Connection, Received], None]:
        def raises(_connection: Connection, received: Received) -> None:
            if (name, received.seq) in self.poison or self.chance.random() < self.poisoned:
                self.poison.add((name, received.seq))
                raise Permanent("poison")
            if self.chance.random() < self.fails:
                raise ValueError("flaky")

        return raises

    # --- dying

    def dying(self, what: Callable[[], None]) -> None:
        """Do something in a process that may die at any statement of it."""
        if self.chance.random() < self.crashes:
            self.crash_in = self.chance.randint(1, 20)
        try:
            what()
        except Crash:
            self.shop.__attrs_post_init__()  # a new process knows nothing of the old one
        finally:
            self.crash_in = None

    def tick(self) -> None:
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in <= 0:
                raise Crash

    # --- coming to rest, and checking

    def rest(self) -> None:
        with self.shop.database.write() as connection:
            for name in (LEDGER, STOCK):
                subscriptions.resume(connection, name, at=1)
        if CRM in self.since:
            with self.shop.database.read() as connection:
                stopped = not subscriptions.find(connection, CRM).gathers
            if stopped:
                self.go()
        for _ in range(400):
            self.shop.now = self.shop.clock_now + 400 * SECOND
            self.read()
            worked = self.shop.turn()
            with self.shop.database.read() as connection:
                stuck = admin.dead(connection)
            for one in stuck:
                self.settle(one)
            if not worked and not stuck and self._left() == 0:
                return
        raise Wrong(f"seed {self.seed}: it does not come to rest, {self._left()} deliveries are left")

    def check(self) -> int:
        effects = self.shop.effects()
        for name in self.since:
            got = [one.seq for one in effects if one.subscription == name]
            want = [one for one in self.published if one.topic in TOPICS[name]]
            wanted = [one.seq for one in want if (name, one.seq) not in self.skipped]
            missing = set(wanted) - set(got) - set(self.cancelled)
            rung = [seq for seq in got if name not in self.cancelled.get(seq, {name})]
            if rung:
                raise Wrong(f"seed {self.seed}: the cancelled timers {rung} rang in {name}")
            if missing or set(got) - set(wanted):
                raise Wrong(f"seed {self.seed}: {name} lost {missing}, invented {set(got) - set(wanted)}")
            if len(got) != len(set(got)):
                raise Wrong(f"seed {self.seed}: {name} handled an event twice")
            for key in {one.key for one in want}:
                plain = {one.seq for one in want if one.key == key and not one.timer}
                order = [seq for seq in got if seq in plain]
                if order != sorted(order):
                    raise Wrong(f"seed {self.seed}: {name} handled {key} in the order {order}")
        self.check_books()
        return len(effects)

    def check_books(self) -> None:
        with self.shop.database.read() as connection:
            wrong = [book for book in books.balance(connection) if book.difference]
        if wrong:
            raise Wrong(f"seed {self.seed}: the books do not balance: {wrong}")

    def _left(self) -> int:
        with self.shop.database.read() as connection:
            rows = connection.execute(text("SELECT count(*) FROM fenbu_delivery"))
            reading = history.reading(connection)
            return int(rows.scalar_one()) + len(reading)

    def _retried_timers(self, name: str) -> bool:
        return bool(self.shop.states(name)["waiting"])


@contextmanager
def simulation(seed: int, template: Path, folder: Path) -> Iterator[Simulation]:
    """Prepare one run; module constants are varied with the seed and put back."""
    chance = random.Random(seed)
    random.seed(seed)
    path = folder / "simulated.db"
    for old in folder.glob("simulated.db*"):
        old.unlink()
    shutil.copyfile(template, path)
    database = Database.open(str(path), gate=False)
    kept = (log.PARTITIONS["sqlite"], blocked.CHUNK, history.CHUNK, retry.BASE_PAUSE, batch.SECONDS)
    log.PARTITIONS["sqlite"] = chance.choice((1, 2, 3))
    blocked.CHUNK = chance.choice((1, 2, 1000))
    history.CHUNK = chance.choice((2, 5, 1000))
    retry.BASE_PAUSE = chance.choice((10_000, SECOND, 30 * SECOND))
    batch.SECONDS = dict.fromkeys(batch.SECONDS, 10.0)
    shop = SimulatedShop(database, now=1_000 * SECOND)
    run = Simulation(
        seed,
        shop,
        chance,
        fails=chance.choice((0.0, 0.1, 0.5)),
        poisoned=chance.choice((0.0, 0.05)),
        crashes=chance.choice((0.0, 0.1, 0.3)),
    )
    _watch(database._backend.writer, run)
    try:
        yield run
    finally:
        database.dispose()
        log.PARTITIONS["sqlite"], blocked.CHUNK, history.CHUNK, retry.BASE_PAUSE, batch.SECONDS = kept


def _watch(engine: Engine, run: Simulation) -> None:
    @event.listens_for(engine, "connect")
    def _connect(driver: object, _record: object) -> None:
        driver.execute("PRAGMA synchronous = OFF")  # type: ignore[attr-defined]  # the machine does not die here

    @event.listens_for(engine, "before_cursor_execute")
    def _execute(*_arguments: object) -> None:
        run.tick()

    @event.listens_for(engine, "commit")
    def _commit(_connection: object) -> None:
        run.tick()
