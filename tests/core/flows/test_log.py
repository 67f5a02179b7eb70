"""Writing events, and how much a module may write."""

import pytest
from sqlalchemy import Connection, text

from fenbu.engine.flows import log
from fenbu.engine.flows.errors import TooManyEvents
from fenbu.engine.flows.quota import MAX_DEPTH, Quota
from fenbu.engine.flows.records import Received
from tests.core.flows.shop import Cancelled, Noted, Placed, Shop


def test_events_are_numbered_in_the_order_in_which_they_happened(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    seqs = shop.publish(*(Placed(order=f"O{i:03}") for i in range(130)))
    assert seqs == sorted(seqs)
    with shop.database.read() as connection:
        keys = connection.execute(text("SELECT key FROM fenbu_event ORDER BY seq")).scalars().all()
    assert keys == [f"O{i:03}" for i in range(130)]


def test_an_event_is_found_by_what_it_is_about(shop: Shop) -> None:
    (seq,) = shop.publish(Placed(order="SO-00000042"))
    with shop.database.read() as connection:
        rows = connection.execute(text("SELECT kind, value, seq FROM fenbu_event_about")).all()
    assert rows == [("order", "SO-00000042", seq)]


def test_publishing_takes_as_many_statements_however_many_subscribe(shop: Shop) -> None:
    for i in range(5):
        shop.subscribe(f"shop.s{i}")
    before = shop.database.statistics.copy()
    with shop.database.write() as connection:
        log.append(
            connection,
            shop.database.dialect,
            [log.NewEvent(Placed.__fenbu_event__, Placed(order=f"O{i}")) for i in range(30)],  # type: ignore[attr-defined]
            at=1,
            actor="ada",
            module="shop",
        )
    assert (
        shop.database.statistics.since(before).statements
        == {"sqlite": 3, "postgresql": 1}[shop.database.dialect]
    )
    assert shop.states("shop.s4") == {"waiting": 30}


def test_a_module_cannot_flood_one_transaction(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "QUOTA", Quota(transaction=10))
    shop.publish(*(Placed(order="A") for _ in range(10)))
    refused = "shop publishes 11 events in one transaction; 10 are allowed"
    with pytest.raises(TooManyEvents, match=refused), shop.database.write() as connection:
        shop.publish_in(connection, *(Placed(order="A") for _ in range(6)))
        shop.publish_in(connection, *(Placed(order="A") for _ in range(5)))


def test_a_module_cannot_flood_one_minute(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "QUOTA", Quota(minute=10))
    shop.now = 60_000_000
    shop.publish(*(Placed(order="A") for _ in range(10)))
    with pytest.raises(TooManyEvents, match="in one minute"):
        shop.publish(Placed(order="A"))
    shop.now += 60_000_000
    shop.publish(Placed(order="A"))


def test_a_loop_of_events_ends_with_one_that_is_dead(shop: Shop) -> None:
    def answer(connection: Connection, received: Received) -> None:
        shop.publish_in(connection, Noted(order=received.key, depth=received.depth + 1), cause=received)

    shop.subscribe("shop.echo", "shop.noted/1")
    shop.faults["shop.echo"] = answer
    shop.publish(Noted(order="A", depth=0))
    shop.drain()
    assert len(shop.effects()) == MAX_DEPTH
    assert shop.states("shop.echo") == {"dead": 1}


def test_what_a_handler_publishes_names_its_cause(shop: Shop) -> None:
    def answer(connection: Connection, received: Received) -> None:
        shop.publish_in(connection, Cancelled(order=received.key), cause=received)

    shop.subscribe("shop.echo", "shop.placed/1")
    shop.faults["shop.echo"] = answer
    shop.publish(Placed(order="A"))
    shop.drain()
    with shop.database.read() as connection:
        rows = connection.execute(text("SELECT seq, cause, depth FROM fenbu_event ORDER BY seq")).all()
    assert rows == [(1, None, 0), (2, 1, 1)]


def test_a_retry_publishes_nothing_twice(shop: Shop) -> None:
    def answer(connection: Connection, received: Received) -> None:
        shop.publish_in(connection, Cancelled(order=received.key), cause=received)
        if shop.handled["shop.echo"] < 3:
            raise ValueError("not yet")

    shop.now = 1
    shop.subscribe("shop.echo", "shop.placed/1")
    shop.subscribe("shop.ledger", "shop.cancelled/1")
    shop.faults["shop.echo"] = answer
    shop.publish(Placed(order="A"))
    for _ in range(4):
        shop.drain()
        shop.now += 300_000_001
    assert len(shop.effects("shop.ledger")) == 1
