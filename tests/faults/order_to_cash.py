"""Order to cash over three modules, lived by an office that dies now and then, before a bank that fails.

The business is the same every time: what an order asks for, and whose payments the bank declines, follow from the
seed and the order's number. Between its stages everything comes to rest. An office that is started again goes on
where the journal ends; what it did and could not note before it died, it does again with the same key.
"""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from random import Random
from typing import Any

from fenbu.engine.flows import retry
from fenbu.engine.kernel import Kernel
from fenbu.testing.enterprises import OWNER
from fenbu_payments.sandbox.bank import Bank
from tests.faults.office import BEGAN, Office, Place

ROUNDS = 15
"""How often people look at what is left to do, at most."""
PAUSE = 3
"""Days from one look to the next: longer than the bank is late by."""
SHARES = {
    "decline": 0.12,
    "timeout": 0.12,
    "outage": 0.12,
    "duplicate": 0.3,
    "late": 0.2,
    "silent": 0.1,
    "partial:authorise": 0.1,
    **{f"pending:{kind}": 0.15 for kind in ("capture", "void", "refund", "payout")},
}
TEAS = tuple(f"TEA-{number}" for number in range(5))


# --- the ground -----------------------------------------------------------------------------------------


class Gateway:
    """The sandbox in a process of its own, at the same address however often it dies."""

    def __init__(self, place: Place) -> None:
        self._place, self._port = place, 0
        with Bank(place.bank) as bank:
            for failure, share in SHARES.items():
                what, _colon, kind = failure.partition(":")
                bank.share(what, share, kind=kind, seed=place.seed)
            bank.set("late", 2 * 86_400)
            bank.set("remembers", 1200)
            bank.set("fee", 0.02)
        self.start()

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, *_told: object) -> None:
        self.die()

    def start(self) -> None:
        """Serve; a lost answer comes when the office has long stopped waiting."""
        command = [sys.executable, "-m", "fenbu_payments.sandbox", str(self._place.bank)]
        options = ["--port", str(self._port), "--patience", "1"]
        self._process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        self._port = int(self.url.rpartition(":")[2])

    def die(self) -> None:
        """Die by SIGKILL."""
        self._process.kill()
        self._process.communicate()


def found(place: Place, gateway: Gateway) -> None:
    """Found the enterprise: three modules, goods on hand, a gateway, no order yet."""
    card = {"name": "card", "kind": "sandbox", "url": gateway.url, "timeout": 0.4}
    gateways = [{"name": "manual", "kind": "manual"}, card]
    with Kernel.init(
        place.url,
        name="Harbour Tea",
        currency="GBP",
        time_zone="Europe/London",
        os_user=OWNER.name,
        clock=lambda: int(BEGAN.timestamp() * 1_000_000),
    ) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["erp", "scm", "payments"]})
        for name, value in (("gateways", gateways), ("gateway", "card")):
            kernel.perform("fenbu.setting.set", {"module": "payments", "name": name, "value": value})
        rare = [_rare(number) for number in range(place.orders)]
        goods = [{"item": code} for code in (*TEAS, *rare)]
        kernel.perform("erp.item.register", {"items": [*goods, {"item": "WRAPPING", "kind": "service"}]})
        for code in (*TEAS, *rare, "WRAPPING"):
            kernel.perform("erp.price.set", {"item": code, "unit_price": "2.50", "since": "2025-01-01"})
        kernel.perform("erp.account.register", {"accounts": [{"account": f"C{n}"} for n in range(4)]})
        kernel.drain()
        lines = [{"item": code, "quantity": 10_000, "unit_cost": "1.10"} for code in TEAS]
        kernel.perform("scm.receipt.post", {"lines": lines, "source": "opening"})


def _rare(number: int) -> str:
    """Name an item that one order alone asks for, so that nobody's turn decides who gets it."""
    return f"RARE-{number:03d}"


# --- the business ---------------------------------------------------------------------------------------


def lived(place: Place, began: float, died: int) -> None:
    """Do the business in this process, from where the journal ends.

    Args:
        place: Where.
        began: When the business began, by the machine's clock.
        died: How often the office has died: each time the clock is beyond the leases of its last life.
    """
    retry.BASE_PAUSE = 2_000
    with Bank(place.bank) as bank:
        office = Office(place, bank, began, died)
        with Kernel.open(place.url, actor=OWNER, clock=office.clock) as kernel:
            office.open(kernel)
            Business(office, place).live()


class Business:
    """What the office does, stage by stage; the number of an order says what becomes of it."""

    def __init__(self, office: Office, place: Place) -> None:
        self.office, self.place = office, place
        self.orders: dict[int, str] = {}

    def live(self) -> None:
        office = self.office
        self.sell()
        self.help_payers("at once", lambda number: number % 2 == 0)
        self.dispatch("first", lambda number: number % 3 != 0)
        self.cancel()
        self.restock()
        self.take_back()
        for turn, days in enumerate(range(15, 15 + PAUSE * ROUNDS, PAUSE)):
            office.let_pass(days)
            office.rest(f"after {days} days")
            self.renew(f"turn {turn}")
            left = self.help_payers(f"turn {turn}", lambda _number: True)
            left += self.dispatch(f"turn {turn}", lambda _number: True)
            if not left and not office.pending:
                return
        raise AssertionError(f"after {ROUNDS} turns there is still something to do")

    def sell(self) -> None:
        for number in range(self.place.orders):
            chance = Random(f"{self.place.seed}/{number}")
            lines = [
                {"item": item, "quantity": chance.randint(1, 5)}
                for item in chance.sample(TEAS, chance.randint(1, 3))
            ]
            if number % 4 == 1:
                lines.append({"item": _rare(number), "quantity": 2})
            if number % 3 == 1:
                lines.append({"item": "WRAPPING", "quantity": 1})
            if number % 10 == 9:
                lines = [{"item": "WRAPPING", "quantity": 3}]
            ship = "complete" if number % 8 == 5 else "partial"
            wanted = {"account": f"C{number % 4}", "lines": lines, "ship": ship}
            answer = self.office.do(f"order {number}", "erp.order.place", **wanted)
            self.orders[number] = answer["order"]
            if number % 10 == 4:
                self.office.rest(f"sold {number}")
        self.office.rest("sold")

    def help_payers(self, when: str, chosen: Callable[[int], bool]) -> int:
        """Try again what the bank declined; return how much that was."""
        office, mine = self.office, {order for number, order in self.orders.items() if chosen(number)}
        key = f"to help {when}"
        if key not in office.journal:
            rows = office.see("payments.payments")
            payments = {row["payment"]: row["order"] for row in rows}
            failed = {row["subject"] for row in office.see("payments.facts") if row["step"] == "failed"}
            failed |= {
                row["payment"] for row in rows if 0 < row["authorised"] - row["voided"] < row["requested"]
            }
            office.note(key, sorted(one for one in failed if payments.get(one, "") in {"", *mine}))
        helped = 0
        for one in office.journal[key]:
            kind = "payment" if one.startswith("PAY") else "payout"
            helped += office.tried(f"{when} {one}", f"payments.{kind}.retry", **{kind: one}) is not None
        office.rest(f"helped {when}")
        return helped

    def dispatch(self, when: str, chosen: Callable[[int], bool]) -> int:
        """Let leave what is ready; return how many shipments that were."""
        mine = {order for number, order in self.orders.items() if chosen(number)}
        key = f"to dispatch {when}"
        if key not in self.office.journal:
            rows = self.office.see("scm.shipments")
            going = [row["shipment"] for row in rows if row["state"] == "open" and row["order"] in mine]
            self.office.note(key, sorted(going))
        for shipment in self.office.journal[key]:
            self.office.do(f"dispatch {shipment}", "scm.shipment.dispatch", shipment=shipment)
        self.office.rest(f"dispatched {when}")
        return len(self.office.journal[key])

    def cancel(self) -> None:
        left: dict[str, int] = defaultdict(int)
        if "to cancel" not in self.office.journal:
            for row in self.office.see("erp.order-lines"):
                left[row["order"]] += int(row["quantity"] - row["fulfilled"] - row["cancelled"])
            self.office.note(
                "to cancel", [self.orders[n] for n in self.orders if n % 5 == 4 and left[self.orders[n]]]
            )
        for order in self.office.journal["to cancel"]:
            self.office.do(f"cancel {order}", "erp.order.cancel", order=order, reason="enough")
        self.office.rest("cancelled")

    def restock(self) -> None:
        for number in self.orders:
            if number % 4 == 1:
                lines = [{"item": _rare(number), "quantity": 2, "unit_cost": "1.10"}]
                self.office.do(f"receipt {number}", "scm.receipt.post", lines=lines)
        self.office.rest("restocked")
        self.dispatch("rare", lambda number: number % 3 != 0)

    def take_back(self) -> None:
        """Some bring back all that left, some bring tea without saying from which order; both are paid out."""
        if "to take back" not in self.office.journal:
            lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for row in self.office.see("scm.order-lines"):
                if row["dispatched"]:
                    lines[row["order"]].append({"line": row["line"], "quantity": str(row["dispatched"])})
            back = {n: lines[o] for n, o in self.orders.items() if n % 7 == 2 and lines[o]}
            self.office.note("to take back", sorted(back.items()))
        for number, lines in self.office.journal["to take back"]:
            order = self.orders[number]
            self.office.do(f"return {number}", "scm.return.post", order=order, lines=lines)
            self.office.do(f"credit {number}", "erp.credit-note.issue", order=order, lines=lines, payout=True)
        for number in range(0, self.place.orders, 6):
            brought = {"item": TEAS[number % 5], "quantity": 1 + number}
            credited = {**brought, "unit_price": "2.50"}
            who = f"C{number % 4}"
            self.office.do(f"bring {number}", "scm.return.post", account=who, lines=[brought])
            self.office.do(
                f"pay {number}", "erp.credit-note.issue", account=who, lines=[credited], payout=True
            )
        self.office.rest("taken back")

    def renew(self, when: str) -> None:
        """Reserve anew for orders whose payer let them lapse."""
        if (key := f"to renew {when}") not in self.office.journal:
            self.office.note(key, sorted(row["order"] for row in self.office.see("scm.lapsed")))
        for order in self.office.journal[key]:
            self.office.do(f"renew {when} {order}", "scm.reservation.renew", order=order)
        self.office.rest(f"renewed {when}")
