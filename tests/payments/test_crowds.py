"""Many orders at once: workers take payments in batches and never wait for each other in a ring."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from sqlalchemy import text

from fenbu.engine.flows.worker import Worker
from tests.payments.till import Till

WORKERS = 4
ORDERS = 40


@pytest.mark.databases("postgresql")
def test_four_workers_ask_for_payments_and_pay_credits_out_in_no_ring(counter: Till) -> None:
    """Orders and credit notes to be paid out stand in every order, and each takes a number of its own series."""
    expected = Counter[str]()
    for number in range(ORDERS):
        if number % 3 == 0:
            credit = [{"item": "TEA", "quantity": 2}]
            counter.do("credit-note.issue", account="C2", lines=credit, payout=True)
            expected["payouts"] += 1
        counter.order(("TEA", 4), account="C1")
        expected["payments"] += 1
    workers = [counter.kernel.worker() for _ in range(WORKERS)]
    before = _deadlocks(counter)
    threads = [threading.Thread(target=Worker.drain, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for worker in workers:
        worker.close()
    counter.deliver()
    assert {view: len(counter.see(view)) for view in expected} == expected
    assert _deadlocks(counter) == before
    assert _asked(counter, "SELECT count(*) FROM fenbu_delivered WHERE attempts > 0") == 0
    assert counter.unhealthy() == {}


@pytest.mark.databases("postgresql")
@pytest.mark.usefixtures("untimed")
def test_what_happens_to_payments_is_delivered_in_batches(counter: Till) -> None:
    orders = [counter.order(("TEA", 1), account="C1") for _ in range(ORDERS)]
    before = counter.kernel.database.statistics.copy()
    counter.deliver()
    commits = counter.kernel.database.statistics.since(before).commits
    assert len(counter.see("payments")) == len(orders)
    assert commits == 16, "one by one they took 40 and more"


@pytest.mark.usefixtures("untimed")
def test_what_a_fast_gateway_answers_is_recorded_in_one_transaction(till: Till) -> None:
    """On PostgreSQL too, where the payments of all outcomes are locked first, in one order."""
    worker = till.kernel.worker()
    assert worker._caller is not None
    counted = []
    for orders in (1, 8):  # after the first call a caller knows how fast the gateway is
        for _order in range(orders):
            till.order(("TEA", 1), account="C1")
        while worker.turn():
            pass
        before = till.kernel.database.statistics.copy()
        assert worker._caller.once()
        spent = till.kernel.database.statistics.since(before)
        counted.append((spent.commits, spent.rollbacks))
    worker.close()
    assert counted == [(2, 0), (2, 0)]
    assert len(till.bank.done("authorise")) == 9
    till.deliver()
    assert till.unhealthy() == {}


def _deadlocks(till: Till) -> int:
    """Return how often PostgreSQL has had to break a ring of waiters."""
    return _asked(till, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def _asked(till: Till, question: str) -> int:
    with till.kernel.database.read() as connection:
        return int(connection.execute(text(question)).scalar_one())
