"""Workers: they go on by themselves, stop when asked, and share the work."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from fenbu.calls import CallDone
from fenbu.engine.flows import admin, books, breaker, calls, history, housekeeping, subscriptions
from fenbu.engine.flows import map as flow_map
from fenbu.engine.flows.caller import Caller
from fenbu.engine.flows.deadline import Deadline, lock_waits
from fenbu.engine.flows.delivery import Delivery
from fenbu.engine.flows.map import arrows
from fenbu.engine.flows.marker import Markers
from fenbu.engine.flows.pending import Pending
from fenbu.engine.flows.records import BoundCall, Received
from fenbu.engine.flows.worker import Drained
from fenbu.engine.store.errors import DatabaseReplaced
from tests.core.flows.shop import SECOND, Cancelled, Lapses, Placed, Shop, fail, in_order


def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for a condition; the test fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.01)


def test_a_running_worker_delivers_what_is_published(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    with shop.worker().running():
        shop.publish(Placed(order="A"))
        until(shop.effects)
        shop.publish(Placed(order="B"))
        until(lambda: len(shop.effects()) == 2)


def test_a_worker_shows_when_it_last_beat_and_leaves_when_it_stops(shop: Shop) -> None:
    worker = shop.worker()

    def living() -> list[str]:
        with shop.database.read() as connection:
            return list(connection.execute(text("SELECT id FROM fenbu_worker")).scalars())

    with worker.running():
        until(lambda: living() == [worker.id])
    assert living() == []


@pytest.mark.databases("sqlite")
def test_an_idle_worker_ends_when_its_file_is_gone(shop: Shop, url: str) -> None:
    shop.subscribe("shop.ledger")
    shop.call("shop.capture", lambda request: CallDone())
    file = Path(url.removeprefix("sqlite:///"))
    gone = threading.Timer(0.5, file.unlink)
    gone.start()
    with pytest.raises(DatabaseReplaced, match="it was deleted or moved"):
        shop.worker().run()
    gone.join()


def test_a_worker_whose_calls_cannot_go_on_ends_and_says_why(shop: Shop) -> None:
    def known() -> tuple[BoundCall, ...]:
        raise LookupError("a bug where calls are made")

    worker = shop.worker()
    worker._caller = Caller(shop.database, known, shop.before, clock=shop.clock)
    with shop.database.write() as connection:
        calls.record(
            connection, module="shop", operation="shop.capture", subject="P", key="K", payload={}, at=1
        )
    with pytest.raises(LookupError, match="a bug where calls are made"):
        worker.run()


def test_a_worker_stopped_by_a_signal_finishes_its_batch(shop: Shop) -> None:
    def ask_to_stop(_connection: Connection, received: Received) -> None:
        if received.seq == 1:
            signal.raise_signal(signal.SIGTERM)

    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = ask_to_stop
    shop.publish(*(Placed(order="A") for _ in range(5)))
    shop.worker().run(signals=True)
    done = len(shop.effects())
    assert done >= 1
    assert shop.states("shop.ledger")["waiting"] == 5 - done
    shop.balance()


_LATE_THEN_PROFILED = """
import sys
from fenbu.engine.flows.deadline import Deadline
from fenbu.engine.flows.errors import HandlerTooSlow

late = Deadline(0.05)
try:
    with late.over(None):
        while True:
            pass
except HandlerTooSlow:
    sys.setprofile(lambda *told: None)
    (lambda: None)()
    sys.setprofile(None)
    print("it goes on")
"""


def test_a_process_in_which_a_handler_was_late_goes_on_under_a_profiler() -> None:
    """An interruption that was cleared, and not met, let CPython 3.11 look for it for ever."""
    told = subprocess.run(
        [sys.executable, "-c", _LATE_THEN_PROFILED], capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stdout.strip() == "it goes on"


def test_draining_ends_when_everything_is_done(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.call("shop.capture", lambda request: CallDone())
    shop.publish(*(Placed(order=f"O{i}") for i in range(70)))
    with shop.database.write() as connection:
        calls.record(
            connection, module="shop", operation="shop.capture", subject="P", key="K", payload={}, at=1
        )
    drained = shop.worker().drain()
    assert drained.finished
    assert drained.done == 70
    assert len(shop.recorded) == 1


def test_draining_catches_up_with_history(shop: Shop) -> None:
    shop.publish(*(Placed(order=f"O{i}") for i in range(70)))
    shop.subscribe("crm.timeline", module="crm", history="catch_up")
    assert shop.worker().drain().finished
    assert len(shop.effects()) == 70
    with shop.database.read() as connection:
        assert history.catching_up(connection) == frozenset()


def test_draining_one_key_leaves_the_others(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.publish(*(Placed(order=f"O{i % 7}") for i in range(70)))
    assert shop.worker().drain(key="O3").finished
    assert {one.key for one in shop.effects()} == {"O3"}
    assert len(shop.effects()) == 10


def test_draining_one_key_does_not_wait_for_a_module_that_catches_up(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.publish(*(Placed(order=f"O{i % 7}") for i in range(70)))
    shop.drain()
    shop.subscribe("crm.timeline", module="crm", history="catch_up")
    shop.publish(Placed(order="O3"))
    assert shop.worker().drain("O3", timeout=20) == Drained(1, True)
    assert shop.effects("crm.timeline") == []
    assert shop.worker().drain() == Drained(71, True)
    assert in_order(shop, "crm.timeline")


def test_draining_waits_for_what_is_tried_again_and_not_for_the_dead(shop: Shop) -> None:
    shop.subscribe("shop.ledger", attempts=2)
    shop.faults["shop.ledger"] = fail("A")
    shop.publish(Placed(order="A"), Cancelled(order="A"), Placed(order="B"))
    assert shop.worker().drain(timeout=60).finished
    assert shop.states("shop.ledger") == {"dead": 1, "held": 1}


def test_draining_says_when_time_runs_out(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = fail()
    shop.publish(Placed(order="A"))
    assert not shop.worker().drain(timeout=0.2).finished


def test_a_worker_waits_out_a_lost_connection(shop: Shop) -> None:
    lost = [3]

    def fault(_connection: Connection, _received: Received) -> None:
        if lost[0]:
            lost[0] -= 1
            raise OperationalError("SELECT 1", {}, Exception("gone"), connection_invalidated=True)

    shop.subscribe("shop.ledger", attempts=1)
    shop.faults["shop.ledger"] = fault
    shop.publish(Placed(order="A"))
    with shop.worker().running():
        until(shop.effects)
    assert shop.states("shop.ledger") == {}


def test_a_waiting_worker_costs_next_to_nothing(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    with shop.worker().running():
        time.sleep(0.3)
        before = shop.database.statistics.copy()
        time.sleep(1.5)
        assert shop.database.statistics.since(before).statements < 30


def test_four_workers_do_each_delivery_once_and_in_order(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.subscribe("shop.stock")
    flaky = iter(range(10**6))

    def fault(_connection: Connection, _received: Received) -> None:
        if next(flaky) % 17 == 0:
            raise ValueError("flaky")

    shop.faults["shop.stock"] = fault
    workers = [shop.worker() for _ in range(4)]
    stop = threading.Event()
    threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in workers]
    for thread in threads:
        thread.start()
    for i in range(150):
        shop.publish(Placed(order=f"O{i % 12}"), Cancelled(order=f"O{i % 5}"))
    until(lambda: len(shop.seqs("shop.ledger")) == 300)
    with shop.database.write() as connection:
        connection.execute(text("UPDATE fenbu_delivery SET not_before = 0 WHERE state = 'waiting'"))
    until(lambda: len(shop.seqs("shop.stock")) == 300, 60)
    stop.set()
    for thread in threads:
        thread.join()
    for name in ("shop.ledger", "shop.stock"):
        assert sorted(shop.seqs(name)) == list(range(1, 301))
        assert in_order(shop, name)
    shop.balance()


def test_pausing_and_resuming_changes_nothing_in_the_end(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    with shop.worker().running():
        for i in range(12):
            shop.publish(Placed(order=f"O{i % 3}"))
            with shop.database.write() as connection:
                shop.before(connection)
                verb = subscriptions.pause if i % 2 else subscriptions.resume
                verb(connection, "shop.ledger", at=1)
        assert len(shop.effects()) < 13
        with shop.database.write() as connection:
            subscriptions.resume(connection, "shop.ledger", at=1)
        until(lambda: len(shop.effects()) == 12)
    assert in_order(shop, "shop.ledger")


def test_a_paused_subscription_gathers_and_delivers_nothing(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    with shop.database.write() as connection:
        subscriptions.pause(connection, "shop.ledger", at=1, reason="stock-taking")
    shop.publish(Placed(order="A"))
    assert shop.turn() == 0
    assert shop.states("shop.ledger") == {"waiting": 1}
    with shop.database.read() as connection:
        assert books.pressure(connection) == 0
        (arrow,) = arrows(connection, 1)
    assert (arrow.state, arrow.reason) == ("paused", "stock-taking")


def test_a_module_enabled_while_others_publish_misses_nothing(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    stop = threading.Event()

    def publish(number: int) -> None:
        while not stop.is_set():
            shop.publish(Placed(order=f"O{number}"))

    threads = [threading.Thread(target=publish, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: shop.states("shop.ledger")["waiting"] > 40)
    shop.subscribe("scm.orders", module="scm")
    shop.subscribe("crm.timeline", module="crm", history="catch_up")
    until(lambda: shop.states("scm.orders")["waiting"] > 40)
    stop.set()
    for thread in threads:
        thread.join()
    assert shop.worker().drain().finished
    everything = sorted(shop.seqs("shop.ledger"))
    assert sorted(shop.seqs("crm.timeline")) == everything
    since = shop.seqs("scm.orders")
    assert sorted(since) == [seq for seq in everything if seq >= min(since)]
    shop.balance()


def test_nearly_everything_failing_trips_the_subscription(shop: Shop) -> None:
    shop.now = SECOND
    shop.subscribe("shop.ledger", attempts=1)
    shop.faults["shop.ledger"] = fail()
    shop.publish(*(Placed(order=f"O{i}") for i in range(120)))
    shop.drain()
    assert shop.states("shop.ledger")["dead"] < 110
    with shop.database.read() as connection:
        stored = subscriptions.find(connection, "shop.ledger")
        problem = connection.execute(text("SELECT module, kind, subject, hint FROM fenbu_problem")).one()
    assert stored.state == "tripped"
    assert tuple(problem)[:3] == ("shop", breaker.FLOW, "shop.ledger")
    assert "fenbu flows resume shop.ledger" in problem.hint
    shop.faults.clear()
    with shop.database.write() as connection:
        subscriptions.resume(connection, "shop.ledger", at=1)
        admin.retry_all(connection)
    shop.drain()
    assert len(shop.effects()) == 120


def test_one_key_failing_for_ever_trips_nothing(shop: Shop) -> None:
    shop.now = SECOND
    shop.subscribe("shop.ledger", attempts=200)
    shop.faults["shop.ledger"] = fail()
    shop.publish(Placed(order="A"))
    for _ in range(60):
        shop.drain()
        shop.now += 301 * SECOND
    with shop.database.read() as connection:
        assert subscriptions.find(connection, "shop.ledger").state == "active"


@pytest.mark.parametrize("stuck", ["python", "sql"])
def test_a_handler_that_never_ends_is_interrupted_and_counted(shop: Shop, stuck: str) -> None:
    slow = {
        "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
        "postgresql": "SELECT pg_sleep(60)",
    }[shop.database.dialect]

    def fault(connection: Connection, received: Received) -> None:
        if received.key != "B":
            return
        while stuck == "python":
            pass
        connection.exec_driver_sql(slow)

    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = fault
    deadline = Deadline(0.3)
    shop.delivery = Delivery(shop.database, lambda: shop.bound, shop.before, deadline=deadline)
    shop.publish(Placed(order="A"), Placed(order="B"), Cancelled(order="B"), Placed(order="C"))
    shop.drain()
    assert sorted(one.key for one in shop.effects()) == ["A", "C"]
    with shop.database.read() as connection:
        stuck_one = admin.find(connection, "shop.ledger", 2)
    assert stuck_one.reason == "HandlerTooSlow: the handler took more than 0.3 seconds"
    deadline.close()


@pytest.mark.databases("postgresql")
def test_locks_that_take_too_long_are_given_up_and_the_batch_is_handled_one_by_one(
    shop: Shop, tmp_path: Path
) -> None:
    marker, named = Markers(tmp_path).take(), []

    def hang(pending: Pending, _received: object) -> None:
        named.append(marker.left())
        pending.connection.exec_driver_sql("SELECT pg_sleep(30)")

    shop.subscribe("shop.ledger", locks=hang)
    deadline = Deadline(0.3)
    shop.delivery = Delivery(shop.database, lambda: shop.bound, shop.before, deadline=deadline, marker=marker)
    shop.publish(*(Placed(order="A") for _ in range(3)))
    shop.drain()
    assert shop.seqs("shop.ledger") == [1, 2, 3]
    assert named == [(1, 1)], "should the process die of it, the next worker knows of which event"
    assert marker.left() is None
    deadline.close()


@pytest.mark.databases("sqlite")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("swallows", ["while an object is deleted", "in an except clause"])
def test_a_handler_that_swallows_its_interruption_is_interrupted_again(shop: Shop, swallows: str) -> None:
    class Lingers:
        def __del__(self) -> None:
            spin(0.6)

    def spin(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass

    def slow(_connection: Connection, _received: Received) -> None:
        if swallows == "while an object is deleted":
            Lingers()
        else:
            with suppress(Exception):
                spin(0.6)
        spin(20)

    shop.subscribe("shop.ledger", attempts=1)
    shop.faults["shop.ledger"] = slow
    deadline = Deadline(0.3)
    shop.delivery = Delivery(shop.database, lambda: shop.bound, shop.before, deadline=deadline)
    shop.publish(Placed(order="A"))
    began = time.monotonic()
    shop.drain()
    assert time.monotonic() - began < 15
    assert shop.states("shop.ledger") == {"dead": 1}
    shop.faults.clear()
    shop.publish(*(Placed(order="B") for _ in range(60)))
    shop.drain()
    assert len(shop.effects()) == 60
    deadline.close()


@pytest.mark.databases("postgresql")
def test_waiting_for_what_somebody_else_holds_is_not_counted_as_being_slow(shop: Shop) -> None:
    """Three times the deadline passes while an operator's long act holds the row that the handler wants."""

    def wants_the_order(connection: Connection, received: Received) -> None:
        wanted = "SELECT changes FROM shop_order WHERE number = :number FOR UPDATE"
        connection.execute(text(wanted), {"number": received.key})

    shop.subscribe("shop.ledger")
    shop.faults["shop.ledger"] = wants_the_order
    deadline = Deadline(0.5, waits=lock_waits(shop.database))
    shop.delivery = Delivery(shop.database, lambda: shop.bound, shop.before, deadline=deadline)
    shop.publish(Placed(order="A"))
    delivering = threading.Thread(target=shop.drain)
    with shop.database.write() as act:
        act.execute(text("UPDATE shop_order SET changes = 7 WHERE number = 'A'"))
        delivering.start()
        time.sleep(1.5)
    delivering.join()
    assert [one.key for one in shop.effects()] == ["A"]
    assert shop.states("shop.ledger") == {}
    with shop.database.read() as connection:
        assert connection.execute(text("SELECT attempts FROM fenbu_delivered")).scalars().all() == [0]
    deadline.close()


def test_an_event_that_was_in_hand_when_its_worker_died_counts_as_tried(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "hands"
    shop.subscribe("shop.ledger")
    shop.publish(Placed(order="A"), Cancelled(order="A"), Placed(order="B"))
    for _ in range(3):
        marker = Markers(folder).take()
        marker.set(shop.place("shop.ledger", "A").subscription, 1)
        marker.close()  # as the system does when the process dies
        worker = shop.worker(markers=folder)
        worker._recover()
        worker.close()
    with shop.database.read() as connection:
        (one,) = admin.dead(connection)
    assert (one.seq, one.attempts) == (1, 3)
    assert one.reason.startswith("WorkerDied")
    shop.drain()
    assert [effect.key for effect in shop.effects()] == ["B"]


def test_a_suspect_that_is_not_the_first_of_its_key_does_not_overtake(shop: Shop) -> None:
    shop.subscribe("shop.ledger")
    shop.publish(Placed(order="A"), Cancelled(order="A"))
    for _ in range(4):
        shop.delivery.suspect(shop.place("shop.ledger", "A").subscription, 2)
    shop.drain()
    assert in_order(shop, "shop.ledger")
    assert shop.seqs("shop.ledger") == [1, 2]


def test_the_map_shows_what_moves_and_what_is_stuck(shop: Shop) -> None:
    shop.now = 100 * SECOND
    shop.subscribe("shop.ledger", attempts=1)
    shop.subscribe("shop.stock", "shop.lapses/1", "shop.placed/1", routes={"shop.placed": "web"})
    shop.faults["shop.ledger"] = fail("A")
    shop.publish(Placed(order="A"), Cancelled(order="A"), Placed(order="B"))
    shop.publish(Lapses(order="A"), due_in=60)
    shop.drain()
    shop.now += 30 * SECOND
    shop.publish(Placed(order="C", by="phone"))
    with shop.database.read() as connection:
        ledger, stock = arrows(connection, shop.now)
    assert (ledger.dead, ledger.held, ledger.waiting, ledger.oldest_key, ledger.lag) == (1, 1, 1, "A", 30.0)
    assert ledger.rate == pytest.approx(0.2)
    assert ledger.p95 is not None
    assert stock.topics == {"shop.lapses/1": None, "shop.placed/1": "web"}
    assert (stock.scheduled, stock.waiting, stock.lag) == (1, 0, 0.0)
    assert stock.moved == {"shop.placed/1": 2}


def test_an_arrow_begins_where_its_topics_come_from_also_when_nothing_has_moved_yet(shop: Shop) -> None:
    shop.subscribe("post.labels", "shop.placed/1", "gone.away/1", module="post")
    shop.subscribe("post.rounds", "post.due/1", "module.enabled/1", module="post")
    shop.subscribe("shop.own", "shop.noted/1")
    with shop.database.read() as connection:
        found = {arrow.subscription: arrow.sources for arrow in arrows(connection, 1)}
    assert found == {"post.labels": ["shop"], "post.rounds": ["fenbu"], "shop.own": ["shop"]}


def test_the_rate_is_that_of_the_time_in_which_the_last_ones_were_made(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow_map, "SAMPLE", 4)
    shop.now = 100 * SECOND
    shop.subscribe("shop.ledger")
    for _second in range(6):
        shop.now += SECOND
        shop.publish(Placed(order="A"))
        shop.drain()
    with shop.database.read() as connection:
        (ledger,) = arrows(connection, shop.now)
    assert ledger.rate == pytest.approx(80)


@pytest.mark.parametrize(
    ("measured", "half", "most"), [({3: 1}, 3, 3), ({1: 90, 50: 10}, 1, 50), ({0: 2, 7: 2}, 7, 7)]
)
def test_half_and_nearly_all_lie_below_their_quantiles(
    measured: dict[int, int], half: int, most: int
) -> None:
    assert (flow_map.quantile(measured, 50), flow_map.quantile(measured, 95)) == (half, most)


def test_what_waits_is_counted_by_module_key_and_day(shop: Shop) -> None:
    from datetime import date

    shop.now = 86_400 * SECOND * 3
    shop.subscribe("shop.ledger", attempts=1)
    shop.faults["shop.ledger"] = fail("A")
    shop.publish(Placed(order="A"), Cancelled(order="A"), Placed(order="B"))
    shop.publish(Lapses(order="C"), due_in=60)
    shop.drain()
    with shop.database.read() as connection:
        assert books.waiting(connection, "shop") == 2
        assert books.waiting(connection, "shop", key="B") == 0
        assert books.waiting(connection, "shop", until=date(1970, 1, 3)) == 0
        assert books.waiting(connection, "shop", until=date(1970, 1, 4)) == 2
        assert books.waiting(connection, "crm") == 0
        assert books.waiting_keys(connection) == {"A"}


def test_what_was_delivered_is_forgotten_after_a_while(shop: Shop) -> None:
    shop.now = SECOND
    shop.subscribe("shop.ledger")
    shop.publish(*(Placed(order="A") for _ in range(5)))
    shop.drain()
    shop.now += housekeeping.KEEP
    shop.publish(Placed(order="A"))
    shop.drain()
    with shop.database.write() as connection:
        assert housekeeping.prune(connection, shop.now + 1) == 5
    shop.balance()
