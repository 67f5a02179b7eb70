"""People come, change, go and come again; history is written forwards and has no holes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError

from tests.erp.shop import columns
from tests.hrm.firm import Firm, short


def history(firm: Firm, employee: str) -> list[tuple[str, ...]]:
    rows = firm.look("assignments", employee=employee)
    return [
        (str(row["since"]), str(row["ends"] or "…"), row["department"], short(row["fte"]), short(row["pay"]))
        for row in rows
    ]


def headcount(firm: Firm, department: str, day: str) -> int:
    """Return what the view says of a day: the newest row up to it."""
    rows = [
        row for row in firm.look("headcount", department=department) if row["day"] <= date.fromisoformat(day)
    ]
    return int(rows[-1]["headcount"]) if rows else 0


def test_a_transfer_and_a_raise_on_one_day_are_one_step_of_history(firm: Firm) -> None:
    firm.hire("E1")
    firm.hr("employee.transfer", employee="E1", department="SHOP", position="SELLER", day="2026-03-01")
    firm.hr("employee.raise", employee="E1", pay="3500", day="2026-03-01")
    firm.hr("employee.transfer", employee="E1", fte="0.5", day="2026-05-01")
    assert history(firm, "E1") == [
        ("2026-01-01", "2026-03-01", "KITCHEN", "1", "3000"),
        ("2026-03-01", "2026-05-01", "SHOP", "1", "3500"),
        ("2026-05-01", "…", "SHOP", "0.5", "3500"),
    ]
    assert firm.ill() == {}


def test_who_comes_again_keeps_the_number_and_the_history(firm: Firm) -> None:
    firm.hire("E1")
    firm.hr("employee.leave", employee="E1", last_day="2026-01-31")
    assert firm.record("employees", "E1")["state"] == "left"
    firm.hr(
        "employee.rehire",
        employee="E1",
        department="SHOP",
        position="SELLER",
        pay="20",
        basis="hour",
        day="2026-04-01",
    )
    assert [row[:3] for row in history(firm, "E1")] == [
        ("2026-01-01", "2026-02-01", "KITCHEN"),
        ("2026-04-01", "…", "SHOP"),
    ]
    assert columns(firm.look("employments"), "since", "ends") == [
        (date(2026, 1, 1), date(2026, 2, 1)),
        (date(2026, 4, 1), None),
    ]
    assert [event["day"] for event in firm.events("hrm.employee-hired", "E1")] == ["2026-01-01", "2026-04-01"]
    assert firm.ill() == {}


def test_headcount_is_told_by_department_and_day(firm: Firm) -> None:
    firm.hire("E1")
    firm.hire("E2", fte="0.5")
    firm.hire("E3", department="SHOP", position="SELLER", day="2026-02-01")
    firm.hr("employee.transfer", employee="E1", department="SHOP", day="2026-03-01")
    firm.hr("employee.raise", employee="E2", pay="9", day="2026-03-15")
    firm.hr("employee.leave", employee="E3", last_day="2026-03-31")
    days = ("2025-12-31", "2026-01-01", "2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01")
    assert [headcount(firm, "KITCHEN", day) for day in days] == [0, 2, 2, 1, 1, 1]
    assert [headcount(firm, "SHOP", day) for day in days] == [0, 0, 1, 2, 2, 1]
    assert columns(firm.look("headcount", department="KITCHEN"), "day", "change", "fte") == [
        (date(2026, 1, 1), 2, Decimal("1.5")),
        (date(2026, 3, 1), -1, Decimal("0.5")),
    ]


def test_the_day_numbers_are_of_today(firm: Firm) -> None:
    """Today is 5 January."""
    firm.hire("E1")
    firm.hire("E2", fte="0.5")
    firm.hire("E3", day="2026-01-06")
    firm.hr("employee.leave", employee="E1", last_day="2026-01-04")
    assert [firm.number(name) for name in ("headcount", "fte", "joined", "left")] == [1, Decimal("0.5"), 2, 1]
    assert firm.record("departments", "KITCHEN")["headcount"] == 1
    here = {row["employee"]: row["here"] for row in firm.look("employees")}
    assert here == {"E1": 0, "E2": 1, "E3": 0}


def test_costs_are_counted_where_the_nearest_department_above_says(firm: Firm) -> None:
    """The shop is a part of sales and has no cost centre of its own."""
    firm.hr("department.register", departments=[{"department": "LAB"}])
    for number, department in (("E1", "SHOP"), ("E2", "KITCHEN"), ("E3", "LAB")):
        firm.hire(number, department=department)
    run = firm.made()
    rows = firm.look("payroll-cost", run=run)
    assert columns(rows, "department", "cost_centre") == [("KITCHEN", "K1"), ("LAB", "LAB"), ("SHOP", "S1")]


def test_a_department_is_closed_when_nobody_works_there(firm: Firm) -> None:
    firm.hire("E1")
    firm.hr("employee.leave", employee="E1", last_day="2026-01-04")
    assert firm.hr("department.close", department="KITCHEN")["state"] == "closed"
    firm.hr("department.reopen", department="KITCHEN")
    firm.hire("E2")


def test_no_event_tells_a_name_or_a_pay(firm: Firm) -> None:
    firm.hire(
        "E1", "43219.87", name="Ann Lee", national_id="X99", bank_account="GB00", email="ann@example.org"
    )
    firm.hr("employee.raise", employee="E1", pay="56784.32", day="2026-02-01")
    firm.hr("leave.grant", leave_type="annual", year=2026)
    firm.hr("leave.request", employee="E1", first="2026-02-02", leave_type="sick", reason="fever")
    with firm.kernel.database.read() as connection:
        from sqlalchemy import text

        told = [
            " ".join(map(str, row))
            for table in ("fenbu_event", "fenbu_audit")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    pay = ("43219.87", "4321987", "56784.32", "5678432")  # long enough not to stand in a digest by chance
    for secret in ("Ann Lee", "X99", "GB00", "ann@example.org", *pay, "fever", "sick"):
        assert not [line for line in told if secret in line], secret


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO hrm_assignment SELECT employee, '2026-02-10', '2026-02-20', department, position, fte, basis, pay"
        " FROM hrm_assignment WHERE since = '2026-01-01'",
        "UPDATE hrm_assignment SET ends = '2026-03-02' WHERE since = '2026-01-01'",
        "UPDATE hrm_assignment SET ends = NULL WHERE since = '2026-01-01'",
        "DELETE FROM hrm_employment",
    ],
)
def test_the_database_itself_refuses_history_that_overlaps(firm: Firm, statement: str) -> None:
    firm.hire("E1")
    firm.hr("employee.transfer", employee="E1", department="SHOP", day="2026-03-01")
    with pytest.raises(IntegrityError, match=r"overlap|deleted"):
        firm.tamper(statement)
