"""Order to cash over three modules, lived by an office that dies now and then, before a bank that fails.

The business is the same every time: what an order asks for, and whose payments the bank declines, follow from the
seed and the order's number. Between its stages everything comes to rest. An office that is started again goes on
where the journal ends; what it did and could not note before it died, it does again with the same key.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from attrs import frozen
from sqlalchemy import text

from fenbu.engine.flows import retry
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import page
from fenbu.errors import Refused, TransitionRefused
from fenbu.testing.enterprises import OWNER
from fenbu_payments.gateways.sandbox import UNSIGNED, sign
from fenbu_payments.sandbox.bank import LATE, Bank

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=31)
"""A little more than a call may take before another worker tries it: what a death moves the clock by."""
ROUNDS = 12
"""How often what was declined is tried again, at most."""
SHARES = {"decline": 0.12, "timeout": 0.12, "outage": 0.12, "duplicate": 0.3, "late": 0.2}
TEAS = tuple(f"TEA-{number}" for number in range(5))


@frozen
class Place:
    """Where a business lives, and how large it is."""

    url: str
    folder: Path
    seed: int
    orders: int

    @property
    def bank(self) -> Path:
        """The bank's own record."""
        return self.folder / "bank.db"


# --- the ground -----------------------------------------------------------------------------------------


class Gateway:
    """The sandbox in a process of its own, at the same address however often it dies."""

    def __init__(self, place: Place) -> None:
        self._place, self._port = place, 0
        with Bank(place.bank) as bank:
            for what, share in SHARES.items():
                bank.share(what, share, seed=place.seed)
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


# --- the office -----------------------------------------------------------------------------------------


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


class Office:
    """Performs and notes what it performed, delivers, lets in what the bank tells."""

    kernel: Kernel

    def __init__(self, place: Place, bank: Bank, began: float, died: int) -> None:
        self.bank, self._began, self._died = bank, began, died
        self._hands = place.folder / "hands"
        self._path = place.folder / "journal"
        self.journal: dict[str, Any] = {}
        if self._path.exists():
            lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
            self.journal = dict(json.loads(line) for line in lines if line.endswith("\n"))

    def open(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._tell_bank()

    def clock(self) -> int:
        """Return UTC microseconds: real time goes on, deaths and business days come on top."""
        gone = timedelta(seconds=time.time() - self._began, days=self.journal.get("days", 0))
        return int((BEGAN + gone + self._died * LEASE).timestamp() * 1_000_000)

    def note(self, key: str, answer: Any) -> Any:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([key, answer]) + "\n")
        self.journal[key] = answer
        return answer

    def do(self, key: str, action: str, **wanted: Any) -> Any:
        """Perform an action once, however often this is called."""
        if key in self.journal:
            return self.journal[key]
        return self.note(key, dict(self.kernel.perform(action, wanted, key=key).answer))

    def tried(self, key: str, action: str, **wanted: Any) -> Any:
        """Perform an action once if it is allowed; None when it is refused."""
        try:
            return self.do(key, action, **wanted)
        except (Refused, TransitionRefused):
            return self.note(key, None)

    def rest(self, name: str) -> None:
        """Deliver, call, and let in notices until nothing is left; a person tries again what had to be given up."""
        if name in self.journal:
            return
        while self._drained() or self._told() or self._helped():
            pass
        self.note(name, True)

    def let_pass(self, days: int) -> None:
        """Let days pass, here and at the bank."""
        if self.journal.get("days", 0) < days:
            self.note("days", days)
            self._tell_bank()

    def see(self, view: str) -> list[dict[str, Any]]:
        """Return the rows of a view."""
        with self.kernel.read(view.partition(".")[0]) as work:
            return [dict(row) for row in page(work, self.kernel.assembly.view(view), limit=10_000).rows]

    def _tell_bank(self) -> None:
        self.bank.set_clock(self.clock() / 1_000_000)

    def _drained(self) -> int:
        worker = self.kernel.worker(markers=self._hands)
        try:
            drained = worker.drain(timeout=120)
        finally:
            worker.close()
        assert drained.finished
        return drained.done

    def _told(self) -> int:
        """Let in what the bank tells, in any order; it tells again what it does not know to have arrived."""
        due = list(self.bank.due_notices().items())
        Random(len(due)).shuffle(due)
        for number, body in due:
            moment = str(self.clock() // 1_000_000)
            signature = f"t={moment},v1={sign(UNSIGNED, moment, body)}"
            wanted = {"gateway": "card", "body": body, "signature": signature}
            self.kernel.perform("payments.notice.receive", wanted)
            self.bank.acknowledge([number])
        return len(due)

    def _helped(self) -> int:
        """Try again what was in hand at three deaths, or answered by nobody eight times."""
        with self.kernel.database.read() as connection:
            calls = connection.execute(text("SELECT id FROM fenbu_call WHERE state = 'dead'")).scalars().all()
            dead = connection.execute(
                text("SELECT count(*) FROM fenbu_delivery WHERE state = 'dead'")
            ).scalar_one()
        for call in calls:
            self.kernel.perform("fenbu.flow.retry", {"call": call})
        if dead:
            self.kernel.perform("fenbu.flow.retry", {"everything": True})
        return len(calls) + int(dead)


# --- the business ---------------------------------------------------------------------------------------


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
        office.let_pass(15)
        office.rest("fifteen days later")
        self.renew()
        for turn in range(ROUNDS):
            if not self.help_payers(f"turn {turn}", lambda _number: True):
                break
            self.dispatch(f"turn {turn}", lambda _number: True)
        office.bank.set_clock(office.clock() / 1_000_000 + 2 * LATE)
        office.rest("late notices")
        self.dispatch("last", lambda _number: True)

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
            failed = {row["subject"] for row in office.see("payments.facts") if row["step"] == "failed"}
            payments = {row["payment"]: row["order"] for row in office.see("payments.payments")}
            office.note(key, sorted(one for one in failed if payments.get(one, "") in {"", *mine}))
        helped = 0
        for one in office.journal[key]:
            kind = "payment" if one.startswith("PAY") else "payout"
            helped += office.tried(f"{when} {one}", f"payments.{kind}.retry", **{kind: one}) is not None
        office.rest(f"helped {when}")
        return helped

    def dispatch(self, when: str, chosen: Callable[[int], bool]) -> None:
        mine = {order for number, order in self.orders.items() if chosen(number)}
        key = f"to dispatch {when}"
        if key not in self.office.journal:
            rows = self.office.see("scm.shipments")
            going = [row["shipment"] for row in rows if row["state"] == "open" and row["order"] in mine]
            self.office.note(key, sorted(going))
        for shipment in self.office.journal[key]:
            self.office.do(f"dispatch {shipment}", "scm.shipment.dispatch", shipment=shipment)
        self.office.rest(f"dispatched {when}")

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
            lines = [{"item": TEAS[number % 5], "quantity": 1 + number}]
            priced = [{**line, "unit_price": "2.50"} for line in lines]
            note = {"account": f"C{number % 4}", "lines": priced, "payout": True}
            self.office.do(f"bring {number}", "scm.return.post", account=note["account"], lines=lines)
            self.office.do(f"pay {number}", "erp.credit-note.issue", **note)
        self.office.rest("taken back")

    def renew(self) -> None:
        """Reserve anew for orders whose payer let them lapse."""
        if "to renew" not in self.office.journal:
            self.office.note("to renew", sorted(row["order"] for row in self.office.see("scm.lapsed")))
        for order in self.office.journal["to renew"]:
            self.office.do(f"renew {order}", "scm.reservation.renew", order=order)
        self.office.rest("renewed")
