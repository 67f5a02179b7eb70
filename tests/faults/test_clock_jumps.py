"""The machine's clock jumps years ahead or back: what waits goes on, nobody is charged twice, numbers stay in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from fenbu.calls import CallDone, CallRequest, Outcome
from fenbu.engine.flows import retry
from fenbu.engine.flows.caller import Caller
from fenbu.engine.flows.calls import record as record_call
from fenbu.engine.kernel import Kernel
from fenbu.engine.store.database import Database
from fenbu.testing.clock import START, Clock
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.enterprises import OWNER
from tests.core.flows.shop import SECOND, Lapses, Placed, Shop, build, fail, in_order
from tests.faults.office import Place
from tests.faults.stories import a_busy_office, count, ordered
from tests.faults.test_disks import untroubled

YEAR = 365 * 86_400 * SECOND
JUMPS = pytest.mark.parametrize("jump", [2 * YEAR, -2 * YEAR], ids=["two years ahead", "two years back"])


@pytest.fixture
def shop(database_copy: DatabaseCopy) -> Iterator[Shop]:
    made = Shop(Database.open(database_copy("shop", build)), now=20 * YEAR)
    yield made
    made.database.dispose()


def now(shop: Shop) -> int:
    assert shop.now is not None
    return shop.now


def capture(shop: Shop) -> None:
    with shop.database.write() as connection:
        at = now(shop)
        record_call(
            connection, module="shop", operation="shop.capture", subject="P", key="K", payload={}, at=at
        )


@JUMPS
def test_what_is_to_be_tried_again_is_tried_within_five_minutes(shop: Shop, jump: int) -> None:
    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = fail()
    shop.publish(Placed(order="A"), Placed(order="B"))
    shop.drain()
    shop.faults.clear()
    shop.now = now(shop) + jump
    shop.publish(Placed(order="A"))
    shop.drain()
    shop.now = now(shop) + retry.MAX_PAUSE
    shop.drain()
    assert sorted(shop.seqs("shop.ledger")) == [1, 2, 3]
    assert in_order(shop, "shop.ledger")


@JUMPS
def test_a_call_whose_worker_died_before_the_jump_is_made_within_five_minutes_after_it(
    shop: Shop, jump: int
) -> None:
    def dies(_request: CallRequest) -> Outcome:
        raise KeyboardInterrupt

    bound = shop.call("shop.capture", dies, ask=lambda _request: CallDone({"asked": "yes"}))
    capture(shop)
    with pytest.raises(KeyboardInterrupt):
        Caller(shop.database, lambda: (bound,), shop.before, clock=shop.clock).once()
    shop.now = now(shop) + jump
    shop.calls = ()
    sent: list[str] = []

    def send(request: CallRequest) -> Outcome:
        sent.append(request.id)
        return CallDone()

    again = shop.call("shop.capture", send, ask=lambda _request: CallDone({"asked": "yes"}))
    assert Caller(shop.database, lambda: (again,), shop.before, clock=shop.clock).once()
    assert sent == [], "whether it was sent long ago nobody knows, so the bank is asked first"
    assert [outcome for _key, outcome in shop.recorded] == [CallDone({"asked": "yes"})]


def test_a_timer_rings_when_its_time_has_come_by_the_clock_of_then(shop: Shop) -> None:
    shop.subscribe("shop.ledger", "shop.lapses/1")
    shop.publish(Lapses(order="A"), due_in=60.0)
    shop.now = now(shop) - YEAR
    assert not shop.worker().turn()
    shop.now = now(shop) + YEAR + 61 * SECOND
    assert shop.worker().drain().finished
    assert shop.seqs("shop.ledger") == [1]


@JUMPS
def test_an_enterprise_goes_on_with_its_numbers_and_its_trail(database_copy: DatabaseCopy, jump: int) -> None:
    url, clock = database_copy("a busy office", lambda url: a_busy_office(Place(url, Path()))), Clock()
    with Kernel.open(url, actor=OWNER, clock=clock) as kernel:
        first = kernel.perform("erp.order.place", ordered(1), key="K").answer["order"]
        kernel.seal_audit()
        clock.set(START + timedelta(microseconds=jump))
        kernel.perform("erp.order.place", ordered(2) | {"day": "2026-01-05"})
        assert kernel.perform("erp.order.place", ordered(1), key="K").answer["order"] == first
        assert kernel.drain().finished
        clock.set(START)
        third = kernel.perform("erp.order.place", ordered(3)).answer["order"]
        assert kernel.drain().finished
        kernel.seal_audit()
        assert int(third[3:]) == int(first[3:]) + 2
        with kernel.database.read() as connection:
            numbers = connection.execute(text("SELECT seq FROM fenbu_event ORDER BY seq")).scalars().all()
        assert len(set(numbers)) == count(kernel, "fenbu_event")
        untroubled(kernel)
