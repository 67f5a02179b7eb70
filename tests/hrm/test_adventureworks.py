"""Real-size people: what human resources make of a manufacturer's 290 employees agrees with SQL over the source."""

from __future__ import annotations

import gzip
import os
import sqlite3
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from fenbu.engine.importing import profiles
from fenbu.engine.importing.report import Report
from fenbu.engine.importing.run import Options, import_file
from fenbu.engine.kernel import Kernel
from fenbu.errors import Refused
from fenbu.importing import SourceDocument, SourceRow
from fenbu.testing.clock import Clock
from fenbu.testing.databases import Databases, Kind
from fenbu.work import Actor
from fenbu_adventureworks.importer import Reader
from tests.hrm.firm import NET, SECURITY, SHARE, WAGE_TAX, WAGES, Firm
from tools.constraints import ROOT

FILE = (
    Path(os.environ.get("FENBU_DATA") or ROOT.parent / "shared" / "data")
    / "adventureworks"
    / "adventureworks.sqlite.gz"
)
OWNER = "ada"
MONTHS = ("2009-01", "2013-07", "2013-11")
"""Many who come, raises on the 14th, one sent elsewhere on the 14th."""

needs_data = pytest.mark.skipif(
    not FILE.is_file(),
    reason="the people are not here; FENBU_DATA names the folder that holds adventureworks",
)

HEADCOUNT = """
    SELECT d.Name, count(*) FROM EmployeeDepartmentHistory AS h JOIN Department AS d USING (DepartmentId)
    WHERE h.StartDate <= :day AND (h.EndDate = '' OR h.EndDate >= :day) GROUP BY d.Name
"""
PARTS = """
    WITH pay AS (
        SELECT BusinessEntityId AS id, date(RateChangeDate) AS since, CAST(round(Rate * 10000) AS INTEGER) AS rate,
               lead(date(RateChangeDate)) OVER of_one AS ends, row_number() OVER of_one AS nth
        FROM EmployeePayHistory WINDOW of_one AS (PARTITION BY BusinessEntityId ORDER BY RateChangeDate)
    ), part AS (
        SELECT h.BusinessEntityId AS id, d.Name AS department, pay.rate,
               max(h.StartDate, iif(pay.nth = 1, '', pay.since), :first) AS begins,
               min(iif(h.EndDate = '', '9999', date(h.EndDate, '+1 day')), coalesce(pay.ends, '9999'), :ends) AS ends
        FROM EmployeeDepartmentHistory AS h JOIN Department AS d USING (DepartmentId)
        JOIN pay ON pay.id = h.BusinessEntityId
    ), numbered AS (
        SELECT id, department, rate, CAST(julianday(ends) - julianday(begins) AS INTEGER) AS days,
               CAST(julianday(:ends) - julianday(:first) AS INTEGER) AS of_days
        FROM part WHERE begins < ends
    )
    -- Pay of an hour in ten-thousandths x 40 hours x 52 weeks / 12 months, by days, half up to the cent.
    SELECT id, department, (2 * rate * 40 * 52 * days + 12 * 100 * of_days) / (2 * 12 * 100 * of_days) AS cents
    FROM numbered
"""


@frozen
class Imported:
    """A manufacturer with all its people, and the source."""

    firm: Firm
    report: Report
    source: sqlite3.Connection

    def month(self, period: str) -> dict[str, Any]:
        """Return what SQL over the source says of a month: cents by department and employee."""
        first = date.fromisoformat(f"{period}-01")
        ends = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        by_department: dict[str, int] = {}
        by_employee: dict[str, int] = {}
        for employee, department, cents in self.source.execute(
            PARTS, {"first": first.isoformat(), "ends": ends.isoformat()}
        ):
            by_department[department] = by_department.get(department, 0) + cents
            by_employee[employee] = by_employee.get(employee, 0) + cents
        return {"departments": by_department, "employees": by_employee}


def build(url: str) -> None:
    with Kernel.init(
        url,
        name="Adventure Works",
        currency="USD",
        time_zone="America/Los_Angeles",
        os_user=OWNER,
        clock=Clock(),
    ) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["erp", "hrm", "adventureworks"]})


def run(kernel: Kernel, rejects: Path) -> Report:
    found = profiles.find(kernel, "adventureworks")
    return import_file(kernel, found, FILE, Options(rejects=rejects, deliver=True))


@pytest.fixture(scope="module")
def imported(
    databases: Databases, database_kind: Kind, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Imported]:
    folder = tmp_path_factory.mktemp("people")
    (folder / "source.db").write_bytes(gzip.decompress(FILE.read_bytes()))
    server = databases.server(database_kind)
    url = server.copy("adventureworks", build)
    clock = Clock()
    with Kernel.open(url, actor=Actor(OWNER), clock=clock) as kernel:
        firm = Firm(kernel, clock)
        report = run(kernel, folder / "rejects.csv")
        firm.withheld()
        source = sqlite3.connect(folder / "source.db")
        yield Imported(firm, report, source)
        source.close()
    server.drop(url)


def cents(amount: Decimal) -> int:
    return int(amount * 100)


@needs_data
@pytest.mark.slow
def test_every_employee_is_imported_and_only_once(imported: Imported, tmp_path: Path) -> None:
    assert {kind: tally.documents for kind, tally in imported.report.imported.items()} == {"employee": 290}
    again = run(imported.firm.kernel, tmp_path / "rejects.csv")
    assert (again.imported, again.already["employee"].documents) == ({}, 290)
    assert imported.firm.number("headcount") == 290
    assert imported.firm.ill() == {}


@needs_data
@pytest.mark.slow
def test_headcount_by_department_and_day_is_that_of_the_source(imported: Imported) -> None:
    rows = imported.firm.look("headcount")
    days = [*sorted({row["day"] for row in rows}), date(2006, 1, 1), date(2026, 1, 5)]
    assert len(days) > 150
    for day in days:
        ours: dict[str, int] = {}
        for row in rows:
            if row["day"] <= day:
                ours[row["department"]] = row["headcount"]
        theirs = dict(imported.source.execute(HEADCOUNT, {"day": day.isoformat()}))
        assert {name: count for name, count in ours.items() if count} == theirs, day


@needs_data
@pytest.mark.slow
def test_the_payroll_of_a_month_is_that_of_the_source_and_posted_once(imported: Imported) -> None:
    """Tax of 20 % and social security of 10 % up to 4,000 a month stand in for those of a country."""
    firm = imported.firm
    for period in MONTHS:
        before = {account: firm.balance(account) for account in (WAGES, SHARE, WAGE_TAX, SECURITY, NET)}
        expected = imported.month(period)
        number = firm.approved(period)
        for _again in range(2):
            with pytest.raises(Refused, match=f"{period} has the payroll {number}, which is approved"):
                firm.made(period)
            firm.deliver()
        cost = firm.look("payroll-cost", run=number)
        assert {row["department"]: cents(row["gross"]) for row in cost} == expected["departments"]
        slips = firm.look("payslips", run=number)
        assert {row["employee"]: cents(row["gross"]) for row in slips} == expected["employees"]
        gross = sum(expected["employees"].values())
        tax = sum((2 * amount * 20 + 100) // 200 for amount in expected["employees"].values())
        posted = {account: cents(firm.balance(account) - before[account]) for account in before}
        assert (posted[WAGES], posted[WAGE_TAX]) == (gross, -tax)
        assert sum(posted.values()) == 0
        assert [row["document"] for row in firm.entries("payroll")].count(number) == 1
    assert firm.ill() == {}


def row(kind: str, since: str, **more: Any) -> SourceRow:
    values = {
        "kind": kind,
        "since": date.fromisoformat(since),
        "last_day": None,
        "department": "Tools" if kind == "place" else None,
        "department_group": None,
        "rate": Decimal(10) if kind == "pay" else None,
        "job_title": "Designer",
        "login": None,
        "national_id": None,
        "born": None,
    }
    return SourceRow(1, values | more)


def actions(*rows: SourceRow) -> list[str]:
    read = Reader()(SourceDocument("7", rows, frozenset()))
    if read.rejected:
        return [one.reason for one in read.rejected]
    return [step.action.removeprefix("hrm.") for step in read.steps]


HISTORIES = [
    ([row("place", "2010-01-01")], ["an employee has a department and a pay"]),
    ([row("pay", "2009-12-28"), row("place", "2010-01-01")], ["employee.hire"]),
    (
        [row("pay", "2010-01-01"), row("pay", "2011-01-01", rate=Decimal(11)), row("place", "2010-01-01")],
        ["employee.hire", "employee.raise"],
    ),
    ([row("pay", "2010-01-01"), row("pay", "2011-01-01"), row("place", "2010-01-01")], ["employee.hire"]),
    (
        [
            row("pay", "2010-01-01"),
            row("place", "2010-01-01", last_day=date(2010, 5, 30)),
            row("place", "2010-05-31", department="Sales", last_day=date(2012, 1, 1)),
        ],
        ["employee.hire", "employee.transfer", "employee.leave"],
    ),
    (
        [
            row("pay", "2010-01-01"),
            row("place", "2010-01-01", last_day=date(2010, 5, 30)),
            row("place", "2010-06-02", department="Sales"),
        ],
        ["a department begins on the day after the one before"],
    ),
    ([row("pay", "2010-01-01", rate=None), row("place", "2010-01-01")], ["the rate is missing"]),
    (
        [row("pay", "2010-01-01"), row("place", "2010-01-01"), row("luck", "2010-01-01")],
        ["luck is neither place nor pay"],
    ),
]


@pytest.mark.parametrize(("rows", "expected"), HISTORIES, ids=lambda one: "")
def test_a_history_becomes_actions_or_is_refused(rows: list[SourceRow], expected: list[str]) -> None:
    assert [one for one in actions(*rows) if "register" not in one] == expected
