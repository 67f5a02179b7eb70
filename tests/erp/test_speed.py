"""What an order costs, in statements that no noise can touch; a query for each line would be found here."""

from __future__ import annotations

from typing import Any

import pytest

from fenbu.testing.enterprises import drain
from tests.erp.shop import Shop

pytestmark = pytest.mark.usefixtures("untimed")


def lines(count: int) -> list[dict[str, Any]]:
    return [{"item": f"I{number}", "quantity": 2, "unit_price": "1.25"} for number in range(count)]


def stock(shop: Shop, count: int) -> None:
    shop.do("item.register", items=[{"item": f"I{number}"} for number in range(count)])


@pytest.mark.parametrize("deposit", [False, True], ids=["", "paid before"])
def test_the_statements_of_an_order_do_not_grow_with_its_lines(shop: Shop, deposit: bool) -> None:
    stock(shop, 40)
    shop.sold(("TEA", 1), account="C1")  # so that the period is there
    if deposit:
        shop.do("receipt.record", account="C2", amount="10000", match="none")
    counted = []
    for count in (2, 40):
        statistics = shop.kernel.database.statistics
        before = statistics.copy()
        order = shop.do("order.place", account="C2", lines=lines(count))["order"]
        placed = statistics.since(before).statements
        before = statistics.copy()
        shop.do("order.fulfil", order=order)
        fulfilled = statistics.since(before).statements
        before = statistics.copy()
        drain(shop.kernel)
        counted.append((placed, fulfilled, statistics.since(before).statements))
    assert counted[0] == counted[1]
    lite = shop.kernel.database.dialect == "sqlite"  # PostgreSQL publishes with one statement
    placed, fulfilled, invoiced = (11, 10, 25) if lite else (9, 8, 21)
    assert counted[0] == (placed, fulfilled, invoiced + 3 * deposit), "placed, fulfilled, invoiced"


def test_registering_what_is_known_costs_one_look(shop: Shop) -> None:
    stock(shop, 40)
    before = shop.kernel.database.statistics.copy()
    shop.do("item.register", items=[{"item": f"I{number}"} for number in range(40)])
    known = shop.kernel.database.statistics.since(before).statements
    assert known == 3
