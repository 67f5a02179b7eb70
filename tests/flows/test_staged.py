"""Modules come one after the other, one is parked and comes back, and every order finishes the way it began."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from fenbu.engine.flows import retry
from fenbu.errors import Refused
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import Enterprises
from fenbu_payments.sandbox.bank import Bank
from tests.flows.retail import real_data
from tests.flows.staged import House, Plan, Wanted, Way, generated, real
from tests.payments.till import card

Open = Callable[[Plan], House]
GONE = "erp.requirements_have_owners"
PAID = ("payment", "payments")
HELD = ("stock", "scm")


@pytest.fixture
def house(
    enterprise: Enterprises, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    """Give `house(plan)`: a shop with ERP alone, and the bank that it will be paid through."""
    monkeypatch.setattr(retry, "BASE_PAUSE", 2_000)
    with Bank(tmp_path / "bank.db") as bank:
        bank.set_clock(clock.now.timestamp())
        bank.share("timeout", 0.15, seed=3)
        yield lambda plan: House(enterprise("erp"), clock, bank, plan)


def by_card(house: House, tmp_path: Path) -> None:
    for name, value in card(tmp_path / "bank.db")["payments"].items():
        house.kernel.perform("fenbu.setting.set", {"module": "payments", "name": name, "value": value})


def at_rest(house: House, *known: str) -> None:
    """Everything is well, but for checks that are known to complain."""
    assert list(house.wrong()) == []
    assert sorted(house.complaints()) == sorted(known)


def grow(house: House, tmp_path: Path, many: int) -> None:
    """Live through the stages, `many` orders at each; every order is finished at the end.

    Of each stage the first third of its orders is finished at once, the second begun, the last left lying.
    """
    third = many // 3

    by_hand = house.place(many)
    house.hand_over(*by_hand[:third])
    house.hand_over(*by_hand[third : 2 * third], part=True)
    assert {house.ways[order] for order in by_hand} == {Way("erp", ())}
    at_rest(house)

    house.later(days=2)
    house.enable("payments")
    by_card(house, tmp_path)
    prepaid = house.place(1)
    house.bank.fail("decline", kind="authorise")
    prepaid += house.place(many - 1)
    house.hand_over(*by_hand[third : 2 * third], *prepaid[:third])
    house.hand_over(*prepaid[third : 2 * third], part=True)
    assert {house.ways[order] for order in prepaid} == {Way("erp", (PAID,))}
    assert house.bank.done("authorise").total() == many - 1, "one of them was declined"
    at_rest(house)

    house.later(days=2)
    house.enable("scm")
    short = house.plan.pieces(house.left[many : many + third])
    over = next(order for order in reversed(by_hand) if house.due(order))
    gone_over = house.plan.orders[by_hand.index(over)]
    house.stock(house.plan.pieces([*house.left, gone_over]), source="opening")
    for item, quantity in short.items():
        house.kernel.perform(
            "scm.stock.adjust", {"lines": [{"item": item, "quantity": -quantity}], "reason": "stolen"}
        )
    shipped = house.place(many)
    house.dispatch(*shipped[: 2 * third])
    assert {house.ways[order] for order in shipped} <= {Way("scm", (PAID, HELD)), Way("erp", (PAID,))}
    house.reassess(over)
    assert house.ways[over] == Way("scm", (PAID, HELD))
    at_rest(house)

    house.later(days=2)
    lying = [order for order in by_hand[2 * third :] if order != over]
    waiting = house.place(3, deliver=False)
    house.dispatch(*shipped[2 * third :], over, deliver=False)
    house.disable("payments", "park")
    house.deliver()
    meanwhile = house.place(many)
    house.dispatch(*meanwhile[: 2 * third])
    house.hand_over(*lying, *prepaid[third : 2 * third])
    assert not any(PAID in house.ways[order].requirements for order in meanwhile)
    at_rest(house, GONE)
    assert all(order in house.complaints()[GONE] for order in waiting)
    waive(house, waiting[0])

    house.later(days=2)
    house.enable("payments")
    at_rest(house)
    last = house.place(many)
    house.stock(short)
    finish(house, [*by_hand, *prepaid, *shipped, *waiting, *meanwhile, *last])


def waive(house: House, order: str) -> None:
    """A person lets an order go on without the module that is gone; it is written down who and why."""
    wanted = {"order": order, "requirement": "payment", "reason": "they pay by transfer"}
    house.kernel.perform("erp.order.waive-requirement", wanted)
    house.deliver()
    [row] = house.raw("SELECT actor, outcome FROM fenbu_audit WHERE action = 'erp.order.waive-requirement'")
    assert (row.actor, row.outcome) == ("ada", "done")
    house.dispatch(order)


def finish(house: House, orders: list[str]) -> None:
    """Bring every order to its end, by the way that is its own."""
    for row in house.see("payments", state="failed"):
        house.pay("payment.retry", payment=row["payment"])
    house.hand_over(*(order for order in orders if house.ways[order].fulfiller == "erp"))
    house.dispatch(*orders)
    house.pay_by_hand()
    assert [(row["order"], row["state"]) for row in house.rows("orders") if row["state"] != "closed"] == []
    at_rest(house)
    waived = {event["order"] for event in house.events("erp.requirement-waived")}
    charged = {row["order"]: row["captured"] for row in house.see("payments") if row["captured"]}
    prepaid = {order for order in orders if house.ways[order].needs("payment")} - waived
    worth = {row["order"]: row["total"] for row in house.rows("orders")}
    assert charged == {order: worth[order] for order in prepaid}


def test_every_order_finishes_the_way_that_was_frozen_at_its_placing(house: Open, tmp_path: Path) -> None:
    grow(house(generated(seed=1, many=33)), tmp_path, many=6)


def test_the_first_real_orders_finish_the_way_that_was_frozen_too(house: Open, tmp_path: Path) -> None:
    folder = real_data()
    if folder is None:
        pytest.skip("there are no real orders here")
    grow(house(real(folder, many=18)), tmp_path, many=3)


@pytest.mark.proof
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(5))
def test_whoever_orders_what(house: Open, tmp_path: Path, seed: int) -> None:
    grow(house(generated(seed=seed, many=93)), tmp_path, many=18)


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_three_days_of_real_orders_over_all_stages(house: Open, tmp_path: Path) -> None:
    folder = real_data()
    if folder is None:
        pytest.skip("there are no real orders here")
    plan = real(folder, many=10_000)
    grow(house(plan), tmp_path, many=(len(plan.orders) - 3) // 5)


# --- what happens while a module is away ----------------------------------------------------------------


@pytest.fixture
def grown(house: Open, tmp_path: Path) -> House:
    """The shop with all three modules, paid by card, with forty pieces of tea at 3.00."""
    shop = house(Plan(frozenset(), (Wanted((("TEA", Decimal(2), Decimal(3)),)),) * 9))
    shop.enable("payments", "scm")
    by_card(shop, tmp_path)
    shop.stock({"TEA": Decimal(40)}, source="opening")
    return shop


def test_what_is_cancelled_and_given_back_while_payments_are_parked_is_settled_when_they_return(
    grown: House,
) -> None:
    cancelled, returned, taken = grown.place(3)
    grown.dispatch(returned)
    assert grown.sums(grown.see("payments", order=returned)[0]["payment"]) == ("6", "6", "0", "0")
    grown.disable("payments", "park")
    grown.do("order.cancel", order=cancelled, reason="too dear")
    grown.do("credit-note.issue", order=returned, payout=True)
    grown.dispatch(taken)
    assert (grown.bank.done("void").total(), grown.bank.done("refund").total()) == (0, 0)
    assert grown.bank.done("capture").total() == 1
    at_rest(grown)
    grown.later(days=1)
    grown.enable("payments")
    moved = [
        grown.sums(grown.see("payments", order=order)[0]["payment"]) for order in (cancelled, returned, taken)
    ]
    assert moved == [("6", "0", "6", "0"), ("6", "6", "0", "6"), ("6", "6", "0", "0")]
    assert grown.see("payouts") == []
    at_rest(grown)


def test_goods_that_lapsed_while_payments_were_parked_wait_for_a_person_who_sees_them(grown: House) -> None:
    [order] = grown.place(1, deliver=False)
    grown.disable("payments", "park")
    grown.deliver()
    grown.later(days=15)
    grown.deliver()
    grown.enable("payments")
    assert [(row["order"], row["reason"]) for row in grown._look("scm.lapsed")] == [
        (order, "not released in time")
    ]
    assert grown.states() == ["authorised"], "the money is held, and nothing leaves"
    assert grown.shipments(order) == []
    at_rest(grown)
    grown.kernel.perform("scm.reservation.renew", {"order": order})
    grown.deliver()
    assert grown._look("scm.lapsed") == []
    grown.dispatch(order)
    assert grown.one("orders", order)["state"] == "closed"
    at_rest(grown)


def test_payments_that_drain_take_no_new_orders_and_are_off_when_the_old_ones_are_paid(grown: House) -> None:
    [old] = grown.place(1)
    assert grown.disable("payments", "drain")["draining"] == ["payments"]
    [new] = grown.place(1)
    assert grown.ways[new] == Way("scm", (HELD,))
    grown.dispatch(old, new)
    assert grown.kernel.settle() or "payments" not in grown.kernel.assembly.modules
    assert grown.bank.done("capture").total() == 1
    grown.pay_by_hand()
    assert {grown.one("orders", order)["state"] for order in (old, new)} == {"closed"}
    at_rest(grown)


def test_a_warehouse_given_up_leaves_its_orders_to_hands_and_its_pieces_to_a_person(grown: House) -> None:
    [order] = grown.place(1)
    grown.disable("scm", "waive", reason="the warehouse burnt down")
    grown.reassess(order)
    assert grown.ways[order].fulfiller == "erp"
    grown.hand_over(order)
    grown.enable("scm")
    assert list(grown.complaints()) == ["scm.reservations_have_open_lines"]
    assert order in grown.complaints()["scm.reservations_have_open_lines"]
    with pytest.raises(Refused):
        grown.dispatch(order)
    grown.kernel.perform("scm.order.stop", {"order": order, "reason": "handed over by hand"})
    grown.deliver()
    assert grown.bank.done("capture").total() == 1
    at_rest(grown)


def test_money_held_by_payments_that_were_given_up_is_let_go_by_a_person(grown: House) -> None:
    [order] = grown.place(1)
    grown.disable("payments", "waive", reason="another bank")
    grown.dispatch(order)
    grown.pay_by_hand()
    grown.enable("payments")
    [held] = grown.see("payments", order=order)
    assert grown.complaints() == {
        "payments.held_is_wanted": f"1 payments hold money that no order waits for: {held['payment']}"
    }
    grown.pay("payment.void", payment=held["payment"], reason="paid by transfer")
    assert grown.sums(held["payment"]) == ("6", "0", "6", "0")
    at_rest(grown)


# --- what told a module of an order was given up, and the module is back --------------------------------


def forgotten(grown: House, module: str) -> str:
    """Place an order of which a module does not hear, because it is switched off and what waits is given up."""
    [order] = grown.place(1, deliver=False)
    if module == "payments":
        grown.kernel.perform("fenbu.flow.pause", {"subscription": "payments.orders", "reason": "test"})
        grown.deliver()
    grown.disable(module, "waive", reason="another one comes")
    grown.deliver()
    grown.enable(module)
    return order


@pytest.mark.parametrize(("module", "requirement"), [("scm", "stock"), ("payments", "payment")])
def test_an_order_that_a_module_never_heard_of_is_seen_and_assessed_anew(
    grown: House, module: str, requirement: str
) -> None:
    order = forgotten(grown, module)
    assert grown.complaints() == {
        "erp.orders_are_heard_of": "1 orders wait for modules that have not heard of them: "
        f"{order} ({requirement} by {module})"
    }
    grown.do("order.reassess", order=order)
    grown.deliver()
    grown.dispatch(order)
    assert grown.one("orders", order)["state"] == "closed"
    assert grown.bank.done("capture").total() == 1
    at_rest(grown)


def test_what_a_module_never_heard_of_may_be_waived(grown: House) -> None:
    order = forgotten(grown, "payments")
    waive(grown, order)
    grown.pay_by_hand()
    assert grown.one("orders", order)["state"] == "closed"
    assert grown.bank.done("authorise").total() == 0
    at_rest(grown)


def test_goods_that_the_warehouse_never_heard_the_release_of_are_released_again(grown: House) -> None:
    grown.kernel.perform("fenbu.flow.pause", {"subscription": "payments.orders", "reason": "test"})
    [order] = grown.place(1)
    grown.disable("scm", "waive")
    grown.kernel.perform("fenbu.flow.resume", {"subscription": "payments.orders"})
    grown.deliver()
    grown.enable("scm")
    assert f"{order} (fulfilment by scm)" in grown.complaints()["erp.orders_are_heard_of"]
    grown.do("order.reassess", order=order)
    grown.deliver()
    grown.dispatch(order)
    assert grown.one("orders", order)["state"] == "closed"
    at_rest(grown)


def test_what_a_module_is_at_work_on_is_neither_waived_nor_assessed_anew(grown: House) -> None:
    grown.bank.fail("timeout", times=9)
    [unpaid] = grown.place(1, deliver=False)
    with pytest.raises(Refused, match="scm is at work on it"):
        grown.do("order.reassess", order=unpaid)
    with pytest.raises(Refused, match="scm is at work on it"):
        grown.do("order.waive-requirement", order=unpaid, requirement="stock", reason="in a hurry")
    grown.bank.mend()
    grown.deliver()
    with pytest.raises(Refused, match="fulfilled by scm, which may already have begun"):
        grown.do("order.reassess", order=unpaid)
    at_rest(grown)
