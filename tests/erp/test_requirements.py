"""Orders wait for what other modules ask, and go on when it is met: released, cancelled, waived, assessed anew."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fenbu.errors import Refused, Vetoed
from fenbu.testing.dummies import DummyModules
from fenbu.testing.enterprises import Enterprises, drain
from tests.erp.neighbours import DEPOT, TILL
from tests.erp.shop import Shop, columns


@pytest.fixture
def depot(dummy_modules: DummyModules, enterprise: Enterprises) -> Shop:
    """A tea shop with a depot whose stock orders wait for, and which ships them."""
    dummy_modules.install(DEPOT)
    return furnished(Shop(enterprise("erp", "depot")))


@pytest.fixture
def till(dummy_modules: DummyModules, enterprise: Enterprises) -> Shop:
    """The same, with a till: payment is asked for once there is stock."""
    dummy_modules.install(DEPOT, TILL)
    return furnished(Shop(enterprise("erp", "depot", "till")))


def furnished(shop: Shop) -> Shop:
    shop.item("TEA", "2.50", tax_category="standard")
    shop.item("POST", "3.50", kind="service")
    shop.account("C1")
    shop.account("C2")
    return shop


def say(shop: Shop, module: str, verb: str, order: str, **values: Any) -> None:
    """Let a neighbour say something about an order, and deliver it."""
    shop.kernel.perform(f"{module}.order.{verb}", {"order": order, **values})
    shop.deliver()


def waits(shop: Shop, order: str) -> list[tuple[Any, ...]]:
    return columns(shop.rows("requirements", order=order), "requirement", "state")


def released(shop: Shop, order: str) -> list[Decimal]:
    return [row["released"] for row in shop.rows("order-lines", order=order)]


def test_who_asks_and_who_fulfils_is_frozen_when_the_order_is_placed(till: Shop) -> None:
    order = till.order(("TEA", 4), ("POST", 1), account="C1")
    [placed] = till.events("erp.order-placed", order)
    assert (placed["fulfiller"], placed["requirements"]) == ("depot", ["stock", "payment"])
    [awaits] = till.events("erp.order-awaits", order)
    assert (awaits["requirement"], awaits["owner"], awaits["total"]) == ("stock", "depot", "15.50")
    assert [(line["item"], line["kind"], line["quantity"]) for line in awaits["lines"]] == [
        ("TEA", "goods", "4"),
        ("POST", "service", "1"),
    ]
    assert waits(till, order) == [("payment", "waiting"), ("stock", "announced")]
    assert till.events("erp.order-released", order) == []


def test_one_requirement_comes_after_the_other_and_release_after_both(till: Shop) -> None:
    order = till.order(("TEA", 4), account="C1")
    say(till, "depot", "met", order)
    assert waits(till, order) == [("payment", "announced"), ("stock", "met")]
    assert released(till, order) == [Decimal(0)]
    say(till, "till", "met", order)
    assert released(till, order) == [Decimal(4)]
    [event] = till.events("erp.order-released", order)
    assert event["fulfiller"] == "depot"


def test_what_is_reserved_leaves_and_each_later_fill_releases_the_rest(till: Shop) -> None:
    order = till.order(("TEA", 4), ("POST", 1), account="C1")
    say(till, "depot", "met", order, lines={1: "3"})
    assert waits(till, order) == [("payment", "announced"), ("stock", "partly_met")]
    say(till, "till", "met", order)
    assert released(till, order) == [Decimal(3), Decimal(1)]
    say(till, "depot", "met", order, lines={1: "1"})
    assert released(till, order) == [Decimal(4), Decimal(1)]
    assert waits(till, order) == [("payment", "met"), ("stock", "met")]
    quantities = [
        [line["quantity"] for line in one["lines"]] for one in till.events("erp.order-released", order)
    ]
    assert quantities == [["3.0000"], ["1.0000"]]


def test_an_order_that_leaves_complete_waits_for_its_last_piece(till: Shop) -> None:
    order = till.order(("TEA", 4), account="C1", ship="complete")
    say(till, "depot", "met", order, lines={1: "3"})
    assert waits(till, order) == [("payment", "waiting"), ("stock", "partly_met")]
    say(till, "depot", "met", order, lines={1: "1"})
    say(till, "till", "met", order)
    assert released(till, order) == [Decimal(4)]


def test_what_the_depot_ships_is_fulfilled_invoiced_and_costed(depot: Shop) -> None:
    order = depot.order(("TEA", 4), account="C1")
    say(depot, "depot", "met", order)
    say(depot, "depot", "ship", order, lines={1: "3"}, day="2026-01-06", cost="4.20")
    assert depot.axes(order) == ("part", "part", "open")
    [done] = depot.rows("fulfilments", order=order)
    assert (done["fulfiller"], done["reference"], done["invoice"]) == ("depot", "SH-1", "INV-00000001")
    assert depot.balances()["5000"] == Decimal("4.2")
    with pytest.raises(Refused, match="SO-00000001 is fulfilled by depot, not by hand"):
        depot.do("order.fulfil", order=order)
    assert depot.unhealthy() == {}


def test_what_waited_for_the_goods_goes_with_the_first_that_the_depot_ships(depot: Shop) -> None:
    depot.item("OFF", kind="service")
    order = depot.order(("TEA", 4), ("OFF", 1, "-2"), account="C1")
    say(depot, "depot", "met", order)
    assert depot.rows("fulfilments", order=order) == []
    say(depot, "depot", "ship", order, lines={1: "3"}, day="2026-01-06")
    [invoice] = depot.rows("invoices", order=order)
    assert (invoice["total"], invoice["day"]) == (Decimal(7), date(2026, 1, 6))


def test_a_failed_requirement_waits_for_a_person_who_may_waive_it(till: Shop) -> None:
    order = till.order(("TEA", 4), account="C1")
    say(till, "depot", "met", order)
    with pytest.raises(Refused, match="payment of SO-00000001 is announced and till is at work on it"):
        till.do("order.waive-requirement", order=order, requirement="payment", reason="trusted")
    say(till, "till", "failed", order, reason="card expired")
    assert columns(till.rows("requirements", state="failed"), "requirement", "reason") == [
        ("payment", "card expired")
    ]
    assert till.metric("requirements_failed") == 1
    till.do("order.waive-requirement", order=order, requirement="payment", reason="trusted customer")
    assert released(till, order) == [Decimal(4)]
    [event] = till.events("erp.requirement-waived", order)
    assert (event["requirement"], event["reason"]) == ("payment", "trusted customer")
    with pytest.raises(Refused, match="cannot waive payment of SO-00000001: it is waived"):
        till.do("order.waive-requirement", order=order, requirement="payment", reason="again")


def test_a_requirement_that_failed_may_still_be_met(till: Shop) -> None:
    order = till.order(("TEA", 4), account="C1")
    say(till, "depot", "met", order)
    say(till, "till", "failed", order, reason="card expired")
    say(till, "till", "met", order)
    assert released(till, order) == [Decimal(4)]


def test_what_was_met_may_fail_until_the_order_is_released(till: Shop) -> None:
    order = till.order(("TEA", 4), account="C1")
    say(till, "depot", "met", order, lines={1: "4"})
    say(till, "depot", "failed", order, reason="the reservation lapsed")
    assert waits(till, order) == [("payment", "announced"), ("stock", "failed")]
    say(till, "till", "met", order)
    assert released(till, order) == [Decimal(0)]
    say(till, "depot", "met", order, lines={1: "1"})  # what was cleared before counts no more
    assert released(till, order) == [Decimal(1)]
    say(till, "depot", "met", order, lines={1: "3"})
    assert released(till, order) == [Decimal(4)]
    say(till, "depot", "failed", order, reason="too late")
    assert waits(till, order) == [("payment", "met"), ("stock", "met")]


def test_assessed_anew_only_what_is_fulfilled_counts_as_cleared(
    dummy_modules: DummyModules, enterprise: Enterprises
) -> None:
    dummy_modules.install(DEPOT)
    shop = furnished(Shop(enterprise("erp")))
    order = shop.order(("TEA", 4), account="C1")
    shop.fulfil(order, lines=[{"line": 1, "quantity": 1}])
    shop.kernel.perform("fenbu.module.enable", {"modules": ["depot"]})
    shop.do("order.reassess", order=order)
    say(shop, "depot", "met", order, lines={1: "2"})
    assert released(shop, order) == [Decimal(3)]
    say(shop, "depot", "met", order, lines={1: "1"})
    assert released(shop, order) == [Decimal(4)]


def test_only_its_owner_can_meet_a_requirement(till: Shop) -> None:
    from fenbu.contracts.erp import RequirementMet
    from fenbu.engine.work import EngineWork

    order = till.order(("TEA", 4), account="C1")

    def stranger(work: EngineWork) -> None:
        work.bound("till", read_only=False).publish(RequirementMet(order=order, requirement="stock"))

    till.kernel.run(stranger, till.kernel.actor)
    drain(till.kernel, dead=True)
    assert waits(till, order) == [("payment", "waiting"), ("stock", "announced")]


def test_cancelling_lets_go_of_what_the_order_waits_for_and_a_late_answer_changes_nothing(till: Shop) -> None:
    order = till.order(("TEA", 4), account="C1")
    till.kernel.perform("depot.order.met", {"order": order})
    till.do("order.cancel", order=order, reason="changed my mind")
    till.deliver()
    assert waits(till, order) == [("payment", "dropped"), ("stock", "dropped")]
    assert released(till, order) == [Decimal(0)]
    assert till.unhealthy() == {}


def test_a_module_may_refuse_a_cancellation(depot: Shop) -> None:
    order = depot.order(("TEA", 13), account="C1")
    with pytest.raises(Vetoed, match="depot: it is on the lorry"):
        depot.do("order.cancel", order=order, reason="changed my mind")
    assert depot.one("orders", order)["state"] == "placed"


def test_an_order_whose_requirement_lost_its_module_is_named_and_can_be_waived(depot: Shop) -> None:
    order = depot.order(("TEA", 4), account="C1")
    in_flight = depot.kernel.perform("fenbu.module.disable", {"module": "depot", "how": "waive"})
    assert in_flight is not None
    assert depot.finding("requirements_have_owners") == (
        "failed",
        "1 orders wait for a module that is gone: SO-00000001 (depot)",
    )
    depot.do("order.waive-requirement", order=order, requirement="stock", reason="the depot is gone")
    assert released(depot, order) == [Decimal(4)]


def test_an_order_placed_before_a_module_came_is_not_touched_and_can_be_assessed_anew(
    dummy_modules: DummyModules, enterprise: Enterprises
) -> None:
    dummy_modules.install(DEPOT)
    shop = furnished(Shop(enterprise("erp")))
    order = shop.order(("TEA", 4), account="C1")
    shop.fulfil(order, lines=[{"line": 1, "quantity": 1}])
    shop.kernel.perform("fenbu.module.enable", {"modules": ["depot"]})
    assert shop.one("orders", order)["fulfiller"] == "erp"
    done = shop.do("order.reassess", order=order)
    assert done == {"order": order, "fulfiller": "depot", "requirements": {"stock": "announced"}}
    [awaits] = shop.events("erp.order-awaits", order)
    assert ([line["quantity"] for line in awaits["lines"]], awaits["total"]) == (["3.0000"], "9.00")
    assert released(shop, order) == [Decimal(1)]
    with pytest.raises(Refused, match="stock of SO-00000001 is announced and depot is at work on it"):
        shop.do("order.reassess", order=order)
    say(shop, "depot", "met", order)
    with pytest.raises(Refused, match="SO-00000001 is fulfilled by depot, which may already have begun"):
        shop.do("order.reassess", order=order)
    say(shop, "depot", "ship", order, lines={1: "3"}, day="2026-01-06")
    assert shop.axes(order)[:2] == ("done", "done")
    assert shop.unhealthy() == {}


def test_modules_that_wait_for_each_other_are_refused(
    dummy_modules: DummyModules, enterprise: Enterprises
) -> None:
    from attrs import evolve

    circular = DEPOT.plugin.replace(
        'Requirement("stock", "depot")', 'Requirement("stock", "depot", ("payment",))'
    )
    dummy_modules.install(evolve(DEPOT, plugin=circular), TILL)
    shop = furnished(Shop(enterprise("erp", "depot", "till")))
    with pytest.raises(Refused, match=r"these requirements wait for each other: .*stock"):
        shop.order(("TEA", 4), account="C1")


def test_a_module_may_name_a_price_and_keep_a_credit_limit(till: Shop) -> None:
    order = till.order(("TEA", 10), account="C2")
    assert till.one("orders", order)["total"] == Decimal(24)
    with pytest.raises(
        Refused,
        match=r"account C2 may owe 100 GBP; it owes or has ordered 24\.0000 already, and this order adds 96\.00",
    ):
        till.order(("TEA", 40), account="C2")
    till.order(("TEA", 40), account="C1")


def test_before_a_module_goes_one_sees_what_waits_for_it(depot: Shop) -> None:
    from fenbu.contracts.module import module_in_flight

    depot.order(("TEA", 4), account="C1")
    with depot.kernel.read("fenbu") as work:
        [found, *_others] = [one for one in work.ask(module_in_flight, module="depot") if one]
    assert [(one.kind, one.count, one.examples) for one in found] == [
        ("orders that wait for its requirement", 1, ("SO-00000001",)),
        ("orders that it has to fulfil", 1, ("SO-00000001",)),
    ]
