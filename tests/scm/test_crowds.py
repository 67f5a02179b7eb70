"""Many at once: the last piece is promised once, and workers who want the same items never fail an order."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from random import Random

import pytest
from sqlalchemy import text

from fenbu.errors import Refused
from fenbu.importing import Step
from fenbu.testing.enterprises import Enterprises, drain
from tests.scm.depot import Depot

BUYERS = 50
PATIENCE = 600.0
"""Seconds; a net for what hangs, on a machine with much else to do."""


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


def deliver_together(depot: Depot, count: int, *beside: Callable[[], object]) -> None:
    """Let several workers deliver all that waits, while others do something."""
    workers = [depot.kernel.worker() for _ in range(count)]
    together(*beside, *(partial(worker.drain, timeout=PATIENCE) for worker in workers))
    for worker in workers:
        worker.close()
    drain(depot.kernel, timeout=PATIENCE)  # what came after the last worker had looked


def tried_again(depot: Depot) -> int:
    """Return how many deliveries were counted as failed at least once."""
    return _asked(depot, "SELECT count(*) FROM fenbu_delivered WHERE attempts > 0")


def deadlocks(depot: Depot) -> int:
    """Return how often PostgreSQL has had to break a ring of waiters."""
    return _asked(depot, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def _asked(depot: Depot, question: str) -> int:
    with depot.kernel.database.read() as connection:
        return int(connection.execute(text(question)).scalar_one())


def pieces(rounds: int) -> Iterator[list[str]]:
    """Yield the items of each round."""
    for turn in range(rounds):
        yield [f"{letter}{turn}" for letter in "ABCDE"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "rounds", [20, pytest.param(1000, marks=[pytest.mark.proof, pytest.mark.timeout(3600)])]
)
def test_fifty_buyers_want_five_pieces_and_five_get_one(enterprise: Enterprises, rounds: int) -> None:
    """Of each item there is one piece, ten buyers want it at once, and exactly one is promised it."""
    depot = Depot(enterprise("erp", "scm"))
    depot.account("C1")
    workers = {"postgresql": 4, "sqlite": 2}[depot.kernel.database.dialect]
    for turn, items in enumerate(pieces(rounds)):
        depot.do("item.register", items=[{"item": code} for code in items])
        depot.receive(*((code, 1, "1") for code in items))
        wanted = items * (BUYERS // len(items))
        Random(turn).shuffle(wanted)
        order = [
            {"account": "C1", "lines": [{"item": code, "quantity": 1, "unit_price": 9}]} for code in wanted
        ]
        depot.kernel.perform_all([Step("erp.order.place", values) for values in order])
        deliver_together(depot, workers)
    won = dict.fromkeys((code for items in pieces(rounds) for code in items), 1)
    assert Counter(row["item"] for row in depot.look("reservations")) == won
    assert depot.number("backorders") == rounds * BUYERS - len(won)
    assert depot.ill() == {}
    assert tried_again(depot) == 0


@pytest.mark.databases("postgresql")
@pytest.mark.slow
def test_four_workers_never_wait_in_a_ring_that_counts_against_an_order(enterprise: Enterprises) -> None:
    """Orders over the same items in every order, while goods arrive and orders are cancelled."""
    depot = Depot(enterprise("erp", "scm", settings={"scm": {"dispatch": "auto"}}))
    depot.account("C1")
    codes = [f"I{number}" for number in range(8)]
    depot.do("item.register", items=[{"item": code} for code in codes])
    depot.receive(*((code, 20, "1") for code in codes))
    random = Random(7)
    orders = [
        depot.order(*((code, random.randint(1, 4), 9) for code in random.sample(codes, 4)), account="C1")
        for _ in range(40)
    ]

    def arrive() -> None:
        for _ in range(6):
            shuffled = random.sample(codes, len(codes))
            depot.scm(
                "receipt.post", lines=[{"item": code, "quantity": 8, "unit_cost": 1} for code in shuffled]
            )

    def cancel() -> None:
        for order in orders[::6]:
            with suppress(Refused):
                depot.do("order.cancel", order=order, reason="no")

    deliver_together(depot, 4, arrive, cancel)
    print(f"{deadlocks(depot)} deadlocks over {len(orders)} orders")
    assert tried_again(depot) == 0
    assert depot.ill() == {}
