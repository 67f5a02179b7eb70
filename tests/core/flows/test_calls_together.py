"""Calls that are taken, sent and recorded together: each keeps the promises that it has alone."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from fenbu.calls import CallDone, CallFailed, CallRequest, CallUnknown, Outcome
from fenbu.engine.flows import calls
from fenbu.engine.flows.caller import MOMENT, MOST, Caller
from fenbu.engine.flows.errors import Again
from fenbu.engine.flows.pending import Pending
from tests.core.flows.shop import SECOND, Shop

CHANGE = text(
    "INSERT INTO shop_order (number, changes) VALUES (:number, 1) "
    "ON CONFLICT (number) DO UPDATE SET changes = shop_order.changes + 1"
)


class Killed(BaseException):
    """What ends a process in these tests."""


@pytest.fixture(autouse=True)
def still(shop: Shop) -> None:
    shop.now = 1_000_000


def locks_nothing(_pending: Pending, _requests: Sequence[CallRequest]) -> None:
    """Stand for rows that are locked in one order."""


def bind(shop: Shop, send: Callable[[CallRequest], Outcome], **options: object) -> None:
    """Let this be how the calls of the shop are made from now on."""
    shop.calls = ()
    shop.call("shop.capture", send, **{"locks": locks_nothing, **options})


def want(shop: Shop, *subjects: str, operation: str = "shop.capture") -> list[str]:
    with shop.database.write() as connection:
        return [
            calls.record(
                connection,
                module="shop",
                operation=operation,
                subject=subject,
                key=subject,
                payload={},
                at=number,
            )
            for number, subject in enumerate(subjects)
        ]


def caller(shop: Shop) -> Caller:
    return Caller(shop.database, lambda: shop.calls, shop.before, clock=shop.clock)


def practised(shop: Shop) -> Caller:
    """Return a caller that has seen the outside answer fast."""
    one = caller(shop)
    want(shop, *(f"before {number}" for number in range(MOST)))
    while one.once():
        pass
    return one


def rows(shop: Shop) -> dict[str, tuple[str, int, int | None]]:
    """Return state, attempts and first sending of the calls that matter, by subject."""
    with shop.database.read() as connection:
        found = connection.execute(
            text("SELECT subject, state, attempts, first_sent FROM fenbu_call ORDER BY at, id")
        ).all()
    return {row[0]: (row[1], row[2], row[3]) for row in found if not row[0].startswith("before")}


def done(_request: CallRequest) -> Outcome:
    return CallDone()


def test_calls_that_are_answered_fast_share_two_commits(shop: Shop) -> None:
    bind(shop, done)
    one = practised(shop)
    want(shop, *"ABCDEFGH")
    before = shop.database.statistics.copy()
    assert one.once()
    assert shop.database.statistics.since(before).commits == 2
    assert {state for state, *_ in rows(shop).values()} == {"done"}
    assert [shop.changes(subject) for subject in "ABCDEFGH"] == [1] * 8


def test_outcomes_of_all_kinds_share_a_commit(shop: Shop) -> None:
    answers: dict[str, Outcome] = {"B": CallFailed("card expired"), "C": CallUnknown("connection cut")}
    bind(shop, lambda request: answers.get(request.subject, CallDone()))
    one = practised(shop)
    want(shop, *"ABCD")
    one.once()
    assert {subject: row[0] for subject, row in rows(shop).items()} == {
        "A": "done",
        "B": "failed",
        "C": "unknown",
        "D": "done",
    }


@pytest.mark.databases("postgresql")
def test_outcomes_whose_rows_cannot_be_locked_in_one_order_are_recorded_one_by_one(shop: Shop) -> None:
    bind(shop, done, locks=None)
    one = practised(shop)
    want(shop, *"ABCD")
    before = shop.database.statistics.copy()
    one.once()
    assert shop.database.statistics.since(before).commits == 1 + 4
    assert [shop.changes(subject) for subject in "ABCD"] == [1] * 4


def test_a_slow_answer_is_recorded_at_once_and_the_others_are_given_back_as_they_were(shop: Shop) -> None:
    slow = [True]

    def send(request: CallRequest) -> Outcome:
        if slow[0] and request.subject == "B":
            time.sleep(MOMENT * 1.5)
        return CallDone()

    bind(shop, send)
    one = practised(shop)
    want(shop, *"ABCD")
    one.once()
    assert {subject: row[0] for subject, row in rows(shop).items()} == {
        "A": "done",
        "B": "done",
        "C": "new",
        "D": "new",
    }
    assert rows(shop)["C"] == rows(shop)["D"] == ("new", 0, None)
    slow[0] = False
    assert one.once()
    assert one.once()
    assert [row[1] for row in rows(shop).values()] == [1] * 4, "being given back is no attempt"


def test_of_a_slow_gateway_one_call_is_taken_at_a_time(shop: Shop) -> None:
    sending: list[int] = []

    def send(_request: CallRequest) -> Outcome:
        sending.append(sum(row[0] == "sending" for row in rows(shop).values()))
        time.sleep(MOMENT * 1.1)
        return CallDone()

    bind(shop, send)
    want(shop, *"ABC")
    one = caller(shop)
    while one.once():
        pass
    assert sending == [1, 1, 1]


def test_a_caller_that_is_stopped_gives_back_what_it_has_not_sent(shop: Shop) -> None:
    seen: list[str] = []

    def send(request: CallRequest) -> Outcome:
        seen.append(request.subject)
        return CallDone()

    bind(shop, send)
    one = practised(shop)
    seen.clear()
    want(shop, *"ABCD")
    one.once(stop=lambda: "B" in seen)
    assert seen == ["A", "B"]
    assert [row[0] for row in rows(shop).values()] == ["done", "done", "new", "new"]


def test_a_crash_between_two_sendings_sends_all_again_with_their_keys_and_records_each_once(
    shop: Shop,
) -> None:
    seen = Counter[str]()
    poison = ["B"]

    def send(request: CallRequest) -> Outcome:
        seen[request.id] += 1
        if request.subject in poison:
            raise Killed
        return CallDone()

    bind(shop, send)
    one = practised(shop)
    seen.clear()
    wanted = want(shop, *"ABCD")
    with pytest.raises(Killed):
        one.once()
    assert [row[0] for row in rows(shop).values()] == ["sending"] * 4
    assert not caller(shop).once(), "their leases have not ended"
    assert shop.now is not None
    shop.now += 31 * SECOND
    assert caller(shop).once()
    with pytest.raises(Killed):
        practised(shop)
    assert rows(shop) == {
        "A": ("done", 2, 1_000_000),
        "B": ("sending", 2, 1_000_000),
        "C": ("sending", 1, 1_000_000),
        "D": ("sending", 1, 1_000_000),
    }, "what may have killed its caller is made alone, so the others' attempts are not spent on it"
    poison.clear()
    shop.now += 31 * SECOND
    one = caller(shop)
    while one.once():
        pass
    assert {row[0] for row in rows(shop).values()} == {"done"}
    assert [seen[identity] for identity in wanted] == [2, 3, 1, 1]
    assert [shop.changes(subject) for subject in "ABCD"] == [1] * 4


def test_an_outcome_that_cannot_be_recorded_takes_only_itself(shop: Shop) -> None:
    seen = Counter[str]()
    broken = ["B"]

    def send(request: CallRequest) -> Outcome:
        seen[request.subject] += 1
        return CallDone({"reference": request.subject})

    def record(pending: Pending, request: CallRequest, _outcome: Outcome) -> None:
        pending.connection.execute(CHANGE, {"number": request.subject})
        if request.subject in broken:
            raise KeyError("a bug in the module")

    bind(shop, send, record=record)
    one = practised(shop)
    want(shop, *"ABCD")
    one.once()
    assert [row[0] for row in rows(shop).values()] == ["done", "unknown", "done", "done"]
    assert [shop.changes(subject) for subject in "ABCD"] == [1, 0, 1, 1]
    broken.clear()
    assert shop.now is not None
    shop.now += 3600 * SECOND
    one.once()
    assert [shop.changes(subject) for subject in "ABCD"] == [1] * 4
    assert [seen[subject] for subject in "ABCD"] == [1] * 4, "what is known is not asked for again"


def test_what_another_caller_took_over_meanwhile_is_neither_sent_nor_given_back(shop: Shop) -> None:
    """While the first call is slow, the leases of the others end and somebody else makes them."""
    seen = Counter[str]()

    def fast(request: CallRequest) -> Outcome:
        seen[request.subject] += 1
        return CallUnknown("connection cut") if request.subject == "C" else CallDone()

    def slow(request: CallRequest) -> Outcome:
        seen[request.subject] += 1
        if request.subject == "A":
            bind(shop, fast)
            assert shop.now is not None
            shop.now += 31 * SECOND
            other = caller(shop)
            while other.once():
                pass
            time.sleep(MOMENT)
        return CallDone()

    bind(shop, slow, deadline=timedelta(seconds=30))
    one = practised(shop)
    seen.clear()
    want(shop, *"ABCD")
    one.once()
    assert seen == {"A": 2, "B": 1, "C": 1, "D": 1}
    assert {subject: row[:2] for subject, row in rows(shop).items()} == {
        "A": ("done", 2),
        "B": ("done", 2),
        "C": ("unknown", 2),
        "D": ("done", 2),
    }
    assert [shop.changes(subject) for subject in "ABCD"] == [1, 1, 0, 1]


def test_several_callers_share_the_work_and_make_each_call_once(shop: Shop) -> None:
    seen = Counter[str]()
    held = threading.Lock()

    def send(request: CallRequest) -> Outcome:
        with held:
            seen[request.id] += 1
        time.sleep(0.001)
        return CallDone()

    bind(shop, send)
    wanted = want(shop, *(f"P{number}" for number in range(60)))

    def work() -> None:
        one = caller(shop)
        while one.once():
            pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == dict.fromkeys(wanted, 1)
    assert {row[:2] for row in rows(shop).values()} == {("done", 1)}
    assert len(shop.recorded) == len(wanted)


def test_what_a_failing_machine_did_not_let_record_is_recorded_later_and_not_sent_again(shop: Shop) -> None:
    seen = Counter[str]()
    lost = [2]

    def send(request: CallRequest) -> Outcome:
        seen[request.subject] += 1
        return CallDone()

    def record(pending: Pending, request: CallRequest, _outcome: Outcome) -> None:
        if lost[0] and request.subject == "B":
            lost[0] -= 1
            raise OperationalError("SELECT 1", {}, Exception("gone"), connection_invalidated=True)
        pending.connection.execute(CHANGE, {"number": request.subject})

    bind(shop, send, record=record)
    one = practised(shop)
    want(shop, *"ABCD")
    with pytest.raises(Exception, match="gone"):
        one.once()
    while one.once():
        pass
    assert {subject: row[:2] for subject, row in rows(shop).items()} == dict.fromkeys("ABCD", ("done", 1))
    assert [shop.changes(subject) for subject in "ABCD"] == [1] * 4
    assert [seen[subject] for subject in "ABCD"] == [1] * 4


def test_outcomes_are_recorded_after_the_set_of_modules_has_moved(shop: Shop) -> None:
    moved = [0]
    seen = Counter[str]()

    def send(request: CallRequest) -> Outcome:
        seen[request.subject] += 1
        if request.subject == "B":
            moved[0] = 2
        return CallDone()

    def before(_connection: Connection) -> None:
        if moved[0]:
            moved[0] -= 1
            raise Again

    bind(shop, send)
    want(shop, *"ABC")
    one = Caller(shop.database, lambda: shop.calls, before, clock=shop.clock)
    worked = True
    while worked:
        try:
            worked = one.once()
        except Again:
            continue
    assert {subject: row[:2] for subject, row in rows(shop).items()} == dict.fromkeys("ABC", ("done", 1))
    assert [seen[subject] for subject in "ABC"] == [1] * 3


def test_an_outcome_whose_module_was_switched_off_meanwhile_is_kept_for_it(shop: Shop) -> None:
    seen = Counter[str]()

    def send(request: CallRequest) -> Outcome:
        seen[request.subject] += 1
        shop.calls = ()
        return CallDone()

    bind(shop, send)
    want(shop, "A")
    one = caller(shop)
    one.once()
    assert rows(shop)["A"][0] == "unknown"
    bind(shop, send)
    assert shop.now is not None
    shop.now += 3600 * SECOND
    one.once()
    assert rows(shop)["A"][0] == "done"
    assert (seen["A"], shop.changes("A")) == (1, 1)


def test_no_operation_waits_until_the_backlog_of_another_is_made(shop: Shop) -> None:
    seen: list[str] = []

    def send(request: CallRequest) -> Outcome:
        seen.append(request.subject)
        time.sleep(MOMENT * 1.1)
        return CallDone()

    bind(shop, send)
    shop.call("shop.void", send)
    want(shop, "A", "B", "C")
    want(shop, "V", operation="shop.void")
    one = caller(shop)
    while one.once():
        pass
    assert seen.index("V") == 1
