"""A house that knows its customers, in business words, for the stories of CRM."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fenbu.engine import canonical
from fenbu.engine.conditions import Condition
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import page, record
from fenbu.metrics import Health
from fenbu.testing.clock import Clock
from tests.erp.shop import Shop, columns

__all__ = ["Bureau", "columns"]

Row = Mapping[str, Any]

ACME, BO = "C-00000001", "C-00000002"


class Bureau(Shop):
    """An enterprise with CRM enabled, and ERP where a story sells."""

    def __init__(self, kernel: Kernel, clock: Clock) -> None:
        super().__init__(kernel)
        self.clock = clock

    # --- doing ----------------------------------------------------------------------------------------

    def crm(self, action: str, **values: Any) -> Row:
        """Perform an action of CRM and deliver: ``crm("case.open", customer=…)``."""
        done = self.kernel.perform(f"crm.{action}", values).answer
        self.deliver()
        return done

    def customer(self, name: str = "Acme Ltd", **more: Any) -> str:
        return str(self.crm("customer.register", name=name, **more)["customer"])

    def bought(self, account: str, quantity: int = 1, day: str = "2026-01-05") -> str:
        """Sell tea at 3.00 with tax, hand it over and invoice it; return the order."""
        order = self.order(("TEA", quantity), account=account, day=day)
        self.fulfil(order, day=day)
        return order

    def enable(self, *modules: str, **how: Any) -> None:
        self.kernel.perform("fenbu.module.enable", {"modules": list(modules), **how})
        self.deliver()

    def disable(self, how: str = "drain") -> None:
        self.kernel.perform("fenbu.module.disable", {"modules": ["crm"], "how": how})
        self.deliver()

    def later(self, *, days: int = 0, hours: int = 0, minutes: int = 0) -> datetime:
        """Let time pass, and what is due happen."""
        now = self.clock.move(days=days, hours=hours, minutes=minutes)
        self.deliver()
        return now

    def replay(self, **part: Any) -> None:
        """Let the timeline be written anew."""
        self.kernel.perform("fenbu.flow.replay", {"subscription": "crm.timeline", **part})
        self.deliver()

    # --- looking --------------------------------------------------------------------------------------

    def look(self, view: str, **equal: Any) -> list[dict[str, Any]]:
        with self.kernel.read("crm") as work:
            declared = self.kernel.assembly.view(f"crm.{view}")
            wanted = [Condition(name, value) for name, value in equal.items()]
            return [dict(row) for row in page(work, declared, filters=wanted, limit=10_000).rows]

    def record(self, view: str, key: str) -> dict[str, Any]:
        with self.kernel.read("crm") as work:
            return dict(record(work, self.kernel.assembly.view(f"crm.{view}"), key))

    def story(self, customer: str) -> list[tuple[str, str]]:
        """Return what happened to a customer, the oldest first: topic and document."""
        return [(row["topic"], row["subject"]) for row in reversed(self.look("timeline", customer=customer))]

    def number(self, name: str) -> Any:
        with self.kernel.read("crm") as work:
            return self.kernel.assembly.metrics[f"crm.{name}"].value(work)

    def facts(self) -> str:
        """Return the canonical export of CRM."""
        return canonical.text(self.kernel, ["crm"])

    def ill(self) -> dict[str, str]:
        """Return what any check of CRM complains about."""
        found = {}
        for name, check in self.kernel.assembly.checks.items():
            if name.startswith("crm."):
                with self.kernel.read("crm") as work:
                    finding = check.run(work)
                if finding.health != Health.OK:
                    found[name] = finding.detail
        return found


def furnished(bureau: Bureau) -> Bureau:
    """Let there be tea and two accounts to sell it to."""
    bureau.item("TEA", "2.50", title="Green tea", tax_category="standard")
    bureau.account("A1", name="Ann Lee", kind="person")
    bureau.account("A2", name="Bo Ltd")
    bureau.deliver()
    return bureau
