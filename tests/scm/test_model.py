"""Whatever is done in whatever order, at rest the pieces, the promises and the books agree."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from fenbu.errors import Refused
from fenbu.testing.clock import Clock
from fenbu.testing.dummies import DummyModules
from fenbu.testing.enterprises import Enterprises
from tests.erp.neighbours import TILL
from tests.scm.conftest import stocked
from tests.scm.depot import Depot

ITEM = st.sampled_from(["TEA", "POT"])
MANY = st.integers(1, 6)
WHICH = st.integers(0, 30)

_FREE = "SELECT count(*) FROM scm_stock WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand"


class Business(RuleBasedStateMachine):
    """Orders that wait for payment, goods that come and go, people who change their minds."""

    make: Any
    clock: Clock

    @initialize(dispatch=st.sampled_from(["auto", "manual"]))
    def open(self, dispatch: str) -> None:
        chosen = {"scm": {"dispatch": dispatch}}
        self.depot = Depot(self.make("erp", "scm", "till", settings=chosen, furnished=stocked))
        self.orders: list[str] = []

    def attempt(self, act: Any) -> None:
        with suppress(Refused):
            act()

    def chosen(self, which: int) -> str | None:
        return self.orders[which % len(self.orders)] if self.orders else None

    @rule(first=ITEM, many=MANY, second=ITEM, more=MANY, ship=st.sampled_from(["partial", "complete"]))
    def order(self, first: str, many: int, second: str, more: int, ship: str) -> None:
        self.orders.append(self.depot.order((first, many), (second, more), account="C1", ship=ship))

    @rule()
    def deliver(self) -> None:
        self.depot.deliver()

    @rule(which=WHICH)
    def pay(self, which: int) -> None:
        if order := self.chosen(which):
            waits = self.depot.rows("requirements", order=order)
            if any(row["requirement"] == "payment" and row["state"] == "announced" for row in waits):
                self.depot.kernel.perform("till.order.met", {"order": order})

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        if order := self.chosen(which):
            self.attempt(lambda: self.depot.do("order.cancel", order=order, reason="no"))

    @rule(item=ITEM, many=MANY, cost=st.integers(1, 999))
    def receive(self, item: str, many: int, cost: int) -> None:
        line = {"item": item, "quantity": many, "unit_cost": f"{cost / 100:.2f}"}
        self.depot.scm("receipt.post", lines=[line])

    @rule(item=ITEM, many=st.integers(-3, 3).filter(bool))
    def adjust(self, item: str, many: int) -> None:
        lines = [{"item": item, "quantity": many}]
        self.attempt(lambda: self.depot.scm("stock.adjust", lines=lines, reason="x"))

    @rule(which=WHICH)
    def dispatch(self, which: int) -> None:
        if shipments := self.depot.look("shipments", state="open"):
            number = shipments[which % len(shipments)]["shipment"]
            self.attempt(lambda: self.depot.scm("shipment.dispatch", shipment=number))

    @rule(which=WHICH, line=st.integers(1, 2), many=MANY)
    def bring_back(self, which: int, line: int, many: int) -> None:
        if order := self.chosen(which):
            lines = [{"line": line, "quantity": many}]
            self.attempt(lambda: self.depot.scm("return.post", order=order, lines=lines))

    @rule(which=WHICH)
    def let_go(self, which: int) -> None:
        if order := self.chosen(which):
            self.attempt(lambda: self.depot.scm("reservation.release", order=order, reason="x"))

    @rule(which=WHICH)
    def renew(self, which: int) -> None:
        if order := self.chosen(which):
            self.attempt(lambda: self.depot.scm("reservation.renew", order=order))

    @rule()
    def wait(self) -> None:
        self.clock.move(days=15)

    @invariant()
    def nothing_is_oversold(self) -> None:
        with self.depot.kernel.database.read() as connection:
            assert connection.execute(text(_FREE)).scalar_one() == 0

    def teardown(self) -> None:
        if hasattr(self, "depot"):
            self.depot.deliver()
            assert self.depot.ill() == {}


@pytest.mark.databases("sqlite")
@pytest.mark.slow
def test_at_rest_pieces_promises_and_books_agree(
    dummy_modules: DummyModules, enterprise: Enterprises, clock: Clock
) -> None:
    dummy_modules.install(TILL)

    class Here(Business):
        """The business in this test's enterprises."""

    Here.make, Here.clock = staticmethod(enterprise), clock
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
