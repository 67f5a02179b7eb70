"""What the flows promise, sentence by sentence."""

import pytest

from fenbu.engine.flows import admin
from tests.core.flows.shop import Cancelled, Declined, Placed, Shop, fail, in_order


def test_an_event_exists_when_its_change_was_committed(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.publish(Placed(order="A"))
    assert shop.changes("A") == 1
    shop.drain()
    assert len(shop.effects("shop.ledger")) == 1


def test_no_event_exists_when_its_change_was_rolled_back(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    with pytest.raises(Declined), shop.database.write() as connection:
        shop.before(connection)
        shop.publish_in(connection, Placed(order="A"))
        raise Declined
    assert shop.changes("A") == 0
    shop.drain()
    assert shop.effects() == []


def test_the_effects_of_a_handler_happen_once(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.subscribe("shop.stock", "shop.placed/1")
    seqs = shop.publish(*(Placed(order=f"O{i}") for i in range(120)))
    shop.drain()
    assert sorted(shop.seqs("shop.ledger")) == seqs
    assert sorted(shop.seqs("shop.stock")) == seqs


def test_a_failed_handler_leaves_no_effect_and_is_tried_again(shop: Shop) -> None:
    shop.now = 1000
    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = fail("A")
    shop.publish(Placed(order="A"), Placed(order="B"))
    shop.drain()
    assert [one.key for one in shop.effects()] == ["B"]
    shop.faults.clear()
    shop.now += 300_000_000
    shop.drain()
    assert sorted(one.key for one in shop.effects()) == ["A", "B"]


def test_a_delivery_that_is_not_done_is_visible(shop: Shop) -> None:
    shop.now = 1000
    shop.subscribe("shop.ledger", attempts=1)
    shop.faults["shop.ledger"] = fail("A")
    shop.publish(Placed(order="A"), Cancelled(order="A"), Placed(order="B"))
    shop.drain()
    assert shop.states("shop.ledger") == {"dead": 1, "held": 1}
    with shop.database.read() as connection:
        (stuck,) = admin.dead(connection)
    assert stuck.key == "A"
    assert stuck.reason == "Declined: no"
    assert stuck.followers == 1


def test_nothing_disappears_in_silence(shop: Shop) -> None:
    shop.now = 1000
    shop.subscribe("shop.ledger", attempts=1)
    shop.faults["shop.ledger"] = fail("A")
    shop.publish(Placed(order="A"), Cancelled(order="A"), Placed(order="B"))
    shop.drain()
    shop.publish(Placed(order="C"))
    book = shop.book("shop.ledger")
    assert (book.published, book.done, book.waiting, book.held, book.dead) == (4, 1, 1, 1, 1)


def test_events_with_one_key_arrive_in_the_order_of_their_transactions(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    for i in range(60):
        shop.publish(Placed(order=f"O{i % 3}"), Cancelled(order=f"O{i % 3}"))
    shop.drain()
    assert len(shop.effects()) == 120
    assert in_order(shop, "shop.ledger")


def test_a_failing_event_holds_back_its_own_key_only(shop: Shop) -> None:
    shop.now = 1000
    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = fail("A")
    shop.publish(Placed(order="A"))
    shop.publish(Cancelled(order="A"), Placed(order="B"), Cancelled(order="B"))
    shop.drain()
    assert [one.key for one in shop.effects()] == ["B", "B"]
    assert shop.states("shop.ledger") == {"waiting": 1, "held": 1}
    shop.faults.clear()
    shop.now += 300_000_000
    shop.drain()
    assert [one.key for one in shop.effects()] == ["B", "B", "A", "A"]
    assert in_order(shop, "shop.ledger")


def test_one_subscription_keeps_one_order_over_all_its_topics(shop: Shop) -> None:
    shop.now = 1000
    shop.subscribe("shop.stock", "shop.placed/1", "shop.cancelled/1")
    shop.faults["shop.stock"] = fail()
    shop.publish(Placed(order="A"))
    shop.publish(Cancelled(order="A"))
    shop.drain()
    shop.faults.clear()
    shop.now += 300_000_000
    shop.drain()
    assert in_order(shop, "shop.stock")
    assert len(shop.effects()) == 2


def test_only_events_with_the_wanted_route_are_delivered(shop: Shop) -> None:
    shop.subscribe("shop.web", "shop.placed/1", routes={"shop.placed": "web"})
    shop.publish(Placed(order="A", by="web"), Placed(order="B", by="phone"))
    shop.drain()
    assert [one.key for one in shop.effects()] == ["A"]
