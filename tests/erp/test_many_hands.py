"""Many hands at once on the same few customers: nothing is lost, doubled or left unbalanced."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import text

from fenbu.errors import Refused
from tests.erp.shop import Shop

HANDS, ROUNDS = 4, 12


def _work(shop: Shop, seed: int, placed: list[str]) -> None:
    """Sell, hand over, take money, credit and cancel at random; refusals are part of a busy day."""
    dice = random.Random(seed)

    def place() -> None:
        account = dice.choice(["C1", "C2", "WALK-IN"])
        placed.append(shop.order(("TEA", dice.randint(1, 5)), ("POST", 1), account=account))

    def hand_over() -> None:
        shop.do("order.fulfil", order=dice.choice(placed))

    def take_money() -> None:
        shop.do("receipt.record", account=dice.choice(["C1", "C2"]), amount=dice.randint(1, 30))

    def credit() -> None:
        shop.do("credit-note.issue", order=dice.choice(placed), lines=[{"line": 1, "quantity": 1}])

    def cancel() -> None:
        shop.do("order.cancel", order=dice.choice(placed), reason="busy day")

    acts: list[Callable[[], None]] = [place, place, hand_over, hand_over, take_money, credit, cancel]
    place()
    for _round in range(ROUNDS):
        try:
            dice.choice(acts)()
        except Refused:
            continue


def test_a_busy_day_leaves_the_books_in_order(shop: Shop) -> None:
    placed: list[str] = []
    failures: list[BaseException] = []

    def hand(seed: int) -> None:
        try:
            _work(shop, seed, placed)
        except BaseException as error:
            failures.append(error)

    hands = [threading.Thread(target=hand, args=(seed,)) for seed in range(HANDS)]
    with shop.kernel.worker().running():
        for one in hands:
            one.start()
        for one in hands:
            one.join()
    assert failures == []
    shop.deliver()
    assert shop.unhealthy() == {}
    assert len(set(placed)) == len(placed) == len(shop.rows("orders"))
    owed = sum((row["open_own"] for row in shop.rows("open-items")), Decimal(0))
    assert owed == shop.balance("1100") + shop.balance("2100")


@pytest.mark.databases("postgresql")
def test_money_that_waits_for_an_order_leaves_what_is_invoiced_meanwhile(shop: Shop) -> None:
    """Settling an invoice without its order's row would be missing on the order."""
    first, second = shop.sold(("TEA", 1), account="C1"), shop.order(("TEA", 2), account="C1")
    shop.do("order.fulfil", order=second)
    paying = threading.Thread(
        target=shop.do, args=("receipt.record",), kwargs={"account": "C1", "amount": 90}
    )
    with shop.kernel.database.write() as held:
        held.execute(text("SELECT 1 FROM erp_order WHERE number = :number FOR UPDATE"), {"number": first})
        paying.start()
        _until_somebody_waits(shop)
        shop.deliver()
    paying.join()
    assert shop.unhealthy() == {}
    assert shop.balance("1100") > 0  # the second invoice is still open, the money a deposit


def _until_somebody_waits(shop: Shop) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(200):
        with shop.kernel.database.read() as connection:
            if connection.execute(waiting).scalar():
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits for the order")
