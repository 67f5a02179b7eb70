"""A shop with a warehouse in business words, for the stories of the supply chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from fenbu.engine.conditions import Condition
from fenbu.engine.reading import page, record
from fenbu.metrics import Health
from tests.erp.shop import Shop

Row = Mapping[str, Any]

INVENTORY = "1300"


class Depot(Shop):
    """An enterprise with ERP and SCM enabled."""

    # --- doing ----------------------------------------------------------------------------------------

    def scm(self, action: str, **values: Any) -> Row:
        """Perform an action of SCM: ``scm("receipt.post", lines=…)``."""
        return self.kernel.perform(f"scm.{action}", values).answer

    def receive(self, *lines: tuple[str, Any, Any], **head: Any) -> str:
        """Post a receipt of (item, quantity, unit cost), deliver, and return its number."""
        wanted = [{"item": item, "quantity": many, "unit_cost": cost} for item, many, cost in lines]
        done = self.scm("receipt.post", lines=wanted, **head)
        self.deliver()
        return str(done["receipt"])

    def adjust(self, item: str, quantity: Any, reason: str = "count", **more: Any) -> Row:
        done = self.scm("stock.adjust", lines=[{"item": item, "quantity": quantity, **more}], reason=reason)
        self.deliver()
        return done

    def placed(self, *lines: Any, **head: Any) -> str:
        """Place an order and let everybody hear of it."""
        order = self.order(*lines, **{"account": "C1", **head})
        self.deliver()
        return order

    def dispatch(self, shipment: str, **more: Any) -> Row:
        done = self.scm("shipment.dispatch", shipment=shipment, **more)
        self.deliver()
        return done

    def cancel(self, order: str) -> None:
        self.do("order.cancel", order=order, reason="changed my mind")
        self.deliver()

    @contextmanager
    def deaf(self, subscription: str) -> Iterator[None]:
        """Let a subscription hear nothing within the body; what comes waits for it."""
        self.kernel.perform("fenbu.flow.pause", {"subscription": subscription, "reason": "test"})
        yield
        self.kernel.perform("fenbu.flow.resume", {"subscription": subscription})

    # --- looking --------------------------------------------------------------------------------------

    def look(self, view: str, **equal: Any) -> list[dict[str, Any]]:
        with self.kernel.read("scm") as work:
            declared = self.kernel.assembly.view(f"scm.{view}")
            wanted = [Condition(name, value) for name, value in equal.items()]
            return [dict(row) for row in page(work, declared, filters=wanted, limit=10_000).rows]

    def record(self, view: str, key: str) -> dict[str, Any]:
        with self.kernel.read("scm") as work:
            return dict(record(work, self.kernel.assembly.view(f"scm.{view}"), key))

    def stock(self, item: str, location: str = "MAIN") -> tuple[Any, Any]:
        """Return on hand and reserved."""
        [row] = self.look("stock", item=item, location=location)
        return row["on_hand"], row["reserved"]

    def line(self, order: str, line: int = 1) -> dict[str, Any]:
        return next(row for row in self.look("order-lines", order=order) if row["line"] == line)

    def waits(self, order: str) -> str:
        """Return the state of the order's requirement."""
        [row] = [row for row in self.rows("requirements", order=order) if row["requirement"] == "stock"]
        return str(row["state"])

    def value(self) -> Decimal:
        """Return what the stock is worth."""
        return sum((row["value"] for row in self.look("items")), Decimal(0))

    def number(self, name: str) -> Any:
        with self.kernel.read("scm") as work:
            return self.kernel.assembly.metrics[f"scm.{name}"].value(work)

    def ill(self) -> dict[str, str]:
        """Return what any check of ERP and SCM complains about."""
        found = self.unhealthy()
        for name, check in self.kernel.assembly.checks.items():
            if name.startswith("scm."):
                with self.kernel.read("scm") as work:
                    finding = check.run(work)
                if finding.health != Health.OK:
                    found[name] = finding.detail
        if (posted := self.balance(INVENTORY)) != self.value():
            found["inventory"] = f"{posted} is posted, {self.value()} is there"
        return found
