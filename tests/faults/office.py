"""An office that dies now and then: it performs and delivers, and goes on where its journal ends."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from attrs import frozen
from sqlalchemy import text

from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import page
from fenbu.errors import Refused
from fenbu_payments.gateways.sandbox import sign
from fenbu_payments.sandbox import UNSIGNED
from fenbu_payments.sandbox.bank import Bank

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEASE = timedelta(seconds=31)
"""A little more than a call may take before another worker tries it: what a death moves the clock by."""


@frozen
class Place:
    """Where a business lives, and how large it is."""

    url: str
    folder: Path
    seed: int = 1
    orders: int = 1

    @property
    def bank(self) -> Path:
        """The bank's own record."""
        return self.folder / "bank.db"

    def clear(self) -> None:
        """Forget what a former business has left beside its database."""
        for left in ("bank.db*", "journal", "hands/*", "rejects*"):
            for file in self.folder.glob(left):
                file.unlink()


class Office:
    """Performs and notes what it performed, delivers, lets in what the bank tells."""

    kernel: Kernel

    def __init__(self, place: Place, bank: Bank, began: float, died: int) -> None:
        self.place, self.bank, self._began, self._died = place, bank, began, died
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
        except Refused:
            return self.note(key, None)

    def rest(self, name: str) -> None:
        """Deliver, call, and let in notices until nothing is left; a person tries again what had to be given up."""
        if name not in self.journal:
            self.go_on()
            self.note(name, True)

    def go_on(self) -> None:
        """Do what gets on without anybody asking for it."""
        while self._drained() or self._told() or self._helped():
            pass

    def let_pass(self, days: int) -> None:
        """Let days pass, here and at the bank."""
        if self.journal.get("days", 0) < days:
            self.note("days", days)
            self._tell_bank()

    def see(self, view: str) -> list[dict[str, Any]]:
        """Return the rows of a view."""
        with self.kernel.read(view.partition(".")[0]) as work:
            return [dict(row) for row in page(work, self.kernel.assembly.view(view), limit=10_000).rows]

    @property
    def pending(self) -> bool:
        """Somebody has yet to tell what became of money that moves."""
        moving = ("capturing", "voiding", "refunding")
        if any(row[name] for row in self.see("payments.payments") for name in moving):
            return True
        return any(row["state"] != "paid" for row in self.see("payments.payouts")) or bool(self.bank.untold())

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
