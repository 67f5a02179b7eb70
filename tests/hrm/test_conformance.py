"""Human resources, and the example that imports people, hold to the rules of the house."""

from __future__ import annotations

from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.conformance import Conformance
from tests.hrm.conftest import furnished
from tests.hrm.firm import BO, Firm


class TestHrm(Conformance):
    module = "hrm"

    def use(self, kernel: Kernel) -> None:
        firm = furnished(Firm(kernel, Clock()))
        firm.withheld()
        for number in ("E1", "E2", "E3"):
            firm.hire(number)
        firm.component("canteen", "deduction", "other")
        firm.hr("component.assign", employee="E1", component="canteen", amount="30", since="2026-01-01")
        firm.hr("employee.transfer", employee="E1", department="SHOP", position="SELLER", day="2026-01-11")
        firm.hr("employee.raise", employee="E2", pay="3300", day="2026-01-16")
        firm.hr("holiday.set", holidays=[{"day": "2026-01-06", "title": "Epiphany"}])
        firm.hr("leave.grant", leave_type="annual", year=2026)
        firm.away("E2", "2026-01-05", "2026-01-07")
        firm.hr("leave.request", employee="E1", first="2026-02-02")
        firm.hr("employee.leave", employee="E3", last_day="2026-01-20")
        run = firm.approved()
        firm.taken_back(run)
        firm.hr("payroll.open", period="2026-01", by=BO)


class TestAdventureWorks(Conformance):
    module = "adventureworks"
    needs = ("hrm",)
