"""Pieces and their value: received, counted, found, lost, carried, returned; the books follow to the penny."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.exc import DBAPIError

from fenbu.engine.store.errors import StoreError
from tests.erp.shop import columns
from tests.scm.depot import INVENTORY, Depot

GOODS_IN, OPENING = "2050", "3900"


def D(*numbers: object) -> tuple[Decimal, ...]:
    return tuple(Decimal(str(number)) for number in numbers)


def test_opening_stock_and_receipts_are_posted_against_where_they_come_from(depot: Depot) -> None:
    depot.receive(("TEA", 10, "2.00"), supplier="Hill farm", reference="DN 7")
    assert depot.stock("TEA") == D(20, 0)
    item = depot.record("items", "TEA")
    assert (item["value"], item["unit_cost"]) == D(30, "1.5")
    assert depot.balances() == {GOODS_IN: Decimal(-20), OPENING: Decimal(-22), INVENTORY: Decimal(42)}
    assert depot.ill() == {}


def test_what_leaves_takes_its_share_and_the_last_piece_what_is_left(swift: Depot) -> None:
    swift.item("NUT", "1")
    swift.receive(("NUT", 3, "0.333333"))  # worth 1.00
    costs = []
    for _ in range(3):
        order = swift.placed(("NUT", 1))
        costs.append(swift.line(order)["cost"])
    assert sum(costs) == 1
    assert sorted(costs) == list(D("0.33", "0.33", "0.34"))
    assert swift.record("items", "NUT")["value"] == 0
    assert swift.ill() == {}


def test_a_count_adjusts_what_differs_and_nothing_else(depot: Depot) -> None:
    done = depot.scm("stock.count", lines=[{"item": "TEA", "counted": 8}, {"item": "POT", "counted": 3}])
    depot.deliver()
    assert (done["differing"], done["value"]) == (1, "-2.00")
    [event] = depot.events("scm.stock-adjusted")
    assert (event["item"], event["quantity"], event["value"], event["reason"]) == (
        "TEA",
        "-2.0000",
        "-2.00",
        "count",
    )
    assert depot.balance("1300") == 20
    assert depot.ill() == {}


def test_what_is_found_serves_who_waits(swift: Depot) -> None:
    order = swift.placed(("POT", 4))
    swift.adjust("POT", 1, reason="behind the shelf")
    assert swift.line(order)["dispatched"] == 4
    assert swift.ill() == {}


def test_goods_that_come_back_are_worth_what_they_left_for(swift: Depot) -> None:
    order = swift.placed(("TEA", 4))
    swift.receive(("TEA", 4, "3.00"))
    done = swift.scm("return.post", order=order, lines=[{"line": 1, "quantity": 3}], reason="too many")
    swift.deliver()
    assert Decimal(done["value"]) == 3
    assert swift.stock("TEA") == D(13, 0)
    assert swift.line(order)["returned"] == 3
    [event] = swift.events("scm.goods-returned")
    assert (event["document"], event["order"], event["account"]) == (order, order, "C1")
    assert swift.ill() == {}


def test_goods_come_back_without_an_order_at_the_average(depot: Depot) -> None:
    done = depot.scm("return.post", lines=[{"item": "POT", "quantity": 2}], account="C2")
    depot.deliver()
    assert (done["return"], done["value"]) == ("RT-00000001", "8.00")
    [event] = depot.events("scm.goods-returned")
    assert (event["document"], event["account"]) == ("RT-00000001", "C2")
    assert depot.ill() == {}


def test_pieces_on_hold_are_ours_and_promised_to_nobody(depot: Depot) -> None:
    depot.scm("location.open", location="QA", warehouse="MAIN", title="Inspection", kind="hold")
    depot.scm("stock.transfer", item="POT", quantity=3, source="MAIN", target="QA")
    order = depot.placed(("POT", 1))
    assert depot.line(order)["short"] == 1
    assert depot.value() == 22
    depot.scm("stock.transfer", item="POT", quantity=1, source="QA", target="MAIN")
    depot.deliver()
    assert depot.line(order)["reserved"] == 1
    assert depot.ill() == {}


def test_an_order_is_served_from_several_warehouses(swift: Depot) -> None:
    swift.scm("warehouse.open", warehouse="NORTH", title="North", rank=1)
    swift.scm("receipt.post", lines=[{"item": "POT", "quantity": 4, "unit_cost": 4, "location": "NORTH"}])
    swift.deliver()
    order = swift.placed(("POT", 5))
    [shipment] = swift.look("shipments", order=order)
    lines = columns(swift.look("shipment-lines", shipment=shipment["shipment"]), "location", "quantity")
    assert lines == [("MAIN", Decimal(3)), ("NORTH", Decimal(2))]
    assert swift.stock("POT", "NORTH") == D(2, 0)
    assert swift.ill() == {}


def test_an_item_that_erp_has_not_told_of_yet_is_asked_for(depot: Depot) -> None:
    depot.item("CUP", "3")
    depot.scm("receipt.post", lines=[{"item": "CUP", "quantity": 2, "unit_cost": 1}])
    assert depot.record("items", "CUP")["title"] == "CUP"
    depot.deliver()
    assert depot.ill() == {}


def test_a_promise_names_the_day_on_which_this_much_can_leave(depot: Depot) -> None:
    from datetime import date

    from fenbu.contracts.scm import Promise, scm_available_to_promise

    depot.placed(("POT", 1))
    today = date(2026, 1, 5)
    depot.scm("item.plan", item="TEA", lead_days=3)
    with depot.kernel.read("erp") as work:
        found = [
            work.ask(scm_available_to_promise, item=item, quantity=Decimal(many), day=today)
            for item, many in (("POT", 2), ("POT", 3), ("TEA", 11), ("POST", 1))
        ]
    assert found == [
        Promise(today, Decimal(2)),
        Promise(date(2026, 1, 12), Decimal(3)),
        Promise(date(2026, 1, 8), Decimal(11)),
        None,
    ]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE scm_move SET quantity = quantity + 1", "cannot be changed"),
        ("DELETE FROM scm_move", "cannot be deleted"),
        ("UPDATE scm_receipt SET value = 1", "cannot be changed"),
        ("DELETE FROM scm_receipt_line", "cannot be deleted"),
        ("UPDATE scm_stock SET reserved = on_hand + 1", "CHECK|check"),
        ("UPDATE scm_stock SET on_hand = -1, reserved = -1", "CHECK|check"),
        ("UPDATE scm_item SET quantity = 0", "CHECK|check"),
        ("UPDATE scm_demand SET short = wanted + 1", "CHECK|check"),
        ("UPDATE scm_demand SET shipping = reserved + 1", "CHECK|check"),
        ("DELETE FROM scm_demand", "cannot be deleted"),
    ],
)
def test_the_database_itself_refuses_to_change_the_ledger(depot: Depot, statement: str, told: str) -> None:
    depot.placed(("TEA", 2))
    with pytest.raises((DBAPIError, StoreError), match=told):
        depot.tamper(statement)


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE scm_stock SET on_hand = on_hand + 10000", "scm.stock_matches_moves"),
        ("UPDATE scm_item SET value = value + 1", "scm.value_matches_moves"),
        ("UPDATE scm_stock SET reserved = reserved + 1", "scm.reserved_matches_reservations"),
        (
            "UPDATE scm_demand SET wanted = wanted + 1, short = short + 1",
            "scm.nobody_waits_beside_free_stock",
        ),
        ("UPDATE scm_demand SET shipping = 0", "scm.released_is_shipped"),
        ("UPDATE erp_order SET fulfiller = 'erp'", "scm.reservations_have_open_lines"),
    ],
)
def test_each_check_notices_what_it_is_for(depot: Depot, statement: str, check: str) -> None:
    depot.placed(("TEA", 2))
    assert depot.ill() == {}
    depot.tamper(statement)
    assert check in depot.ill()
