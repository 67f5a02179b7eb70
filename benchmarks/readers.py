"""An enterprise with a till and modules that read what it has rung up, each with a trivial handler; and a long log.

The log is written by a few statements, as publishing would have written it: the flows' books balance over it and the
doctor finds nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, TextClause, text

from benchmarks import servers
from fenbu.engine import doctor
from fenbu.engine.flows import log
from fenbu.engine.kernel import Kernel
from fenbu.engine.store.database import Database
from fenbu.metrics import Health
from fenbu.testing.dummies import DummyModule, DummyModules, dummies
from fenbu.testing.enterprises import OWNER

KEYS = 1000
TOPIC = "till.order-rung"
NOTE = "n" * 100
"""What an order says besides its number, so that a payload is as long as most are."""

_CONTRACTS = """
from attrs import frozen

from fenbu import Lane, event


@event("till.order-rung/1", lane=Lane.INFORMATION, key="order", about={"order": "order"})
@frozen(kw_only=True)
class OrderRung:
    order: str
    note: str = ""
"""
_TILL = """
from pydantic import BaseModel

from fenbu_till.contracts import OrderRung


class Ring(BaseModel):
    orders: list[str]
    note: str = ""


def ring(work, values):
    for order in values.orders:
        work.publish(OrderRung(order=order, note=values.note))
"""
_READER = """
from fenbu_till.contracts import OrderRung
from sqlalchemy import text

HEARD = text("INSERT INTO {name}_heard (label) VALUES (:label)")


def rung(work, event: OrderRung) -> None:
    work.execute(HEARD, {{"label": event.order}})


def lock(work, events) -> None:
    \"\"\"Nothing that two handlers would want at once: batches are safe.\"\"\"
"""

TILL = DummyModule(
    name="till",
    flows=_TILL,
    files={"contracts.py": _CONTRACTS},
    manifest={
        "contracts": "('fenbu_till.contracts',)",
        "actions": "(Action(name='till.orders.ring', title='', input='fenbu_till.flows:Ring', "
        "run='fenbu_till.flows:ring'),)",
    },
)


def reader(name: str, *, history: str = "from_now", batches: bool = True) -> DummyModule:
    """Return a module that writes a row for each order rung up.

    Args:
        name: Of the module.
        history: ``catch_up`` or ``from_now``.
        batches: It says what a batch locks, so that PostgreSQL delivers batches too.
    """
    locks = f", locks='fenbu_{name}.flows:lock'" if batches else ""
    return DummyModule(
        name=name,
        requires=("till",),
        tables=("heard",),
        flows=_READER.format(name=name),
        manifest={
            "subscriptions": f"(Subscription('{name}.orders', history='{history}'{locks}, "
            f"on={{'{TOPIC}/1': 'fenbu_{name}.flows:rung'}}),)"
        },
    )


CLERK = reader("clerk")
SINGLE = reader("single", batches=False)
LATE = reader("late", history="catch_up")


def effect(module: str) -> str:
    """Return the statement of a reader's effect, for a raw driver."""
    return f"INSERT INTO {module}_heard (label) VALUES (?)"


@contextmanager
def installed() -> Iterator[DummyModules]:
    """Install the till and its readers while the body runs."""
    with TemporaryDirectory() as folder, dummies(Path(folder) / "site") as modules:
        modules.install(TILL, CLERK, SINGLE, LATE)
        yield modules


def found(url: str, *modules: str) -> None:
    """Found an enterprise in which the till is enabled, and these."""
    with servers.found(url) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["till", *modules]})


def subscription(connection: Connection, module: str) -> int:
    """Return the number of a reader's subscription."""
    name = text("SELECT id FROM fenbu_subscription WHERE name = :name")
    return int(connection.execute(name, {"name": f"{module}.orders"}).scalar_one())


def fill(database: Database, count: int) -> None:
    """Write so many orders into the log and make deliveries of them for all who want them now."""
    with database.migrate() as connection:
        values = {"count": count, "at": time.time_ns() // 1000 - count}
        connection.execute(_events(database.dialect), values)
        connection.exec_driver_sql(
            "INSERT INTO fenbu_event_about (kind, value, seq) SELECT 'order', key, seq FROM fenbu_event "
            f"WHERE topic = '{TOPIC}'"
        )
        connection.execute(text(log._FAN_OUT.format(seqs=f"e.topic = '{TOPIC}'")))
    if database.dialect == "postgresql":
        with database.migrate() as connection:
            connection.exec_driver_sql("ANALYZE")


def complaints(kernel: Kernel) -> list[str]:
    """Return what the doctor finds wrong; nothing unless a benchmark has broken what it measures."""
    return [
        f"{one.check.name}: {one.finding.detail}"
        for one in doctor.examine(kernel)
        if one.finding.health is not Health.OK
    ]


def _events(dialect: str) -> TextClause:
    keys = [f"O{number}" for number in range(KEYS)]
    rows = ", ".join(
        f"({number}, '{key}', {log.partition_of(key, dialect)}, "
        f"'{json.dumps({'order': key})}', '{json.dumps({'order': key, 'note': NOTE})}')"
        for number, key in enumerate(keys)
    )
    numbered = {
        "sqlite": "n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)",
        "postgresql": "n (i) AS (SELECT generate_series(1, CAST(:count AS int)))",
    }[dialect]
    return text(
        f"WITH RECURSIVE {numbered}, k (number, key, partition, about, payload) AS (VALUES {rows}) "
        "INSERT INTO fenbu_event (id, topic, version, key, partition, about, payload, at, actor, module) "
        f"SELECT '00000000-0000-4000-8000-' || (100000000000 + i), '{TOPIC}', 1, k.key, k.partition, k.about, "
        f"k.payload, :at + i, '{OWNER.name}', 'till' FROM n JOIN k ON k.number = i % {KEYS} ORDER BY i"
    )
