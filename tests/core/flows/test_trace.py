"""What led to an event and what came of it, across subscriptions and the outside."""

import pytest

from fenbu.calls import CallDone, CallRequest, Outcome
from fenbu.engine.flows import calls, trace
from fenbu.engine.flows.errors import NoSuchEvent
from fenbu.engine.flows.pending import Pending
from fenbu.engine.flows.records import Received
from fenbu.engine.flows.sql import statement
from fenbu.engine.flows.trace import Trace, Traced
from fenbu.errors import Permanent
from tests.core.flows.shop import SECOND, Cancelled, Noted, Placed, Shop, fail


@pytest.fixture
def chain(shop: Shop) -> Shop:
    """Placing an order is noted by one, which is noted by another, and asks the outside, which answers by an event."""
    shop.now = 100 * SECOND

    def note(pending: Pending, received: Received) -> None:
        shop.publish_in(pending.connection, Noted(order=received.key, depth=received.depth), cause=received)

    def charge(pending: Pending, received: Received) -> None:
        calls.record(
            pending.connection,
            module="shop",
            operation="shop.capture",
            subject=f"PAY-{received.key}",
            key=received.key,
            payload={},
            at=received.now,
            cause=received.seq,
        )

    def charged(pending: Pending, request: CallRequest, _outcome: Outcome) -> None:
        assert request.cause is not None
        cause = Received(request.cause, "", "", 1, request.key, "", 0, None, -1, "shop", 0, shop.now or 0)
        shop.publish_in(pending.connection, Cancelled(order=request.key), cause=cause)

    shop.subscribe("shop.notes", "shop.placed/1", handle=note)
    shop.subscribe("shop.money", "shop.placed/1", handle=charge)
    shop.subscribe("shop.timeline", "shop.noted/1", "shop.cancelled/1")
    shop.faults["shop.timeline"] = fail(error=Permanent("no such order"))
    shop.call("shop.capture", lambda _request: CallDone({}), record=charged)
    shop.publish(Noted(order="SO-0", depth=0), Placed(order="SO-1"))
    shop.worker().drain()
    return shop


def traced(shop: Shop, seq: int, **options: int) -> Trace:
    with shop.database.read() as connection:
        return trace.trace(connection, seq, **options)


def told(found: Trace, event: Traced) -> tuple[str, list[str], list[str], list[object]]:
    travels = [f"{one.subscription} {one.state}" for one in event.travels]
    asked = [f"{one.operation} {one.subject} {one.state}" for one in event.calls]
    return event.topic, travels, asked, [told(found, one) for one in found.effects.get(event.seq, ())]


def test_what_came_of_an_event_is_a_tree_across_subscriptions_and_the_outside(chain: Shop) -> None:
    found = traced(chain, 2)
    assert told(found, found.event) == (
        "shop.placed",
        ["shop.money done", "shop.notes done"],
        ["shop.capture PAY-SO-1 done"],
        [
            ("shop.noted", ["shop.timeline dead"], [], []),
            ("shop.cancelled", ["shop.timeline held"], [], []),
        ],
    )
    assert (found.causes, found.more) == ([], False)


def test_what_led_to_an_event_is_told_from_the_first_cause_on(chain: Shop) -> None:
    found = traced(chain, 3)
    assert [one.topic for one in found.causes] == ["shop.placed"]
    assert found.event.payload == {"order": "SO-1", "depth": 0}
    assert found.event.travels[0].detail == "Permanent: no such order"


def test_a_trace_that_is_too_long_says_so(chain: Shop) -> None:
    found = traced(chain, 2, most=2)
    assert found.more and sum(map(len, found.effects.values())) == 1


def test_an_event_that_there_is_not_is_refused(chain: Shop) -> None:
    with pytest.raises(NoSuchEvent, match="99"):
        traced(chain, 99)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("name", ["_UP", "_DOWN", "_EVENTS", "_TRAVELS", "_OPEN", "_CALLS"])
def test_a_trace_is_found_by_key(chain: Shop, name: str) -> None:
    values = {"seq": 1, "seqs": "[1]", "furthest": 3, "most": 3}
    explained = statement(f"EXPLAIN QUERY PLAN {getattr(trace, name)}", "sqlite")
    with chain.database.read() as connection:
        rows = connection.execute(explained, {one: values[one] for one in explained.compile().params})
        steps = [str(row[3]) for row in rows]
    assert [
        step for step in steps if step.startswith("SCAN fenbu_") or step.split()[:2] == ["SCAN", "c"]
    ] == []
