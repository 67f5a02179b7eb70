"""Money that comes in looks at what it can settle, however much else an account owes or has deposited."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.dialects import sqlite

from fenbu.testing.enterprises import Enterprises
from fenbu_erp import open_items
from tests.erp.shop import Shop


@pytest.fixture
def shop(enterprise: Enterprises) -> Shop:
    """A shop to which one account owes twelve orders."""
    shop = Shop(enterprise("erp"))
    shop.item("TEA", "2.50")
    shop.account("C1")
    for _order in range(12):
        shop.sold(("TEA", 4), account="C1")
    return shop


@contextmanager
def orders_stored() -> Iterator[list[str]]:
    """Collect the orders that are stored within the body, by one statement."""
    found: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        if statement.startswith("UPDATE erp_order SET"):
            assert not found
            found.extend(map(str, values if many else [values]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_money_locks_and_stores_only_the_orders_that_it_reaches(shop: Shop) -> None:
    with orders_stored() as stored:
        done = shop.do("receipt.record", account="C1", amount="15")
    assert len(stored) == 2
    assert len(done["invoices"]) == 2
    with orders_stored() as stored:
        shop.do("receipt.record", account="C1", amount="10", invoices=[shop.rows("invoices")[0]["invoice"]])
    assert len(stored) == 1


def test_a_deposit_that_is_matched_later_reaches_the_oldest_invoices(shop: Shop) -> None:
    receipt = shop.do("receipt.record", account="C1", amount="25", match="none")["receipt"]
    with orders_stored() as stored:
        done = shop.do("receipt.match", receipt=receipt, amount="12")
    assert (len(stored), [str(paid) for paid in done["invoices"].values()]) == (2, ["10.00", "2.00"])
    assert str(shop.do("receipt.match", receipt=receipt)["left"]) == "0.00"


@pytest.mark.databases("sqlite")
def test_the_deposits_of_an_order_are_found_among_those_of_all_others(shop: Shop) -> None:
    asked = open_items._DEPOSITS.compile(dialect=sqlite.dialect(paramstyle="named"))
    values = dict.fromkeys(asked.params, "x")
    with shop.kernel.database.read() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {asked}"), values).all()
    [search] = [row.detail for row in plan if "erp_open_item" in row.detail]
    assert "ix_erp_open_item_deposits (account=? AND currency=? AND order_number=?)" in search
