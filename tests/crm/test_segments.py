"""Segments: recency, frequency and value by the orders, with ties that no chance breaks."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from fenbu.engine.reading import page
from fenbu_crm.segments import GRID, Segment
from tests.crm.bureau import ACME, Bureau, columns

FIRST = date(2025, 1, 1)
Orders = list[tuple[str, date, int]]
"""Account, day, pieces of tea at 3.00."""


def expected(orders: Orders) -> dict[str, tuple[Any, ...]]:
    """Compute the scores another way: by counting, customer by customer, who has less."""
    accounts = {account for account, _day, _quantity in orders}
    of: dict[str, tuple[Any, ...]] = {
        account: (
            max(day for one, day, _quantity in orders if one == account),
            sum(one == account for one, _day, _quantity in orders),
            sum(Decimal(3 * quantity) for one, _day, quantity in orders if one == account),
        )
        for account in accounts
    }
    return {
        f"CA-{account}": tuple(
            1 + 5 * sum(other[part] < mine[part] for other in of.values()) // len(of) for part in range(3)
        )
        for account, mine in of.items()
    }


def sell(shop: Bureau, orders: Orders) -> None:
    shop.do(
        "account.register", accounts=[{"account": account} for account in sorted({one[0] for one in orders})]
    )
    for account, day, quantity in sorted(orders, key=lambda one: one[1]):
        shop.order(("TEA", quantity), account=account, day=day)
    shop.deliver()


def scores(shop: Bureau) -> dict[str, tuple[Any, ...]]:
    return {
        row["customer"]: (row["recency"], row["frequency"], row["monetary"]) for row in shop.look("segments")
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_scores_are_what_counting_by_hand_comes_to(shop: Bureau, seed: int) -> None:
    chance = Random(seed)
    orders = [
        (f"B{chance.randint(1, 13)}", FIRST + timedelta(days=chance.randint(0, 30)), chance.randint(1, 9))
        for _number in range(40)
    ]
    sell(shop, orders)
    assert scores(shop) == expected(orders)
    for row in shop.look("segments"):
        recency, frequency = GRID[Segment(row["segment"])]
        assert row["recency"] in recency
        assert row["frequency"] in frequency


def test_every_pair_of_scores_has_one_segment() -> None:
    pairs = Counter((r, f) for recency, frequency in GRID.values() for r in recency for f in frequency)
    assert pairs == Counter((r, f) for r in range(1, 6) for f in range(1, 6))


def test_customers_alike_score_alike(shop: Bureau) -> None:
    sell(shop, [(f"B{number}", FIRST, 1) for number in range(7)])
    assert set(scores(shop).values()) == {(1, 1, 1)}


def test_the_best_fifth_scores_five(shop: Bureau) -> None:
    sell(shop, [(f"B{number}", FIRST + timedelta(days=number), 1) for number in range(1, 6)])
    assert [scores(shop)[f"CA-B{number}"][0] for number in range(1, 6)] == [1, 2, 3, 4, 5]


def test_buyers_without_a_name_and_orders_that_were_cancelled_do_not_count(shop: Bureau) -> None:
    shop.bought("A1")
    shop.bought("WALK-IN")
    shop.do("order.cancel", order=shop.order(("TEA", 1), account="A2"), reason="mind changed")
    part = shop.order(("TEA", 4), account="A1")
    shop.fulfil(part, lines=[{"line": 1, "quantity": 1}])
    shop.do("order.cancel", order=part, reason="sold out")
    shop.deliver()
    assert columns(shop.look("segments"), "customer", "orders", "value") == [("CA-A1", 2, 15)]


def test_money_of_other_currencies_is_no_value_but_the_order_counts(shop: Bureau) -> None:
    shop.bought("A1")
    shop.account("E1", currency="EUR")
    shop.order(("TEA", 2, "5"), account="E1", currency="EUR", exchange_rate="0.9")
    shop.deliver()
    assert columns(shop.look("segments"), "customer", "orders", "value") == [("CA-A1", 1, 3), ("CA-E1", 1, 0)]


def test_a_customer_is_judged_by_all_their_orders_whoever_they_were_made_as(shop: Bureau) -> None:
    shop.bought("A1")
    shop.customer()
    shop.crm("customer.link", customer=ACME, account="A1")
    shop.bought("A1")
    assert columns(shop.look("segments"), "customer", "orders", "value") == [(ACME, 2, 6)]


def test_segments_can_be_sorted_and_counted(shop: Bureau) -> None:
    sell(
        shop,
        [
            (f"B{number}", FIRST + timedelta(days=number), 1)
            for number in range(10)
            for _again in range(1 + number // 5)
        ],
    )
    with shop.kernel.read("crm") as work:
        rows = page(work, shop.kernel.assembly.view("crm.segments"), sort="-last_day", limit=3).rows
    assert [row["customer"] for row in rows] == ["CA-B9", "CA-B8", "CA-B7"]
    found = Counter(row["segment"] for row in shop.look("segments"))
    assert shop.number("champions") == found["champions"]
    assert shop.number("at_risk") == found["at_risk"] + found["cannot_lose"]
