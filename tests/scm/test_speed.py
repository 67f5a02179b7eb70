"""What an order costs the warehouse, in statements; a query for each line would be found here."""

from __future__ import annotations

from typing import Any

import pytest

from fenbu.testing.enterprises import Enterprises, drain
from tests.scm.depot import Depot

pytestmark = pytest.mark.usefixtures("untimed")


def lines(count: int) -> list[dict[str, Any]]:
    return [{"item": f"I{number}", "quantity": 2, "unit_price": "1.25"} for number in range(count)]


@pytest.mark.databases("sqlite")
def test_the_statements_of_an_order_do_not_grow_with_its_lines(enterprise: Enterprises) -> None:
    depot = Depot(enterprise("erp", "scm", settings={"scm": {"dispatch": "auto"}}))
    depot.account("C1")
    depot.do("item.register", items=[{"item": f"I{number}"} for number in range(40)])
    depot.receive(*((f"I{number}", 100, "1") for number in range(40)))
    depot.placed(("I0", 1, "1"))  # so that the period is there
    statistics = depot.kernel.database.statistics
    counted = []
    for count in (2, 40):
        before = statistics.copy()
        depot.do("order.place", account="C1", lines=lines(count))
        placed = statistics.since(before).statements
        before = statistics.copy()
        drain(depot.kernel)
        counted.append((placed, statistics.since(before).statements))
    assert counted[0] == counted[1]
    assert counted[0] == (12, 91), "placed; reserved, dispatched and invoiced"
    assert depot.ill() == {}


@pytest.mark.databases("sqlite")
def test_the_statements_of_a_receipt_do_not_grow_with_its_lines(enterprise: Enterprises) -> None:
    depot = Depot(enterprise("erp", "scm"))
    depot.do("item.register", items=[{"item": f"I{number}"} for number in range(42)])
    depot.deliver()
    statistics = depot.kernel.database.statistics
    counted = []
    for numbers in (range(2), range(2, 42)):
        wanted = [{"item": f"I{number}", "quantity": 1, "unit_cost": 1} for number in numbers]
        before = statistics.copy()
        depot.scm("receipt.post", lines=wanted)
        counted.append(statistics.since(before).statements)
    assert counted == [15, 15]
