"""Reservations lapse in time, are renewed, waived and assessed anew; modules come and go."""

from __future__ import annotations

import pytest

from fenbu.errors import Refused
from fenbu.testing.clock import Clock
from fenbu.testing.dummies import DummyModules
from fenbu.testing.enterprises import Enterprises
from tests.erp.neighbours import TILL
from tests.erp.shop import Shop
from tests.scm.conftest import stocked
from tests.scm.depot import Depot


@pytest.fixture
def till(dummy_modules: DummyModules, enterprise: Enterprises) -> Depot:
    """A warehouse whose shipments leave at once, with a till that asks for payment once there is stock."""
    dummy_modules.install(TILL)
    return Depot(enterprise("erp", "scm", "till", settings={"scm": {"dispatch": "auto"}}, furnished=stocked))


def pay(depot: Depot, order: str) -> None:
    depot.kernel.perform("till.order.met", {"order": order})
    depot.deliver()


def test_stock_is_reserved_before_money_is_asked_for_and_leaves_after_it(till: Depot) -> None:
    order = till.placed(("POT", 2))
    assert till.stock("POT") == (3, 2)
    assert till.look("shipments") == []
    pay(till, order)
    assert till.line(order)["dispatched"] == 2
    assert till.ill() == {}


def test_a_reservation_lapses_when_payment_does_not_come_and_the_next_one_gets_it(
    till: Depot, clock: Clock
) -> None:
    late = till.placed(("POT", 2))
    next_one = till.placed(("POT", 2))
    assert till.line(next_one)["short"] == 1
    clock.move(days=15)
    till.deliver()
    [lapsed] = till.events("scm.reservation-lapsed", late)
    assert lapsed["reason"] == "not released in time"
    assert till.record("orders", late)["state"] == "lapsed"
    assert till.waits(late) == "failed"
    assert till.number("lapsed") == 2  # the other's first piece was not paid for either
    assert till.stock("POT") == (3, 0)
    assert till.ill() == {}


def test_what_is_released_does_not_lapse(till: Depot, clock: Clock) -> None:
    till.kernel.perform("fenbu.setting.set", {"module": "scm", "name": "dispatch", "value": "manual"})
    order = till.placed(("POT", 2))
    pay(till, order)
    clock.move(days=40)
    till.deliver()
    assert till.stock("POT") == (3, 2)
    assert till.events("scm.reservation-lapsed") == []
    assert till.ill() == {}


def test_an_order_that_has_lapsed_waits_for_a_person_even_when_it_is_paid(till: Depot, clock: Clock) -> None:
    order = till.placed(("POT", 2))
    clock.move(days=15)
    till.deliver()
    pay(till, order)
    assert till.look("shipments") == []
    done = till.scm("reservation.renew", order=order)
    assert done["reserved"] == "2.0000"
    till.deliver()
    assert till.waits(order) == "met"
    assert till.line(order)["dispatched"] == 2
    assert till.ill() == {}


def test_a_lapsed_reservation_that_was_met_in_part_counts_for_nothing_afterwards(
    till: Depot, clock: Clock
) -> None:
    order = till.placed(("POT", 5))
    assert till.waits(order) == "partly_met"
    clock.move(days=15)
    till.deliver()
    assert till.waits(order) == "failed"
    rival = till.placed(("POT", 2))
    till.scm("reservation.renew", order=order)
    till.deliver()
    assert till.waits(order) == "partly_met"
    pay(till, order)
    assert till.line(order)["dispatched"] == 1
    assert till.line(rival)["reserved"] == 2
    assert till.ill() == {}


def test_an_operator_takes_a_promise_back(till: Depot) -> None:
    order = till.placed(("POT", 2))
    till.scm("reservation.release", order=order, reason="needed elsewhere")
    till.deliver()
    assert till.stock("POT") == (3, 0)
    assert till.waits(order) == "failed"
    with pytest.raises(Refused, match=": it is lapsed"):
        till.scm("reservation.release", order=order, reason="again")


def test_an_order_that_goes_on_without_stock_gets_its_pieces_when_they_come(
    till: Depot, clock: Clock
) -> None:
    order = till.placed(("POT", 5))
    pay(till, order)
    assert till.line(order)["dispatched"] == 3
    till.kernel.perform("fenbu.module.disable", {"modules": ["scm"], "how": "park"})
    till.do("order.waive-requirement", order=order, requirement="stock", reason="promised by phone")
    till.kernel.perform("fenbu.module.enable", {"modules": ["scm"]})
    till.deliver()
    assert till.line(order)["short"] == 2
    till.receive(("POT", 2, "4.00"))
    assert till.line(order)["dispatched"] == 5
    assert till.axes(order)[:2] == ("done", "done")
    assert till.ill() == {}


def test_orders_placed_before_the_warehouse_came_finish_by_hand_or_are_assessed_anew(
    enterprise: Enterprises,
) -> None:
    shop = Shop(enterprise("erp"))
    shop.item("TEA", "2.50")
    shop.account("C1")
    by_hand = shop.order(("TEA", 1), account="C1")
    anew = shop.order(("TEA", 3), account="C1")
    shop.fulfil(anew, lines=[{"line": 1, "quantity": 1}])
    shop.kernel.perform("fenbu.module.enable", {"modules": ["scm"]})
    depot = Depot(shop.kernel)
    depot.deliver()
    assert [row["item"] for row in depot.look("items")] == ["TEA"]
    depot.receive(("TEA", 10, "1.00"), source="opening")
    depot.fulfil(by_hand)
    assert depot.stock("TEA") == (10, 0)
    depot.do("order.reassess", order=anew)
    depot.deliver()
    assert depot.stock("TEA") == (10, 2)
    depot.dispatch(f"{anew}-1")
    assert depot.axes(anew)[:2] == ("done", "done")
    assert depot.ill() == {}


def test_parked_and_enabled_again_the_warehouse_finishes_what_it_was_told(depot: Depot) -> None:
    order = depot.order(("TEA", 2), account="C1")
    depot.kernel.perform("fenbu.module.disable", {"modules": ["scm"], "how": "park"})
    by_hand = depot.order(("TEA", 1), account="C1")
    depot.deliver()
    assert depot.one("orders", by_hand)["fulfiller"] == "erp"
    depot.kernel.perform("fenbu.module.enable", {"modules": ["scm"]})
    depot.deliver()
    assert depot.look("order-lines", order=by_hand) == []
    depot.dispatch(f"{order}-1")
    assert depot.axes(order)[:2] == ("done", "done")
    assert depot.ill() == {}


def test_an_order_taken_over_by_hand_while_the_warehouse_was_off_does_not_leave_twice(swift: Depot) -> None:
    with swift.deaf("erp.requirements"):
        order = swift.placed(("TEA", 2))
    with swift.deaf("scm.orders"):
        swift.deliver()  # released, and nobody in the warehouse has heard of it
        swift.kernel.perform("fenbu.module.disable", {"modules": ["scm"], "how": "park"})
        swift.do("order.reassess", order=order)
        swift.fulfil(order)
        swift.kernel.perform("fenbu.module.enable", {"modules": ["scm"]})
    swift.deliver()
    assert swift.stock("TEA") == (10, 0)
    assert swift.look("shipments") == []
    assert swift.axes(order)[:2] == ("done", "done")
    assert swift.ill() == {}


def test_what_was_settled_while_the_warehouse_listened_to_nothing_is_named_and_let_go(depot: Depot) -> None:
    order = depot.placed(("TEA", 2))
    depot.kernel.perform("fenbu.module.disable", {"modules": ["scm"], "how": "waive"})
    depot.do("order.cancel", order=order, reason="too late")
    depot.kernel.perform("fenbu.module.enable", {"modules": ["scm"]})
    depot.deliver()
    assert depot.ill() == {
        "scm.reservations_have_open_lines": f"1 orders hold what they do not want from here: {order}"
    }
    with pytest.raises(Refused, match=f"{order}-1 cannot leave"):
        depot.dispatch(f"{order}-1")
    depot.scm("order.stop", order=order, reason="cancelled meanwhile")
    depot.deliver()
    assert depot.stock("TEA") == (10, 0)
    assert depot.ill() == {}


def test_before_the_warehouse_goes_one_sees_what_it_holds(depot: Depot) -> None:
    from fenbu.contracts.module import module_in_flight

    order = depot.placed(("TEA", 2))
    depot.placed(("POT", 9))
    with depot.kernel.read("fenbu") as work:
        found = [one for answer in work.ask(module_in_flight, module="scm") for one in answer]
    kinds = {one.kind: (one.count, one.examples) for one in found}
    assert kinds["orders that hold pieces or wait for them"] == (2, (order, "SO-00000002"))
    assert kinds["shipments that have not left"] == (2, ("SO-00000001-1", "SO-00000002-1"))


def test_a_warehouse_that_drains_finishes_its_orders_and_is_off(depot: Depot) -> None:
    order = depot.placed(("TEA", 2))
    depot.kernel.perform("fenbu.module.disable", {"modules": ["scm"], "how": "drain"})
    depot.deliver()
    assert "scm" in depot.kernel.assembly.modules
    depot.dispatch(f"{order}-1")
    depot.deliver()
    assert "scm" not in depot.kernel.assembly.modules
    assert depot.axes(order)[:2] == ("done", "done")
    assert depot.unhealthy() == {}
