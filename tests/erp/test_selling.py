"""From order to invoice with ERP alone: orders are released at once and fulfilled by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.erp.shop import Shop, columns


def test_an_order_is_priced_and_taxed_line_by_line(shop: Shop) -> None:
    done = shop.do(
        "order.place",
        account="C1",
        lines=[{"item": "TEA", "quantity": "3"}, {"item": "POT", "quantity": "0.5"}],
    )
    assert (done["net"], done["tax"], done["total"]) == ("14.00", "2.80", "16.80")  # 7.50 + 6.495 → 6.50
    lines = shop.rows("order-lines", order=done["order"])
    assert columns(lines, "item", "amount", "tax", "tax_rate") == [
        ("TEA", Decimal("7.5"), Decimal("1.5"), Decimal("0.2")),
        ("POT", Decimal("6.5"), Decimal("1.3"), Decimal("0.2")),
    ]


def test_without_other_modules_an_order_is_released_at_once_and_waits_for_nothing(shop: Shop) -> None:
    order = shop.order(("TEA", 3), account="C1")
    [placed] = shop.events("erp.order-placed", order)
    [released] = shop.events("erp.order-released", order)
    assert (placed["fulfiller"], placed["requirements"]) == ("erp", [])
    assert [line["item"] for line in released["lines"]] == ["TEA"]
    assert shop.axes(order) == ("open", "open", "none")


def test_what_is_handed_over_is_invoiced_and_posted(shop: Shop) -> None:
    order = shop.order(("TEA", 4), account="C1", day=date(2026, 1, 2))
    shop.fulfil(order, day=date(2026, 1, 3))
    [invoice] = shop.rows("invoices", order=order)
    assert (invoice["invoice"], invoice["day"], invoice["due"]) == (
        "INV-00000001",
        date(2026, 1, 3),
        date(2026, 2, 2),
    )
    assert shop.axes(order) == ("done", "done", "open")
    assert shop.balances() == {"1100": Decimal(12), "2200": Decimal(-2), "4000": Decimal(-10)}
    assert shop.unhealthy() == {}


def test_an_order_handed_over_in_parts_is_invoiced_in_parts_that_add_up_to_it(shop: Shop) -> None:
    shop.item("THIRD", "33.333333", tax_category="standard")
    order = shop.order(("THIRD", 3), account="C1")
    for _part in range(3):
        shop.fulfil(order, lines=[{"line": 1, "quantity": 1}])
    invoices = shop.rows("invoices", order=order)
    assert sorted(row["net"] for row in invoices) == [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    assert sum(row["total"] for row in invoices) == shop.one("orders", order)["total"] == Decimal(120)
    assert shop.axes(order) == ("done", "done", "open")
    assert shop.unhealthy() == {}


def test_services_are_fulfilled_when_the_order_is_released(shop: Shop) -> None:
    order = shop.order(("TEA", 1), ("POST", 1), account="C1")
    shop.deliver()
    [invoice] = shop.rows("invoices", order=order)
    assert invoice["total"] == Decimal("3.50")
    assert shop.axes(order) == ("part", "part", "open")


def test_services_can_be_set_to_wait_for_the_first_goods(shop: Shop) -> None:
    shop.kernel.perform("fenbu.setting.set", {"module": "erp", "name": "services", "value": "with_goods"})
    order = shop.order(("TEA", 2), ("POST", 1), account="C1")
    shop.deliver()
    assert shop.rows("invoices", order=order) == []
    shop.fulfil(order, lines=[{"line": 1, "quantity": 1}])
    [invoice] = shop.rows("invoices", order=order)
    assert invoice["total"] == Decimal("6.50")  # 2.50 + tax and the whole postage


def test_a_discount_waits_for_the_goods_it_belongs_to(shop: Shop) -> None:
    shop.item("OFF", kind="service")
    order = shop.order(("TEA", 4), ("OFF", 1, "-2"), account="C1")
    shop.deliver()
    assert shop.rows("invoices", order=order) == []
    shop.fulfil(order)
    [invoice] = shop.rows("invoices", order=order)
    assert invoice["total"] == Decimal(10)


def test_an_order_of_services_alone_needs_no_hand(shop: Shop) -> None:
    order = shop.order(("POST", 2), account="C1")
    shop.deliver()
    assert shop.axes(order) == ("done", "done", "open")


def test_free_goods_are_handed_over_with_an_invoice_of_nothing(shop: Shop) -> None:
    order = shop.sold(("TEA", 1, 0), account="C1")
    [invoice] = shop.rows("invoices", order=order)
    assert (invoice["total"], invoice["entry"]) == (Decimal(0), "")
    assert shop.unhealthy() == {}


def test_a_price_holds_from_its_day_until_the_next(shop: Shop) -> None:
    shop.do("price.set", item="TEA", unit_price="3", since="2026-02-01")
    days = {date(2026, 1, 31): "2.50", date(2026, 2, 1): "3.00", date(2026, 7, 1): "3.00"}
    for day, price in days.items():
        done = shop.do("order.place", lines=[{"item": "TEA", "quantity": 1}], day=day)
        assert done["net"] == price


def test_a_tax_rate_holds_from_its_day_and_orders_of_earlier_days_keep_theirs(shop: Shop) -> None:
    shop.do("tax.set", category="standard", rate="0.1", since="2026-02-01")
    before = shop.do("order.place", lines=[{"item": "TEA", "quantity": 4}], day="2026-01-31")
    after = shop.do("order.place", lines=[{"item": "TEA", "quantity": 4}], day="2026-02-01")
    assert (before["tax"], after["tax"]) == ("2.00", "1.00")


def test_what_is_not_fulfilled_can_be_cancelled_and_what_is_stays_sold(shop: Shop) -> None:
    order = shop.order(("TEA", 5), account="C1")
    shop.fulfil(order, lines=[{"line": 1, "quantity": 2}])
    done = shop.do("order.cancel", order=order, reason="changed my mind")
    [cancelled] = shop.events("erp.order-cancelled", order)
    assert (done["state"], cancelled["whole"], cancelled["lines"][0]["quantity"]) == (
        "placed",
        False,
        "3.0000",
    )
    assert shop.axes(order) == ("done", "done", "open")
    shop.do("receipt.record", account="C1", amount="6")
    assert shop.one("orders", order)["state"] == "closed"
    assert shop.unhealthy() == {}


def test_an_order_of_which_nothing_left_is_cancelled_whole(shop: Shop) -> None:
    order = shop.order(("TEA", 5), account="C1")
    shop.do("order.cancel", order=order, reason="mistake")
    assert shop.one("orders", order)["state"] == "cancelled"
    assert shop.events("erp.order-cancelled", order)[0]["whole"] is True


def test_an_order_closes_by_itself_when_nothing_of_it_is_open(shop: Shop) -> None:
    order = shop.sold(("TEA", 2), account="C1")
    assert shop.one("orders", order)["state"] == "placed"
    shop.do("receipt.record", account="C1", amount="6")
    assert shop.one("orders", order)["state"] == "closed"
    assert [event["order"] for event in shop.events("erp.order-closed")] == [order]


def test_walk_in_buyers_need_no_account(shop: Shop) -> None:
    order = shop.sold(("TEA", 2))
    assert shop.one("orders", order)["account"] == "WALK-IN"


def test_the_same_item_may_stand_on_several_lines(shop: Shop) -> None:
    order = shop.sold(("TEA", 1), ("TEA", 2, "2.005"), ("TEA", 3), account="C1")
    assert [row["amount"] for row in shop.rows("order-lines", order=order)] == [
        Decimal("2.50"),
        Decimal("4.01"),
        Decimal("7.50"),
    ]
    assert shop.unhealthy() == {}


def test_a_foreign_order_is_booked_at_its_rate_and_balances_with_a_rounding_line(shop: Shop) -> None:
    shop.account("C3", currency="EUR")
    shop.do("rate.set", currency="EUR", rate="0.8562", since="2026-01-01")
    order = shop.sold(("TEA", 1, "9.99"), ("POT", 1, "10.01"), account="C3", day=date(2026, 1, 5))
    row = shop.one("orders", order)
    assert (row["currency"], row["total"], row["total_own"]) == ("EUR", Decimal(24), Decimal("20.55"))
    postings = {
        (one["chart"], one["currency"]): one["debit"] - one["credit"] for one in shop.rows("postings")
    }
    assert (postings[("1100", "EUR")], postings[("6910", "GBP")]) == (Decimal("20.55"), Decimal("-0.01"))
    assert sum(postings.values()) == 0
    assert shop.unhealthy() == {}


def test_items_and_accounts_that_are_known_are_left_as_they_are(shop: Shop) -> None:
    again = shop.do(
        "item.register", items=[{"item": "TEA", "title": "Other"}, {"item": "NEW"}, {"item": "NEW"}]
    )
    assert again == {"registered": 1, "known": 1}
    assert shop.one("items", "TEA")["title"] == "Green tea"
    assert shop.do("account.register", accounts=[{"account": "C1", "name": "Other"}]) == {
        "registered": 0,
        "known": 1,
    }
    assert [event["item"] for event in shop.events("erp.item-published", "NEW")] == ["NEW"]


def test_a_retired_item_is_not_sold_until_it_is_back(shop: Shop) -> None:
    shop.do("item.retire", item="TEA")
    assert shop.one("items", "TEA")["state"] == "retired"
    shop.do("item.reinstate", item="TEA")
    assert shop.order(("TEA", 1)) == "SO-00000001"


def test_a_changed_item_is_published_and_counts_its_revisions(shop: Shop) -> None:
    done = shop.do("item.change", item="TEA", title="White tea", revision=1)
    assert done["revision"] == 2
    assert shop.events("erp.item-published", "TEA")[-1]["title"] == "White tea"


def test_cancelling_says_before_what_it_would_do(shop: Shop) -> None:
    from fenbu_erp.cancellations import CancelOrder, preview_cancel

    order = shop.order(("TEA", 5), ("POT", 1), account="C1")
    with shop.kernel.read("erp") as work:
        told = preview_cancel(work, CancelOrder(order=order, reason="-", day=None))
    assert [line.number for line in told] == ["2", "30.59 GBP"]
