"""A payroll from the pay day to the bank: made, looked through, approved by another, posted once, paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from fenbu.errors import Refused, SamePerson, TransitionRefused
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import Enterprises
from fenbu_hrm.errors import PayrollStale
from tests.erp.shop import columns
from tests.hrm.conftest import furnished
from tests.hrm.firm import ADA, BO, NET, OTHERS, SECURITY, SHARE, WAGE_TAX, WAGES, Firm


def staffed(firm: Firm) -> Firm:
    """A cook for 3,000, and a seller for 5,000 who is in the shop; tax, social security."""
    firm.withheld()
    firm.hire("E1")
    firm.hire("E2", "5000", department="SHOP", position="SELLER")
    return firm


def amounts(firm: Firm) -> dict[str, str]:
    """Return what stands on the accounts of wages, debit positive."""
    return {code: f"{amount.normalize():f}" for code, amount in firm.balances().items()}


def test_a_payslip_is_gross_less_deductions_with_the_employers_share_beside_it(firm: Firm) -> None:
    """Social security is 10 % of at most 4,000."""
    staffed(firm)
    run = firm.made()
    assert firm.slip(run, "E1") == ("3000", "900", "2100", "300")
    assert firm.slip(run, "E2") == ("5000", "1400", "3600", "400")
    assert firm.lines(run, "E2") == [
        ("basic", "SHOP", "5000"),
        ("tax", "SHOP", "1000"),
        ("security", "SHOP", "400"),
        ("share", "SHOP", "400"),
    ]
    row = firm.run(run)
    assert (row["state"], row["employees"], row["gross"], row["net"]) == ("calculated", 2, 8000, 5700)
    assert row["day"] == date(2026, 1, 25)
    assert firm.ill() == {}


def test_what_others_are_told_is_summed_by_department(books: Firm) -> None:
    staffed(books)
    books.hire("E3")
    run = books.approved()
    [event] = books.events("hrm.payroll-approved")
    assert (event["run"], event["period"], event["corrects"]) == (run, "2026-01", "")
    told = {(line["department"], line["component"]): Decimal(line["amount"]) for line in event["lines"]}
    assert told == {
        ("KITCHEN", "gross"): 6000,
        ("KITCHEN", "tax"): 1200,
        ("KITCHEN", "social_security"): 600,
        ("KITCHEN", "net"): 4200,
        ("KITCHEN", "employer_share"): 600,
        ("SHOP", "gross"): 5000,
        ("SHOP", "tax"): 1000,
        ("SHOP", "social_security"): 400,
        ("SHOP", "net"): 3600,
        ("SHOP", "employer_share"): 400,
    }
    assert {line["cost_centre"] for line in event["lines"]} == {"K1", "S1"}
    assert "E1" not in str(event)


def test_an_approved_payroll_is_posted_by_department_and_owed(books: Firm) -> None:
    staffed(books)
    books.component("canteen", "deduction", "other")
    books.hr("component.assign", employee="E1", component="canteen", amount="40", since="2026-01-01")
    run = books.approved()
    assert amounts(books) == {
        WAGES: "8000",
        SHARE: "700",
        WAGE_TAX: "-1600",
        SECURITY: "-1400",
        OTHERS: "-40",
        NET: "-5660",
    }
    [entry] = books.entries()
    assert (entry["document"], entry["day"]) == (run, date(2026, 1, 25))
    texts = {row["text"] for row in books.rows("postings", entry=entry["entry"]) if row["chart"] == WAGES}
    assert texts == {"KITCHEN / K1", "SHOP / S1"}
    row = books.run(run)
    assert (row["entry"], row["posted_on"], row["payment"]) == (entry["entry"], date(2026, 1, 25), "due")
    assert books.ill() == {}


def test_whoever_made_or_reviewed_a_payroll_does_not_approve_it(firm: Firm) -> None:
    staffed(firm)
    run = firm.made()
    firm.hr("payroll.review", run=run, by=BO)
    for actor, did in ((ADA, "calculated"), (BO, "reviewed")):
        with pytest.raises(SamePerson, match=f"{run} cannot be approved by {actor.name}, who has {did} it"):
            firm.hr("payroll.approve", run=run, by=actor)
    assert firm.run(run)["state"] == "reviewed"
    assert firm.events("hrm.payroll-approved") == []


def test_a_payroll_is_calculated_again_while_it_is_not_approved(firm: Firm) -> None:
    staffed(firm)
    run = firm.reviewed()
    firm.hr("employee.raise", employee="E1", pay="3100", day="2026-01-01")
    with pytest.raises(PayrollStale, match="1 payslips would be others now"):
        firm.hr("payroll.approve", run=run, by=BO)
    assert firm.hr("payroll.calculate", run=run)["state"] == "calculated"
    assert firm.slip(run, "E1")[0] == "3100"
    firm.hr("payroll.review", run=run)
    firm.hr("payroll.approve", run=run, by=BO)
    with pytest.raises(TransitionRefused, match=f"cannot calculate {run}: it is approved"):
        firm.hr("payroll.calculate", run=run)
    assert firm.ill() == {}


def test_a_month_has_one_payroll_however_often_it_is_asked_for(books: Firm) -> None:
    staffed(books)
    run = books.approved()
    for _again in range(3):
        with pytest.raises(Refused, match=f"2026-01 has the payroll {run}, which is approved"):
            books.made()
    assert len(books.entries("payroll")) == 1


def test_a_correction_takes_a_payroll_back_and_a_new_one_pays_what_differs(books: Firm) -> None:
    staffed(books)
    first = books.approved()
    books.hr("payroll.record-payment", run=first, day="2026-01-26")
    books.deliver()
    correction = books.taken_back(first)
    assert amounts(books) == {"1000": "-5700", NET: "5700"}
    assert books.run(first)["state"] == "reversed"
    books.hr("employee.raise", employee="E1", pay="3100", day="2026-01-01")
    second = books.approved()
    assert books.run(second)["payable"] == 70
    assert amounts(books)[NET] == "-70"
    books.hr("payroll.record-payment", run=second, day="2026-02-02")
    books.deliver()
    assert NET not in amounts(books)
    assert [entry["document"] for entry in reversed(books.entries("payroll"))] == [first, correction, second]
    assert books.number("payroll_cost") == 8100 + 710
    assert books.number("net_unpaid") == 0
    assert books.ill() == {}


def test_a_change_that_comes_after_its_payroll_names_what_is_to_be_corrected(firm: Firm) -> None:
    staffed(firm)
    run = firm.approved()
    done = firm.hr("employee.raise", employee="E1", pay="3100", day="2026-01-16")
    assert done == {"employee": "E1", "since": "2026-01-16", "payrolls_to_correct": [run]}
    assert "payrolls_to_correct" not in firm.hr("employee.raise", employee="E2", pay="9", day="2026-02-01")
    firm.taken_back(run)
    assert firm.slip(firm.made(), "E1")[0] == "3051.61"


def test_a_correction_wants_two_people_too(firm: Firm) -> None:
    staffed(firm)
    run = firm.approved()
    correction = str(firm.hr("payroll.correct", run=run, reason="wrong")["run"])
    firm.hr("payroll.review", run=correction)
    with pytest.raises(SamePerson, match="who has made the correction"):
        firm.hr("payroll.approve", run=correction)
    assert firm.run(run)["state"] == "approved"
    firm.hr("payroll.discard", run=correction, reason="it was right")
    firm.taken_back(run)


def test_the_pay_day_makes_the_payroll_and_sets_itself_for_the_next(books: Firm) -> None:
    """Today is 5 January."""
    staffed(books)
    books.until("2026-01-24")
    assert books.look("payrolls") == []
    books.until("2026-01-25")
    assert columns(books.look("payrolls"), "period", "state", "day") == [
        ("2026-01", "calculated", date(2026, 1, 25))
    ]
    books.until("2026-04-10")  # nobody had a worker running for two months
    assert columns(books.look("payrolls"), "period", "state") == [
        ("2026-03", "calculated"),
        ("2026-02", "calculated"),
        ("2026-01", "calculated"),
    ]
    due = books.events("hrm.payroll-due")
    assert [event["period"] for event in due] == ["2026-01", "2026-02", "2026-03", "2026-04"]


def test_a_payroll_made_by_the_timer_is_approved_by_one_person_who_has_not_reviewed_it(firm: Firm) -> None:
    staffed(firm)
    firm.until("2026-01-25")
    [run] = [row["run"] for row in firm.look("payrolls")]
    firm.hr("payroll.review", run=run)
    firm.hr("payroll.approve", run=run, by=BO)


def test_a_month_made_by_hand_is_not_made_again_by_the_timer(firm: Firm) -> None:
    staffed(firm)
    run = firm.made()
    firm.until("2026-01-26")
    assert columns(firm.look("payrolls"), "run") == [(run,)]


def test_a_payroll_that_a_rule_forbids_stays_a_draft_that_tells_why(firm: Firm) -> None:
    firm.hire("E1", "100")
    firm.component("loan", "deduction", "other")
    firm.hr("component.assign", employee="E1", component="loan", amount="150", since="2026-01-01")
    firm.until("2026-01-25")
    [row] = firm.look("payrolls")
    assert row["state"] == "draft"
    assert "more would be withheld than earned from E1" in row["problem"]
    firm.hr("component.assign", employee="E1", component="loan", amount="50", since="2026-01-01")
    assert firm.hr("payroll.calculate", run=row["run"])["net"] == "50.00"
    assert firm.run(row["run"])["problem"] == ""


def test_the_timer_rings_by_the_settings_and_after_having_been_switched_off(firm: Firm) -> None:
    staffed(firm)
    setting = {"module": "hrm", "name": "pay_day"}
    firm.kernel.perform("fenbu.setting.set", setting | {"value": 31})
    assert firm.hr("payroll.schedule")["due"] == "2026-01-31"
    firm.kernel.perform("fenbu.setting.set", setting | {"value": 0})
    assert firm.hr("payroll.schedule")["due"] is None
    firm.kernel.perform("fenbu.setting.set", setting | {"value": 28})
    firm.kernel.perform("fenbu.module.disable", {"modules": ["hrm"], "how": "drain"})
    firm.deliver()
    firm.kernel.perform("fenbu.module.enable", {"modules": ["hrm"]})
    firm.deliver()
    firm.until("2026-02-01")
    assert columns(firm.look("payrolls"), "period", "day") == [("2026-01", date(2026, 1, 28))]


def test_books_that_are_kept_late_know_every_payroll_once(enterprise: Enterprises, clock: Clock) -> None:
    firm = staffed(furnished(Firm(enterprise("hrm"), clock)))
    runs = [firm.approved("2026-01"), firm.approved("2026-02")]
    assert {firm.run(run)["entry"] for run in runs} == {""}
    firm.kernel.perform("fenbu.module.enable", {"modules": ["erp"]})
    firm.deliver()
    assert [entry["document"] for entry in reversed(firm.entries())] == runs
    assert amounts(firm)[WAGES] == "16000"
    assert all(firm.run(run)["entry"] for run in runs)
    assert firm.ill() == {}


def test_a_payroll_of_a_closed_month_stands_on_the_first_open_day_and_keeps_its_own(books: Firm) -> None:
    staffed(books)
    cash = [{"account": "@cash", "debit": 1}, {"account": "@bank", "credit": 1}]
    books.do("journal.post", lines=cash, day="2026-01-05")
    books.until("2026-02-02")
    [run] = [row["run"] for row in books.look("payrolls")]
    books.do("period.close", period="2026-01")
    books.hr("payroll.review", run=run)
    books.hr("payroll.approve", run=run, by=BO)
    books.deliver()
    [entry] = books.entries()
    assert (entry["day"], entry["business_day"]) == (date(2026, 2, 1), date(2026, 1, 25))
    assert books.run(run)["posted_on"] == date(2026, 2, 1)


def test_the_database_itself_keeps_approved_payslips(firm: Firm) -> None:
    staffed(firm)
    firm.approved()
    for statement in (
        "UPDATE hrm_payslip_line SET amount = 1 WHERE line = 1",
        "DELETE FROM hrm_payslip",
        "UPDATE hrm_payroll SET gross = gross + 1, net = net + 1",
        "UPDATE hrm_payroll SET state = 'draft'",
    ):
        with pytest.raises(IntegrityError):
            firm.tamper(statement)


def test_a_check_names_a_payroll_that_is_not_the_sum_of_its_lines(firm: Firm) -> None:
    staffed(firm)
    run = firm.made()
    firm.tamper("UPDATE hrm_payslip_line SET amount = amount + 1 WHERE component = 'tax'")
    assert run in firm.ill()["hrm.payroll_is_sum_of_lines"]


def test_the_story_of_a_payroll_and_of_an_employee_can_be_told(books: Firm) -> None:
    from fenbu.engine import explaining

    staffed(books)
    run = books.approved()
    books.hr("leave.grant", leave_type="annual", year=2026)
    books.away("E1", "2026-01-12")
    with books.kernel.read() as work:
        stories = {
            kind: [
                chapter.text
                for chapter in explaining.explain(work, kind, number, most=50).chapters
                if chapter.kind == "event"
            ]
            for kind, number in (("payroll", run), ("employee", "E1"))
        }
    assert stories["payroll"] == [
        f"payroll {run} of 2026-01 was approved",
        f"payroll {run} was posted as JE-00000001",
    ]
    assert stories["employee"] == [
        "employee E1 joined KITCHEN as COOK on 2026-01-01",
        "employee E1 asked for leave from 2026-01-12 to 2026-01-12 (LV-00000001)",
        "employee E1 is on leave from 2026-01-12 to 2026-01-12 (LV-00000001)",
    ]
