"""Deliveries of every state as one list: newest first, found by what people type, never looking far for nothing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from fenbu.calls import CallDone, CallRequest
from fenbu.engine.flows import admin, call_tail, calls, tail
from fenbu.engine.flows.errors import NoSuchCall, NoSuchState
from fenbu.engine.flows.tail import Delivery
from fenbu.engine.flows.wanted import parse
from fenbu.errors import Permanent
from tests.core.flows.shop import SECOND, Cancelled, Lapses, Noted, Placed, Shop, fail


def listed(shop: Shop, typed: str = "", **options: Any) -> list[Delivery]:
    with shop.database.read() as connection:
        return list(tail.page(connection, parse(typed), **options).rows)


def names(shop: Shop, typed: str = "", **options: Any) -> list[str]:
    return [f"{one.name} {one.state}" for one in listed(shop, typed, **options)]


@pytest.fixture
def busy(shop: Shop) -> Shop:
    """A shop in which something stands in every state."""
    shop.now = 100 * SECOND
    shop.subscribe("shop.stock")
    shop.subscribe("shop.timer", "shop.lapses/1")
    shop.subscribe("post.labels", "shop.placed/1", module="post")
    shop.faults["shop.stock"] = fail("SO-2", "SO-4", error=Permanent("no such item"))
    shop.faults["post.labels"] = fail("SO-3")
    shop.publish(Placed(order="SO-1"), Placed(order="SO-2"), Placed(order="SO-3"), Placed(order="SO-4"))
    shop.publish(Cancelled(order="SO-2"))
    shop.drain()
    with shop.database.write() as connection:
        admin.skip(connection, "shop.stock", 4, reason="sold by hand", at=shop.now)
    shop.publish(Placed(order="SO-5"))
    return shop


def test_all_states_stand_in_one_list_the_newest_event_first(busy: Shop) -> None:
    assert names(busy) == [
        "post.labels/6 waiting",
        "shop.stock/6 waiting",
        "shop.stock/5 held",
        "post.labels/4 done",
        "shop.stock/4 skipped",
        "post.labels/3 retrying",
        "shop.stock/3 done",
        "post.labels/2 done",
        "shop.stock/2 dead",
        "post.labels/1 done",
        "shop.stock/1 done",
    ]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("state:dead", ["shop.stock/2 dead"]),
        ("state:re", ["post.labels/3 retrying"]),
        ("state:waiting !module:post", ["shop.stock/6 waiting"]),
        ("state:!done key:SO-2", ["shop.stock/5 held", "shop.stock/2 dead"]),
        ("key:SO-3", ["post.labels/3 retrying", "shop.stock/3 done"]),
        ("topic:cancelled", ["shop.stock/5 held"]),
        ("!topic:placed", ["shop.stock/5 held"]),
        (
            "subscription:labels state:done",
            ["post.labels/4 done", "post.labels/2 done", "post.labels/1 done"],
        ),
        ("NO SUCH item", ["shop.stock/2 dead"]),
        ("hand", ["shop.stock/4 skipped"]),
        ("post !so-3 !so-5", ["post.labels/4 done", "post.labels/2 done", "post.labels/1 done"]),
        ("100% _", []),
        ("state:dead state:held", []),
        ("topic:", None),
    ],
)
def test_a_filter_finds_what_is_typed(busy: Shop, typed: str, found: list[str] | None) -> None:
    assert names(busy, typed) == (names(busy) if found is None else found)


def test_a_row_says_why_and_how_long_and_when_again(busy: Shop) -> None:
    dead, retrying = listed(busy, "state:dead")[0], listed(busy, "state:retrying")[0]
    done, skipped = listed(busy, "key:SO-1 state:done")[0], listed(busy, "state:skipped")[0]
    assert (dead.detail, dead.attempts) == ("Permanent: no such item", 1)
    assert retrying.detail.startswith("Declined: no\n") and "shop.py" in retrying.detail
    assert retrying.attempts == 1 and retrying.not_before > 100 * SECOND
    assert (done.ended, done.ms is not None, done.detail) == (100 * SECOND, True, "")
    assert (skipped.detail, skipped.publisher, skipped.topic, skipped.version) == (
        "sold by hand",
        "shop",
        "shop.placed",
        1,
    )


def test_a_state_that_there_is_not_is_refused_with_those_that_there_are(busy: Shop) -> None:
    with pytest.raises(NoSuchState, match="ded") as refused:
        listed(busy, "state:ded")
    assert "dead" in refused.value.hint


def test_pages_together_are_the_whole_list(busy: Shop) -> None:
    with busy.database.read() as connection:
        rows: list[Delivery] = []
        before: int | None = None
        while True:
            page = tail.page(connection, parse(""), before=before, limit=2)
            rows += page.rows
            before = page.next
            if before is None:
                break
    assert [f"{one.name} {one.state}" for one in rows] == names(busy)


def test_a_filter_that_finds_nothing_looks_a_bounded_way_back_and_says_how_far(shop: Shop) -> None:
    shop.subscribe("shop.stock")
    shop.publish(Placed(order="SO-OLD"))
    for _turn in range(3):
        shop.publish(*(Noted(order="SO-1", depth=0) for _one in range(10)))
    shop.publish(Placed(order="SO-NEW"))
    with shop.database.read() as connection:
        first = tail.page(connection, parse("old"), looked=20)
        assert (first.rows, first.next) == ([], 13)
        second = tail.page(connection, parse("old"), before=first.next, looked=20)
        assert [one.key for one in second.rows] == ["SO-OLD"] and second.next is None


def test_a_dead_delivery_and_a_key_are_found_however_old_they_are(shop: Shop) -> None:
    shop.subscribe("shop.stock")
    shop.faults["shop.stock"] = fail("SO-OLD", error=Permanent("no"))
    shop.publish(Placed(order="SO-OLD"))
    shop.publish(*(Placed(order="SO-1") for _one in range(50)))
    shop.drain()
    assert [one.key for one in listed(shop, "state:dead", looked=10)] == ["SO-OLD"]
    assert [one.key for one in listed(shop, "key:SO-OLD", looked=10)] == ["SO-OLD"]
    assert listed(shop, "so-old", looked=10) == []


def test_the_oldest_that_is_not_done_is_found_by_key(busy: Shop) -> None:
    with busy.database.read() as connection:
        stock, labels = (tail.oldest(connection, name) for name in ("shop.stock", "post.labels"))
        assert tail.oldest(connection, "shop.timer") is None
    assert (stock and f"{stock.name} {stock.state}", labels and labels.name) == (
        "shop.stock/2 dead",
        "post.labels/3",
    )


def test_a_timer_is_listed_while_it_has_not_rung(shop: Shop) -> None:
    shop.now = 100 * SECOND
    shop.subscribe("shop.timer", "shop.lapses/1")
    shop.publish(Lapses(order="SO-1"), due_in=60)
    found = listed(shop, "state:scheduled")
    assert [(one.name, one.not_before) for one in found] == [("shop.timer/1", 160 * SECOND)]


def test_calls_to_the_outside_are_listed_beside(shop: Shop) -> None:
    shop.now = 100 * SECOND

    def send(request: CallRequest) -> CallDone:
        if request.subject == "PAY-2":
            raise Permanent("card expired")
        return CallDone({})

    shop.call("shop.capture", send, deadline=timedelta(seconds=1))
    with shop.database.write() as connection:
        for number in (1, 2, 3):
            subject = f"PAY-{number}"
            calls.record(
                connection,
                module="shop",
                operation="shop.capture",
                subject=subject,
                key=f"SO-{number}",
                payload={},
                at=number * SECOND,
            )
    shop.worker().drain()
    with shop.database.read() as connection:

        def found(typed: str, **options: Any) -> list[str]:
            return [
                f"{one.subject} {one.state}"
                for one in call_tail.page(connection, parse(typed), **options).rows
            ]

        assert found("") == ["PAY-3 done", "PAY-2 dead", "PAY-1 done"]
        assert found("state:dead topic:capture") == found("expired") == ["PAY-2 dead"]
        assert found("!key:SO-2 module:shop") == ["PAY-3 done", "PAY-1 done"]
        first = call_tail.page(connection, parse(""), limit=2)
        rest = call_tail.page(connection, parse(""), before=first.next, limit=2)
        assert [one.subject for one in (*first.rows, *rest.rows)] == ["PAY-3", "PAY-2", "PAY-1"]
        assert call_tail.call(connection, first.rows[1].id).detail == "card expired"
        with pytest.raises(NoSuchCall):
            call_tail.call(connection, "gone")
        nothing = call_tail.page(connection, parse("pay-1"), looked=2)
        assert nothing.rows == [] and nothing.next is not None


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    "typed", ["", "state:dead", "key:SO-1", "topic:placed hello !state:done module:post"]
)
def test_no_page_reads_over_everything(busy: Shop, typed: str) -> None:
    large = {
        "e",
        "x",
        "d",
        "c",
        "fenbu_event",
        "fenbu_delivery",
        "fenbu_delivered",
        "fenbu_skipped",
        "fenbu_call",
    }
    with busy.database.read() as connection:
        look = tail._Look(connection, parse(typed))
        plan = connection.execute(
            text(f"EXPLAIN QUERY PLAN {look._template}"),
            look._filters.values | {"low": 1, "high": 9, "limit": 10, "key": "SO-1"},
        )
        steps = [str(row[3]) for row in plan]
    assert [step for step in steps if step.startswith("SCAN") and step.split()[1] in large] == []
