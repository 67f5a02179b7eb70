"""Orders paid by card: held, taken as they are fulfilled, let go, given back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fenbu.testing.enterprises import Enterprises
from tests.payments.till import Till, columns

DEPOSITS, RECEIVABLES = "2100", "1100"


def test_an_order_is_released_when_its_money_is_held_and_charged_when_it_is_fulfilled(till: Till) -> None:
    order = till.order(("TEA", 4), account="C1")
    assert till.waits_for(order) == "announced"
    till.deliver()
    assert (till.states(), till.sums()) == (["authorised"], ("12", "0", "0", "0"))
    assert till.waits_for(order) == "met"
    assert till.events("erp.order-released", order)
    assert till.charged() == []
    till.fulfil(order)
    assert (till.states(), till.sums()) == (["captured"], ("12", "12", "0", "0"))
    assert till.charged() == [("PAY-00000001-C1", 1)]
    assert till.axes(order) == ("done", "done", "done")
    assert till.one("orders", order)["state"] == "closed"
    assert (till.balance(DEPOSITS), till.balance(RECEIVABLES)) == (Decimal(0), Decimal(0))
    assert till.unhealthy() == {}


def test_each_part_that_leaves_is_charged_by_itself(till: Till) -> None:
    order = till.asked(4)
    till.fulfil(order, lines=[{"line": 1, "quantity": 1}])
    assert (till.states(), till.sums()) == (["authorised"], ("12", "3", "0", "0"))
    till.fulfil(order, lines=[{"line": 1, "quantity": 3}])
    assert (till.states(), till.sums()) == (["captured"], ("12", "12", "0", "0"))
    assert till.charged() == [("PAY-00000001-C1", 1), ("PAY-00000001-C2", 1)]
    assert till.unhealthy() == {}


def test_what_is_cancelled_is_let_go_and_what_was_fulfilled_stays_charged(till: Till) -> None:
    order = till.asked(4)
    till.fulfil(order, lines=[{"line": 1, "quantity": 1}])
    till.do("order.cancel", order=order, reason="enough")
    till.deliver()
    assert (till.states(), till.sums()) == (["captured"], ("12", "3", "9", "0"))
    assert till.bank.moved("PAY-00000001")["void"] == Decimal(9)
    assert till.events("payments.payment-voided")[0]["amount"] == "9.00"
    assert till.unhealthy() == {}


def test_an_order_cancelled_whole_holds_no_money(till: Till) -> None:
    order = till.asked()
    till.do("order.cancel", order=order, reason="no")
    till.deliver()
    assert (till.states(), till.sums()) == (["voided"], ("12", "0", "12", "0"))
    assert till.charged() == []
    assert till.unhealthy() == {}


def test_money_that_is_held_after_its_order_was_cancelled_is_let_go(till: Till) -> None:
    order = till.order(("TEA", 4), account="C1")
    till.bank.fail("outage", kind="authorise")
    worker = till.kernel.worker()
    while not till.see("payments"):
        worker.turn()
    till.do("order.cancel", order=order, reason="too slow")
    till.deliver()
    assert till.states() == ["voided"]
    assert till.bank.moved("PAY-00000001")["authorise"] == till.bank.moved("PAY-00000001")["void"]
    worker.close()


def test_a_declined_payment_is_tried_again_by_another(till: Till) -> None:
    till.bank.fail("decline", kind="authorise")
    order = till.asked()
    assert (till.states(), till.waits_for(order)) == (["failed"], "failed")
    assert till.events("erp.order-released", order) == []
    assert till.payment()["reason"] == "declined by the payer's bank"
    assert till.pay("payment.retry", payment="PAY-00000001")["payment"] == "PAY-00000002"
    assert (till.states(), till.waits_for(order)) == (["failed", "authorised"], "met")
    till.fulfil(order)
    assert till.charged() == [("PAY-00000002-C1", 1)]
    assert till.unhealthy() == {}


def test_an_order_whose_payment_failed_goes_on_when_it_is_waived_and_is_paid_by_invoice(till: Till) -> None:
    till.bank.fail("decline")
    order = till.asked()
    till.do("order.waive-requirement", order=order, requirement="payment", reason="known for years")
    till.deliver()
    till.fulfil(order)
    assert (till.states(), till.charged()) == (["failed"], [])
    assert till.axes(order) == ("done", "done", "open")
    till.do("receipt.record", account="C1", amount="12")
    assert till.one("orders", order)["state"] == "closed"
    assert till.unhealthy() == {}


def test_a_refused_capture_waits_for_a_person_and_is_charged_when_it_is_tried_again(till: Till) -> None:
    order = till.asked()
    till.bank.fail("decline", kind="capture")
    till.fulfil(order)
    assert till.charged() == []
    [missing] = till.see("document-without-money")
    assert (missing["document"], missing["why"], missing["amount"]) == (order, "refused", Decimal(12))
    assert till.unhealthy() == {}
    till.pay("payment.retry", payment="PAY-00000001")
    assert (till.charged(), till.states()) == ([("PAY-00000001-C2", 1)], ["captured"])
    assert till.see("document-without-money") == []
    assert till.axes(order)[2] == "done"


def test_goods_that_come_back_are_refunded_to_the_card(till: Till) -> None:
    order = till.sold_prepaid(4)
    till.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}], payout=True)
    till.deliver()
    assert (till.states(), till.sums()) == (["captured"], ("12", "12", "0", "3"))
    assert till.see("payouts") == []
    till.do("credit-note.issue", order=order, payout=True)
    till.deliver()
    assert (till.states(), till.sums()) == (["refunded"], ("12", "12", "0", "12"))
    assert till.bank.moved("PAY-00000001")["refund"] == Decimal(12)
    assert (till.balance(DEPOSITS), till.balance(RECEIVABLES)) == (Decimal(0), Decimal(0))
    assert till.unhealthy() == {}


def test_credit_that_stays_with_the_customer_is_not_paid_back(till: Till) -> None:
    order = till.sold_prepaid(4)
    till.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}])
    till.deliver()
    assert (till.sums(), till.see("payouts")) == (("12", "12", "0", "0"), [])


def test_a_return_without_its_order_is_paid_out(till: Till) -> None:
    note = till.do("credit-note.issue", account="C2", lines=[{"item": "TEA", "quantity": 2}], payout=True)
    till.deliver()
    [payout] = till.see("payouts")
    assert (payout["state"], payout["document"], payout["amount"]) == (
        "paid",
        note["credit_note"],
        Decimal(6),
    )
    assert till.bank.moved("PO-00000001")["payout"] == Decimal(6)
    assert (till.balance(RECEIVABLES), till.balance(DEPOSITS)) == (Decimal(0), Decimal(0))
    assert till.unhealthy() == {}


def test_a_refused_payout_is_tried_again(till: Till) -> None:
    till.bank.fail("decline", kind="payout")
    till.do("credit-note.issue", account="C2", lines=[{"item": "TEA", "quantity": 2}], payout=True)
    till.deliver()
    assert columns(till.see("payouts"), "state", "reason") == [("failed", "declined by the payer's bank")]
    assert till.see("document-without-money")[0]["why"] == "refused"
    till.pay("payout.retry", payout="PO-00000001")
    assert columns(till.see("payouts"), "state") == [("paid",)]
    assert till.bank.moved("PO-00000001")["payout"] == Decimal(6)


def test_a_credit_note_of_an_order_that_was_never_paid_moves_no_money(till: Till) -> None:
    till.kernel.perform("fenbu.setting.set", {"module": "payments", "name": "orders", "value": "on_account"})
    order = till.sold(("TEA", 4), account="C1")
    till.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}], payout=True)
    till.deliver()
    assert (till.see("payments"), till.see("payouts")) == ([], [])
    till.do("receipt.record", account="C1", amount="9", order=order)
    till.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}], payout=True)
    till.deliver()
    assert columns(till.see("payouts"), "amount", "order") == [(Decimal(3), order)]


def test_a_discount_is_not_charged_whichever_part_it_goes_with(till: Till) -> None:
    till.item("OFF", kind="service")
    order = till.order(("TEA", 4), ("OFF", 1, "-2"), account="C1")
    till.deliver()
    till.fulfil(order, lines=[{"line": 1, "quantity": 1}])
    till.fulfil(order)
    assert (till.sums(), till.states()) == (("10", "10", "0", "0"), ["captured"])
    assert till.axes(order) == ("done", "done", "done")
    assert till.unhealthy() == {}


def test_credit_that_overtakes_the_capture_is_given_back_all_the_same(till: Till) -> None:
    order = till.asked(4)
    till.bank.fail("outage", kind="capture", times=8)
    till.fulfil(order)
    till.do("credit-note.issue", order=order, lines=[{"line": 1, "quantity": 1}], payout=True)
    till.deliver()
    assert (till.charged(), till.see("payouts")) == ([], [])
    till.try_dead_calls_again()
    till.deliver()
    assert (till.sums(), till.see("payouts")) == (("12", "12", "0", "3"), [])
    assert (till.balance(DEPOSITS), till.balance(RECEIVABLES)) == (Decimal(0), Decimal(0))
    assert till.unhealthy() == {}


def test_the_fee_of_the_gateway_is_posted_with_the_money(till: Till) -> None:
    till.bank.set("fee", 0.05)
    till.sold_prepaid(4)
    assert till.payment()["fee"] == Decimal("0.6")
    assert {Decimal("0.6"), Decimal("11.4")} <= set(till.balances().values())


def test_an_authorisation_that_expired_is_renewed_before_a_late_capture(till: Till) -> None:
    order = till.asked()
    till.later(days=8)
    till.deliver()
    assert till.story()[-1] == "expire"
    assert till.states() == ["authorised"]
    till.fulfil(order)
    assert [step for step in till.story() if "done" in step] == [
        "authorise done",
        "renew done",
        "capture done",
    ]
    assert till.charged() == [("PAY-00000001-C1", 1)]
    assert till.unhealthy() == {}


def test_an_authorisation_that_cannot_be_renewed_waits_for_a_person(till: Till) -> None:
    order = till.asked()
    till.later(days=8)
    till.bank.fail("decline", kind="renew")
    till.fulfil(order)
    assert till.charged() == []
    assert till.see("document-without-money")[0]["why"] == "expired"
    till.pay("payment.retry", payment="PAY-00000001")
    assert till.charged() == [("PAY-00000001-C1", 1)]


def test_money_captured_in_time_leaves_no_timer_behind(till: Till) -> None:
    till.sold_prepaid()
    till.later(days=30)
    till.deliver()
    assert "expire" not in till.story()


def test_money_moves_on_the_day_of_what_it_pays(till: Till) -> None:
    order = till.asked(4, day=date(2026, 1, 1))
    till.fulfil(order, day=date(2026, 1, 2))
    [captured] = till.events("payments.payment-captured", order)
    assert captured["day"] == "2026-01-02"


def test_orders_of_a_channel_on_account_wait_for_no_payment(till: Till) -> None:
    wanted = {"module": "payments", "name": "on_account", "value": ["wholesale"]}
    till.kernel.perform("fenbu.setting.set", wanted)
    order = till.asked(4, channel="wholesale")
    assert (till.rows("requirements", order=order), till.see("payments")) == ([], [])
    assert till.asked(4) and len(till.see("payments")) == 1


def test_orders_from_before_payments_were_enabled_finish_the_old_way(
    enterprise: Enterprises, till: Till
) -> None:
    early = Till(enterprise("erp"), till.clock, till.bank)
    early.item("TEA", "2.50", tax_category="standard")
    early.account("C1")
    old = early.order(("TEA", 4), account="C1")
    early.kernel.perform("fenbu.module.enable", {"modules": ["payments"]})
    early.fulfil(old)
    assert (early.see("payments"), early.axes(old)) == ([], ("done", "done", "open"))
    new = early.asked(2)
    assert (early.waits_for(new), early.states()) == ("announced", ["requested"])
    assert early.unhealthy() == {}


def test_payments_are_enabled_first_and_orders_come_later(enterprise: Enterprises, till: Till) -> None:
    first = Till(enterprise("payments"), till.clock, till.bank)
    first.pay("payment.request", account="C1", amount=5)
    first.pay("payment.confirm", payment="PAY-00000001")
    first.kernel.perform("fenbu.module.enable", {"modules": ["erp"]})
    first.item("TEA", "2.50", tax_category="standard")
    first.account("C1")
    order = first.asked(2)
    first.pay("payment.confirm", payment="PAY-00000002")
    first.fulfil(order)
    assert first.one("orders", order)["state"] == "closed"
    assert first.unhealthy() == {}


def test_parked_and_enabled_again_payments_go_on_where_they_were(till: Till) -> None:
    held, waiting = till.asked(4), till.order(("TEA", 2), account="C2")
    till.kernel.perform("fenbu.module.disable", {"modules": ["payments"], "how": "park"})
    till.fulfil(held)
    assert till.axes(held) == ("done", "done", "open")
    without = till.asked(1)
    till.fulfil(without)
    assert till.axes(without) == ("done", "done", "open")
    assert till.charged() == []
    till.kernel.perform("fenbu.module.enable", {"modules": ["payments"]})
    till.deliver()
    assert till.axes(held)[2] == "done"
    till.fulfil(waiting)
    assert sorted(till.states()) == ["captured", "captured"]
    assert till.charged() == [("PAY-00000001-C1", 1), ("PAY-00000002-C1", 1)]
    assert till.axes(without)[2] == "open"
    assert till.unhealthy() == {}


def test_the_preview_of_disabling_names_what_is_under_way(till: Till) -> None:
    till.asked()
    with till.kernel.read("payments") as work:
        from fenbu.contracts.module import module_in_flight

        found = [one for answer in work.ask(module_in_flight, module="payments") for one in answer]
    told = [(one.kind, one.count, one.examples) for one in found]
    assert ("payments under way", 1, ("PAY-00000001",)) in told


def test_the_metrics_count_what_is_held_taken_and_failed(till: Till) -> None:
    assert till.measured("failed_share") is None
    till.sold_prepaid(4)
    till.asked(2)
    till.bank.fail("decline")
    till.asked(1)
    assert (till.measured("authorised"), till.measured("captured")) == (Decimal(6), Decimal(12))
    assert (till.measured("failed_share"), till.measured("open")) == (Decimal("33.33"), 1)
