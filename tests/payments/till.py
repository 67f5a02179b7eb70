"""A shop that is paid through gateways, for the stories of payments; the sandbox's own record stands beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text

from fenbu.engine.conditions import Condition
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import page, record
from fenbu.testing.clock import Clock
from fenbu_payments.gateways.sandbox import sign
from fenbu_payments.sandbox import UNSIGNED
from fenbu_payments.sandbox.bank import Bank
from tests.erp.shop import Row, Shop, columns

__all__ = ["Till", "columns"]


class Till(Shop):
    """An enterprise with ERP and payments enabled, and the bank that its gateway `card` asks."""

    def __init__(self, kernel: Kernel, clock: Clock, bank: Bank) -> None:
        super().__init__(kernel)
        self.clock, self.bank = clock, bank

    # --- doing ----------------------------------------------------------------------------------------

    def pay(self, action: str, **values: Any) -> Row:
        """Perform an action of payments and deliver: ``pay("payment.confirm", payment="PAY-00000001")``."""
        done = self.kernel.perform(f"payments.{action}", values).answer
        self.deliver()
        return done

    def asked(self, quantity: int = 4, **head: Any) -> str:
        """Place an order of tea at 3.00 with tax, and let its payment be asked for."""
        order = self.order(("TEA", quantity), account="C1", **head)
        self.deliver()
        return order

    def sold_prepaid(self, quantity: int = 4, **head: Any) -> str:
        """Place an order, have its money held, hand it over, take the money."""
        order = self.asked(quantity, **head)
        self.fulfil(order)
        return order

    def later(self, *, days: int = 0, hours: int = 0, minutes: int = 0) -> datetime:
        """Let time pass, at the shop and at the bank."""
        now = self.clock.move(days=days, hours=hours, minutes=minutes)
        self.bank.set_clock(now.timestamp())
        return now

    def receive(self, body: str | Mapping[str, Any], *, gateway: str = "card", **change: str) -> Row:
        """Let a notice come in as the bank would send it now."""
        text = body if isinstance(body, str) else json.dumps(dict(body))
        moment = str(int(self.clock.now.timestamp()))
        values = {
            "body": text,
            "signature": f"t={moment},v1={sign(UNSIGNED, moment, text)}",
            "gateway": gateway,
        }
        return self.kernel.perform("payments.notice.receive", values | change).answer

    def take_notices(self, shuffle: Random | None = None, times: int = 1) -> int:
        """Let in what the bank has to tell, so many times over, and deliver."""
        bodies = self.bank.take_notices(shuffle) * times
        for body in bodies:
            self.receive(body)
        self.deliver()
        return len(bodies)

    def try_dead_calls_again(self) -> int:
        """Do what an operator does about calls that wait for a person; return how many there were."""
        with self.kernel.database.read() as connection:
            dead = connection.execute(text("SELECT id FROM fenbu_call WHERE state = 'dead'")).scalars().all()
        for call in dead:
            self.kernel.perform("fenbu.flow.retry", {"call": call})
        return len(dead)

    # --- looking --------------------------------------------------------------------------------------

    def see(self, view: str, **equal: Any) -> list[dict[str, Any]]:
        """Return rows of a view of payments."""
        with self.kernel.read("payments") as work:
            declared = self.kernel.assembly.view(f"payments.{view}")
            wanted = [Condition(name, value) for name, value in equal.items()]
            return [dict(row) for row in page(work, declared, filters=wanted, limit=10_000).rows]

    def payment(self, number: str = "PAY-00000001") -> dict[str, Any]:
        with self.kernel.read("payments") as work:
            return dict(record(work, self.kernel.assembly.view("payments.payments"), number))

    def states(self) -> list[str]:
        """Return where each payment stands, the oldest first."""
        return [row["state"] for row in sorted(self.see("payments"), key=lambda row: str(row["payment"]))]

    def sums(self, number: str = "PAY-00000001") -> tuple[str, ...]:
        """Return authorised, captured, let go, refunded, as texts without trailing noughts."""
        row = self.payment(number)
        return amounts(row[name] for name in ("authorised", "captured", "voided", "refunded"))

    def story(self, number: str = "PAY-00000001") -> list[str]:
        """Return a payment's facts, as ``capture begun``."""
        facts = sorted(self.see("facts", subject=number), key=lambda fact: int(fact["position"]))
        return [f"{fact['kind']} {fact['step']}".removesuffix(" noted") for fact in facts]

    def waits_for(self, order: str) -> str:
        """Return how the order's payment stands with ERP."""
        return str(self.rows("requirements", order=order)[0]["state"])

    def charged(self) -> list[tuple[str, int]]:
        """Return what the bank's own record says was captured: operation and how often."""
        return sorted(self.bank.done("capture").items())

    def unhealthy(self) -> dict[str, str]:
        found = {}
        for name, check in self.kernel.assembly.checks.items():
            with self.kernel.read(name.partition(".")[0]) as work:
                seen = check.run(work)
            if seen.health != "ok":
                found[name] = seen.detail
        return found

    def measured(self, name: str) -> Any:
        with self.kernel.read("payments") as work:
            return self.kernel.assembly.metrics[f"payments.{name}"].value(work)


def amounts(values: Iterable[Any]) -> tuple[str, ...]:
    """Return amounts as short texts."""
    return tuple(f"{value.normalize():f}" for value in values)


def card(file: Path, **more: Any) -> dict[str, Any]:
    """Return the settings of a shop whose orders are paid by card, at a sandbox on this file."""
    gateways = [
        {"name": "manual", "kind": "manual"},
        {"name": "card", "kind": "sandbox", "file": str(file), **more},
    ]
    return {"payments": {"gateways": gateways, "gateway": "card"}}
