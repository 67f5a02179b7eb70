"""Kill workers and publishers at random moments, let the rest go on, and check every promise.

    python -m tests.faults.flow_kills URL FOLDER --kills 15 --seed 1

Orders are placed; stock reserves and records a capture; the gateway charges, forgets its keys after three
seconds and loses every sixth answer; what was captured is posted. One process starts all others by fork,
so a worker is back within milliseconds, kills them with SIGKILL, and in the end drains and counts.
Prints a JSON object with the figures and the list of broken promises.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from attrs import frozen
from sqlalchemy import Connection, text

from fenbu.calls import CallDone, CallRequest, Outcome
from fenbu.engine.flows import admin, books, calls, retry
from fenbu.engine.flows.pending import Pending
from fenbu.engine.flows.records import Received
from fenbu.engine.flows.worker import Worker
from fenbu.engine.store.database import Database
from fenbu.engine.store.infrastructure import infrastructure
from fenbu.events import Lane, event
from fenbu.values import Money
from tests.core.flows.shop import Placed, Shop, in_order

CUSTOMERS = 8
FLAKY = 0.04
LOST_ANSWERS = 0.16
FORGETS_AFTER = 3.0
ENOUGH = 30
"""Orders without which a run says too little."""
TAKES = {
    "erp.ledger": ("shop.placed/1", "shop.captured/1"),
    "scm.stock": ("shop.placed/1",),
    "crm.timeline": ("shop.placed/1", "shop.reserved/1", "shop.captured/1"),
}


@event("shop.reserved/1", lane=Lane.GOODS, key="order")
@frozen(kw_only=True)
class Reserved:
    order: str
    placed: int


@event("shop.captured/1", lane=Lane.CAPITAL, key="order")
@frozen(kw_only=True)
class Captured:
    order: str
    subject: str


class Gateway:
    """Charges once for a key as long as it remembers it, like a real one."""

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(
            folder / "gateway.db", timeout=30, isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS charge (key TEXT, subject TEXT, at REAL)")

    def send(self, request: CallRequest) -> Outcome:
        self._db.execute("BEGIN IMMEDIATE")
        known = "SELECT 1 FROM charge WHERE key = ? AND at > ?"
        if not self._db.execute(known, (request.id, time.time() - FORGETS_AFTER)).fetchone():
            self._db.execute(
                "INSERT INTO charge VALUES (?, ?, ?)", (request.id, request.subject, time.time())
            )
        self._db.execute("COMMIT")
        time.sleep(random.uniform(0, 0.004))
        if random.random() < LOST_ANSWERS:
            raise TimeoutError("the answer was lost")
        return CallDone({"reference": request.subject})

    def ask(self, request: CallRequest) -> Outcome | None:
        found = self._db.execute("SELECT 1 FROM charge WHERE subject = ?", (request.subject,)).fetchone()
        return CallDone({"reference": request.subject}) if found else None

    def charges(self) -> Counter[str]:
        return Counter(row[0] for row in self._db.execute("SELECT subject FROM charge"))


class Enterprise:
    """The same shop in every process."""

    def __init__(self, url: str, folder: Path, *, flaky: float = FLAKY) -> None:
        self.shop = Shop(Database.open(url))
        self.folder = folder
        self.gateway = Gateway(folder)
        for name, topics in TAKES.items():
            self.shop.subscribe(name, *topics, module=name.partition(".")[0], attempts=40, enable=False)
            self.shop.faults[name] = self._flaky(flaky)
        self.shop.faults["scm.stock"] = self._reserve(flaky)
        self.shop.call(
            "shop.capture",
            self.gateway.send,
            ask=self.gateway.ask,
            record=self._captured,
            deadline=timedelta(seconds=0.5),
            ask_after=timedelta(seconds=FORGETS_AFTER / 3),
            attempts=1000,
        )

    def worker(self) -> Worker:
        return self.shop.worker(markers=self.folder / "hands")

    def _flaky(self, flaky: float) -> Callable[[Connection, Received], None]:
        def fault(_connection: Connection, _received: Received) -> None:
            if random.random() < flaky:
                raise ValueError("flaky")

        return fault

    def _reserve(self, flaky: float) -> Callable[[Connection, Received], None]:
        fault = self._flaky(flaky)

        def reserve(connection: Connection, received: Received) -> None:
            fault(connection, received)
            calls.record(
                connection,
                module="scm",
                operation="shop.capture",
                subject=f"PAY-{received.seq}",
                key=received.key,
                payload={},
                amount=Money(Decimal(10), "EUR"),
                at=received.at,
            )
            self.shop.publish_in(
                connection, Reserved(order=received.key, placed=received.seq), cause=received
            )
            fault(connection, received)

        return reserve

    def _captured(self, pending: Pending, request: CallRequest, _outcome: Outcome) -> None:
        self.shop.publish_in(pending.connection, Captured(order=request.key, subject=request.subject))


def publish(url: str, folder: Path, number: int) -> None:
    """Place orders until told to stop; note each that the database has acknowledged."""
    enterprise = Enterprise(url, folder)
    heard = os.open(folder / f"heard-{number}", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    while not (folder / "stop").exists():
        try:
            (seq,) = enterprise.shop.publish(Placed(order=f"C{random.randrange(CUSTOMERS)}"))
        except Exception as error:
            if not infrastructure(error):
                raise
            continue
        os.write(heard, f"{seq}\n".encode())
        time.sleep(random.uniform(0, 0.01))


def work(url: str, folder: Path, _number: int) -> None:
    """Work until killed."""
    Enterprise(url, folder).worker().run(signals=True)


class Child:
    """A forked process in one role, started again as often as it is killed."""

    def __init__(self, role: Callable[[str, Path, int], None], url: str, folder: Path, number: int) -> None:
        self._arguments = (role, url, folder, number)
        self.failed = False
        self.start()

    def start(self) -> None:
        role, url, folder, number = self._arguments
        self.pid = os.fork()
        if self.pid == 0:
            try:
                random.seed()
                role(url, folder, number)
                os._exit(0)
            except BaseException:
                traceback.print_exc(file=sys.stderr)
                sys.stderr.flush()
                os._exit(1)

    def kill(self, number: int = signal.SIGKILL) -> None:
        os.kill(self.pid, number)
        _pid, status = os.waitpid(self.pid, 0)
        self.failed = self.failed or (os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0)


def run(url: str, folder: Path, kills: int, seed: int, longest: float) -> dict[str, object]:
    """Live under kills, then drain; return the figures."""
    random.seed(seed)
    retry.BASE_PAUSE = 5_000
    first = Enterprise(url, folder)
    for bound in first.shop.bound:
        first.shop.enable(bound)
    first.shop.database.dispose()
    children = [Child(publish, url, folder, i) for i in range(2)] + [
        Child(work, url, folder, i) for i in range(3)
    ]
    time.sleep(0.5)
    for _ in range(kills):
        time.sleep(random.uniform(0.01, longest))
        victim = random.choice(children)
        victim.kill()
        victim.start()
    while len(_heard(folder)) < ENOUGH:  # on a busy machine the kills may be over before much was ordered
        time.sleep(0.05)
    (folder / "stop").touch()
    time.sleep(0.2)
    for child in children[2:]:
        child.kill()
    for child in children[:2]:
        os.waitpid(child.pid, 0)
    started = time.monotonic()
    enterprise = Enterprise(url, folder, flaky=0.0)
    finished = _drain(enterprise)
    figures = {"kills": kills, "drained": round(time.monotonic() - started, 1)}
    return figures | check(enterprise, finished) | {"children_failed": sum(one.failed for one in children)}


def _heard(folder: Path) -> set[int]:
    """Return the orders that the database has acknowledged; a line may be cut off where its writer was killed."""
    lines = [line for path in folder.glob("heard-*") for line in path.read_text().splitlines(keepends=True)]
    return {int(line) for line in lines if line.endswith("\n")}


def _drain(enterprise: Enterprise) -> bool:
    """Finish everything; an event that was in hand at three kills is innocent here, and tried again.

    However slow the disk is: given up when nothing more is done, not when much time has passed.
    """
    worker, patience = enterprise.worker(), 5
    while patience:
        drained = worker.drain(timeout=60)
        with enterprise.shop.database.write() as connection:
            enterprise.shop.before(connection)
            again = admin.retry_all(connection)
        if drained.finished and not again:
            return True
        patience = patience - 1 if drained.finished or not drained.done else 5
    return False


def check(enterprise: Enterprise, finished: bool) -> dict[str, object]:
    """Count everything and name what is wrong."""
    shop, wrong = enterprise.shop, list[str]()
    if not finished:
        wrong.append("it does not come to rest")
    with shop.database.read() as connection:
        events = connection.execute(text("SELECT seq, topic FROM fenbu_event")).all()
        unbalanced = [book for book in books.balance(connection) if book.difference]
    topics = Counter(row.topic for row in events)
    if lost := _heard(enterprise.folder) - {row.seq for row in events}:
        wrong.append(f"{len(lost)} acknowledged orders are lost")
    if unbalanced:
        wrong.append(f"the books do not balance: {unbalanced}")
    for name, takes in TAKES.items():
        want = {row.seq for row in events if f"{row.topic}/1" in takes}
        got = Counter(shop.seqs(name))
        if set(got) != want:
            wrong.append(f"{name}: {len(want - set(got))} effects are lost, {len(set(got) - want)} invented")
        if doubled := [seq for seq, times in got.items() if times > 1]:
            wrong.append(f"{name}: {len(doubled)} effects happened twice")
        if not in_order(shop, name):
            wrong.append(f"{name}: events of one key are out of order")
    charges = enterprise.gateway.charges()
    if twice := [subject for subject, times in charges.items() if times > 1]:
        wrong.append(f"{len(twice)} were charged twice")
    counts = {topics["shop.placed"], topics["shop.reserved"], topics["shop.captured"], len(charges)}
    if len(counts) != 1:
        wrong.append(f"placed, reserved, captured and charged differ: {topics}, {len(charges)} charges")
    return {"orders": topics["shop.placed"], "events": len(events), "wrong": wrong}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=0.15, help="seconds between two kills, at most")
    parser.add_argument("--planted", action="store_true", help="acknowledge in another transaction")
    options = parser.parse_args()
    if options.planted:
        from tests.core.flows.planted import acknowledge_apart

        acknowledge_apart()
    print(json.dumps(run(options.url, options.folder, options.kills, options.seed, options.longest)))


if __name__ == "__main__":
    main()
