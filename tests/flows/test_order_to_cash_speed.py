"""What an order costs from being placed to its last match, in numbers that no noise can touch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

from benchmarks.bench_order_to_cash import Shop, counted_calls
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import OWNER

FEW, MANY, ALONE = 40, 200, 5
"""Orders placed before the worker delivers; PostgreSQL divides them among 16 partitions, so few make small batches."""


@frozen
class Cost:
    """Of one order."""

    statements: float
    commits: float
    calls: int = 0
    """Of Python functions; the driver has its share of them, and so has waiting for a disk that is busy."""


OF_FEW = {"sqlite": Cost(96, 2, 12_500), "postgresql": Cost(144, 11, 24_000)}
OF_MANY = Cost(120, 16)
BY_ITSELF = {"sqlite": Cost(247, 23), "postgresql": Cost(196, 23)}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    told = {"name": "Harbour Tea", "currency": "GBP", "time_zone": "Europe/London"}
    with Kernel.init(database_url, **told, os_user=OWNER.name, clock=Clock()) as kernel:
        shop = Shop(kernel)
        shop.furnish(tmp_path / "bank.db")
        yield shop


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
    first = spent(shop, FEW, FEW)
    later = spent(shop, FEW, FEW)
    most = OF_FEW[dialect]
    assert later.statements <= most.statements, (first, later)
    assert later.commits <= most.commits, (first, later)
    assert later.calls <= most.calls, (first, later)
    assert later.statements <= first.statements * 1.02, (first, later)
    assert later.calls <= first.calls * 1.1, (first, later)


@pytest.mark.usefixtures("untimed")
def test_an_order_by_itself_costs_so_much(shop: Shop) -> None:
    alone, most = spent(shop, ALONE, 1), BY_ITSELF[shop.kernel.database.dialect]
    assert alone.statements <= most.statements, alone
    assert alone.commits <= most.commits, alone


@pytest.mark.proof
@pytest.mark.usefixtures("untimed")
def test_an_order_among_many_costs_what_it_may(shop: Shop) -> None:
    one = spent(shop, MANY, MANY)
    print(shop.kernel.database.dialect, one)
    assert one.statements <= OF_MANY.statements, one
    assert one.commits <= OF_MANY.commits, one
