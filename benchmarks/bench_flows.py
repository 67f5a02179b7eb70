"""Deliveries a second with a trivial handler, beside the same rows through the raw driver, in the same run.

The baseline inserts one row an event and deletes the event's delivery, fifty to a transaction on SQLite
(``synchronous=FULL``) and one to a transaction on PostgreSQL, as the flows do. It fetches, locks, checks,
counts and measures nothing. CPU is of this process alone; on a busy machine it says more than the clock.

Run: ``python benchmarks/bench_flows.py [--events 20000] [--backlog 1000000] [--only sqlite|postgresql]``.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from attrs import frozen
from servers import servers
from sqlalchemy import Connection, text

from fenbu.engine.flows import log, subscriptions
from fenbu.engine.flows.pending import Pending
from fenbu.engine.flows.records import BoundSubscription, NewEvent, Received
from fenbu.engine.flows.worker import Worker
from fenbu.engine.store import catalogue
from fenbu.engine.store.database import Database
from fenbu.events import Lane, event, event_type

KEYS = 1000
A_TRANSACTION = 20
"""Events published in one transaction, so that publishing is not measured by its commits."""

EFFECT = text("INSERT INTO bench_effect (seq) VALUES (:seq)")
TABLE = "CREATE TABLE bench_effect (n {key}, seq BIGINT NOT NULL)"
KEY = {"sqlite": "INTEGER PRIMARY KEY", "postgresql": "BIGSERIAL PRIMARY KEY"}


@event("bench.placed/1", lane=Lane.INFORMATION, key="order", about={"order": "order"})
@frozen(kw_only=True)
class Placed:
    order: str
    note: str = "n" * 100


def handle(pending: Pending, received: Received) -> None:
    pending.connection.execute(EFFECT, {"seq": received.seq})


def bound(**options: Any) -> BoundSubscription:
    return BoundSubscription(
        name="bench.ledger", module="bench", topics={"bench.placed": 1}, handle=handle, **options
    )


def before(connection: Connection) -> None:
    catalogue.lock_shared(connection)


def publish(database: Database, count: int) -> float:
    """Publish; return the seconds it took."""
    kind = event_type(Placed)
    started = time.perf_counter()
    for first in range(0, count, A_TRANSACTION):
        with database.write() as connection:
            before(connection)
            events = [
                NewEvent(kind, Placed(order=f"O{i % KEYS}")) for i in range(first, first + A_TRANSACTION)
            ]
            at = database.clock(connection)
            log.append(connection, database.dialect, events, at=at, actor="bench", module="bench")
    return time.perf_counter() - started


def fill(database: Database, count: int) -> None:
    """Make a backlog by plain statements: only its delivery is measured."""
    numbers = {
        "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) SELECT i FROM n",
        "postgresql": "SELECT generate_series(1, :count) AS i",
    }[database.dialect]
    parts = log.PARTITIONS[database.dialect]
    with database.migrate() as connection:
        connection.execute(
            text(
                "INSERT INTO fenbu_event (id, topic, version, key, partition, about, payload, at, actor, module) "
                f"SELECT 'b' || i, 'bench.placed', 1, 'O' || (i % {KEYS}), i % {KEYS} % {parts}, '{{}}', "
                f"'{{}}', 1, 'bench', 'bench' FROM ({numbers}) numbered"
            ),
            {"count": count},
        )
        connection.exec_driver_sql(
            "INSERT INTO fenbu_delivery (subscription, partition, state, seq, key) "
            "SELECT s.id, e.partition, 'waiting', e.seq, e.key FROM fenbu_event e, fenbu_subscription s "
            "WHERE e.id LIKE 'b%%'"
        )
        if database.dialect == "postgresql":
            connection.exec_driver_sql("ANALYZE")


def drain(database: Database, one: BoundSubscription, seconds: float | None = None) -> tuple[int, float]:
    """Deliver everything, or for some seconds; return how many in how many seconds."""
    known = (one,)
    worker = Worker(database, lambda: known, before=before)
    started = time.perf_counter()
    if seconds is None:
        drained = worker.drain(timeout=3600).done
    else:
        while time.perf_counter() - started < seconds:
            worker.turn()
        drained = worker._done
    took = time.perf_counter() - started
    worker.close()
    return drained, took


def raw(database: Database, count: int) -> float:
    """Write an effect and delete a delivery for each event through the driver; return the seconds."""
    lite = database.dialect == "sqlite"
    size = 50 if lite else 1
    insert, delete = (
        ("INSERT INTO bench_effect (seq) VALUES (?)", "DELETE FROM fenbu_delivery WHERE subscription = ? AND "
         "partition = ? AND state = 'waiting' AND seq = ?")
        if lite
        else ("INSERT INTO bench_effect (seq) VALUES (%s)", "DELETE FROM fenbu_delivery WHERE subscription = %s "
              "AND partition = %s AND state = 'waiting' AND seq = %s")
    )  # fmt: skip
    with database.read() as connection:
        rows = connection.execute(
            text("SELECT subscription, partition, seq FROM fenbu_delivery ORDER BY seq")
        ).all()
    pooled = database._backend.writer.raw_connection()
    driver: Any = pooled.driver_connection
    if not lite:
        driver.autocommit = False
    started = time.perf_counter()
    for first in range(0, min(count, len(rows)), size):
        if lite:
            driver.execute("BEGIN IMMEDIATE")
        for subscription, partition, seq in rows[first : first + size]:
            driver.execute(insert, (seq,))
            driver.execute(delete, (subscription, partition, seq))
        driver.commit()
    took = time.perf_counter() - started
    pooled.close()
    return took


def measure(database: Database, events: int, backlog: int) -> dict[str, Any]:
    with database.migrate() as connection:
        connection.exec_driver_sql(TABLE.format(key=KEY[database.dialect]))
    one = bound()
    with database.write() as connection:
        catalogue.lock_exclusive(connection)
        subscriptions.enable(connection, one, at=1)
    found: dict[str, Any] = {}
    found["published/s"] = round(events / publish(database, events))
    busy = time.process_time()
    found["raw driver/s"] = round(events / raw(database, events))
    found["raw driver: cpu µs each"] = round((time.process_time() - busy) / events * 1e6)
    publish(database, events)
    busy = time.process_time()
    done, took = drain(database, one)
    found["delivered/s"] = round(done / took)
    found["delivered: cpu µs each"] = round((time.process_time() - busy) / done * 1e6)
    if database.dialect == "postgresql":
        publish(database, events)
        done, took = drain(database, bound(locks=lambda connection, received: None))
        found["delivered/s in batches"] = round(done / took)
    if backlog:
        fill(database, backlog)
        done, took = drain(database, one, seconds=5)
        found[f"delivered/s with {backlog} behind"] = round(done / took)
    found["share of raw"] = round(found["delivered/s"] / found["raw driver/s"], 2)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--backlog", type=int, default=0)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    with servers(options.only) as here:
        for server in here:
            database = Database.create(server.create())
            found = measure(database, options.events, options.backlog)
            print(json.dumps({"database": database.dialect} | found))
            database.dispose()


if __name__ == "__main__":
    main()
