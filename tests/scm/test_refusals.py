"""What the supply chain refuses, and the sentence that the operator reads; nothing is changed by any of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.refusing import done_or_said_otherwise, written
from tests.scm.depot import Depot

TEA = {"item": "TEA", "quantity": 1, "unit_cost": 1}

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    # action, input, the sentence, what to do
    ("receipt.post", {"lines": []}, "lines: at least 1 must be given", "--help"),
    ("receipt.post", {"lines": [{"item": "TEA", "quantity": 1}]}, r"lines\.0\.unit_cost: must be given", ""),
    ("receipt.post", {"lines": [TEA | {"quantity": 0}]}, "must be more than zero", ""),
    ("receipt.post", {"lines": [TEA | {"quantity": "0.00001"}]}, "has more than 4 decimals", ""),
    ("receipt.post", {"lines": [TEA | {"quantity": 0.5}]}, "a number is wanted, written as text", ""),
    ("receipt.post", {"lines": [TEA | {"unit_cost": "-1"}]}, "must be zero or more", ""),
    ("receipt.post", {"lines": [TEA | {"unit_cost": "0.0000001"}]}, "has more than 6 decimals", ""),
    ("receipt.post", {"lines": [TEA | {"item": "COFFEE"}]}, "there is no stocked item COFFEE", "erp.item.register"),
    ("receipt.post", {"lines": [TEA | {"item": "POST"}]}, "there is no stocked item POST", "erp.item.register"),
    ("receipt.post", {"lines": [TEA | {"location": "MOON"}]}, "there is no location MOON", "scm.locations"),
    (
        "receipt.post",
        {"lines": [TEA | {"location": "customer"}]},
        r"customer is not a place in a warehouse; it stands for what is outside",
        "scm.locations",
    ),
    ("receipt.post", {"lines": [TEA], "source": "moon"}, "source: must be 'supplier' or 'opening'", ""),
    (
        "receipt.post",
        {"lines": [TEA], "supplier": "Hill farm", "reference": "DN 7"},
        r"receipt with the reference DN 7 \(GR-00000002\) exists already",
        "",
    ),
    ("receipt.post", {"lines": [TEA], "day": "0001-01-01"}, "must be a day between 1900-01-01 and 2999-12-31", ""),
    ("receipt.post", {"lines": [TEA | {"quantity": "1e12"}]}, "at most 1000000000 is wanted", ""),
    ("receipt.post", {"lines": [TEA | {"unit_cost": "1e12"}]}, "at most 1000000000 is wanted", ""),
    (
        "receipt.post",
        {"lines": [TEA | {"quantity": "1e9", "unit_cost": "1e9"}]},
        r"TEA would be worth 1,000,000,000,000,000,011.00; the books can hold 100,000,000,000.00 at most",
        "look for a slip",
    ),
    ("receipt.post", {"lines": [TEA], "day": "soon"}, "day: must be a day, written as 2026-01-31", ""),
    ("stock.adjust", {"lines": [{"item": "TEA", "quantity": 0}], "reason": "x"}, "more or less than zero", ""),
    ("stock.adjust", {"lines": [{"item": "TEA", "quantity": -1}]}, "reason: must be given", ""),
    (
        "stock.adjust",
        {"lines": [{"item": "POT", "quantity": -2}], "reason": "fell"},
        r"2 of POT cannot leave MAIN: 3 are there, of which 2 are promised",
        r"take back what is promised first (SO-00000001): fenbu do scm.reservation.release",
    ),
    (
        "stock.adjust",
        {"lines": [{"item": "TEA", "quantity": -99}], "reason": "mice"},
        "99 of TEA cannot leave MAIN: 11 are there, of which 0 are promised",
        "scm.stock",
    ),
    (
        "stock.adjust",
        {"lines": [{"item": "CUP", "quantity": 1}], "reason": "found"},
        "nobody knows what CUP costs: none has been here yet",
        "give the line a unit_cost",
    ),
    ("stock.adjust", {"lines": [{"item": "X", "quantity": 1}], "reason": "x"}, "no stocked item X", ""),
    ("stock.count", {"lines": [{"item": "TEA", "counted": -1}]}, "must be zero or more", ""),
    (
        "stock.count",
        {"lines": [{"item": "TEA", "counted": 1}, {"item": "TEA", "counted": 2, "location": "MAIN"}]},
        "TEA at MAIN is counted twice",
        "add the pieces up",
    ),
    ("stock.count", {"lines": [{"item": "POT", "counted": 1}]}, "2 of POT cannot leave MAIN", "SO-00000001"),
    (
        "stock.transfer",
        {"item": "TEA", "quantity": 1, "source": "MAIN", "target": "MAIN"},
        "source and target are the same location, MAIN",
        "two locations",
    ),
    (
        "stock.transfer",
        {"item": "TEA", "quantity": 1, "source": "MAIN", "target": "lost"},
        "lost is not a place in a warehouse",
        "",
    ),
    (
        "stock.transfer",
        {"item": "POT", "quantity": 3, "source": "MAIN", "target": "QA"},
        "3 of POT cannot leave MAIN",
        "SO-00000001",
    ),
    (
        "stock.transfer",
        {"item": "TEA", "quantity": 1, "source": "QA", "target": "MAIN"},
        "1 of TEA cannot leave QA: 0 are there",
        "",
    ),
    ("return.post", {"lines": [{"quantity": 1}]}, "without an order, each line of the return names an item", "--help"),
    (
        "return.post",
        {"order": "SO-00000002", "lines": [{"item": "TEA", "quantity": 1}]},
        "with an order, each line of the return names a line of that order",
        "",
    ),
    (
        "return.post",
        {"order": "SO-00000002", "account": "C1", "lines": [{"line": 1, "quantity": 1}]},
        "the account is the order's; leave it out",
        "",
    ),
    (
        "return.post",
        {"order": "SO-00000002", "lines": [{"line": 1, "quantity": 5}]},
        r"only 4 of line 1 of SO-00000002 can still come back, not 5",
        "as a return without an order",
    ),
    (
        "return.post",
        {"order": "SO-00000002", "lines": [{"line": 9, "quantity": 1}]},
        "there is no line 9 of SO-00000002",
        "",
    ),
    (
        "return.post",
        {"order": "SO-00000099", "lines": [{"line": 1, "quantity": 1}]},
        "there is no order SO-00000099 in the warehouse",
        "scm.orders",
    ),
    ("return.post", {"lines": [{"item": "CUP", "quantity": 1}]}, "nobody knows what CUP costs", "unit_cost"),
    ("shipment.dispatch", {"shipment": "SO-9"}, "there is no shipment SO-9", "scm.shipments"),
    ("shipment.dispatch", {"shipment": "SO-00000002-1"}, "cannot dispatch SO-00000002-1: it is dispatched", "is final"),
    ("shipment.pack", {"shipment": "SO-00000002-1"}, "cannot pack SO-00000002-1: it is dispatched", ""),
    (
        "shipment.unpack",
        {"shipment": "SO-00000001-1"},
        "cannot unpack SO-00000001-1: it is open",
        "possible now: pack, dispatch",
    ),
    (
        "reservation.release",
        {"order": "SO-00000001", "reason": "x"},
        "SO-00000001 holds nothing that could be let go",
        "erp.order.cancel",
    ),
    ("reservation.release", {"order": "SO-9", "reason": "x"}, "there is no order SO-9 in the warehouse", ""),
    ("reservation.renew", {"order": "SO-00000001"}, "cannot renew SO-00000001: it is open", "possible now: lapse"),
    ("reservation.renew", {"order": "SO-00000003"}, "cannot renew SO-00000003: it is stopped", "resume"),
    (
        "order.stop",
        {"order": "SO-00000001", "reason": "x"},
        "SO-00000001 is still to be fulfilled from this warehouse",
        "erp.order.cancel",
    ),
    ("order.stop", {"order": "SO-00000003", "reason": "x"}, "cannot stop SO-00000003: it is stopped", ""),
    ("warehouse.open", {"warehouse": "MAIN", "title": "x"}, "the warehouse MAIN exists already", ""),
    ("warehouse.open", {"warehouse": "lost", "title": "x"}, "the location lost exists already", ""),
    ("location.open", {"location": "Q", "warehouse": "NONE", "title": "x"}, "no warehouse NONE", "scm.warehouses"),
    ("location.open", {"location": "QA", "warehouse": "MAIN", "title": "x"}, "the location QA exists", ""),
    (
        "location.open",
        {"location": "Q", "warehouse": "MAIN", "title": "x", "kind": "moon"},
        "must be 'stock' or 'hold'",
        "",
    ),
    ("item.plan", {"item": "TEA", "lead_days": -1}, "lead_days: must be 0 or more", ""),
    ("item.plan", {"item": "NONE", "lead_days": 1}, "there is no stocked item NONE", ""),
]  # fmt: skip


@pytest.fixture
def busy(depot: Depot) -> Depot:
    """Two pots promised to SO-00000001, four teas of SO-00000002 gone, SO-00000003 cancelled, a cup never seen."""
    depot.item("CUP", "3")
    depot.scm("location.open", location="QA", warehouse="MAIN", title="Inspection", kind="hold")
    depot.receive(("TEA", 5, "1.00"), supplier="Hill farm", reference="DN 7")
    depot.placed(("POT", 2))
    depot.dispatch(f"{depot.placed(('TEA', 4))}-1")
    depot.cancel(depot.placed(("TEA", 1)))
    return depot


def test_what_makes_no_sense_is_refused_with_a_sentence_and_a_way_out(busy: Depot) -> None:
    """One test for the whole table: each refusal must leave everything as it was."""
    from fenbu_scm.tables import ORDER

    def state() -> object:
        return written(busy.kernel, ORDER.metadata), busy.look("stock")

    before = state()
    assert done_or_said_otherwise(busy.scm, REFUSED) == []
    assert state() == before
    assert busy.ill() == {}
