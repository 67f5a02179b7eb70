"""What an order costs from being placed to its last match, in numbers that no noise can touch."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import frozen

from benchmarks.bench_order_to_cash import Shop, counted_calls
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import OWNER

TOGETHER = 40
ALONE = 5


@frozen
class Cost:
    """Of one order."""

    statements: float
    commits: float
    calls: int = 0
    """Of Python functions; the database's driver has its own share of them."""


IN_BATCHES = {"sqlite": Cost(120, 4, 14_000), "postgresql": Cost(120, 8, 24_000)}
BY_ITSELF = {"sqlite": Cost(240, 20), "postgresql": Cost(240, 30)}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Shop:
    told = {"name": "Harbour Tea", "currency": "GBP", "time_zone": "Europe/London"}
    shop = Shop(Kernel.init(database_url, **told, os_user=OWNER.name, clock=Clock()))
    shop.furnish(tmp_path / "bank.db")
    return shop


def spent(shop: Shop, orders: int, at_once: int) -> Cost:
    before, closed = shop.kernel.database.statistics.copy(), shop.closed()
    with counted_calls() as calls:
        shop.trade(orders, at_once)
    asked = shop.kernel.database.statistics.since(before)
    assert shop.closed() - closed == orders
    return Cost(asked.statements / orders, asked.commits / orders, calls[0] // orders)


@pytest.mark.usefixtures("untimed")
def test_an_order_to_cash_costs_so_much_and_no_more_behind_others(shop: Shop) -> None:
    dialect = shop.kernel.database.dialect
    first = spent(shop, TOGETHER, TOGETHER)
    later = spent(shop, TOGETHER, TOGETHER)
    alone = spent(shop, ALONE, 1)
    shop.kernel.close()
    print(first, later, alone)
    assert later.statements <= IN_BATCHES[dialect].statements
    assert later.commits <= IN_BATCHES[dialect].commits
    assert later.calls <= IN_BATCHES[dialect].calls
    assert later.statements <= first.statements * 1.02
    assert later.calls <= first.calls * 1.05
    assert alone.statements <= BY_ITSELF[dialect].statements
    assert alone.commits <= BY_ITSELF[dialect].commits
