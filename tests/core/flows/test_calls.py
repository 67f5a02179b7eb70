"""Calls to the outside: at least once with one key, recorded once, never on a guess."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from fenbu.calls import CallDone, CallFailed, CallRequest, CallUnknown, Outcome
from fenbu.engine.flows import calls
from fenbu.engine.flows.caller import Caller
from fenbu.engine.flows.errors import NoSuchCall
from fenbu.engine.flows.pending import Pending
from fenbu.engine.store.errors import DatabaseBusy
from fenbu.errors import Permanent
from fenbu.values import Money
from tests.core.flows.shop import SECOND, Shop

TEN_EUROS = Money(Decimal("10.50"), "EUR")


class Gateway:
    """Charges once for each key, as real ones do; answers what it is told to."""

    def __init__(self) -> None:
        self.seen: list[CallRequest] = []
        self.asked: list[CallRequest] = []
        self.answers: list[Outcome | Exception] = []
        self.knows: Outcome | None = None

    def send(self, request: CallRequest) -> Outcome:
        self.seen.append(request)
        answer = self.answers.pop(0) if self.answers else CallDone({"reference": "r1"})
        if isinstance(answer, Exception):
            raise answer
        return answer

    def ask(self, request: CallRequest) -> Outcome | None:
        self.asked.append(request)
        return self.knows


@pytest.fixture(autouse=True)
def still(shop: Shop) -> None:
    shop.now = 1_000_000


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


def want(shop: Shop, subject: str = "PAY-1", key: str = "SO-1") -> str:
    with shop.database.write() as connection:
        return calls.record(
            connection,
            module="shop",
            operation="shop.capture",
            subject=subject,
            key=key,
            payload={"card": "token"},
            amount=TEN_EUROS,
            at=shop.clock(connection),
        )


def caller(shop: Shop) -> Caller:
    return Caller(shop.database, lambda: shop.calls, shop.before, clock=shop.clock)


def state(shop: Shop, identity: str) -> str:
    with shop.database.read() as connection:
        found = connection.execute(text("SELECT state FROM fenbu_call WHERE id = :id"), {"id": identity})
        return str(found.scalar_one())


def call_all(shop: Shop) -> int:
    one, count = caller(shop), 0
    while one.once():
        count += 1
    return count


def test_a_call_is_sent_with_what_was_recorded_and_its_outcome_written_once(
    shop: Shop, gateway: Gateway
) -> None:
    shop.call("shop.capture", gateway.send)
    identity = want(shop)
    assert call_all(shop) == 1
    (request,) = gateway.seen
    assert (request.id, request.subject, request.key, request.amount) == (
        identity,
        "PAY-1",
        "SO-1",
        TEN_EUROS,
    )
    assert request.payload == {"card": "token"}
    assert shop.recorded == [(identity, CallDone({"reference": "r1"}))]
    assert state(shop, identity) == "done"
    assert shop.changes("PAY-1") == 1


def test_a_call_of_a_change_that_was_rolled_back_is_never_sent(shop: Shop, gateway: Gateway) -> None:
    shop.call("shop.capture", gateway.send)
    with pytest.raises(ZeroDivisionError), shop.database.write() as connection:
        calls.record(
            connection, module="shop", operation="shop.capture", subject="P", key="K", payload={}, at=1
        )
        raise ZeroDivisionError
    assert call_all(shop) == 0
    assert gateway.seen == []


def test_the_key_follows_from_the_operation_and_its_number(shop: Shop) -> None:
    first, second, other = want(shop), want(shop), want(shop, "PAY-2")
    assert len({first, second, other}) == 3
    with (
        shop.database.write() as connection
    ):  # as a restored backup, in which the second was not yet recorded
        connection.execute(text("DELETE FROM fenbu_call WHERE id = :id"), {"id": second})
    assert want(shop) == second


def test_a_refusal_is_recorded_as_failed(shop: Shop, gateway: Gateway) -> None:
    gateway.answers = [CallFailed("card expired")]
    shop.call("shop.capture", gateway.send)
    identity = want(shop)
    call_all(shop)
    assert state(shop, identity) == "failed"
    assert shop.recorded == [(identity, CallFailed("card expired"))]


def test_a_time_out_is_unknown_and_sent_again_with_the_same_key(shop: Shop, gateway: Gateway) -> None:
    gateway.answers = [TimeoutError("no answer"), CallUnknown("connection cut")]
    shop.call("shop.capture", gateway.send, ask=gateway.ask)
    identity = want(shop)
    for _ in range(3):
        call_all(shop)
        if len(gateway.seen) < 3:
            assert state(shop, identity) == "unknown"
            assert shop.recorded == []
        assert shop.now is not None
        shop.now += 10 * SECOND
    assert [(one.id, one.attempt) for one in gateway.seen] == [(identity, 1), (identity, 2), (identity, 3)]
    assert state(shop, identity) == "done"
    assert len(shop.recorded) == 1


def test_before_sending_again_what_was_sent_long_ago_the_outside_is_asked(
    shop: Shop, gateway: Gateway
) -> None:
    gateway.answers = [TimeoutError("no answer")]
    gateway.knows = CallDone({"reference": "from before"})
    shop.call("shop.capture", gateway.send, ask=gateway.ask, ask_after=timedelta(seconds=60))
    identity = want(shop)
    call_all(shop)
    assert shop.now is not None
    shop.now += 600 * SECOND
    call_all(shop)
    assert len(gateway.seen) == 1, "it was not sent again"
    assert shop.recorded == [(identity, gateway.knows)]


def test_what_the_outside_never_heard_of_is_sent_again(shop: Shop, gateway: Gateway) -> None:
    gateway.answers = [TimeoutError("no answer")]
    shop.call("shop.capture", gateway.send, ask=gateway.ask, ask_after=timedelta(seconds=60))
    want(shop)
    call_all(shop)
    assert shop.now is not None
    shop.now += 600 * SECOND
    call_all(shop)
    assert (len(gateway.asked), len(gateway.seen)) == (1, 2)


def test_what_was_sent_long_ago_and_cannot_be_asked_waits_for_a_person(shop: Shop, gateway: Gateway) -> None:
    gateway.answers = [TimeoutError("no answer")]
    shop.call("shop.capture", gateway.send, ask_after=timedelta(seconds=60))
    identity = want(shop)
    call_all(shop)
    assert shop.now is not None
    shop.now += 600 * SECOND
    call_all(shop)
    assert len(gateway.seen) == 1
    assert state(shop, identity) == "dead"
    with shop.database.read() as connection:
        (stuck,) = calls.dead(connection)
    assert stuck.amount == TEN_EUROS
    assert "cannot be asked" in stuck.error


def test_a_call_whose_process_died_is_taken_again_when_its_lease_ends(shop: Shop, gateway: Gateway) -> None:
    class Killed(BaseException):
        pass

    def die(request: CallRequest) -> Outcome:
        gateway.seen.append(request)
        raise Killed

    shop.call("shop.capture", die, ask=gateway.ask, deadline=timedelta(seconds=30))
    identity = want(shop)
    with pytest.raises(Killed):
        caller(shop).once()
    assert state(shop, identity) == "sending"
    shop.calls = ()
    shop.call("shop.capture", gateway.send, ask=gateway.ask)
    assert call_all(shop) == 0, "its lease has not ended"
    assert shop.now is not None
    shop.now += 31 * SECOND
    assert call_all(shop) == 1
    assert [one.id for one in gateway.seen] == [identity, identity]
    assert state(shop, identity) == "done"


def test_of_two_callers_with_one_call_one_records_the_outcome(shop: Shop, gateway: Gateway) -> None:
    def slow(request: CallRequest) -> Outcome:
        """While this one waits for the answer, its lease ends and another takes over."""
        shop.calls = ()
        shop.call("shop.capture", gateway.send, ask=gateway.ask)
        assert shop.now is not None
        shop.now += 31 * SECOND
        call_all(shop)
        return gateway.send(request)

    shop.call("shop.capture", slow, ask=gateway.ask, deadline=timedelta(seconds=30))
    identity = want(shop)
    call_all(shop)
    assert len(gateway.seen) == 2
    assert {one.id for one in gateway.seen} == {identity}
    assert len(shop.recorded) == 1
    assert shop.changes("PAY-1") == 1


def test_an_outcome_that_cannot_be_recorded_is_kept_and_not_sent_again(shop: Shop, gateway: Gateway) -> None:
    broken = [True]

    def record(_pending: Pending, request: CallRequest, outcome: Outcome) -> None:
        if broken[0]:
            raise KeyError("a bug in the module")
        shop.recorded.append((request.id, outcome))

    shop.call("shop.capture", gateway.send, record=record)
    identity = want(shop)
    call_all(shop)
    assert state(shop, identity) == "unknown"
    broken[0] = False
    assert shop.now is not None
    shop.now += 3600 * SECOND
    call_all(shop)
    assert len(gateway.seen) == 1
    assert shop.recorded == [(identity, CallDone({"reference": "r1"}))]


def test_draining_writes_down_what_was_made_while_the_database_was_busy(shop: Shop, gateway: Gateway) -> None:
    """The call is under its lease then, so nothing looks due."""
    busy = [DatabaseBusy("here", "another process is writing")] * 2  # together, then one by one

    def record(_pending: Pending, request: CallRequest, outcome: Outcome) -> None:
        if busy:
            raise busy.pop()
        shop.recorded.append((request.id, outcome))

    shop.call("shop.capture", gateway.send, record=record)
    identity = want(shop)
    worker = shop.worker()
    drained = worker.drain(timeout=10)
    worker.close()
    assert (drained.finished, busy, state(shop, identity)) == (True, [], "done")
    assert len(gateway.seen) == len(shop.recorded) == 1


def test_a_call_is_dead_after_its_attempts_and_can_be_retried_with_its_key(
    shop: Shop, gateway: Gateway
) -> None:
    gateway.answers = [TimeoutError("no answer")] * 3
    shop.call("shop.capture", gateway.send, ask=gateway.ask, attempts=3)
    identity = want(shop)
    for _ in range(5):
        call_all(shop)
        assert shop.now is not None
        shop.now += 300 * SECOND
    assert state(shop, identity) == "dead"
    with shop.database.write() as connection:
        calls.retry(connection, identity)
    call_all(shop)
    assert state(shop, identity) == "done"
    assert {one.id for one in gateway.seen} == {identity}
    with pytest.raises(NoSuchCall), shop.database.write() as connection:
        calls.retry(connection, identity)


def test_all_dead_calls_of_a_module_or_of_all_are_retried_at_once(shop: Shop, gateway: Gateway) -> None:
    gateway.answers = [Permanent("closed")] * 3
    shop.call("shop.capture", gateway.send)
    wanted = [want(shop, subject) for subject in ("P", "Q", "R")]
    call_all(shop)
    open_one = want(shop, "S")
    with shop.database.write() as connection:
        assert calls.retry_all(connection, module="crm") == 0
        assert calls.retry_all(connection) == 3
        assert calls.retry_all(connection) == 0
    assert [state(shop, one) for one in (*wanted, open_one)] == ["unknown"] * 3 + ["new"]
    call_all(shop)
    assert {state(shop, one) for one in wanted} == {"done"}
    assert {one.id for one in gateway.seen} == {*wanted, open_one}


def test_a_call_that_will_never_help_waits_for_a_person_and_is_not_failed(
    shop: Shop, gateway: Gateway
) -> None:
    gateway.answers = [Permanent("no contract with this carrier")]
    shop.call("shop.capture", gateway.send)
    identity = want(shop)
    call_all(shop)
    assert state(shop, identity) == "dead"
    assert shop.recorded == []


def test_skipping_a_dead_call_tells_its_module_that_it_failed(shop: Shop, gateway: Gateway) -> None:
    gateway.answers = [Permanent("never")]
    bound = shop.call("shop.capture", gateway.send)
    identity = want(shop)
    call_all(shop)
    with shop.database.write() as connection:
        calls.skip(connection, identity, bound, reason="paid in cash")
    assert state(shop, identity) == "failed"
    assert shop.recorded == [(identity, CallFailed("paid in cash"))]


def test_no_call_leaves_a_copy_of_the_enterprise(shop: Shop, gateway: Gateway) -> None:
    shop.call("shop.capture", gateway.send)
    want(shop)
    with shop.database.write() as connection:
        connection.execute(text("UPDATE fenbu_enterprise SET copy_of = 'rehearsal'"))
    assert call_all(shop) == 0
    assert gateway.seen == []
    with shop.database.write() as connection:
        connection.execute(text("UPDATE fenbu_enterprise SET copy_of = NULL"))
    assert call_all(shop) == 1


def test_no_transaction_is_open_while_a_call_is_made(shop: Shop, gateway: Gateway) -> None:
    def send(request: CallRequest) -> Outcome:
        with shop.database.write() as connection:  # would raise or hang inside another
            connection.execute(text("UPDATE fenbu_enterprise SET name = 'written meanwhile'"))
        return gateway.send(request)

    shop.call("shop.capture", send)
    want(shop)
    assert call_all(shop) == 1
