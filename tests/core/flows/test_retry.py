"""What becomes of deliveries that fail."""

import contextlib

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from fenbu.engine.flows import admin, blocked, retry
from fenbu.engine.flows.errors import NoSuchDelivery
from fenbu.engine.flows.records import Received
from fenbu.errors import Permanent
from tests.core.flows.shop import (
    Cancelled,
    CancelledWithReason,
    Declined,
    Placed,
    Shop,
    fail,
    in_order,
)

LATER = retry.MAX_PAUSE + 1


@pytest.fixture(autouse=True)
def still(shop: Shop) -> None:
    shop.now = 1_000_000


def dead(shop: Shop) -> list[admin.Stuck]:
    with shop.database.read() as connection:
        return admin.dead(connection)


def test_a_pause_grows_and_is_never_longer_than_five_minutes() -> None:
    assert all(0 <= retry.pause(1) <= 2_000_000 for _ in range(100))
    assert max(retry.pause(5) for _ in range(100)) > 2_000_000
    assert all(0 <= retry.pause(n) <= 300_000_000 for n in (9, 40, 4000))


def test_a_failed_delivery_is_not_tried_before_its_time(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = fail()
    shop.publish(Placed(order="A"))
    shop.drain()
    tried = shop.handled["shop.ledger"]
    shop.drain()
    assert shop.handled["shop.ledger"] == tried


def test_a_retry_further_away_than_the_longest_pause_counts_as_due(shop: Shop) -> None:
    assert shop.now is not None
    shop.now = 10**15
    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = fail()
    shop.publish(Placed(order="A"))
    shop.drain()
    shop.faults.clear()
    shop.now = 1_000_000  # the clock was set back
    shop.drain()
    assert shop.seqs("shop.ledger") == [1]


def test_a_delivery_is_dead_after_its_attempts(shop: Shop) -> None:
    shop.subscribe("shop.ledger", attempts=3)
    shop.faults["shop.ledger"] = fail()
    shop.publish(Placed(order="A"))
    for _ in range(5):
        shop.drain()
        assert shop.now is not None
        shop.now += LATER
    (one,) = dead(shop)
    assert one.attempts == 3


def test_a_permanent_failure_is_dead_at_once(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = fail(error=Permanent("no such item"))
    shop.publish(Placed(order="A"))
    shop.drain()
    (one,) = dead(shop)
    assert one.attempts == 1
    assert one.reason == "Permanent: no such item"


def test_retrying_a_dead_event_releases_its_followers_in_order(shop: Shop) -> None:
    shop.subscribe("shop.ledger", attempts=1)
    shop.faults["shop.ledger"] = fail("A")
    shop.publish(*(Cancelled(order="A") for _ in range(5)))
    shop.drain()
    shop.faults.clear()
    with shop.database.write() as connection:
        admin.retry(connection, "shop.ledger", 1)
    shop.drain()
    assert shop.seqs("shop.ledger") == [1, 2, 3, 4, 5]


def test_followers_are_released_in_chunks_in_order(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocked, "CHUNK", 2)
    shop.subscribe("shop.ledger", attempts=1)
    shop.faults["shop.ledger"] = fail("A")
    shop.publish(*(Cancelled(order="A") for _ in range(9)))
    shop.drain()
    shop.faults.clear()
    with shop.database.write() as connection:
        assert admin.skip(connection, "shop.ledger", 1, reason="wrong", at=5) == 2
    shop.publish(Cancelled(order="A"))
    shop.drain()
    assert shop.seqs("shop.ledger") == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert shop.states("shop.ledger") == {}


def test_skipping_needs_a_reason_and_keeps_it(shop: Shop) -> None:
    shop.subscribe("shop.ledger", attempts=1)
    shop.faults["shop.ledger"] = fail("A")
    shop.publish(Placed(order="A"), Cancelled(order="A"))
    shop.drain()
    shop.faults.clear()
    with pytest.raises(ValueError, match="for a reason"), shop.database.write() as connection:
        admin.skip(connection, "shop.ledger", 1, reason=" ", at=5)
    with shop.database.write() as connection:
        admin.skip(connection, "shop.ledger", 1, reason="entered twice", at=5)
    shop.drain()
    with shop.database.read() as connection:
        assert connection.execute(text("SELECT seq, reason FROM fenbu_skipped")).all() == [
            (1, "entered twice")
        ]
    assert shop.seqs("shop.ledger") == [2]
    assert shop.book("shop.ledger").skipped == 1


def test_what_is_neither_dead_nor_failing_cannot_be_retried_or_skipped(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.publish(Placed(order="A"))
    for verb in (admin.retry, lambda *a: admin.skip(*a, reason="x", at=1)):
        with (
            pytest.raises(NoSuchDelivery, match="neither dead nor failing"),
            shop.database.write() as connection,
        ):
            verb(connection, "shop.ledger", 1)


def test_a_failing_event_can_be_skipped_before_it_is_dead(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = fail("A")
    shop.publish(Placed(order="A"), Cancelled(order="A"))
    shop.drain()
    shop.faults.clear()
    with shop.database.write() as connection:
        admin.skip(connection, "shop.ledger", 1, reason="wrong", at=5)
    shop.drain()
    assert shop.seqs("shop.ledger") == [2]


def test_all_dead_deliveries_like_one_are_retried(shop: Shop) -> None:
    def fault(_connection: Connection, received: Received) -> None:
        if received.key == "D":
            raise Permanent("never")
        raise Declined(f"no {received.key}")

    shop.subscribe("shop.ledger", attempts=1)
    shop.faults["shop.ledger"] = fault
    shop.publish(Placed(order="A"), Placed(order="B"), Cancelled(order="C"), Placed(order="D"))
    shop.drain()
    shop.faults.clear()
    with shop.database.write() as connection:
        assert admin.retry_like(connection, "shop.ledger", 1) == 2
    shop.drain()
    assert [one.key for one in dead(shop)] == ["C", "D"]
    with shop.database.write() as connection:
        assert admin.retry_all(connection, module="shop") == 2
    shop.drain()
    assert dead(shop) == []


def test_dead_deliveries_are_listed_by_pages(shop: Shop) -> None:
    shop.subscribe("shop.ledger", attempts=1)
    shop.subscribe("shop.stock", attempts=1)
    shop.faults |= {"shop.ledger": fail(), "shop.stock": fail()}
    shop.publish(*(Placed(order=f"O{i}") for i in range(3)))
    shop.drain()
    seen: list[tuple[int, str]] = []
    with shop.database.read() as connection:
        while page := admin.dead(connection, after=seen[-1] if seen else (0, ""), limit=4):
            seen += [(one.seq, one.subscription) for one in page]
    assert seen == [(seq, name) for seq in (1, 2, 3) for name in ("shop.ledger", "shop.stock")]


def test_a_failure_of_the_machine_is_never_counted(shop: Shop) -> None:
    def lost(_connection: Connection, _received: Received) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"), connection_invalidated=True)

    shop.subscribe("shop.ledger", attempts=1)
    shop.faults["shop.ledger"] = lost
    shop.publish(Placed(order="A"))
    for _ in range(3):
        with pytest.raises(Exception, match="gone"):
            shop.turn()
    shop.faults.clear()
    assert shop.states("shop.ledger") == {"waiting": 1}
    shop.drain()
    assert shop.seqs("shop.ledger") == [1]


def test_a_failing_event_in_a_batch_costs_the_others_nothing(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = fail("O7", "O31")
    shop.publish(*(Placed(order=f"O{i}") for i in range(40)))
    shop.drain()
    assert len(shop.effects()) == 38
    assert shop.states("shop.ledger") == {"waiting": 2}


def test_an_event_newer_than_the_module_is_held_until_a_newer_module_comes(shop: Shop) -> None:
    shop.subscribe("shop.ledger", "shop.placed/1", "shop.cancelled/1")
    shop.publish(CancelledWithReason(order="A", reason="late"), Placed(order="A"), Placed(order="B"))
    shop.drain()
    assert [one.key for one in shop.effects()] == ["B"]
    assert shop.states("shop.ledger") == {"held": 2}
    shop.subscribe("shop.ledger", "shop.placed/1", "shop.cancelled/2")
    shop.drain()
    assert shop.seqs("shop.ledger", "A") == [1, 2]
    assert in_order(shop, "shop.ledger")


def test_a_process_with_older_code_leaves_newer_events_to_others(shop: Shop) -> None:
    old = shop.subscribe("shop.ledger", "shop.cancelled/1")
    shop.subscribe("shop.ledger", "shop.cancelled/2")
    new, shop.bound = shop.bound, (old,)
    shop.publish(CancelledWithReason(order="A", reason="late"))
    with pytest.raises(Exception, match="older code"):
        shop.turn()
    assert shop.states("shop.ledger") == {"waiting": 1}
    shop.bound = new
    shop.drain()
    assert shop.seqs("shop.ledger") == [1]


def test_deliveries_wait_for_code_that_is_missing(shop: Shop) -> None:
    shop.subscribe("shop.ledger", handle=None)
    shop.publish(Placed(order="A"))
    assert shop.turn() == 0
    assert shop.states("shop.ledger") == {"waiting": 1}
    shop.subscribe("shop.ledger")
    shop.drain()
    assert shop.seqs("shop.ledger") == [1]


def test_a_handler_whose_rows_the_commit_refuses_is_the_one_that_fails(shop: Shop) -> None:
    def orphan(connection: Connection, received: Received) -> None:
        if received.key == "B":
            connection.execute(text("INSERT INTO shop_line (number) VALUES ('nobody has ordered this')"))

    shop.subscribe("shop.ledger", attempts=1, locks=lambda connection, received: None)
    shop.faults["shop.ledger"] = orphan
    shop.publish(Placed(order="A"), Placed(order="B"), Cancelled(order="B"), Placed(order="C"))
    shop.drain()
    assert sorted(one.key for one in shop.effects()) == ["A", "C"]
    (stuck,) = dead(shop)
    assert (stuck.key, stuck.followers) == ("B", 1)
    assert "foreign key" in stuck.error.lower()


def test_a_handler_that_hides_an_error_of_the_database_is_not_acknowledged(shop: Shop) -> None:
    def hide(connection: Connection, received: Received) -> None:
        if received.key != "B":
            return
        if shop.database.dialect == "sqlite":  # as SQLite does by itself when the disk is full
            connection.connection.driver_connection.execute("ROLLBACK")  # type: ignore[union-attr]
            return
        with contextlib.suppress(DBAPIError):
            connection.execute(text("SELECT no_such_column FROM shop_order"))

    shop.subscribe("shop.ledger", attempts=1, locks=lambda connection, received: None)
    shop.faults["shop.ledger"] = hide
    shop.publish(Placed(order="A"), Placed(order="B"), Placed(order="C"))
    shop.drain()
    assert sorted(one.key for one in shop.effects()) == ["A", "C"]
    (stuck,) = dead(shop)
    assert stuck.reason == "HiddenError: the handler went on after an error of the database"


def test_a_batch_whose_locks_cannot_be_taken_is_handled_one_by_one(shop: Shop) -> None:
    def refuse(_connection: Connection, _received: object) -> None:
        raise Declined("no such row")

    shop.subscribe("shop.ledger", locks=refuse)
    shop.publish(*(Placed(order=f"O{i}") for i in range(5)))
    shop.drain()
    assert len(shop.effects()) == 5
