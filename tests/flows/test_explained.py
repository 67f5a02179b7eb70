"""What ``fenbu explain`` tells: what a document is, what happened to it and to how many of what, where to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from fenbu.cli.running import run
from fenbu.contracts.crm import CreditLimitSet
from fenbu.contracts.erp import OrderFulfilled, OrderPlaced
from fenbu.contracts.scm import StockAdjusted
from fenbu.engine import surroundings
from fenbu.engine.explaining import Document, KindUnknown, Story, explain
from fenbu.engine.guard.operators import os_user
from fenbu.engine.telling import sentence
from fenbu.events import EventType
from fenbu.testing.enterprises import Enterprises
from tests.scm.conftest import stocked
from tests.scm.depot import Depot


@pytest.fixture
def shop(enterprise: Enterprises) -> Depot:
    """A shop with customers and a warehouse that has sold two teas and half of what it lacks of pots."""
    depot = Depot(enterprise("erp", "crm", "scm", settings={"scm": {"dispatch": "auto"}}, furnished=stocked))
    depot.placed(("TEA", 2), ("POT", 4), account="C1")
    return depot


def told(shop: Depot, kind: str, number: str) -> Story:
    with shop.kernel.read() as work:
        return explain(work, kind, number)


def texts(story: Story) -> list[str]:
    return [chapter.text for chapter in story.chapters]


def around(shop: Depot, story: Story) -> tuple[list[str], dict[str, int]]:
    """Return the views with a record of what a story tells of, and those in which it stands with their rows."""
    assert story.view is not None
    with shop.kernel.read() as work:
        records = surroundings.records(work, story.view, story.number)
        places = surroundings.places(work, story.view, story.number)
    return [view.name for view, _row in records], {place.view.name: place.rows for place in places}


def test_an_order_tells_how_many_of_what_and_names_all_that_came_of_it(shop: Depot) -> None:
    story = told(shop, "order", "SO-00000001")
    assert "placed by C1 for 68.35 GBP: 2 × TEA, 4 × POT" in texts(story)
    assert "short of stock, waits as backorder: 1 × POT" in texts(story)
    assert "shipment SO-00000001-1 left: 2 × TEA, 3 × POT" in texts(story)
    assert list(story.others) == [
        Document("account", "C1"),
        Document("shipment", "SO-00000001-1"),
        Document("invoice", "INV-00000001"),
    ]
    records, places = around(shop, story)
    assert records == ["erp.orders", "scm.orders"]
    assert places["erp.order-lines"] == places["scm.order-lines"] == 2
    assert places["scm.backorders"] == 1


def test_an_account_says_of_each_fact_to_which_order_it_happened(shop: Depot) -> None:
    shop.placed(("TEA", 1), account="C1")
    story = told(shop, "account", "C1")
    orders = {chapter.of.number for chapter in story.chapters if chapter.of and chapter.of.kind == "order"}
    assert orders == {"SO-00000001", "SO-00000002"}
    assert Document("customer", "CA-C1") in story.others
    _records, places = around(shop, story)
    assert (places["erp.orders"], places["crm.customers"]) == (2, 1)


def test_a_customer_tells_what_happened_to_their_account(shop: Depot) -> None:
    story = told(shop, "customer", "CA-C1")
    assert set(texts(told(shop, "account", "C1"))) <= set(texts(story))
    assert story.others[0] == Document("account", "C1")


def test_an_item_is_what_all_modules_know_of_it(shop: Depot) -> None:
    shop.adjust("TEA", "-0.5", reason="torn")
    story = told(shop, "item", "TEA")
    assert "stock of TEA adjusted by -0.5: torn" in texts(story)
    records, places = around(shop, story)
    assert records == ["erp.items", "scm.items"]
    assert {"erp.order-lines", "erp.prices", "scm.stock", "scm.moves"} <= places.keys()


def test_who_only_keeps_a_record_is_named_where_it_is_late_and_not_in_every_line(
    shop: Depot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with shop.deaf("crm.timeline"):
        shop.placed(("TEA", 1), account="C1")
    monkeypatch.setenv("FENBU_DATABASE", shop.kernel.database.url)
    looker = {"operator": "looker", "os_user": os_user(), "grants": ["viewer"]}
    shop.kernel.perform("fenbu.operator.add", looker)

    def explained(order: str) -> str:
        assert run(["explain", "order", order]) == 0
        return capsys.readouterr().out

    assert "✔ crm.timeline" not in (early := explained("SO-00000001"))
    assert "✔ scm.orders" in early
    assert "… crm.timeline waiting" in explained("SO-00000002")


def test_an_unknown_kind_is_refused_with_the_kinds_that_there_are(shop: Depot) -> None:
    with pytest.raises(KindUnknown) as refused:
        told(shop, "ordre", "SO-00000001")
    assert refused.value.hint.startswith("did you mean order? known here are: account, adjustment, case, ")
    with pytest.raises(KindUnknown) as refused:
        told(shop, "zebra", "1")
    assert refused.value.hint.startswith("known here are: account")


# --- sentences --------------------------------------------------------------------------------------------


def _lines(many: int) -> list[dict[str, Any]]:
    return [{"line": n, "item": f"I{n}", "quantity": "1.5000"} for n in range(1, many + 1)]


PLACED: dict[str, Any] = {"account": "C1", "total": "1234567.5", "currency": "GBP", "lines": _lines(2)}
SENTENCES: Sequence[tuple[type, Mapping[str, Any], str]] = [
    (OrderPlaced, PLACED, "placed by C1 for 1,234,567.50 GBP: 1.5 × I1, 1.5 × I2"),
    (
        OrderPlaced,
        PLACED | {"currency": "JPY", "total": "1200"},
        "placed by C1 for 1,200 JPY: 1.5 × I1, 1.5 × I2",
    ),
    (OrderPlaced, PLACED | {"total": "1.2345"}, "placed by C1 for 1.2345 GBP: 1.5 × I1, 1.5 × I2"),
    (
        OrderFulfilled,
        {"amount": "3", "currency": "GBP", "lines": _lines(8)},
        "fulfilled for 3.00 GBP: 1.5 × I1, 1.5 × I2, 1.5 × I3, 1.5 × I4, 1.5 × I5 and 3 more",
    ),
    (CreditLimitSet, {"customer": "C", "currency": "GBP", "amount": None}, "credit limit: none in GBP"),
    (
        StockAdjusted,
        {"item": "10", "quantity": "-1000.0000", "reason": "a{b}c"},
        "stock of 10 adjusted by -1,000: a{b}c",
    ),
    (OrderPlaced, {"total": "1.00", "lines": []}, "erp.order-placed: total 1"),
]


@pytest.mark.parametrize(("event", "payload", "text"), SENTENCES)
def test_amounts_and_pieces_are_exact_and_readable(
    event: type, payload: Mapping[str, Any], text: str
) -> None:
    declared: EventType = event.__fenbu_event__  # type: ignore[attr-defined]
    assert sentence(declared, declared.topic, payload) == text
