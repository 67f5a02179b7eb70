"""Many hands at once on the same few customers: nothing is lost, doubled or left unbalanced."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from decimal import Decimal

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
