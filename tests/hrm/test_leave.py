"""Leave: granted by the year, asked for, approved by another person, given back; never more than there is."""

from __future__ import annotations

import pytest

from fenbu.errors import SamePerson
from fenbu_hrm.errors import LeaveHeld
from tests.erp.shop import columns
from tests.hrm.firm import ADA, BO, Firm, short


@pytest.fixture
def rested(firm: Firm) -> Firm:
    """Two cooks with 20 days of 2026 each; the 6th of January is a public holiday."""
    firm.hire("E1")
    firm.hire("E2")
    firm.hr("holiday.set", holidays=[{"day": "2026-01-06", "title": "Epiphany"}])
    firm.hr("leave.grant", leave_type="annual", year=2026)
    return firm


def test_days_are_counted_without_weekends_and_public_holidays(rested: Firm) -> None:
    """From Monday the 5th to Sunday the 11th, with the 6th free."""
    request = rested.hr("leave.request", employee="E1", first="2026-01-05", last="2026-01-11")
    assert request["days"] == "4"
    assert rested.left("E1") == "20"
    rested.hr("leave.approve", request=request["request"], by=BO)
    assert rested.left("E1") == "16"
    assert rested.ill() == {}


def test_a_weekend_is_what_the_settings_say(rested: Firm) -> None:
    rested.kernel.perform("fenbu.setting.set", {"module": "hrm", "name": "weekend", "value": [5]})
    assert rested.hr("leave.request", employee="E1", first="2026-01-05", last="2026-01-11")["days"] == "5"


def test_half_a_day_is_half_a_day(rested: Firm) -> None:
    rested.away("E1", "2026-01-05", half_day=True)
    assert rested.left("E1") == "19.5"


def test_who_asked_does_not_approve_nor_does_who_would_be_away(rested: Firm) -> None:
    rested.hr("employee.change", employee="E2", operator="bo")
    mine = rested.hr("leave.request", employee="E2", first="2026-02-02")["request"]
    with pytest.raises(SamePerson, match="cannot be approved by ada, who has asked for it"):
        rested.hr("leave.approve", request=mine, by=ADA)
    with pytest.raises(SamePerson, match="cannot be approved by bo, who would be away"):
        rested.hr("leave.approve", request=mine, by=BO)
    assert rested.left("E2") == "20"


def test_cancelled_leave_gives_its_days_back_once(rested: Firm) -> None:
    request = rested.away("E1", "2026-02-02", "2026-02-06")
    rested.hr("leave.cancel", request=request, reason="stays")
    assert rested.left("E1") == "20"
    entries = rested.look("leave-entries", employee="E1")
    assert [(row["kind"], short(row["days"])) for row in reversed(entries)] == [
        ("grant", "20"),
        ("taken", "-5"),
        ("returned", "5"),
    ]
    assert [event["request"] for event in rested.events("hrm.leave-cancelled")] == [request]
    assert rested.ill() == {}


def test_declined_and_cancelled_leave_stands_in_nobodys_way(rested: Firm) -> None:
    first = rested.hr("leave.request", employee="E1", first="2026-02-02", last="2026-02-06")["request"]
    rested.hr("leave.decline", request=first, reason="inventory")
    second = rested.hr("leave.request", employee="E1", first="2026-02-02", last="2026-02-06")["request"]
    rested.hr("leave.cancel", request=second, reason="another day")
    rested.away("E1", "2026-02-06")
    assert rested.left("E1") == "19"


def test_leave_over_new_year_is_taken_from_both_years(rested: Firm) -> None:
    """Wednesday the 30th of December to Tuesday the 5th of January: two days and three."""
    rested.hr("leave.grant", leave_type="annual", year=2027)
    rested.away("E1", "2026-12-30", "2027-01-05")
    assert (rested.left("E1", 2026), rested.left("E1", 2027)) == ("18", "17")


def test_a_year_is_granted_to_each_once_however_often_it_is_asked(rested: Firm) -> None:
    rested.hire("E3", day="2026-07-01")
    assert rested.hr("leave.grant", leave_type="annual", year=2026) == {"employees": 1, "days": "10"}
    assert rested.hr("leave.grant", leave_type="annual", year=2026) == {"employees": 0, "days": "0"}
    assert rested.left("E3") == "10"


def test_sickness_needs_no_balance_and_leaves_one_below_zero(rested: Firm) -> None:
    rested.away("E1", "2026-03-02", "2026-03-04", leave_type="sick")
    assert rested.left("E1", leave_type="sick") == "-3"
    assert rested.ill() == {}


def test_who_goes_has_no_leave_afterwards(rested: Firm) -> None:
    request = rested.away("E1", "2026-03-02", "2026-03-06")
    with pytest.raises(LeaveHeld, match=f"E1 has leave after that day: {request}"):
        rested.hr("employee.leave", employee="E1", last_day="2026-03-05")
    rested.hr("leave.cancel", request=request, reason="goes")
    rested.hr("employee.leave", employee="E1", last_day="2026-03-05")


def test_what_waits_is_shown_before_the_module_is_switched_off(rested: Firm) -> None:
    from fenbu.contracts.module import module_in_flight

    rested.hr("leave.request", employee="E1", first="2026-02-02")
    rested.made()
    with rested.kernel.read() as work:
        answers = work.ask(module_in_flight, module="hrm")
    found = {one.kind: (one.count, one.examples) for answer in answers for one in answer}
    assert found == {
        "payrolls that are not approved": (1, ("PR-00000001",)),
        "requests for leave that wait for an answer": (1, ("LV-00000001",)),
    }


def test_who_is_away_and_what_waits_are_counted(rested: Firm) -> None:
    rested.away("E1", "2026-01-05", "2026-01-07")
    rested.hr("leave.request", employee="E2", first="2026-01-05")
    assert (rested.number("away"), rested.number("leave_waiting")) == (1, 1)
    assert columns(rested.look("leave-requests"), "employee", "state", "decided_by") == [
        ("E2", "requested", ""),
        ("E1", "approved", "bo"),
    ]
