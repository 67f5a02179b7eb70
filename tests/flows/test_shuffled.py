"""Deliveries that are shuffled between subscriptions end in one state: all pairs of subscriptions commute."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from fenbu.engine import canonical
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.databases import DatabaseCopy
from fenbu.work import Actor
from tests.flows import counting, retail, three
from tests.flows.shuffling import Shuffler

DATA = retail.real_data()
pytestmark = pytest.mark.skipif(
    DATA is None, reason="the real orders are not here; FENBU_DATA names the folder that holds online_retail"
)
PENNY = Decimal("0.01")
Deliver = Callable[[Kernel], None]


class Business:
    """Real documents that were imported and of which nobody has heard yet; each run is on a copy."""

    def __init__(self, copy: DatabaseCopy, place: Path, **documents: int) -> None:
        assert DATA is not None
        self._copy, self._place, self._runs = copy, place, 0
        self._label = f"three imported {sorted(documents.items())}"
        source = DATA / "small" / "orders.csv.gz"
        self._orders = counting.some_documents(source, place / "orders.csv", **documents)
        # In whole pennies the average is exact: what pieces cost does not depend on who takes them first.
        costs = three.costs(DATA / "small" / "opening_stock.csv")
        self._costs = {code: cost.quantize(PENNY) for code, cost in costs.items()}

    def comes_to(self, deliver: Deliver) -> str:
        """Deliver what was imported, receive what is short, deliver again; return the business facts."""
        self._runs += 1
        sandbox = self._place / f"sandbox-{self._runs}.db"
        url = self._copy(self._label, self._import)
        with Kernel.open(url, actor=Actor(retail.OWNER), clock=Clock()) as kernel:
            three.take_cards(kernel, sandbox)
            deliver(kernel)
            three.receive_what_is_short(kernel, self._costs)
            deliver(kernel)
            with kernel.database.read() as connection:
                left = "SELECT count(*) FROM fenbu_delivery WHERE state NOT IN ('waiting', 'scheduled')"
                assert connection.execute(text(left)).scalar_one() == 0
            return canonical.text(kernel)

    def _import(self, url: str) -> None:
        three.build(url)
        with Kernel.open(url, actor=Actor(retail.OWNER), clock=Clock()) as kernel:
            stock = self._place / "stock.csv"
            counting.stock_for(self._orders, self._costs, stock)
            three.stock_up(kernel, stock, self._place / "stock.rejects.csv")
            rejects = self._place / "rejects.csv"
            report = retail.run(kernel, self._orders, deliver=False, rejects=rejects)
            assert report.imported.keys() == {"sale", "return", "stock_adjustment"}
            orders = sorted(row["order"] for row in retail.rows(kernel, "erp.orders"))
            for order in orders[3::7]:
                kernel.perform("erp.order.cancel", {"order": order, "reason": "changed my mind"})


def in_their_own_order(kernel: Kernel) -> None:
    assert kernel.drain().finished


def shuffled(seed: int, *, starving: bool) -> Deliver:
    return lambda kernel: Shuffler(kernel, seed, starving=starving).run()


def difference(one: str, other: str) -> str:
    lines = difflib.unified_diff(one.splitlines(), other.splitlines(), "one", "other", lineterm="", n=0)
    return "\n".join(list(lines)[:40])


def test_shuffled_between_subscriptions_real_orders_come_to_one_state(
    database_copy: DatabaseCopy, tmp_path: Path
) -> None:
    business = Business(database_copy, tmp_path, **{"sale": 8, "return": 4, "stock_adjustment": 3})
    undisturbed = business.comes_to(in_their_own_order)
    assert '"erp.invoice-settled/1"' in undisturbed
    for starving in (False, True):
        assert difference(undisturbed, business.comes_to(shuffled(7, starving=starving))) == ""


@pytest.mark.databases("sqlite")
def test_a_pair_of_subscriptions_that_does_not_commute_is_found(
    database_copy: DatabaseCopy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invoice that overlooks the money that came before it is settled in one order and not in the other."""
    business = Business(database_copy, tmp_path, **{"sale": 8, "return": 4, "stock_adjustment": 3})
    monkeypatch.setattr("fenbu_erp.open_items.deposits", lambda *_asked: [])
    one, other = (business.comes_to(shuffled(seed, starving=True)) for seed in (1, 7))
    assert difference(one, other) != ""


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_shuffled_a_dozen_ways_a_hundred_real_documents_come_to_one_state(
    database_copy: DatabaseCopy, tmp_path: Path
) -> None:
    business = Business(database_copy, tmp_path, **{"sale": 80, "return": 20, "stock_adjustment": 20})
    undisturbed = business.comes_to(in_their_own_order)
    for seed in range(12):
        shuffle = shuffled(seed, starving=seed % 2 == 1)
        assert difference(undisturbed, business.comes_to(shuffle)) == "", f"seed {seed}"
