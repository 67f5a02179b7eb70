"""Timers ring in their time, once, and can be cancelled by their key."""

import pytest
from sqlalchemy import text

from fenbu.engine.flows import log, timers
from tests.core.flows.shop import SECOND, Cancelled, Lapses, Placed, Shop, fail


@pytest.fixture(autouse=True)
def still(shop: Shop) -> None:
    shop.now = 1_000_000


def ring(shop: Shop) -> int:
    assert shop.now is not None
    with shop.database.write() as connection:
        return timers.ring(connection, shop.now)


def cancel(shop: Shop, key: str) -> int:
    with shop.database.write() as connection:
        return log.cancel_timers(connection, "shop.lapses", key, shop.clock(connection))


def test_nobody_is_told_of_a_timer_before_its_time(shop: Shop) -> None:
    shop.subscribe("shop.stock", "shop.lapses/1")
    shop.publish(Lapses(order="A"), due_in=10)
    assert ring(shop) == 0
    shop.drain()
    assert shop.effects() == []
    assert shop.states("shop.stock") == {"scheduled": 1}
    assert shop.now is not None
    shop.now += 10 * SECOND
    assert ring(shop) == 1
    shop.drain()
    assert len(shop.effects()) == 1


def test_a_cancelled_timer_never_rings_and_counts_as_skipped(shop: Shop) -> None:
    shop.subscribe("shop.stock", "shop.lapses/1")
    shop.publish(Lapses(order="A"), Lapses(order="B"), due_in=10)
    assert cancel(shop, "A") == 1
    assert shop.now is not None
    shop.now += 10 * SECOND
    ring(shop)
    shop.drain()
    assert [one.key for one in shop.effects()] == ["B"]
    book = shop.book("shop.stock")
    assert (book.done, book.skipped) == (1, 1)


def test_a_timer_that_has_rung_can_still_be_cancelled_while_it_waits(shop: Shop) -> None:
    shop.subscribe("shop.stock", "shop.lapses/1", "shop.placed/1")
    shop.publish(Lapses(order="A"), due_in=1)
    assert shop.now is not None
    shop.now += SECOND
    ring(shop)
    assert cancel(shop, "A") == 1
    shop.publish(Placed(order="A"))
    shop.drain()
    assert shop.seqs("shop.stock") == [2]
    assert shop.book("shop.stock").skipped == 1


def test_a_timer_that_has_been_handled_is_not_cancelled(shop: Shop) -> None:
    shop.subscribe("shop.stock", "shop.lapses/1")
    shop.publish(Lapses(order="A"), due_in=1)
    assert shop.now is not None
    shop.now += SECOND
    ring(shop)
    shop.drain()
    assert cancel(shop, "A") == 0


def test_cancelling_a_failing_timer_lets_its_followers_go(shop: Shop) -> None:
    shop.subscribe("shop.stock", "shop.lapses/1", "shop.placed/1")
    shop.publish(Lapses(order="A"), due_in=1)
    assert shop.now is not None
    shop.now += SECOND
    ring(shop)
    shop.faults["shop.stock"] = fail()
    shop.publish(Placed(order="A"))
    shop.drain()
    assert shop.states("shop.stock") == {"waiting": 1, "held": 1}
    shop.faults.clear()
    cancel(shop, "A")
    shop.now += 300 * SECOND
    shop.drain()
    assert shop.seqs("shop.stock") == [2]


def test_a_timer_waits_behind_what_fails_of_its_key(shop: Shop) -> None:
    shop.subscribe("shop.stock", "shop.lapses/1", "shop.cancelled/1")
    shop.publish(Lapses(order="A"), due_in=1)
    shop.faults["shop.stock"] = fail()
    shop.publish(Cancelled(order="A"))
    shop.drain()
    assert shop.now is not None
    shop.now += SECOND // 1000
    shop.faults.clear()
    shop.now += SECOND
    with shop.database.write() as connection:  # it fails for an hour more
        connection.execute(
            text("UPDATE fenbu_delivery SET not_before = :at WHERE seq = 2"), {"at": shop.now + 9 * SECOND}
        )
    ring(shop)
    shop.drain()
    assert shop.effects() == []
    shop.now += 9 * SECOND
    shop.drain()
    assert shop.seqs("shop.stock") == [2, 1]


def test_cancelling_needs_no_worker_and_takes_four_statements(shop: Shop) -> None:
    shop.subscribe("shop.stock", "shop.lapses/1")
    shop.publish(*(Lapses(order="A") for _ in range(40)), due_in=10)
    before = shop.database.statistics.copy()
    assert cancel(shop, "A") == 40
    assert shop.database.statistics.since(before).statements <= 4
    assert shop.states("shop.stock") == {}


def test_a_worker_wakes_by_itself_when_a_timer_is_due(shop: Shop) -> None:
    shop.now = None
    shop.subscribe("shop.stock", "shop.lapses/1")
    shop.publish(Lapses(order="A"), due_in=0.3)
    import time

    with shop.worker().running():
        for _ in range(200):
            if shop.effects():
                break
            time.sleep(0.02)
    assert len(shop.effects()) == 1
