"""Net pay leaves as one payout a run; the books owe it until it has left; nobody is paid twice."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fenbu.errors import TransitionRefused
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import Enterprises
from fenbu_hrm.errors import NotByHand
from fenbu_payments.sandbox.bank import Bank
from tests.erp.shop import columns
from tests.hrm.conftest import furnished
from tests.hrm.firm import BO, NET, Firm
from tests.payments.till import card

CLEARING, BANK = "1050", "1000"


def paying(enterprise: Enterprises, clock: Clock, *modules: str, **more: Any) -> Firm:
    """A cook for 3,000 and a seller for 5,000, of which 5,700 are left; with payments."""
    firm = furnished(Firm(enterprise(*modules, **more), clock))
    firm.withheld()
    firm.hire("E1")
    firm.hire("E2", "5000", department="SHOP", position="SELLER")
    return firm


def payouts(firm: Firm) -> list[dict[str, Any]]:
    from fenbu.engine.reading import page

    with firm.kernel.read("payments") as work:
        return [
            dict(row) for row in page(work, firm.kernel.assembly.view("payments.payouts"), limit=100).rows
        ]


def confirm(firm: Firm, payout: str) -> None:
    firm.kernel.perform("payments.payout.confirm", {"payout": payout})
    firm.deliver()


def test_net_pay_leaves_as_one_payout_and_is_owed_no_more(enterprise: Enterprises, clock: Clock) -> None:
    firm = paying(enterprise, clock, "erp", "payments", "hrm")
    run = firm.approved()
    [payout] = payouts(firm)
    assert (payout["document"], payout["amount"], payout["account"]) == (run, 5700, "")
    assert columns([firm.run(run)], "payment", "payout") == [("requested", payout["payout"])]
    assert firm.balance(NET) == -5700
    confirm(firm, payout["payout"])
    assert columns([firm.run(run)], "payment") == [("paid",)]
    assert [firm.balance(NET), firm.balance(CLEARING)] == [0, -5700]
    assert sorted(row["kind"] for row in firm.entries()) == ["payroll", "payroll_payment"]
    assert firm.ill() == {}


def test_what_a_gateway_pays_is_not_paid_by_hand(enterprise: Enterprises, clock: Clock) -> None:
    firm = paying(enterprise, clock, "erp", "payments", "hrm")
    run = firm.reviewed()
    firm.hr("payroll.approve", run=run, by=BO)
    with pytest.raises(NotByHand, match="a payout that is on its way"):
        firm.hr("payroll.record-payment", run=run)
    firm.deliver()
    with pytest.raises(NotByHand, match=f"{run} is paid by PO-"):
        firm.hr("payroll.record-payment", run=run)


def test_a_payout_that_failed_is_tried_again(enterprise: Enterprises, clock: Clock, tmp_path: Path) -> None:
    with Bank(tmp_path / "sandbox.db") as bank:
        bank.set_clock(clock.now.timestamp())
        firm = paying(enterprise, clock, "erp", "payments", "hrm", settings=card(tmp_path / "sandbox.db"))
        bank.fail("decline", kind="payout")
        run = firm.approved()
        assert firm.run(run)["payment"] == "failed"
        [payout] = payouts(firm)
        firm.kernel.perform("payments.payout.retry", {"payout": payout["payout"]})
        firm.deliver()
        assert firm.run(run)["payment"] == "paid"
    assert [firm.balance(NET), firm.balance(CLEARING)] == [0, -5700]
    assert firm.ill() == {}


def test_a_month_taken_back_after_having_been_paid_is_paid_by_the_difference(
    enterprise: Enterprises, clock: Clock
) -> None:
    """E1 gets 70 more, E2 has got 72 too much: what one has too much is not taken from the other."""
    firm = paying(enterprise, clock, "erp", "payments", "hrm")
    first = firm.approved()
    confirm(firm, payouts(firm)[0]["payout"])
    firm.taken_back(first)
    firm.hr("employee.raise", employee="E1", pay="3100", day="2026-01-01")
    firm.hr("employee.raise", employee="E2", pay="4910", day="2026-01-01")
    second = firm.reviewed()
    told = {one.text: one.number for one in firm.kernel.preview("hrm.payroll.approve", {"run": second})}
    assert told["net pay leaves us as one payout"] == "70.00 GBP"
    firm.hr("payroll.approve", run=second, by=BO)
    firm.deliver()
    assert {(row["document"], row["amount"]) for row in payouts(firm)} == {(first, 5700), (second, 70)}
    confirm(firm, next(row["payout"] for row in payouts(firm) if row["document"] == second))
    assert firm.balance(NET) == 72
    assert firm.ill() == {}


def test_payments_that_are_switched_on_late_pay_no_old_payroll(enterprise: Enterprises, clock: Clock) -> None:
    firm = paying(enterprise, clock, "erp", "hrm")
    run = firm.approved()
    firm.kernel.perform("fenbu.module.enable", {"modules": ["payments"]})
    firm.deliver()
    assert payouts(firm) == []
    firm.hr("payroll.record-payment", run=run, day="2026-01-27")
    firm.deliver()
    assert [firm.balance(NET), firm.balance(BANK)] == [0, -5700]
    with pytest.raises(TransitionRefused, match="is paid"):
        firm.hr("payroll.record-payment", run=run)
    assert len(payouts(firm)) == 0
    firm.approved("2026-02")
    assert [row["amount"] for row in payouts(firm)] == [Decimal(5700)]


def test_payments_without_books_pay_as_well(enterprise: Enterprises, clock: Clock) -> None:
    firm = paying(enterprise, clock, "payments", "hrm")
    run = firm.approved()
    confirm(firm, payouts(firm)[0]["payout"])
    assert firm.run(run)["payment"] == "paid"
    firm.kernel.perform("fenbu.module.enable", {"modules": ["erp"]})
    firm.deliver()
    assert [firm.balance(NET), firm.balance(CLEARING)] == [0, -5700]
    assert firm.ill() == {}
