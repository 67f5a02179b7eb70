"""An employer in business words, for the stories of human resources."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from fenbu.engine.conditions import Condition
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import page, record
from fenbu.metrics import Health
from fenbu.testing.clock import Clock
from fenbu.work import Actor
from tests.erp.shop import Shop

Row = Mapping[str, Any]

ADA, BO = Actor("ada"), Actor("bo")
"""Two owners: who makes a payroll does not approve it."""

WAGES, SHARE, WAGE_TAX, SECURITY, OTHERS, NET = "6100", "6110", "2300", "2310", "2320", "2330"
"""Accounts of the ledger."""


class Firm(Shop):
    """An enterprise with HRM enabled."""

    def __init__(self, kernel: Kernel, clock: Clock, *, known: bool = False) -> None:
        super().__init__(kernel)
        self.clock = clock
        if known:
            return
        given = {"operator": BO.name, "os_user": BO.name, "grants": ["hrm.*"]}
        kernel.perform("fenbu.operator.add", given)

    # --- doing ----------------------------------------------------------------------------------------

    def hr(self, action: str, *, by: Actor = ADA, **values: Any) -> Row:
        """Perform an action of HRM: ``hr("employee.hire", …)``."""
        return self.kernel.perform(f"hrm.{action}", values, actor=by).answer

    def hire(self, number: str, pay: Any = "3000", **more: Any) -> str:
        """Hire somebody from New Year's Day on, into the kitchen as a cook, unless said otherwise."""
        wanted = {
            "employee": number,
            "name": f"Name of {number}",
            "department": "KITCHEN",
            "position": "COOK",
            "day": "2026-01-01",
            "pay": pay,
        }
        return str(self.hr("employee.hire", **wanted | more)["employee"])

    def withheld(self) -> None:
        """A tax of 20 %, social security of 10 % up to 4,000, and as much again by the employer."""
        self.component("tax", "deduction", "tax", percent="20")
        self.component("security", "deduction", "social_security", percent="10", ceiling="4000")
        self.component("share", "employer", "social_security", percent="10", ceiling="4000")

    def component(self, code: str, kind: str, owed_to: str = "", **more: Any) -> Row:
        rule = "percentage" if "percent" in more else "fixed" if "amount" in more else "employee"
        base = ["gross"] if rule == "percentage" else []
        wanted = {
            "component": code,
            "title": code,
            "kind": kind,
            "owed_to": owed_to,
            "rule": rule,
            "base": base,
        }
        return self.hr("component.define", **wanted | more)

    def made(self, period: str = "2026-01") -> str:
        """Make the payroll of a month, and return its number."""
        return str(self.hr("payroll.open", period=period)["run"])

    def reviewed(self, period: str = "2026-01") -> str:
        run = self.made(period)
        self.hr("payroll.review", run=run)
        return run

    def approved(self, period: str = "2026-01") -> str:
        """Make, review and approve the payroll of a month, and let everybody hear of it."""
        run = self.reviewed(period)
        self.hr("payroll.approve", run=run, by=BO)
        self.deliver()
        return run

    def taken_back(self, run: str) -> str:
        """Take an approved run back, and return the number of the correction."""
        correction = str(self.hr("payroll.correct", run=run, reason="wrong")["run"])
        self.hr("payroll.review", run=correction)
        self.hr("payroll.approve", run=correction, by=BO)
        self.deliver()
        return correction

    def away(self, employee: str, first: str, last: str | None = None, **more: Any) -> str:
        """Ask for leave and have it approved."""
        request = str(self.hr("leave.request", employee=employee, first=first, last=last, **more)["request"])
        self.hr("leave.approve", request=request, by=BO)
        return request

    def until(self, day: str) -> None:
        """Let time pass to the noon of a day, and deliver."""
        from datetime import UTC, datetime, time

        self.clock.set(datetime.combine(date.fromisoformat(day), time(12), UTC))
        self.deliver()

    # --- looking --------------------------------------------------------------------------------------

    def look(self, view: str, **equal: Any) -> list[dict[str, Any]]:
        with self.kernel.read("hrm") as work:
            declared = self.kernel.assembly.view(f"hrm.{view}")
            wanted = [Condition(name, value) for name, value in equal.items()]
            return [dict(row) for row in page(work, declared, filters=wanted, limit=10_000).rows]

    def record(self, view: str, key: str) -> dict[str, Any]:
        with self.kernel.read("hrm") as work:
            return dict(record(work, self.kernel.assembly.view(f"hrm.{view}"), key))

    def run(self, number: str) -> dict[str, Any]:
        return self.record("payrolls", number)

    def slip(self, run: str, employee: str) -> tuple[str, ...]:
        """Return gross, deductions, net and the employer's share of a payslip, as short texts."""
        [row] = self.look("payslips", run=run, employee=employee)
        return tuple(short(row[name]) for name in ("gross", "deductions", "net", "employer"))

    def lines(self, run: str, employee: str) -> list[tuple[str, str, str]]:
        """Return component, department and amount of the lines of a payslip."""
        rows = self.look("payslip-lines", run=run, employee=employee)
        return [(row["component"], row["department"], short(row["amount"])) for row in rows]

    def left(self, employee: str, year: int = 2026, leave_type: str = "annual") -> str:
        """Return the days of leave that somebody has left."""
        rows = self.look("leave-balances", employee=employee, year=year, leave_type=leave_type)
        return short(rows[0]["days"]) if rows else "0"

    def number(self, name: str) -> Any:
        with self.kernel.read("hrm") as work:
            return self.kernel.assembly.metrics[f"hrm.{name}"].value(work)

    def entries(self, *kinds: str) -> list[dict[str, Any]]:
        """Return the journal's entries of payrolls."""
        return [
            row for row in self.rows("journal") if row["kind"] in (kinds or ("payroll", "payroll_payment"))
        ]

    def ill(self) -> dict[str, str]:
        """Return what any check of an enabled module complains about."""
        found = {}
        for name, check in self.kernel.assembly.checks.items():
            with self.kernel.read(name.partition(".")[0]) as work:
                finding = check.run(work)
            if finding.health != Health.OK:
                found[name] = finding.detail
        return found


def short(value: Decimal) -> str:
    """Return an amount without trailing noughts."""
    return f"{value.normalize():f}"
