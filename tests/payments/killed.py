"""A worker in a process of its own that dies by SIGKILL before a statement or commit, at a shop paid by card."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path
from random import Random

from sqlalchemy import Engine, event, text

from fenbu.engine import canonical
from fenbu.engine.flows import retry
from fenbu.engine.kernel import Kernel
from fenbu.work import Actor
from fenbu_payments.sandbox.bank import Bank

OWNER = Actor("ada")
ORDERS = 6
PATIENCE = 120.0
STATEMENTS = 800
"""About what a third of the business takes; deaths are spread over it."""
LEASE = 31_000_000
"""Microseconds: a little more than a call may take before another worker tries it."""

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "fenbu.engine.kernel",
        "fenbu_erp.flows",
        "fenbu_erp.views",
        "fenbu_payments.calls",
        "fenbu_payments.views",
    ]
)


class Shop:
    """The same business every time: orders placed, some cancelled in part, some given back."""

    def __init__(self, url: str, file: Path, seed: int, kills: int) -> None:
        self.url, self.file, self.chance, self.kills = url, file, Random(seed), kills
        self.died = 0
        with Bank(file) as bank:
            bank.share("timeout", 0.2, seed=seed)
            bank.share("outage", 0.15, seed=seed)

    def build(self) -> None:
        with Kernel.init(
            self.url, name="Harbour Tea", currency="GBP", time_zone="Europe/London", os_user=OWNER.name
        ) as kernel:
            kernel.perform("fenbu.module.enable", {"modules": ["erp", "payments"]})
            card = {"name": "card", "kind": "sandbox", "file": str(self.file)}
            gateways = [{"name": "manual", "kind": "manual"}, card]
            for name, value in (("gateways", gateways), ("gateway", "card")):
                kernel.perform("fenbu.setting.set", {"module": "payments", "name": name, "value": value})
            kernel.perform("erp.item.register", {"items": [{"item": "TEA"}]})
            kernel.perform("erp.price.set", {"item": "TEA", "unit_price": "2.50", "since": "2025-01-01"})
            kernel.perform("erp.account.register", {"accounts": [{"account": "C1"}]})

    def live(self) -> str:
        """Do the business, with a worker that dies now and then; return the canonical export."""
        self.build()
        with Kernel.open(self.url, actor=OWNER) as kernel:
            orders = []
            for quantity in range(1, ORDERS + 1):
                line = {"item": "TEA", "quantity": quantity + 1}
                orders.append(
                    kernel.perform("erp.order.place", {"account": "C1", "lines": [line]}).answer["order"]
                )
            self.work(kernel)
            for order in orders:
                part = {"lines": [{"line": 1, "quantity": 1}]} if order in orders[::2] else {}
                kernel.perform("erp.order.fulfil", {"order": order, **part})
            for order in orders[::2]:
                kernel.perform("erp.order.cancel", {"order": order, "reason": "enough"})
            self.work(kernel)
            for order in orders[1::3]:
                kernel.perform("erp.credit-note.issue", {"order": order, "payout": True})
            self.work(kernel)
            return canonical.text(kernel)

    def work(self, kernel: Kernel) -> None:
        """Let workers live and die, and the last one finish."""
        times = self.kills // 3
        for _death in range(times):
            self.died += _run(self.url, self.died, kill_at=self.chance.randint(1, STATEMENTS // times))
        while True:
            _run(self.url, self.died, kill_at=0)
            with kernel.read() as work:
                dead = work.execute(text("SELECT id FROM fenbu_call WHERE state = 'dead'")).scalars().all()
            for call in dead:
                kernel.perform("fenbu.flow.retry", {"call": call})
            if not dead:
                return


def _run(url: str, died: int, kill_at: int) -> bool:
    """Let a worker drain until it is killed; return whether it was."""
    process = _processes.Process(target=_drain, args=(url, died, kill_at))
    process.start()
    process.join(PATIENCE)
    if process.exitcode not in (0, -signal.SIGKILL):
        process.kill()
        raise AssertionError(f"the worker ended with {process.exitcode}")
    return process.exitcode != 0


def _drain(url: str, died: int, kill_at: int) -> None:
    """Drain with a clock on which the leases of those that died have ended."""
    count, ahead = 0, died * LEASE

    def clock() -> int:
        return time.time_ns() // 1000 + ahead

    def step(*_told: object) -> None:
        nonlocal count
        count += 1
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    retry.BASE_PAUSE = 2_000
    event.listen(Engine, "before_cursor_execute", step)
    event.listen(Engine, "commit", lambda _connection: step())
    with Kernel.open(url, actor=OWNER, clock=clock) as kernel:
        assert kernel.drain(timeout=60).finished
