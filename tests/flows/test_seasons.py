"""Modules come and go in any order while orders, payments, goods and payrolls are under way: nothing is lost.

Whatever was switched on and off, drained, parked or given up in between: no row of business data goes, operators can
bring every order to its end, and the doctor has nothing left to say.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from fenbu.engine.flows import retry
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.enterprises import OWNER
from fenbu_payments.sandbox.bank import Bank
from tests.flows.seasons import GOODS, MODULES, House
from tests.hrm.conftest import furnished as with_people
from tests.hrm.firm import BO, Firm
from tests.payments.till import card

ITEM = st.sampled_from([*GOODS, "WRAPPING"])
MANY = st.integers(1, 4)
WHICH = st.integers(0, 20)
MODULE = st.sampled_from(MODULES)
HOW = st.sampled_from(["drain", "park", "waive"])


def furnish(kernel: Kernel) -> None:
    """Two kinds of goods, a service, two customers, two owners and somebody who is paid."""
    house = House(kernel, Clock(), Bank(Path(":memory:")))
    house.item("TEA", "2.50", tax_category="standard")
    house.item("POT", "12.99", tax_category="standard")
    house.item("WRAPPING", "1.25", kind="service")
    house.account("C1", kind="person")
    house.account("C2")
    firm = with_people(Firm(kernel, Clock()))
    firm.withheld()
    firm.hire("E1")
    lines = [{"item": item, "quantity": 6, "unit_cost": "0.50"} for item in GOODS]
    kernel.perform("scm.receipt.post", {"lines": lines, "source": "opening"})
    kernel.perform("crm.customer.register", {"name": "Cee"})
    house.deliver()


class Seasons(RuleBasedStateMachine):
    """One house for a while."""

    open_house: ClassVar[Callable[..., House]]

    @initialize(
        gateway=st.sampled_from(["card", "card", "manual"]),
        dispatch=st.sampled_from(["auto", "manual"]),
        off=st.sets(MODULE, max_size=3),
    )
    def open(self, gateway: str, dispatch: str, off: set[str]) -> None:
        self.house = self.open_house(gateway=gateway, dispatch=dispatch)
        self.orders: list[str] = []
        self.month = 0
        if off:
            self.house.disable(*sorted(off), how="drain")
            self.house.deliver()

    def order(self, which: int) -> str | None:
        return self.orders[which % len(self.orders)] if self.orders else None

    # --- switching ------------------------------------------------------------------------------------

    @rule(names=st.lists(MODULE, min_size=1, max_size=2, unique=True))
    def enable(self, names: list[str]) -> None:
        self.house.enable(*names)

    @rule(names=st.lists(MODULE, min_size=1, max_size=2, unique=True), how=HOW)
    def disable(self, names: list[str], how: str) -> None:
        self.house.disable(*names, how=how)

    @rule(name=MODULE, how=HOW, many=MANY, item=ITEM)
    def stay_away_for_an_order(self, name: str, how: str, many: int, item: str) -> None:
        """A module is switched off with an order under way, and comes back."""
        self.place(many, [item], "C1", "partial", heard=False)
        self.house.turn()
        self.house.disable(name, how=how)
        self.house.turn()
        self.house.enable(name)

    # --- trading --------------------------------------------------------------------------------------

    @rule(
        many=MANY,
        items=st.lists(ITEM, min_size=1, max_size=2),
        account=st.sampled_from(["C1", "C2"]),
        ship=st.sampled_from(["partial", "complete"]),
        heard=st.booleans(),
    )
    def place(self, many: int, items: list[str], account: str, ship: str, heard: bool) -> None:
        lines = [(item, many) for item in items]
        self.orders.append(self.house.order(*lines, account=account, ship=ship))
        if heard:
            self.house.deliver()

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        if number := self.order(which):
            self.house.attempt("erp.order.cancel", order=number, reason="too dear")

    @rule(which=WHICH, part=st.booleans())
    def hand_over(self, which: int, part: bool) -> None:
        if number := self.order(which):
            lines = [{"line": 1, "quantity": 1}] if part else []
            self.house.attempt("erp.order.fulfil", order=number, lines=lines)

    @rule(which=WHICH)
    def dispatch(self, which: int) -> None:
        if "scm" in self.house.kernel.assembly.modules:
            here = "SELECT number FROM scm_shipment WHERE state IN ('open', 'packed') ORDER BY number"
            if found := self.house.raw(here):
                self.house.attempt("scm.shipment.dispatch", shipment=found[which % len(found)].number)

    @rule(which=WHICH, goods=st.booleans(), payout=st.booleans())
    def give_back(self, which: int, goods: bool, payout: bool) -> None:
        if number := self.order(which):
            self.house.attempt("erp.credit-note.issue", order=number, payout=payout)
            if goods:
                lines = [{"line": 1, "quantity": 1}]
                self.house.attempt("scm.return.post", order=number, lines=lines)

    @rule(item=st.sampled_from(GOODS), many=MANY)
    def goods_come(self, item: str, many: int) -> None:
        lines = [{"item": item, "quantity": many, "unit_cost": "0.50"}]
        self.house.attempt("scm.receipt.post", lines=lines)

    @rule(what=st.sampled_from(["decline", "timeout", "outage", "late"]), times=st.integers(1, 3))
    def the_bank_fails(self, what: str, times: int) -> None:
        self.house.bank.fail(what, times=times)

    @rule(which=WHICH, requirement=st.sampled_from(["stock", "payment"]))
    def go_without(self, which: int, requirement: str) -> None:
        if number := self.order(which):
            self.house.attempt(
                "erp.order.waive-requirement", order=number, requirement=requirement, reason="an old friend"
            )

    @rule(which=WHICH)
    def assess_anew(self, which: int) -> None:
        if number := self.order(which):
            self.house.attempt("erp.order.reassess", order=number)

    @rule(which=WHICH)
    def money_comes(self, which: int) -> None:
        for row in self.house.listed("payments.payments", gateway="manual", state="requested")[:1]:
            self.house.attempt("payments.payment.confirm", payment=row["payment"], amount=row["requested"])

    # --- people ---------------------------------------------------------------------------------------

    @rule(until=st.sampled_from(["made", "reviewed", "approved", "paid"]))
    def pay_people(self, until: str) -> None:
        if "hrm" not in self.house.kernel.assembly.modules or self.month == 12:
            return
        made = self.house.attempt("hrm.payroll.open", period=f"2026-{self.month + 1:02}")
        if made is None:
            return
        self.month += 1
        run = made["run"]
        if until != "made":
            self.house.attempt("hrm.payroll.review", run=run)
        if until in ("approved", "paid"):
            self.house.attempt("hrm.payroll.approve", by=BO, run=run)
        if until == "paid":
            self.house.deliver()
            self.house.attempt("hrm.payroll.record-payment", run=run)

    @rule()
    def somebody_asks(self) -> None:
        self.house.attempt("crm.case.open", customer="C-00000001", title="Where is it?", text="I wait")

    # --- time and delivery ----------------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 8, 15]))
    def wait(self, days: int) -> None:
        self.house.later(days=days)

    @rule(times=st.integers(1, 4))
    def deliver_some(self, times: int) -> None:
        for _once in range(times):
            self.house.turn()

    @rule()
    def deliver_all(self) -> None:
        self.house.deliver()

    # --- the end --------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Every order is finished with the modules that are on, and all is well again when all are on."""
        if not hasattr(self, "house"):
            return
        try:
            self.house.make_good()
            assert self.house.standing() == []
            assert self.house.complaints() == {}
            self.house.enable(*MODULES)
            self.house.make_good()
            assert self.house.standing() == []
            assert self.house.complaints() == {}
            assert sum(self.house.balances().values(), Decimal(0)) == 0
            self.house.nothing_is_lost()
        finally:
            self.house.kernel.close()
            self.house.bank.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried within milliseconds."""
    monkeypatch.setattr(retry, "BASE_PAUSE", 2_000)


@pytest.fixture
def open_house(database_copy: DatabaseCopy, tmp_path: Path) -> Callable[..., House]:
    """Open a furnished house on a database of its own, with a bank of its own."""
    opened: list[int] = []

    def make(*, gateway: str, dispatch: str) -> House:
        def build(url: str) -> None:
            told = {"name": "Harbour Tea", "currency": "GBP", "time_zone": "Europe/London"}
            with Kernel.init(url, **told, os_user=OWNER.name, clock=Clock()) as kernel:
                kernel.perform("fenbu.module.enable", {"modules": ["erp", *MODULES]})
                furnish(kernel)
                setting = {"module": "scm", "name": "dispatch", "value": dispatch}
                kernel.perform("fenbu.setting.set", setting)

        opened.append(1)
        file = tmp_path / f"bank{len(opened)}.db"
        clock, bank = Clock(), Bank(file)
        bank.set_clock(clock.now.timestamp())
        kernel = Kernel.open(database_copy(f"seasons {dispatch}", build), actor=OWNER, clock=clock)
        for name, value in card(file)["payments"].items():
            wanted = {"module": "payments", "name": name, "value": gateway if name == "gateway" else value}
            kernel.perform("fenbu.setting.set", wanted)
        return House(kernel, clock, bank)

    return make


def live(open_house: Callable[..., House], *, houses: int, steps: int, **more: Any) -> None:
    """Let so many houses live for so many steps."""

    class Here(Seasons):
        """The seasons of this test's houses."""

    Here.open_house = staticmethod(open_house)
    profile = {
        "max_examples": houses,
        "stateful_step_count": steps,
        "deadline": None,
        "phases": [Phase.generate],
    }
    run_state_machine_as_test(
        Here, settings=settings(**(profile | more), suppress_health_check=list(HealthCheck))
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_modules_come_and_go_and_nothing_is_lost(
    open_house: Callable[..., House], database_kind: str
) -> None:
    live(open_house, houses=3 if database_kind == "sqlite" else 1, steps=20, derandomize=True)


@pytest.mark.proof
@pytest.mark.timeout(7200)
def test_two_hundred_orders_of_coming_and_going_lose_nothing(open_house: Callable[..., House]) -> None:
    """Other houses every time."""
    live(open_house, houses=200, steps=25, database=None)
