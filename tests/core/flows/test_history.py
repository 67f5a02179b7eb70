"""A module that comes late reads what it missed; one that goes keeps its place."""

import pytest

from fenbu.engine.flows import history, log, subscriptions, timers
from fenbu.engine.flows.errors import NotReplayable, StillWaiting
from tests.core.flows.shop import SECOND, Cancelled, Lapses, Placed, Shop, fail, in_order


@pytest.fixture(autouse=True)
def still(shop: Shop) -> None:
    shop.now = 1_000_000


def read_on(shop: Shop) -> None:
    """Catch up with everything."""
    worked = True
    while worked:
        with shop.database.read() as connection:
            reading = history.reading(connection)
        worked = False
        for one in reading:
            with shop.database.write() as connection:
                made, done = history.expand(connection, one.id, shop.clock(connection))
            worked = worked or made > 0 or done
        worked = bool(shop.turn()) or worked


def test_a_late_module_reads_the_history_it_missed(shop: Shop) -> None:
    seqs = shop.publish(*(Placed(order=f"O{i % 4}") for i in range(30)))
    shop.subscribe("crm.timeline", module="crm", history="catch_up")
    read_on(shop)
    assert sorted(shop.seqs("crm.timeline")) == seqs
    assert in_order(shop, "crm.timeline")
    assert all(one.history for one in shop.effects())


def test_how_far_a_late_module_is_and_when_it_has_caught_up_is_known(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CHUNK", 200)
    assert shop.now is not None
    shop.publish(*(Placed(order=f"O{i}") for i in range(600)))
    shop.subscribe("crm.timeline", module="crm", history="catch_up", locks=lambda _connection, _batch: None)
    with shop.database.read() as connection:
        reading = history.reading(connection)[0]
        (before,) = history.progress(connection, shop.now)
    with shop.database.write() as connection:
        history.expand(connection, reading.id, shop.now)
    while shop.turn():
        shop.now += SECOND // 10
    with shop.database.read() as connection:
        (later,) = history.progress(connection, shop.now)
        (unmeasured,) = history.progress(connection)
        (long_after,) = history.progress(connection, shop.now + 3600 * SECOND)
    assert (before.done, before.end, before.pace, before.seconds_left) == (0, 600, None, None)
    assert (later.done, later.end, later.waiting) == (200, 600, 0)
    assert later.pace is not None
    assert later.seconds_left == pytest.approx(400 / later.pace)
    assert (long_after.pace, unmeasured.pace) == (None, None)


def test_a_module_that_starts_from_now_reads_no_history(shop: Shop) -> None:
    shop.publish(Placed(order="A"))
    shop.subscribe("scm.orders", module="scm")
    shop.publish(Placed(order="B"))
    read_on(shop)
    assert [one.key for one in shop.effects()] == ["B"]


def test_live_events_of_a_module_wait_for_all_its_history(shop: Shop) -> None:
    shop.publish(*(Placed(order=f"O{i}") for i in range(5)))
    shop.subscribe("crm.timeline", "shop.placed/1", module="crm", history="catch_up")
    shop.subscribe("crm.tasks", "shop.cancelled/1", module="crm")
    shop.subscribe("erp.ledger", module="erp")
    shop.publish(Placed(order="O1"), Cancelled(order="O2"))
    shop.drain()
    assert {one.subscription for one in shop.effects()} == {"erp.ledger"}
    read_on(shop)
    assert sorted(shop.seqs("crm.timeline")) == [1, 2, 3, 4, 5, 6]
    assert shop.seqs("crm.tasks") == [7]
    with shop.database.read() as connection:
        assert history.catching_up(connection) == frozenset()


def test_the_order_of_a_key_runs_on_from_history_to_live(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "CHUNK", 3)
    shop.publish(*(Placed(order=f"O{i % 3}") for i in range(20)))
    shop.subscribe("crm.timeline", module="crm", history="catch_up")
    shop.faults["crm.timeline"] = fail("O1")
    shop.publish(*(Cancelled(order=f"O{i % 3}") for i in range(6)))
    read_on(shop)
    assert not [one for one in shop.effects() if one.seq > 20], (
        "live ones wait while a historical one is retried"
    )
    shop.faults.clear()
    assert shop.now is not None
    shop.now += 300 * SECOND
    read_on(shop)
    assert len(shop.effects()) == 26
    assert in_order(shop, "crm.timeline")
    assert [one.history for one in shop.effects()].count(True) == 20


def test_a_dead_event_of_history_holds_back_its_key_and_not_the_module(shop: Shop) -> None:
    shop.publish(Placed(order="A"), Placed(order="B"))
    shop.subscribe("crm.timeline", module="crm", history="catch_up", attempts=1)
    shop.faults["crm.timeline"] = fail("A")
    shop.publish(Cancelled(order="A"), Cancelled(order="B"))
    read_on(shop)
    assert [one.key for one in shop.effects()] == ["B", "B"]
    assert shop.states("crm.timeline") == {"dead": 1, "held": 1}


def test_history_is_read_a_part_at_a_time_while_little_waits(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CHUNK", 10)
    shop.publish(*(Placed(order=f"O{i}") for i in range(35)))
    shop.subscribe("crm.timeline", module="crm", history="catch_up")
    (one,) = _reading(shop)
    for _ in range(5):
        with shop.database.write() as connection:
            history.expand(connection, one.id, 1)
    assert shop.states("crm.timeline") == {"waiting": 10}
    with shop.database.read() as connection:
        (progress,) = history.progress(connection)
    assert (progress.position, progress.end, progress.waiting) == (10, 35, 10)
    assert shop.book("crm.timeline").unread == 25
    read_on(shop)
    assert len(shop.effects()) == 35


def _reading(shop: Shop) -> list[history.Reading]:
    with shop.database.read() as connection:
        return history.reading(connection)


def test_a_cancelled_timer_of_history_does_not_ring(shop: Shop) -> None:
    shop.publish(Lapses(order="A"), Lapses(order="B"), Lapses(order="C"), due_in=10)
    with shop.database.write() as connection:
        assert log.cancel_timers(connection, "shop.lapses", "A", 1_000_000) == 1
    shop.subscribe("scm.stock", "shop.lapses/1", module="scm", history="catch_up")
    read_on(shop)
    assert shop.states("scm.stock") == {"scheduled": 2}
    assert shop.now is not None
    shop.now += 10 * SECOND
    with shop.database.write() as connection:
        timers.ring(connection, shop.now)
    read_on(shop)
    assert sorted(one.key for one in shop.effects()) == ["B", "C"]
    assert not any(one.history for one in shop.effects()), "a timer that rings today may ask for today"
    assert shop.book("scm.stock").skipped == 1


def test_a_disabled_module_that_catches_up_keeps_its_place_and_no_rows(shop: Shop) -> None:
    shop.subscribe("crm.timeline", module="crm", history="catch_up")
    shop.publish(Placed(order="A"))
    read_on(shop)
    shop.disable("drain", "crm")
    shop.publish(Placed(order="B"), Placed(order="C"))
    assert shop.states("crm.timeline") == {}
    assert shop.book("crm.timeline").unread == 2
    shop.enable(shop.bound[0])
    shop.publish(Placed(order="D"))
    read_on(shop)
    assert sorted(one.key for one in shop.effects()) == ["A", "B", "C", "D"]
    shop.balance()


def test_a_module_disabled_in_the_midst_of_catching_up_goes_on_where_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "CHUNK", 4)
    shop.publish(*(Placed(order=f"O{i % 2}") for i in range(10)))
    shop.subscribe("crm.timeline", module="crm", history="catch_up")
    (one,) = _reading(shop)
    with shop.database.write() as connection:
        history.expand(connection, one.id, 1)
    shop.publish(Cancelled(order="O1"))
    shop.drain()
    shop.disable("drain", "crm")
    shop.publish(Cancelled(order="O1"))
    shop.balance()
    shop.enable(shop.bound[0])
    read_on(shop)
    assert shop.seqs("crm.timeline") == list(range(1, 13))
    shop.balance()


def test_a_disabled_module_that_starts_from_now_gathers_nothing(shop: Shop) -> None:
    shop.subscribe("scm.orders", module="scm")
    shop.publish(Placed(order="A"))
    shop.drain()
    shop.disable("drain", "scm")
    shop.publish(Placed(order="B"))
    shop.enable(shop.bound[0])
    shop.publish(Placed(order="C"))
    read_on(shop)
    assert sorted(one.key for one in shop.effects()) == ["A", "C"]
    assert shop.book("scm.orders").published == 2


def test_a_parked_module_finds_everything_when_it_comes_back(shop: Shop) -> None:
    shop.subscribe("scm.orders", module="scm")
    shop.publish(Placed(order="A"))
    shop.disable("park", "scm")
    shop.publish(Placed(order="B"))
    assert shop.turn() == 0
    shop.enable(shop.bound[0])
    read_on(shop)
    assert sorted(one.key for one in shop.effects()) == ["A", "B"]
    shop.balance()


def test_what_is_waived_is_skipped_with_its_reason(shop: Shop) -> None:
    shop.subscribe("scm.orders", module="scm", attempts=1)
    shop.faults["scm.orders"] = fail("A")
    shop.publish(Placed(order="A"), Cancelled(order="A"))
    shop.drain()
    shop.publish(Placed(order="B"))
    assert shop.disable("waive", "scm") == 3
    book = shop.book("scm.orders")
    assert (book.published, book.skipped) == (3, 3)


def test_a_module_with_unfinished_deliveries_cannot_be_drained(shop: Shop) -> None:
    shop.subscribe("scm.orders", module="scm")
    shop.publish(Placed(order="A"))
    with pytest.raises(StillWaiting, match="1 deliveries of scm are not done"):
        shop.disable("drain", "scm")


def test_a_dropped_subscription_gathers_nothing_and_starts_anew(shop: Shop) -> None:
    shop.subscribe("crm.timeline", module="crm", history="catch_up")
    shop.publish(Placed(order="A"), Placed(order="B"))
    with shop.changing() as connection:
        assert subscriptions.drop(connection, "crm.timeline", at=5, reason="not wanted") == 2
    shop.publish(Placed(order="C"))
    read_on(shop)
    assert shop.effects() == []
    shop.enable(shop.bound[0])
    shop.publish(Placed(order="D"))
    read_on(shop)
    assert [one.key for one in shop.effects()] == ["D"]
    shop.balance()


def test_enabling_may_leave_out_the_history(shop: Shop) -> None:
    shop.publish(Placed(order="A"))
    one = shop.subscribe("crm.timeline", module="crm", history="catch_up", enable=False)
    shop.enable(one, history="from_now")
    shop.publish(Placed(order="B"))
    read_on(shop)
    assert [one.key for one in shop.effects()] == ["B"]


def test_an_upgraded_module_takes_its_new_topics_from_now_on(shop: Shop) -> None:
    shop.subscribe("crm.timeline", "shop.placed/1", module="crm")
    shop.publish(Placed(order="A"), Cancelled(order="A"))
    shop.subscribe("crm.timeline", "shop.placed/1", "shop.cancelled/1", module="crm")
    shop.publish(Cancelled(order="A"))
    read_on(shop)
    assert shop.seqs("crm.timeline") == [1, 3]
    shop.balance()


def test_events_are_delivered_again_only_where_that_does_no_harm(shop: Shop) -> None:
    ledger = shop.subscribe("erp.ledger", module="erp")
    timeline = shop.subscribe("crm.timeline", module="crm", replayable=True)
    shop.publish(Placed(order="A"), Placed(order="B"), Cancelled(order="A"))
    shop.drain()
    with (
        pytest.raises(NotReplayable, match=r"erp\.ledger is not replayable"),
        shop.database.write() as connection,
    ):
        history.replay(connection, ledger, key="A")
    with shop.database.write() as connection:
        assert history.replay(connection, timeline, key="A") == 2
    shop.drain()
    assert shop.seqs("crm.timeline", "A") == [1, 3, 1, 3]
    with shop.database.write() as connection:
        assert history.replay(connection, timeline, first=2, last=3) == 2
        assert history.replay(connection, timeline, first=2, last=3) == 0, "they wait already"
    shop.drain()
    book = shop.book("crm.timeline")
    assert (book.published, book.replayed, book.done) == (3, 4, 7)
