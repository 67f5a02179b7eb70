"""Orders get pieces, wait for what is short, and leave: released, cancelled, lapsed, filled."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fenbu.errors import Refused, Vetoed
from fenbu.testing.clock import Clock
from tests.erp.shop import columns
from tests.scm.depot import Depot


def D(*numbers: object) -> tuple[Decimal, ...]:
    return tuple(Decimal(str(number)) for number in numbers)


def test_what_is_there_is_reserved_shipped_invoiced_and_costed(depot: Depot) -> None:
    order = depot.placed(("TEA", 4), ("POT", 1), ("POST", 1))
    assert depot.waits(order) == "met"
    assert depot.stock("TEA") == D(10, 4)
    [shipment] = depot.look("shipments", order=order)
    assert (shipment["shipment"], shipment["state"]) == (f"{order}-1", "open")
    depot.dispatch(shipment["shipment"], reference="DHL 1")
    assert depot.stock("TEA") == D(6, 0)
    assert depot.axes(order)[:2] == ("done", "done")
    assert depot.balances()["5000"] == Decimal(8)
    assert depot.balance("1300") == Decimal(14)
    assert depot.ill() == {}


def test_a_shipment_leaves_by_itself_where_the_settings_say_so(swift: Depot) -> None:
    order = swift.placed(("TEA", 4), day=date(2026, 1, 2))
    [shipment] = swift.look("shipments", order=order)
    assert (shipment["state"], shipment["day"]) == ("dispatched", date(2026, 1, 2))
    assert swift.axes(order)[:2] == ("done", "done")
    assert swift.ill() == {}


def test_what_is_short_waits_as_backorder_and_the_rest_leaves(swift: Depot) -> None:
    order = swift.placed(("TEA", 14), ("POT", 1))
    assert swift.waits(order) == "partly_met"
    [raised] = swift.events("scm.backorder-raised", order)
    assert [(line["item"], line["quantity"]) for line in raised["lines"]] == [("TEA", "4.0000")]
    assert columns(swift.look("backorders"), "order", "item", "short") == [(order, "TEA", Decimal(4))]
    assert swift.axes(order)[:2] == ("part", "part")
    assert swift.number("fill_rate") == Decimal("73.3")
    swift.receive(("TEA", 6, "2.00"))
    assert swift.axes(order)[:2] == ("done", "done")
    assert swift.stock("TEA") == D(2, 0)
    assert [row["state"] for row in swift.look("shipments", order=order)] == ["dispatched"] * 2
    assert swift.ill() == {}


def test_an_order_that_leaves_complete_holds_what_is_there_and_waits_for_the_rest(swift: Depot) -> None:
    order = swift.placed(("TEA", 14), ("POT", 1), ship="complete")
    assert swift.waits(order) == "announced"
    assert swift.stock("TEA") == D(10, 10)
    swift.receive(("TEA", 2, "1.00"))
    assert swift.waits(order) == "announced"
    swift.receive(("TEA", 2, "1.00"))
    assert swift.waits(order) == "met"
    assert len(swift.look("shipments", order=order)) == 1
    assert swift.axes(order)[:2] == ("done", "done")
    assert swift.ill() == {}


def test_backorders_are_filled_in_the_order_of_the_orders(swift: Depot) -> None:
    first, second, third = (swift.placed(("POT", many)) for many in (4, 2, 1))
    swift.receive(("POT", 2, "5.00"))
    assert [swift.line(order)["short"] for order in (first, second, third)] == list(D(0, 1, 1))
    swift.cancel(second)
    swift.receive(("POT", 1, "5.00"))
    assert swift.line(third)["dispatched"] == 1
    assert swift.ill() == {}


def test_pieces_that_a_cancelled_order_held_go_to_who_waits(depot: Depot) -> None:
    rich = depot.placed(("POT", 3))
    poor = depot.placed(("POT", 2))
    assert depot.line(poor)["short"] == 2
    depot.cancel(rich)
    assert depot.one("orders", rich)["state"] == "cancelled"
    assert [row["state"] for row in depot.look("shipments", order=rich)] == ["cancelled"]
    assert depot.line(poor)["reserved"] == 2
    assert depot.waits(poor) == "met"
    assert depot.stock("POT") == D(3, 2)
    assert depot.ill() == {}


def test_what_is_packed_cannot_be_cancelled(depot: Depot) -> None:
    order = depot.placed(("POT", 1))
    depot.scm("shipment.pack", shipment=f"{order}-1")
    with pytest.raises(Vetoed, match="shipment SO-00000001-1 is packed; unpack it first"):
        depot.cancel(order)
    depot.scm("shipment.unpack", shipment=f"{order}-1")
    depot.cancel(order)
    assert depot.stock("POT") == D(3, 0)
    with pytest.raises(Refused, match="cannot dispatch SO-00000001-1: it is cancelled"):
        depot.dispatch(f"{order}-1")
    assert depot.ill() == {}


def test_what_has_left_cannot_be_cancelled_even_before_erp_has_heard_of_it(depot: Depot) -> None:
    order = depot.placed(("POT", 1))
    depot.scm("shipment.dispatch", shipment=f"{order}-1")
    with pytest.raises(Vetoed, match="goods of line 1 have left; what they fulfil is on the way"):
        depot.do("order.cancel", order=order, reason="changed my mind")
    depot.deliver()
    assert depot.axes(order)[:2] == ("done", "done")
    assert depot.ill() == {}


def test_between_cancelling_and_hearing_of_it_nothing_leaves(depot: Depot) -> None:
    order = depot.placed(("POT", 1))
    depot.do("order.cancel", order=order, reason="changed my mind")
    with pytest.raises(Refused, match="SO-00000001-1 cannot leave: SO-00000001 does not want these"):
        depot.scm("shipment.dispatch", shipment=f"{order}-1")
    depot.deliver()
    assert depot.ill() == {}


def test_an_order_cancelled_right_after_its_release_does_not_leave(swift: Depot) -> None:
    with swift.deaf("erp.requirements"):
        order = swift.placed(("POT", 1))
    with swift.deaf("scm.orders"):
        swift.deliver()
        assert swift.one("order-lines", order)["released"] == 1
        swift.do("order.cancel", order=order, reason="changed my mind")
    swift.deliver()
    assert swift.one("orders", order)["state"] == "cancelled"
    assert swift.stock("POT") == D(3, 0)
    assert swift.look("shipments") == []
    assert swift.ill() == {}


def test_only_the_rest_of_a_part_shipped_order_is_cancelled(swift: Depot) -> None:
    order = swift.placed(("POT", 5))
    swift.cancel(order)
    row = swift.record("orders", order)
    assert (row["wanted"], row["dispatched"], row["short"]) == D(3, 3, 0)
    swift.receive(("POT", 2, "4.00"))
    assert swift.stock("POT") == D(2, 0)
    assert swift.ill() == {}


def test_what_leaves_is_dated_as_far_from_its_order_as_it_is(swift: Depot, clock: Clock) -> None:
    order = swift.placed(("POT", 5), day=date(2025, 6, 1))
    clock.move(days=3)
    swift.receive(("POT", 2, "4.00"))
    days = [row["day"] for row in swift.look("shipments", order=order)]
    assert sorted(days) == [date(2025, 6, 1), date(2025, 6, 4)]
    assert swift.ill() == {}
