"""What the supply chain refuses, and the sentence that the operator reads; nothing is changed by any of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import text

from fenbu.errors import Refused
from tests.scm.depot import Depot

TEA = {"item": "TEA", "quantity": 1, "unit_cost": 1}

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    # action, input, the sentence, what to do
    ("receipt.post", {"lines": []}, "lines: .*at least 1 item", "--help"),
    ("receipt.post", {"lines": [{"item": "TEA", "quantity": 1}]}, r"lines\.0\.unit_cost: field required", ""),
    ("receipt.post", {"lines": [TEA | {"quantity": 0}]}, "more than zero is wanted", ""),
    ("receipt.post", {"lines": [TEA | {"quantity": "0.00001"}]}, "has more than 4 decimals", ""),
    ("receipt.post", {"lines": [TEA | {"quantity": 0.5}]}, "a number is wanted, written as text", ""),
    ("receipt.post", {"lines": [TEA | {"unit_cost": "-1"}]}, "zero or more is wanted", ""),
    ("receipt.post", {"lines": [TEA | {"unit_cost": "0.0000001"}]}, "has more than 6 decimals", ""),
    ("receipt.post", {"lines": [TEA | {"item": "COFFEE"}]}, "there is no stocked item COFFEE", "erp.item.register"),
    ("receipt.post", {"lines": [TEA | {"item": "POST"}]}, "there is no stocked item POST", "erp.item.register"),
    ("receipt.post", {"lines": [TEA | {"location": "MOON"}]}, "there is no location MOON", "scm.locations"),
    (
        "receipt.post",
        {"lines": [TEA | {"location": "customer"}]},
        r"customer is outside \(customer\); a location in a warehouse is wanted",
        "scm.locations",
    ),
    ("receipt.post", {"lines": [TEA], "source": "moon"}, "source: input should be 'supplier' or 'opening'", ""),
    (
        "receipt.post",
        {"lines": [TEA], "supplier": "Hill farm", "reference": "DN 7"},
        r"receipt with the reference DN 7 \(GR-00000002\) exists already",
        "",
    ),
    ("receipt.post", {"lines": [TEA], "day": "0001-01-01"}, "a day between 1900-01-01 and 2999-12-31", ""),
    ("receipt.post", {"lines": [TEA | {"quantity": "1e12"}]}, "at most 1000000000 is wanted", ""),
    ("receipt.post", {"lines": [TEA | {"unit_cost": "1e12"}]}, "at most 1000000000 is wanted", ""),
    (
        "receipt.post",
        {"lines": [TEA | {"quantity": "1e9", "unit_cost": "1e9"}]},
        r"TEA would be worth 1000000000000000011.0000; at most 100000000000 can be kept",
        "look for a slip",
    ),
    ("receipt.post", {"lines": [TEA], "day": "soon"}, "day: .*date", ""),
    ("stock.adjust", {"lines": [{"item": "TEA", "quantity": 0}], "reason": "x"}, "more or less than zero", ""),
    ("stock.adjust", {"lines": [{"item": "TEA", "quantity": -1}]}, "reason: field required", ""),
    (
        "stock.adjust",
        {"lines": [{"item": "POT", "quantity": -2}], "reason": "fell"},
        r"2 of POT cannot leave MAIN: 3\.0000 are there, 2\.0000 promised",
        r"take a promise back first (SO-00000001): fenbu do scm.reservation.release",
    ),
    (
        "stock.adjust",
        {"lines": [{"item": "TEA", "quantity": -99}], "reason": "mice"},
        "99 of TEA cannot leave MAIN: 11.0000 are there, 0.0000 promised",
        "scm.stock",
    ),
    (
        "stock.adjust",
        {"lines": [{"item": "CUP", "quantity": 1}], "reason": "found"},
        "nobody knows what CUP costs: none has been here yet",
        "give the line a unit_cost",
    ),
    ("stock.adjust", {"lines": [{"item": "X", "quantity": 1}], "reason": "x"}, "no stocked item X", ""),
    ("stock.count", {"lines": [{"item": "TEA", "counted": -1}]}, "zero or more is wanted", ""),
    (
        "stock.count",
        {"lines": [{"item": "TEA", "counted": 1}, {"item": "TEA", "counted": 2, "location": "MAIN"}]},
        "TEA at MAIN is counted twice",
        "add the pieces up",
    ),
    ("stock.count", {"lines": [{"item": "POT", "counted": 1}]}, "2.0000 of POT cannot leave MAIN", "SO-00000001"),
    (
        "stock.transfer",
        {"item": "TEA", "quantity": 1, "source": "MAIN", "target": "MAIN"},
        "the pieces are in MAIN already",
        "two locations",
    ),
    (
        "stock.transfer",
        {"item": "TEA", "quantity": 1, "source": "MAIN", "target": "lost"},
        "lost is outside",
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
    ("return.post", {"lines": [{"quantity": 1}]}, "without an order, each line names an item", "--help"),
    (
        "return.post",
        {"order": "SO-00000002", "lines": [{"item": "TEA", "quantity": 1}]},
        "with an order, each line names a line of it",
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
        r"of line 1 of SO-00000002 4\.0000 can come back, not 5",
        "return without an order",
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
        "there is no order in the warehouse SO-00000099",
        "scm.orders",
    ),
    ("return.post", {"lines": [{"item": "CUP", "quantity": 1}]}, "nobody knows what CUP costs", "unit_cost"),
    ("shipment.dispatch", {"shipment": "SO-9"}, "there is no shipment SO-9", "scm.shipments"),
    ("shipment.dispatch", {"shipment": "SO-00000002-1"}, "is dispatched, so it cannot dispatch", "is final"),
    ("shipment.pack", {"shipment": "SO-00000002-1"}, "is dispatched, so it cannot pack", ""),
    ("shipment.unpack", {"shipment": "SO-00000001-1"}, "is open, so it cannot unpack", "possible now: pack, dispatch"),
    (
        "reservation.release",
        {"order": "SO-00000001", "reason": "x"},
        "SO-00000001 holds nothing that could be let go",
        "erp.order.cancel",
    ),
    ("reservation.release", {"order": "SO-9", "reason": "x"}, "there is no order in the warehouse SO-9", ""),
    ("reservation.renew", {"order": "SO-00000001"}, "SO-00000001 is open, so it cannot renew", "possible now: lapse"),
    ("reservation.renew", {"order": "SO-00000003"}, "SO-00000003 is stopped, so it cannot renew", "resume"),
    (
        "order.stop",
        {"order": "SO-00000001", "reason": "x"},
        "SO-00000001 is still to be fulfilled from here",
        "erp.order.cancel",
    ),
    ("order.stop", {"order": "SO-00000003", "reason": "x"}, "SO-00000003 is stopped, so it cannot stop", ""),
    ("warehouse.open", {"warehouse": "MAIN", "title": "x"}, "the warehouse MAIN exists already", ""),
    ("warehouse.open", {"warehouse": "lost", "title": "x"}, "the location lost exists already", ""),
    ("location.open", {"location": "Q", "warehouse": "NONE", "title": "x"}, "no warehouse NONE", "scm.warehouses"),
    ("location.open", {"location": "QA", "warehouse": "MAIN", "title": "x"}, "the location QA exists", ""),
    (
        "location.open",
        {"location": "Q", "warehouse": "MAIN", "title": "x", "kind": "moon"},
        "should be 'stock' or 'hold'",
        "",
    ),
    ("item.plan", {"item": "TEA", "lead_days": -1}, "lead_days: .*greater than or equal to 0", ""),
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


def written(depot: Depot) -> dict[str, int]:
    """Count the rows of every table of SCM, and the events."""
    from fenbu_scm.tables import ORDER

    with depot.kernel.database.read() as connection:
        names = [*sorted(ORDER.metadata.tables), "fenbu_event"]
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def test_what_makes_no_sense_is_refused_with_a_sentence_and_a_way_out(busy: Depot) -> None:
    """One test for the whole table: each refusal must leave everything as it was."""
    before, stock = written(busy), busy.look("stock")
    wrong = []
    for action, values, sentence, way_out in REFUSED:
        try:
            busy.scm(action, **values)
        except Refused as refused:
            told = f"{refused} ({refused.hint})"
            if not re.search(sentence, told, re.IGNORECASE) or way_out not in refused.hint:
                wrong.append(f"{action} {values}: {told}")
        else:
            wrong.append(f"{action} {values} was done")
    assert wrong == []
    assert (written(busy), busy.look("stock")) == (before, stock)
    assert busy.ill() == {}
