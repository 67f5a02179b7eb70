"""What human resources refuse, and the sentence that the operator reads; nothing is changed by any of it."""

from __future__ import annotations

from typing import Any

import pytest

from fenbu.errors import Refused
from tests.hrm.firm import Firm
from tests.refusing import done_or_said_otherwise, written

PLACE = {"department": "KITCHEN", "position": "COOK", "pay": "3000"}
NEW = {"name": "Cy", **PLACE}
PART = {"component": "x", "title": "x", "kind": "deduction", "owed_to": "tax", "rule": "percentage"}

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    # action, input, the sentence, what to do
    ("department.register", {"departments": []}, "departments: at least 1 must be given", "--help"),
    (
        "department.register",
        {"departments": [{"department": "BAR", "parent": "HALL"}]},
        r"departments\.0\.parent: no such department is known or stands before \(got HALL\)",
        "",
    ),
    (
        "department.change",
        {"department": "SALES", "parent": "SHOP"},
        "SHOP is a part of SALES, so SALES cannot be a part of it",
        "what is part of what",
    ),
    ("department.change", {"department": "SALES", "parent": "SALES"}, "SALES is a part of SALES", ""),
    ("department.change", {"department": "HALL"}, "there is no department HALL", "hrm.departments"),
    ("department.close", {"department": "SALES"}, "SALES has open parts: SHOP", "close them first"),
    ("department.close", {"department": "KITCHEN"}, "2 people work in KITCHEN, or will", "hrm.employee.transfer"),
    ("department.reopen", {"department": "SALES"}, "cannot reopen SALES: it is open", "possible now: close"),
    ("department.close", {"department": "CELLAR"}, "cannot close CELLAR: it is closed", "reopen"),
    ("employee.hire", PLACE, "name: must be given", ""),
    ("employee.hire", NEW | {"pay": "-1"}, "must be zero or more", ""),
    ("employee.hire", NEW | {"pay": 3000.5}, "a number is wanted, written as text", ""),
    ("employee.hire", NEW | {"pay": "1e12"}, "at most 1000000000 is wanted", ""),
    ("employee.hire", NEW | {"fte": "1.2"}, "at most 1 is wanted, which is full time", ""),
    ("employee.hire", NEW | {"fte": "0"}, "must be more than zero", ""),
    ("employee.hire", NEW | {"day": "0001-01-01"}, "a day between 1900-01-01 and 2999-12-31", ""),
    ("employee.hire", NEW | {"basis": "year"}, "basis: must be 'month' or 'hour'", ""),
    ("employee.hire", NEW | {"employee": "E1"}, "the employee E1 exists already", ""),
    ("employee.hire", NEW | {"department": "HALL"}, "there is no department HALL", "hrm.departments"),
    ("employee.hire", NEW | {"department": "CELLAR"}, "the department CELLAR is closed", "reopen"),
    ("employee.hire", NEW | {"position": "KING"}, "there is no position KING", "hrm.position.register"),
    ("employee.change", {"employee": "E9", "name": "x"}, "there is no employee E9", "hrm.employees"),
    ("employee.transfer", {"employee": "E1"}, "name the department, position or fte", ""),
    ("employee.transfer", {"employee": "E9", "fte": "1"}, "there is no employee E9", ""),
    ("employee.transfer", {"employee": "E1", "department": "KITCHEN"}, "nothing would change for E1", "another"),
    (
        "employee.transfer",
        {"employee": "E2", "department": "SHOP", "day": "2026-01-02"},
        "something of E2 has changed on 2026-01-03; a change on 2026-01-02 comes too late",
        "2026-01-03 or a later day",
    ),
    (
        "employee.raise",
        {"employee": "E1", "pay": "9", "day": "2025-12-31"},
        "E1 is not employed on 2025-12-31",
        "history",
    ),
    ("employee.raise", {"employee": "E3", "pay": "9"}, "cannot raise E3: it is left", "possible now: rehire"),
    ("employee.leave", {"employee": "E3"}, "cannot leave E3: it is left", ""),
    ("employee.leave", {"employee": "E1", "last_day": "2025-12-01"}, "E1 is not employed on 2025-12-02", ""),
    (
        "employee.leave",
        {"employee": "E2", "last_day": "2026-01-02"},
        "something of E2 has changed on 2026-01-03",
        "",
    ),
    (
        "employee.leave",
        {"employee": "E1", "last_day": "2026-02-10"},
        "E1 has leave after that day: LV-00000001, LV-00000002",
        "hrm.leave.cancel",
    ),
    ("employee.rehire", {"employee": "E1", **PLACE}, "cannot rehire E1: it is employed", ""),
    (
        "employee.rehire",
        {"employee": "E3", "day": "2026-01-02", **PLACE},
        "E3 is employed up to 2026-01-03 and can come again after it only",
        "a later day",
    ),
    ("leave-type.define", {"leave_type": "annual", "title": "x", "days": 1}, "type of leave annual exists", ""),
    ("leave-type.define", {"leave_type": "x", "title": "x", "days": "0.3"}, "whole or half days", ""),
    ("leave-type.define", {"leave_type": "x", "title": "x", "days": "400"}, "a year has at most 366 days", ""),
    ("leave.grant", {"leave_type": "moon", "year": 2026}, "there is no type of leave moon", "hrm.leave-types"),
    (
        "leave.grant",
        {"leave_type": "annual", "year": 2026, "employee": "E1"},
        "the grant annual of 2026 for E1 exists already",
        "",
    ),
    (
        "leave.grant",
        {"leave_type": "annual", "year": 2020, "employee": "E1"},
        "E1 is not employed on 2020-01-01",
        "",
    ),
    (
        "leave.adjust",
        {"employee": "E1", "leave_type": "annual", "year": 2026, "days": -18, "reason": "x"},
        "E1 has 17 days of annual left of 2026, 18 are wanted",
        "hrm.leave.grant",
    ),
    (
        "leave.adjust",
        {"employee": "E1", "leave_type": "annual", "year": 2026, "days": 0, "reason": "x"},
        "more or less than zero is wanted",
        "",
    ),
    (
        "leave.request",
        {"employee": "E1", "first": "2026-03-09", "last": "2026-03-02"},
        "the last day is before the first",
        "",
    ),
    (
        "leave.request",
        {"employee": "E1", "first": "2026-03-02", "last": "2026-03-03", "half_day": True},
        "half of one day has one day",
        "",
    ),
    (
        "leave.request",
        {"employee": "E1", "first": "2025-12-31", "last": "2026-01-02"},
        "E1 is not employed all the time from 2025-12-31 to 2026-01-02",
        "days of the employment",
    ),
    (
        "leave.request",
        {"employee": "E1", "first": "2026-02-11", "last": "2026-02-12"},
        "LV-00000001 of E1 goes from 2026-02-09 to 2026-02-11 already",
        "hrm.leave.cancel",
    ),
    (
        "leave.request",
        {"employee": "E1", "first": "2026-02-01", "last": "2026-02-01"},
        "nobody works from 2026-02-01 to 2026-02-01",
        "hrm.holidays",
    ),
    (
        "leave.request",
        {"employee": "E1", "first": "2026-03-02", "last": "2026-03-24"},
        "E1 has 17 days of annual left of 2026, 1 are asked for, 17 more wanted",
        "hrm.leave.grant",
    ),
    ("leave.request", {"employee": "E1", "first": "2026-03-02", "leave_type": "moon"}, "no type of leave moon", ""),
    ("leave.approve", {"request": "LV-00000002"}, "cannot be approved by ada, who has asked for it", "another person"),
    ("leave.approve", {"request": "LV-9"}, "there is no request for leave LV-9", "hrm.leave-requests"),
    ("leave.decline", {"request": "LV-00000001", "reason": "x"}, "cannot decline LV-00000001: it is", "cancel"),
    ("leave.cancel", {"request": "LV-00000002"}, "reason: must be given", ""),
    ("holiday.remove", {"day": "2026-01-07"}, "there is no public holiday 2026-01-07", "hrm.holidays"),
    ("component.define", PART | {"owed_to": "", "percent": 1}, "what is withheld or added is owed to somebody", ""),
    ("component.define", PART | {"component": "basic", "base": ["gross"]}, "component basic exists already", ""),
    ("component.define", PART | {"rank": 10, "base": ["gross"]}, r"component at the rank 10 \(basic\) exists", ""),
    ("component.define", PART | {"percent": 1}, "x: a percentage, and nothing else, has a base", "hrm.components"),
    ("component.define", PART | {"base": ["gross"]}, "x: it wants percent", ""),
    ("component.define", PART | {"base": ["gross"], "percent": 101}, "at most 100 per cent", ""),
    ("component.define", PART | {"base": ["moon"], "percent": 1}, "x: its base moon is no component", ""),
    (
        "component.define",
        PART | {"base": ["basic"], "percent": 1, "rank": 5},
        "x: its base basic comes after it in order",
        "",
    ),
    (
        "component.define",
        PART | {"base": ["tax"], "percent": 1, "kind": "earning", "owed_to": ""},
        "x: its base tax is not earned, and it is",
        "",
    ),
    (
        "component.define",
        PART | {"base": ["gross"], "percent": 1, "kind": "earning", "owed_to": ""},
        "x: what is earned cannot be a percentage of all earned",
        "",
    ),
    (
        "component.define",
        PART | {"rule": "fixed", "amount": 1, "ceiling": 2},
        "x: its rule has no use for ceiling",
        "",
    ),
    ("component.set", {"component": "moon", "since": "2026-03-01"}, "there is no component moon", ""),
    (
        "component.set",
        {"component": "basic", "since": "2026-03-01", "amount": 1},
        "basic: its amounts are each employee's own",
        "",
    ),
    (
        "component.set",
        {"component": "tax", "since": "2025-12-31", "percent": 1},
        "tax cannot change from 2025-12-31: the payroll PR-00000001 is approved",
        "hrm.payroll.correct",
    ),
    ("component.assign", {"employee": "E1", "component": "tax", "amount": 1}, "tax: its rule is percentage", ""),
    ("payroll.open", {"period": "2026-13"}, "period: a year and a month like 2026-03 are wanted", ""),
    (
        "payroll.open",
        {"period": "2025-12"},
        "2025-12 has the payroll PR-00000001, which is approved",
        "hrm.payroll.correct",
    ),
    (
        "payroll.open",
        {"period": "2026-01"},
        "2026-01 has the payroll PR-00000002, which is calculated",
        "hrm.payroll.discard",
    ),
    ("payroll.open", {"period": "2020-01"}, "nobody is employed in 2020-01", "hrm.headcount"),
    ("payroll.approve", {"run": "PR-00000002"}, "cannot approve PR-00000002: it is calculated", "review"),
    ("payroll.approve", {"run": "PR-9"}, "there is no payroll PR-9", "hrm.payrolls"),
    ("payroll.review", {"run": "PR-00000001"}, "cannot review PR-00000001: it is approved", "reverse"),
    ("payroll.discard", {"run": "PR-00000001", "reason": "x"}, "cannot discard PR-00000001: it is approved", ""),
    ("payroll.correct", {"run": "PR-00000002", "reason": "x"}, "cannot reverse PR-00000002: it is calculated", ""),
    (
        "payroll.correct",
        {"run": "PR-00000001", "reason": "x"},
        "PR-00000001 cannot be taken back: PR-00000003 does so already",
        "hrm.payrolls",
    ),
    ("payroll.calculate", {"run": "PR-00000003"}, "it takes PR-00000001 back, line by line", ""),
    ("payroll.record-payment", {"run": "PR-00000002"}, "nothing of PR-00000002 is to be paid: it is calculated", ""),
]  # fmt: skip


@pytest.fixture
def busy(firm: Firm) -> Firm:
    """Two cooks, one gone; leave approved and asked for; December approved and being taken back, January made."""
    firm.hr("department.register", departments=[{"department": "CELLAR"}])
    firm.hr("department.close", department="CELLAR")
    firm.component("tax", "deduction", "tax", percent="20")
    firm.component("loan", "deduction", "other")
    firm.hire("E3", day="2025-12-01")
    firm.approved("2025-12")
    firm.hire("E1")
    firm.hire("E2", pay="100")
    firm.hr("employee.raise", employee="E2", pay="120", day="2026-01-03")
    firm.hr("employee.leave", employee="E3", last_day="2026-01-03")
    firm.hr("holiday.set", holidays=[{"day": "2026-01-06", "title": "Epiphany"}])
    firm.hr("leave.grant", leave_type="annual", year=2026, employee="E1", days=20)
    firm.away("E1", "2026-02-09", "2026-02-11")
    firm.hr("leave.request", employee="E1", first="2026-02-13")
    firm.made("2026-01")
    firm.hr("payroll.correct", run="PR-00000001", reason="wrong")
    firm.deliver()
    return firm


def test_what_makes_no_sense_is_refused_with_a_sentence_and_a_way_out(busy: Firm) -> None:
    """One test for the whole table: each refusal must leave everything as it was."""
    from fenbu_hrm.tables import EMPLOYEE

    def state() -> object:
        return written(busy.kernel, EMPLOYEE.metadata), busy.look("assignments")

    before = state()
    assert done_or_said_otherwise(busy.hr, REFUSED) == []
    assert state() == before
    assert busy.ill() == {}


def test_more_withheld_than_earned_is_refused_and_names_who(busy: Firm) -> None:
    busy.hr("component.assign", employee="E2", component="loan", amount="500", since="2026-01-01")
    with pytest.raises(Refused, match="more would be withheld than earned from E2") as refused:
        busy.hr("payroll.calculate", run="PR-00000002")
    assert "hrm.component.assign" in refused.value.hint
    assert busy.run("PR-00000002")["state"] == "calculated"


def test_what_cannot_be_undone_says_first_what_it_means(busy: Firm) -> None:
    def previewed(action: str, **values: Any) -> list[str]:
        told = busy.kernel.preview(f"hrm.{action}", values)
        return [f"{one.text}: {one.number}" for one in told]

    assert previewed("employee.leave", employee="E1", last_day="2026-02-10") == [
        "E1 is employed up to and with: 2026-02-10",
        "leaves the department: KITCHEN",
        "days of annual of 2026 are left: 17",
        "leave after that day stands in the way: LV-00000001, LV-00000002",
    ]
    assert previewed("payroll.approve", run="PR-00000002")[:2] == [
        "payslips of 2026-01 change no more: 3",
        "gross pay: 3,409.03 GBP",
    ]
    assert previewed("payroll.correct", run="PR-00000001", reason="x")[1:] == [
        "gross pay: -3,000.00 GBP",
        "net pay: -2,400.00 GBP",
    ]
