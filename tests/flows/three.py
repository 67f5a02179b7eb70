"""The gift shop with ERP, the supply chain and payments: stock on shelves, cards at the till, goods leave at once."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from fenbu.engine.importing import profiles
from fenbu.engine.importing.report import Report
from fenbu.engine.importing.run import Options, import_file
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu_online_retail.codes import is_service
from tests.flows import retail

MODULES = ["erp", "scm", "payments", "online_retail"]
OPENING = "online_retail_stock"
MARGIN = Decimal("0.55")
"""What an article costs, as a share of its price, where the list of stock does not name it."""
UNPRICED = Decimal("0.50")


def build(url: str) -> None:
    """Found the shop with empty shelves; who pays by card has to be told (`take_cards`)."""
    with Kernel.init(
        url, name="Gift shop", currency="GBP", time_zone="Europe/London", os_user=retail.OWNER, clock=Clock()
    ) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": MODULES})
        _set(kernel, "scm", "dispatch", "auto")
        kernel.drain()


def take_cards(kernel: Kernel, sandbox: Path) -> None:
    """Let orders be paid at a sandbox of its own."""
    gateways = [
        {"name": "manual", "kind": "manual"},
        {"name": "card", "kind": "sandbox", "file": str(sandbox)},
    ]
    _set(kernel, "payments", "gateways", gateways)
    _set(kernel, "payments", "gateway", "card")


def stock_up(kernel: Kernel, file: Path, rejects: Path) -> Report:
    """Import the opening stock, and deliver."""
    found = profiles.find(kernel, OPENING)
    return import_file(kernel, found, file, Options(deliver=True, rejects=rejects))


def costs(file: Path) -> dict[str, Decimal]:
    """Return what one piece costs, by code, as the list of stock says."""
    with file.open(encoding="utf-8", newline="") as lines:
        return {row["code"]: Decimal(row["unit_cost"]) for row in csv.DictReader(lines)}


def value_unknown(kernel: Kernel, rejects: Path) -> int:
    """Do what the shop does about documents that were refused because nobody knows what their articles cost.

    It says what they are worth, so that the documents can be imported again; returns how many articles those were.
    """
    with rejects.open(encoding="utf-8", newline="") as lines:
        refused = list(csv.DictReader(lines))
    known = {row["item"] for row in retail.rows(kernel, "scm.items") if row["unit_cost"]}
    prices: dict[str, Decimal] = defaultdict(Decimal)
    for row in refused:
        if row["StockCode"] not in known and not is_service(row["StockCode"]):
            prices[row["StockCode"]] = max(prices[row["StockCode"]], Decimal(row["UnitPrice"]))
    for code, price in prices.items():
        kernel.perform("erp.item.register", {"items": [{"item": code}]})
        worth = (price * MARGIN).quantize(Decimal("0.0001")) or UNPRICED
        kernel.perform("scm.item.value", {"item": code, "unit_cost": worth})
    return len(prices)


def receive_what_is_short(kernel: Kernel, cost_of: dict[str, Decimal]) -> Decimal:
    """Post one receipt of exactly what orders wait for, and deliver; return how many pieces that were."""
    short: dict[str, Decimal] = defaultdict(Decimal)
    for row in retail.rows(kernel, "scm.backorders"):
        short[row["item"]] += row["short"]
    valued = {row["item"]: row["unit_cost"] for row in retail.rows(kernel, "scm.items")}
    lines = [
        {"item": code, "quantity": pieces, "unit_cost": cost_of.get(code, valued[code])}
        for code, pieces in sorted(short.items())
    ]
    kernel.perform("scm.receipt.post", {"lines": lines, "supplier": "The factory"})
    return sum(short.values(), Decimal(0))


def _set(kernel: Kernel, module: str, name: str, value: Any) -> None:
    kernel.perform("fenbu.setting.set", {"module": module, "name": name, "value": value})
