"""Whatever is done in whatever order, however it is delivered: at rest orders, stock and money are what they should be.

The shop sells to people who pay by card, by transfer or not at all, and change their minds; deliveries come late and
in any order, banks fail, time passes. `tests.flows.books` says in plain Python what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from fenbu.engine.flows import retry
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.enterprises import OWNER
from fenbu_erp.tables import ORDER_LINE
from fenbu_payments.sandbox.bank import Bank
from fenbu_payments.tables import PAYMENT
from fenbu_scm.tables import SHIPMENT
from tests.flows.books import GOODS, HOLD, PRICES, SELLABLE, ZERO
from tests.flows.trade import HEARING, Trade
from tests.payments.till import Till, card

ITEM = st.sampled_from(GOODS)
MANY = st.sampled_from([Decimal(text) for text in ("1", "2", "3", "4", "0.5", "2.5")])
PLACE = st.sampled_from(SELLABLE)
ANY_PLACE = st.sampled_from([*SELLABLE, HOLD])
WHICH = st.integers(0, 30)
ACCOUNT = st.sampled_from(["C1", "C2"])
FAILURES = ("decline", "timeout", "outage", "duplicate", "late", "silent")
KINDS = ("", "authorise", "capture", "void", "refund", "renew", "payout")


def furnish(till: Till) -> None:
    """Two items at two places for sale and one for inspection, a service, two customers."""
    till.item("TEA", "2.50", title="Green tea", tax_category="standard")
    till.item("POT", "12.99", title="Teapot", tax_category="standard")
    till.item("POST", "3.50", title="Postage", kind="service")
    till.account("C1", name="Ann Lee", kind="person")
    till.account("C2", name="Bo Ltd")
    for place, kind, rank in (("ATTIC", "stock", 2), (HOLD, "hold", 1)):
        wanted = {"location": place, "warehouse": "MAIN", "title": place, "kind": kind, "rank": rank}
        till.kernel.perform("scm.location.open", wanted)
    till.deliver()


class Business(RuleBasedStateMachine):
    """One shop for a while."""

    open_shop: ClassVar[Callable[..., Till]]

    @initialize(
        gateway=st.sampled_from(["card", "card", "manual"]), dispatch=st.sampled_from(["auto", "manual"])
    )
    def open(self, gateway: str, dispatch: str) -> None:
        self.till = self.open_shop(gateway=gateway, dispatch=dispatch)
        self.clock, self.bank = self.till.clock, self.till.bank
        self.trade = Trade(self.till, by_hand=gateway == "manual")
        self.books = self.trade.books
        for item, many, cost in (("TEA", 6, "1.10"), ("POT", 3, "4.00")):
            self.receive(item, Decimal(many), Decimal(cost), "MAIN", "opening")

    @property
    def by_hand(self) -> bool:
        return self.trade.by_hand

    def sale(self, which: int) -> str | None:
        numbers = list(self.books.sales)
        return numbers[which % len(numbers)] if numbers else None

    def payment(self, which: int, *states: str) -> Any | None:
        found = self.trade.rows(
            "payments", select(PAYMENT).where(PAYMENT.c.state.in_(states)).order_by(PAYMENT.c.number)
        )
        return found[which % len(found)] if found else None

    # --- buying ---------------------------------------------------------------------------------------

    @rule(
        account=ACCOUNT,
        lines=st.lists(st.tuples(ITEM, MANY), min_size=1, max_size=2),
        post=st.sampled_from([0, 0, 1]),
        ship=st.sampled_from(["partial", "partial", "complete"]),
        heard=st.booleans(),
    )
    def order(
        self, account: str, lines: list[tuple[str, Decimal]], post: int, ship: str, heard: bool
    ) -> None:
        wanted = [*lines, *[("POST", Decimal(1))] * post]
        number = self.till.order(*wanted, account=account, ship=ship)
        self.books.placed(number, account, ship, wanted)
        if heard:
            self.trade.deliver()

    @rule(account=ACCOUNT, first=ITEM, many=MANY, second=ITEM, more=MANY, post=st.sampled_from([0, 1]))
    def sell(self, account: str, first: str, many: Decimal, second: str, more: Decimal, post: int) -> None:
        """Sell what is there: ordered, paid, packed and gone the same day."""
        self.order(account, [(first, many), (second, more)], post, "partial", heard=True)
        number = list(self.books.sales)[-1]
        if self.by_hand and (found := self.payment(-1, "requested")) and found.order_number == number:
            self.trade.perform("payments.payment.confirm", payment=found.number)
            self.trade.confirmed(found, found.requested)
            self.trade.deliver()
        for (shipment,) in self.trade.rows("scm", self._here().where(SHIPMENT.c.order_number == number)):
            self.trade.perform("scm.shipment.dispatch", shipment=shipment)
            self.trade.look()
        self.trade.deliver()

    @rule(account=ACCOUNT, item=ITEM, many=MANY)
    def never_pay(self, account: str, item: str, many: Decimal) -> None:
        """Order, and hear no more of it until nobody keeps anything for it."""
        if not self.by_hand:
            self.bank.fail("decline", kind="authorise")
        self.order(account, [(item, many)], 0, "partial", heard=True)
        self.wait(15)
        self.rest()

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        if number := self.sale(which):
            o = ORDER_LINE.c
            asked = select(o.line, o.fulfilled).where(o.order_number == number, o.kind == "service")
            services = self.trade.rows("erp", asked)
            if self.trade.perform("erp.order.cancel", order=number, reason="no"):
                for line, fulfilled in services:
                    self.books.sales[number].lines[line].left = fulfilled
                self.books.cancelled(number)

    @rule(account=ACCOUNT, item=ITEM, many=MANY)
    def change_the_mind(self, account: str, item: str, many: Decimal) -> None:
        """Order, and cancel while the goods lie packed or the money is held."""
        self.order(account, [(item, many)], 0, "partial", heard=True)
        self.trade.look()
        self.cancel(-1)

    @rule(which=WHICH, line=st.integers(1, 2), many=MANY, payout=st.booleans())
    def credit(self, which: int, line: int, many: Decimal, payout: bool) -> None:
        if number := self.sale(which):
            self._credit(number, line, many, payout)

    def _credit(self, number: str, line: int, many: Decimal, payout: bool) -> None:
        wanted = {"order": number, "lines": [{"line": line, "quantity": many}], "payout": payout}
        if self.trade.perform("erp.credit-note.issue", **wanted):
            worth = self.books.credited(number, line, many)
            self.books.sales[number].credit_noted(worth, payout=payout)

    @rule(which=WHICH, payout=st.sampled_from([True, True, False]))
    def pay_back_and_write_it_down(self, which: int, payout: bool) -> None:
        """An operator gives money back on the telephone, and writes the credit note afterwards."""
        found = self.payment(which, "captured")
        if found and found.order_number:
            self.trade.pay_back(found.number, half=True)
            for line, wanted in self.books.sales[found.order_number].lines.items():
                self._credit(found.order_number, line, wanted.left - wanted.credited, payout)

    @rule(account=ACCOUNT, item=ITEM, many=MANY)
    def credit_without_an_order(self, account: str, item: str, many: Decimal) -> None:
        lines = [{"item": item, "quantity": many, "unit_price": PRICES[item]}]
        self.till.do("credit-note.issue", account=account, lines=lines, payout=True)
        self.books.credited_without_order(account, item, many)

    @rule(which=WHICH)
    def go_without_the_money(self, which: int) -> None:
        if number := self.sale(which):
            wanted = {"order": number, "requirement": "payment", "reason": "an old friend"}
            if self.trade.perform("erp.order.waive-requirement", **wanted):
                self.books.sales[number].waived = True

    # --- goods ----------------------------------------------------------------------------------------

    @rule(item=ITEM, many=MANY, cost=st.integers(1, 999), place=PLACE)
    def goods_come(self, item: str, many: Decimal, cost: int, place: str) -> None:
        self.receive(item, many, Decimal(cost) / 100, place, "supplier")

    def receive(self, item: str, many: Decimal, cost: Decimal, place: str, source: str) -> None:
        line = {"item": item, "quantity": many, "unit_cost": cost, "location": place}
        served = self.books.received(item, place, many, cost, source)
        self.trade.stocks("scm.receipt.post", served, lines=[line], source=source)

    @rule(item=ITEM, many=st.sampled_from([Decimal(n) for n in (-3, -2, -1, 1, 2)]), place=ANY_PLACE)
    def adjust(self, item: str, many: Decimal, place: str) -> None:
        lines = [{"item": item, "quantity": many, "location": place}]
        if many < 0 and not self._can_leave(item, place, -many):
            assert not self.trade.perform("scm.stock.adjust", lines=lines, reason="x")
        elif many < 0 or self.books.stock[item].last_cost:
            move = self.books.adjusted(item, place, many)
            self.trade.stocks("scm.stock.adjust", move, lines=lines, reason="x")

    @rule(item=ITEM, more=st.integers(-1, 1), place=ANY_PLACE)
    def count(self, item: str, more: int, place: str) -> None:
        there = self.books.stock[item].piles[place]
        lines = [{"item": item, "counted": max(ZERO, there + more), "location": place}]
        difference = max(ZERO, there + more) - there
        if difference < 0 and not self._can_leave(item, place, -difference):
            assert not self.trade.perform("scm.stock.count", lines=lines)
        elif difference <= 0 or self.books.stock[item].last_cost:
            moves = [self.books.adjusted(item, place, difference)] if difference else []
            self.trade.stocks("scm.stock.count", *moves, lines=lines)

    @rule(item=ITEM, many=MANY, places=st.permutations([*SELLABLE, HOLD]))
    def carry(self, item: str, many: Decimal, places: list[str]) -> None:
        source, target = places[:2]
        wanted = {"item": item, "quantity": many, "source": source, "target": target}
        if self._can_leave(item, source, many):
            self.trade.stocks("scm.stock.transfer", self.books.carried(item, source, target, many), **wanted)
        else:
            assert not self.trade.perform("scm.stock.transfer", **wanted)

    def _can_leave(self, item: str, place: str, many: Decimal) -> bool:
        return many <= self.books.stock[item].piles[place] - self.trade.promised(item, place)

    def _here(self) -> Any:
        here = SHIPMENT.c.state.in_(["open", "packed"])
        return select(SHIPMENT.c.number).where(here).order_by(SHIPMENT.c.number)

    @rule(which=WHICH, verb=st.sampled_from(["dispatch", "dispatch", "pack", "unpack"]))
    def shipment(self, which: int, verb: str) -> None:
        here = (
            select(SHIPMENT.c.number)
            .where(SHIPMENT.c.state.in_(["open", "packed"]))
            .order_by(SHIPMENT.c.number)
        )
        if open_ones := self.trade.rows("scm", here):
            self.trade.perform(f"scm.shipment.{verb}", shipment=open_ones[which % len(open_ones)].number)

    @rule(which=WHICH, line=st.integers(1, 2), many=MANY, place=ANY_PLACE)
    def bring_back(self, which: int, line: int, many: Decimal, place: str) -> None:
        if number := self.sale(which):
            wanted = {"order": number, "lines": [{"line": line, "quantity": many, "location": place}]}
            mine = self.books.sales[number].lines.get(line)
            if mine and mine.goods and many <= mine.left - mine.returned:
                move = self.books.came_back(number, line, place, many)
                self.trade.stocks("scm.return.post", move, **wanted)
            else:
                assert not self.trade.perform("scm.return.post", **wanted)

    @rule(account=ACCOUNT, item=ITEM, many=MANY, place=ANY_PLACE)
    def bring_without_an_order(self, account: str, item: str, many: Decimal, place: str) -> None:
        if self.books.stock[item].last_cost:
            lines = [{"item": item, "quantity": many, "location": place}]
            move = self.books.brought(item, place, many)
            self.trade.stocks("scm.return.post", move, account=account, lines=lines)

    @rule(which=WHICH, renew=st.booleans())
    def let_go_or_renew(self, which: int, renew: bool) -> None:
        number = self.sale(which)
        if number and renew:
            self.trade.renew(number)
        elif number:
            self.trade.perform("scm.reservation.release", order=number, reason="for another")

    # --- money ----------------------------------------------------------------------------------------

    @precondition(lambda self: not self.by_hand)
    @rule(what=st.sampled_from(FAILURES), kind=st.sampled_from(KINDS), times=st.sampled_from([1, 1, 2, 9]))
    def the_bank_fails(self, what: str, kind: str, times: int) -> None:
        self.bank.fail(what, kind=kind, times=times)

    @precondition(lambda self: not self.by_hand)
    @rule(seed=st.integers(0, 9), times=st.integers(1, 2))
    def the_bank_tells(self, seed: int, times: int) -> None:
        for body in self.bank.take_notices(Random(seed)) * times:
            self.till.receive(body)

    @rule(which=WHICH)
    def try_again(self, which: int) -> None:
        self.till.try_dead_calls_again()
        if found := self.payment(which, "failed", "authorised", "captured"):
            self.trade.perform("payments.payment.retry", payment=found.number)

    @rule(which=WHICH, half=st.booleans())
    def pay_back(self, which: int, half: bool) -> None:
        if found := self.payment(which, "captured", "authorised"):
            self.trade.pay_back(found.number, half)

    @precondition(lambda self: self.by_hand)
    @rule(which=WHICH, half=st.booleans(), verb=st.sampled_from(["confirm", "confirm", "confirm", "fail"]))
    def money_comes_by_hand(self, which: int, half: bool, verb: str) -> None:
        if (found := self.payment(which, "requested", "authorised")) is None:
            return
        if verb == "fail":
            self.trade.perform("payments.payment.fail", payment=found.number, reason="never came")
            return
        left = found.requested - found.authorised
        amount = (left / 2).quantize(Decimal("0.01")) if half else left
        if amount and self.trade.perform("payments.payment.confirm", payment=found.number, amount=amount):
            self.trade.confirmed(found, amount)

    @precondition(lambda self: self.by_hand)
    @rule(which=WHICH)
    def money_goes_by_hand(self, which: int) -> None:
        if found := self.payment(which, "captured", "authorised"):
            self.trade.refunds_confirmed(found.number)

    @rule(account=ACCOUNT, amount=st.integers(1, 5000))
    def deposit(self, account: str, amount: int) -> None:
        self.till.kernel.perform(
            "payments.payment.request", {"account": account, "amount": Decimal(amount) / 100}
        )

    @rule(account=ACCOUNT, amount=st.integers(1, 5000), match=st.sampled_from(["oldest", "none"]))
    def transfer_comes(self, account: str, amount: int, match: str) -> None:
        money = Decimal(amount) / 100
        self.till.do("receipt.record", account=account, amount=money, match=match)
        self.books.paid_by_hand(account, money)

    # --- time and delivery ----------------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 8, 15]))
    def wait(self, days: int) -> None:
        self.till.later(days=days)

    @rule(times=st.integers(1, 3))
    def deliver_some(self, times: int) -> None:
        for _once in range(times):
            self.trade.turn()

    @rule(which=WHICH)
    def deliver_one(self, which: int) -> None:
        if number := self.sale(which):
            self.till.kernel.drain(number)

    @rule()
    def deliver_all(self) -> None:
        self.trade.deliver()

    @rule(which=st.sampled_from(HEARING))
    def grow_deaf(self, which: str) -> None:
        self.trade.pause(which)

    @rule()
    def hear(self) -> None:
        self.trade.hear_all()

    @rule()
    def rest(self) -> None:
        self.trade.rest()

    @invariant()
    def the_warehouse_is_what_it_should_be(self) -> None:
        if hasattr(self, "trade"):
            self.trade.look()

    def teardown(self) -> None:
        if hasattr(self, "trade"):
            self.trade.make_good()
            self.till.kernel.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried within milliseconds."""
    monkeypatch.setattr(retry, "BASE_PAUSE", 2_000)


@pytest.fixture
def open_shop(database_copy: DatabaseCopy, tmp_path: Path) -> Callable[..., Till]:
    """Open a furnished shop on a database of its own, with a bank of its own."""
    opened: list[int] = []

    def make(*, gateway: str, dispatch: str) -> Till:
        def build(url: str) -> None:
            told = {"name": "Harbour Tea", "currency": "GBP", "time_zone": "Europe/London"}
            with Kernel.init(url, **told, os_user=OWNER.name, clock=Clock()) as kernel:
                kernel.perform("fenbu.module.enable", {"modules": ["erp", "scm", "payments"]})
                furnish(Till(kernel, Clock(), Bank(tmp_path / "unused.db")))
                setting = {"module": "scm", "name": "dispatch", "value": dispatch}
                kernel.perform("fenbu.setting.set", setting)

        opened.append(1)
        file = tmp_path / f"bank{len(opened)}.db"
        clock, bank = Clock(), Bank(file)
        bank.set_clock(clock.now.timestamp())
        kernel = Kernel.open(database_copy(f"order to cash {dispatch}", build), actor=OWNER, clock=clock)
        for name, value in card(file)["payments"].items():
            wanted = {"module": "payments", "name": name, "value": gateway if name == "gateway" else value}
            kernel.perform("fenbu.setting.set", wanted)
        return Till(kernel, clock, bank)

    return make


def run(open_shop: Callable[..., Till], *, shops: int, steps: int, **more: Any) -> None:
    """Let so many shops do business for so many steps."""

    class Here(Business):
        """The business in this test's shops."""

    Here.open_shop = staticmethod(open_shop)
    profile = {
        "max_examples": shops,
        "stateful_step_count": steps,
        "deadline": None,
        "phases": [Phase.generate],
    }
    run_state_machine_as_test(
        Here, settings=settings(**(profile | more), suppress_health_check=list(HealthCheck))
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_at_rest_orders_stock_and_money_are_what_they_should_be(
    open_shop: Callable[..., Till], database_kind: str
) -> None:
    run(open_shop, shops=10 if database_kind == "sqlite" else 5, steps=25, derandomize=True)


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_through_long_years_orders_stock_and_money_are_what_they_should_be(
    open_shop: Callable[..., Till], database_kind: str
) -> None:
    """Ten minutes on SQLite, five on PostgreSQL; other shops every time."""
    run(open_shop, shops=300 if database_kind == "sqlite" else 100, steps=50, database=None)
