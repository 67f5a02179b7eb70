"""The demo's shop on a known evening: the same to the last event at every run, for pictures and snapshots.

It has traded under a clock that ends at `EVENING`, in a folder that is thrown away, as the user ``ada``, and has
followed a plan of four stages of which three are applied. Durations never are the same, and are told as 0 ms.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

from fenbu.cli.demo import shop
from fenbu.cli.demo.clock import Clock
from fenbu.cli.demo.growth import Growth
from fenbu.cli.demo.stages import STAGES
from fenbu.cli.demo.story import most_told
from fenbu.cli.demo.trade import Trade
from fenbu.cli.running import run
from fenbu.engine.flows import batch, worker
from fenbu.engine.kernel import Kernel
from tools.tour import terminal

EVENING = datetime(2026, 3, 2, 18, 0, tzinfo=UTC)
URL = "sqlite:///fenbu.db"
LAST = ((26, "ASM-100"), (24, "TIN-01"), (21, "FIL-01"), (17, "KEE-100"), (16, "CUP-06"), (12, "LSS-100"),
        (9, "TIN-01"), (7, "PUE-050"), (4, "WHI-01"), (3, "DHP-100"), (1, "GAI-01"))  # fmt: skip
"""Minutes before the evening, and what somebody orders then; the last order is not delivered yet."""
BUYER = "P-031"
PLAN = """\
name = "harbour-tea"
version = 1
title = "From orders on paper to one back office"
sponsor = "Managing director"
owner = "Head of operations"
kernel = ">=1,<2"

[modules.erp]
[modules.crm]
[modules.payments]
[modules.scm]
[modules.hrm]
[modules.online_retail]

[[stages]]
name = "information"
goal = "Orders, invoices and customers stand in one place"
title = "Information flow"
modules = ["erp", "crm"]

[[stages]]
name = "capital"
goal = "Orders are paid before they leave"
title = "Capital flow"
modules = ["payments"]

[[stages]]
name = "goods"
goal = "Stock is what the books say"
title = "Goods flow and collaboration"
modules = ["scm", "hrm"]

[[stages.after]]
check = "erp.ledger_balanced"

[[stages.after]]
metric = "erp.orders_today"
must_be = ">= 1"
window = "2 weeks"
samples = 10

[[stages]]
name = "channels"
goal = "Orders come from the web by themselves"
title = "A second shop on the web"
modules = ["online_retail"]
"""
STAGES_APPLIED = 3


class _Still:
    """Stands in for `time` where deliveries are measured."""

    def perf_counter(self) -> float:
        """Return the same seconds at every reading."""
        return 0.0


@contextmanager
def evening(columns: int, orders: int) -> Iterator[str]:
    """Stand in the shop's folder on the evening; give the order to which most has happened.

    Args:
        columns: Of the terminal.
        orders: That the shop takes on its way through the stages; more follow on the evening.
    """
    with terminal(columns) as now, _in_turn():
        os.environ.pop("NO_COLOR", None)
        now.set(EVENING - timedelta(hours=1))
        order = _traded(orders)
        now.set(EVENING)
        yield order


@contextmanager
def _in_turn() -> Iterator[None]:
    """Let workers go round in one order, whatever the time takes."""
    with (
        patch.object(batch, "time", _Still()),
        patch.object(worker, "mix", lambda places: places.sort(key=repr)),
        patch.object(worker, "SLICE", float(sys.maxsize)),
    ):
        yield


def _traded(orders: int) -> str:
    """Let the shop grow and trade until this evening; return the order to which most has happened."""
    made = shop.make(1, orders, EVENING.astimezone(ZoneInfo(shop.TIME_ZONE)).date())
    clock = Clock(made.opening)
    with Kernel.init(
        URL, name=shop.NAME, currency=shop.CURRENCY, time_zone=shop.TIME_ZONE, clock=clock
    ) as kernel:
        worker = kernel.worker()
        trade = Trade(kernel, worker, clock, made)
        growth = Growth(kernel, trade, Path())
        for stage, season in zip(STAGES, made.seasons(len(STAGES)), strict=True):
            growth.live(stage, season, lambda _done: None)
        order = most_told(kernel)
        _roll_out()
        lines = [
            {"item": item, "quantity": 6, "unit_cost": "3.00"}
            for item in sorted({item for _minutes, item in LAST})
        ]
        clock.go_to(EVENING - timedelta(minutes=50))
        trade.do("scm.receipt.post", lines=lines, supplier="Pier Trading", reference="1204")
        for minutes, item in LAST:
            trade.deliver()
            clock.go_to(EVENING - timedelta(minutes=minutes))
            trade.do("erp.order.place", lines=[{"item": item, "quantity": 1}], channel="web", account=BUYER)
        worker.close()
        kernel.seal_audit()
        return order


def _roll_out() -> None:
    """Say which plan the shop has followed."""
    Path("rollout.toml").write_text(PLAN, encoding="utf-8")
    for _stage in range(STAGES_APPLIED):
        with io.StringIO() as told, contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            if run(["--database", URL, "apply", "-y", "rollout.toml"]):
                raise SystemExit(told.getvalue())
