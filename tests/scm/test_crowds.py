"""Many at once: the last piece is promised once, and workers who want the same items never fail an order."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random

import pytest
from sqlalchemy import text

from fenbu.errors import Refused
from fenbu.testing.enterprises import Enterprises
from tests.scm.depot import Depot

BUYERS = 50


def together(*jobs: Callable[[], object]) -> None:
    """Do jobs at the same time; the first failure is raised."""
    failures: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def let_workers_deliver(depot: Depot, count: int, beside: Sequence[Callable[[], object]] = ()) -> None:
    """Let several workers deliver until nothing waits, while others do something."""
    stop = threading.Event()
    workers = [depot.kernel.worker() for _ in range(count)]
    threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        together(*beside)
        deadline = time.monotonic() + 60
        while _waiting(depot) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert _waiting(depot) == 0


def _waiting(depot: Depot) -> int:
    with depot.kernel.database.read() as connection:
        asked = "SELECT count(*) FROM fenbu_delivery WHERE state <> 'scheduled'"
        return int(connection.execute(text(asked)).scalar_one())


def tried_again(depot: Depot) -> int:
    """Return how many deliveries were counted as failed at least once."""
    with depot.kernel.database.read() as connection:
        asked = (
            "SELECT (SELECT count(*) FROM fenbu_delivery WHERE attempts > 0)"
            " + (SELECT count(*) FROM fenbu_delivered WHERE attempts > 0)"
        )
        return int(connection.execute(text(asked)).scalar_one())


def deadlocks(depot: Depot) -> int:
    """Return how often PostgreSQL has had to break a ring of waiters."""
    with depot.kernel.database.read() as connection:
        asked = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        return int(connection.execute(text(asked)).scalar_one())


@pytest.mark.slow
def test_fifty_buyers_want_five_pieces_and_five_get_one(enterprise: Enterprises) -> None:
    """Twenty rounds: each item has one piece, ten buyers want it, and exactly one is promised it."""
    depot = Depot(enterprise("erp", "scm"))
    depot.account("C1")
    workers = 4 if depot.kernel.database.dialect == "postgresql" else 2
    for turn in range(20):
        items = [f"{letter}{turn}" for letter in "ABCDE"]
        depot.do("item.register", items=[{"item": code} for code in items])
        depot.receive(*((code, 1, "1") for code in items))
        wanted = items * (BUYERS // len(items))
        Random(turn).shuffle(wanted)
        for code in wanted:
            depot.order((code, 1, "9"), account="C1")
        let_workers_deliver(depot, workers)
        held = Counter(row["item"] for row in depot.look("reservations"))
        assert {code: held[code] for code in items} == dict.fromkeys(items, 1)
        assert depot.number("backorders") == (turn + 1) * (BUYERS - len(items))
    assert depot.ill() == {}
    assert tried_again(depot) == 0


@pytest.mark.proof  # seen to count one attempt in a busy run: the cause is still to be found
@pytest.mark.databases("postgresql")
@pytest.mark.slow
def test_four_workers_never_wait_in_a_ring_that_counts_against_an_order(enterprise: Enterprises) -> None:
    """Orders over the same items in every order, while goods arrive and orders are cancelled."""
    depot = Depot(enterprise("erp", "scm", settings={"scm": {"dispatch": "auto"}}))
    depot.account("C1")
    codes = [f"I{number}" for number in range(8)]
    for code in codes:
        depot.item(code, "1")
    depot.receive(*((code, 60, "1") for code in codes))
    random = Random(7)
    orders = []
    for _ in range(120):
        wanted = random.sample(codes, 4)
        orders.append(depot.order(*((code, random.randint(1, 4)) for code in wanted), account="C1"))

    def arrive() -> None:
        for _ in range(15):
            lines = [
                {"item": code, "quantity": 10, "unit_cost": 1} for code in random.sample(codes, len(codes))
            ]
            depot.scm("receipt.post", lines=lines)

    def cancel() -> None:
        for order in orders[::6]:
            with suppress(Refused):
                depot.do("order.cancel", order=order, reason="no")

    let_workers_deliver(depot, 4, [arrive, cancel])
    print(f"{deadlocks(depot)} deadlocks over {len(orders)} orders")
    assert tried_again(depot) == 0
    assert depot.ill() == {}
