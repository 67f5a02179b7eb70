"""What a face may offer of ERP follows from its declarations: what is begun, filled in, taken back."""

from __future__ import annotations

import pytest

from fenbu.engine import offering
from fenbu.engine.reading import record
from tests.erp.shop import Shop


def names(shop: Shop, view: str) -> list[str]:
    return [action.name for action in offering.begun(shop.kernel.assembly, shop.kernel.assembly.view(view))]


def filled(shop: Shop, action: str, view: str, number: str) -> dict[str, object]:
    assembly = shop.kernel.assembly
    with shop.kernel.read("erp") as work:
        row = record(work, assembly.view(view), number)
    return offering.filled(assembly.action(action), assembly.view(view), row)


@pytest.mark.parametrize(
    ("action", "takes_back"),
    [
        ("erp.item.retire", "erp.item.reinstate"),
        ("erp.item.change", None),
    ],
)
def test_what_leads_back_by_itself_takes_an_act_back(shop: Shop, action: str, takes_back: str | None) -> None:
    assembly = shop.kernel.assembly
    view = assembly.view("erp.items")
    with shop.kernel.read("erp") as work:
        row = record(work, view, "TEA")

    back = offering.undoing(assembly, view, assembly.action(action).action, row)

    assert (back.name if back else None) == takes_back


def test_what_cannot_be_undone_is_taken_back_by_nothing(shop: Shop) -> None:
    shop.order(("TEA", 1), account="C1")
    assembly = shop.kernel.assembly
    view = assembly.view("erp.orders")
    with shop.kernel.read("erp") as work:
        row = record(work, view, "SO-00000001")

    assert offering.undoing(assembly, view, assembly.action("erp.order.cancel").action, row) is None


def test_a_list_begins_what_none_of_its_rows_offers(shop: Shop) -> None:
    assert "erp.order.place" in names(shop, "erp.orders")
    assert "erp.order.cancel" not in names(shop, "erp.orders")
    assert names(shop, "erp.items") == ["erp.item.register"]
    assert "erp.journal.post" in names(shop, "erp.journal")


def test_a_form_says_on_which_record_it_acts_and_a_change_shows_what_it_may_change(shop: Shop) -> None:
    shop.order(("TEA", 1), account="C1")

    assert filled(shop, "erp.order.close", "erp.orders", "SO-00000001") == {"order": "SO-00000001"}
    assert filled(shop, "erp.item.retire", "erp.items", "TEA") == {"item": "TEA"}
    change = filled(shop, "erp.item.change", "erp.items", "TEA")
    assert change["title"] == "Green tea"
    assert change["revision"] == 1


def test_what_only_tells_when_or_how_much_is_not_filled_in(shop: Shop) -> None:
    shop.order(("TEA", 1), account="C1")

    given = filled(shop, "erp.credit-note.issue", "erp.orders", "SO-00000001")

    assert given == {"order": "SO-00000001"}  # neither its day nor its account, which the order says itself
