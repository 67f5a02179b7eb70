"""A shop in business words, for the stories of ERP: it performs actions, delivers, and looks at views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from fenbu.engine.conditions import Condition
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import page, record
from fenbu.metrics import Health
from fenbu.testing.enterprises import drain

Row = Mapping[str, Any]


class Shop:
    """An enterprise with ERP enabled."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    # --- doing ----------------------------------------------------------------------------------------

    def do(self, action: str, **values: Any) -> Row:
        """Perform an action of ERP: ``do("order.place", lines=…)``."""
        return self.kernel.perform(f"erp.{action}", values).answer

    def item(self, code: str, price: str = "", **facts: Any) -> str:
        self.do("item.register", items=[{"item": code, **facts}])
        if price:
            self.do("price.set", item=code, unit_price=price, since="2025-01-01")
        return code

    def account(self, number: str, **facts: Any) -> str:
        self.do("account.register", accounts=[{"account": number, **facts}])
        return number

    def order(self, *lines: tuple[str, Any] | tuple[str, Any, Any], **head: Any) -> str:
        """Place an order of (item, quantity[, unit price]) and return its number."""
        wanted = [
            {"item": line[0], "quantity": line[1], **({"unit_price": line[2]} if len(line) > 2 else {})}
            for line in lines
        ]
        return str(self.do("order.place", lines=wanted, **head)["order"])

    def fulfil(self, order: str, **part: Any) -> Row:
        done = self.do("order.fulfil", order=order, **part)
        self.deliver()
        return done

    def sold(self, *lines: Any, **head: Any) -> str:
        """Place an order, hand it over on its day and invoice it."""
        order = self.order(*lines, **head)
        self.fulfil(order, **({"day": head["day"]} if "day" in head else {}))
        return order

    def deliver(self) -> int:
        return drain(self.kernel)

    # --- looking --------------------------------------------------------------------------------------

    def rows(self, view: str, **equal: Any) -> list[dict[str, Any]]:
        with self.kernel.read("erp") as work:
            declared = self.kernel.assembly.view(f"erp.{view}")
            wanted = [Condition(name, value) for name, value in equal.items()]
            return [dict(row) for row in page(work, declared, filters=wanted, limit=10_000).rows]

    def one(self, view: str, key: str) -> dict[str, Any]:
        with self.kernel.read("erp") as work:
            return dict(record(work, self.kernel.assembly.view(f"erp.{view}"), key))

    def axes(self, order: str) -> tuple[str, str, str]:
        row = self.one("orders", order)
        return row["fulfilment"], row["invoicing"], row["payment"]

    def balance(self, chart: str) -> Decimal:
        found = self.rows("trial-balance")
        return next((row["balance"] for row in found if row["chart"] == chart), Decimal(0))

    def balances(self) -> dict[str, Decimal]:
        return {row["chart"]: row["balance"] for row in self.rows("trial-balance") if row["balance"]}

    def metric(self, name: str) -> Any:
        with self.kernel.read("erp") as work:
            return self.kernel.assembly.metrics[f"erp.{name}"].value(work)

    def finding(self, name: str) -> tuple[str, str]:
        with self.kernel.read("erp") as work:
            found = self.kernel.assembly.checks[f"erp.{name}"].run(work)
            return str(found.health), found.detail

    def unhealthy(self) -> dict[str, str]:
        """Return what ERP's checks complain about."""
        names = [name for name in self.kernel.assembly.checks if name.startswith("erp.")]
        found = {name: self.finding(name.removeprefix("erp.")) for name in names}
        return {name: detail for name, (health, detail) in found.items() if health != Health.OK}

    def events(self, topic: str, key: str = "") -> list[dict[str, Any]]:
        """Return payloads of a topic in the order of publishing."""
        import json

        asked = text(
            "SELECT payload FROM fenbu_event WHERE topic = :topic AND (:key = '' OR key = :key) ORDER BY seq"
        )
        with self.kernel.database.read() as connection:
            found = connection.execute(asked, {"topic": topic, "key": key}).scalars()
            return [json.loads(payload) for payload in found]

    def tamper(self, *statements: str) -> None:
        """Write past the rules, as somebody with the database's password could."""
        with self.kernel.database.write() as connection:
            for statement in statements:
                connection.execute(text(statement))


def columns(rows: Sequence[Row], *names: str) -> list[tuple[Any, ...]]:
    """Return some columns of rows, as a table in a test reads."""
    return [tuple(row[name] for name in names) for row in rows]
