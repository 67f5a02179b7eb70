"""What a file of invoice lines comes to, counted in plain Python, as the publisher of the data reads it."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

Row = dict[str, str]
ZERO = Decimal(0)
SERVICES = ["AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "PADS", "POST", "S", "m"]
PIECES = {
    "sale": "goods_sold_pieces",
    "return": "goods_returned_pieces",
    "stock_adjustment": "goods_adjusted_pieces",
}


def documents(file: Path) -> dict[str, list[Row]]:
    """Return the rows of each document."""
    found: dict[str, list[Row]] = defaultdict(list)
    opened = gzip.open if file.suffix == ".gz" else Path.open
    with opened(file, "rt", encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            found[row["InvoiceNo"]].append(row)
    return found


def kind_of(number: str, rows: list[Row]) -> str:
    if number.startswith("C"):
        return "return"
    if number.startswith("A"):
        return "journal"
    return "sale" if any(Decimal(row["UnitPrice"]) > 0 for row in rows) else "stock_adjustment"


def is_goods(row: Row) -> bool:
    return row["StockCode"] not in SERVICES and not row["StockCode"].startswith("gift_")


def amount(row: Row) -> Decimal:
    worth = Decimal(row["Quantity"]) * Decimal(row["UnitPrice"])
    return worth.quantize(Decimal("0.01"), ROUND_HALF_UP)


def expected(file: Path) -> dict[str, Any]:
    """Return what a file comes to, in the form of the publisher's ``expected.json``."""
    kinds: dict[str, dict[str, Any]] = {}
    months: dict[str, dict[str, dict[str, Any]]] = {}
    pieces = dict.fromkeys(PIECES.values(), ZERO)
    for number, rows in documents(file).items():
        kind = kind_of(number, rows)
        told = {"documents": 1, "lines": len(rows), "amount": sum(map(amount, rows), ZERO)}
        told["quantity"] = sum((Decimal(row["Quantity"]) for row in rows), ZERO)
        _add(kinds.setdefault(kind, {}), told)
        _add(months.setdefault(rows[0]["InvoiceDate"][:7], {}).setdefault(kind, {}), told)
        if kind in PIECES:
            goods = sum((Decimal(row["Quantity"]) for row in rows if is_goods(row)), ZERO)
            pieces[PIECES[kind]] += -goods if kind == "return" else goods
    return {"by_kind": kinds, "by_month": months, **pieces}


def _add(sums: dict[str, Any], told: dict[str, Any]) -> None:
    for name, value in told.items():
        sums[name] = sums.get(name, 0) + value


def some_documents(file: Path, target: Path, **wanted: int) -> Path:
    """Write the first documents of each kind (``sale=30``) of a file into another, in their order."""
    left = dict(wanted)
    kept = []
    for number, rows in documents(file).items():
        kind = kind_of(number, rows)
        if left.get(kind, 0) > 0:
            left[kind] -= 1
            kept += rows
    with target.open("w", encoding="utf-8", newline="") as part:
        writer = csv.DictWriter(part, list(kept[0]))
        writer.writeheader()
        writer.writerows(kept)
    return target


def stock_for(file: Path, costs: dict[str, Decimal], target: Path) -> dict[str, Any]:
    """Write a list of stock that suffices for a file, but of one article in twenty only half of what is sold.

    Articles that the list of costs does not name are left out. Returns what is in it, as ``expected.json`` does.
    """
    sold: dict[str, Decimal] = defaultdict(Decimal)
    lost: dict[str, Decimal] = defaultdict(Decimal)
    for number, rows in documents(file).items():
        kind = kind_of(number, rows)
        for row in filter(is_goods, rows):
            if kind == "sale":
                sold[row["StockCode"]] += Decimal(row["Quantity"])
            elif kind == "stock_adjustment":
                lost[row["StockCode"]] += max(ZERO, -Decimal(row["Quantity"]))
    pieces = {}
    for place, code in enumerate(sorted({*sold, *lost} & set(costs))):
        pieces[code] = lost[code] + (sold[code] // 2 if place % 20 == 7 else sold[code])
    lines = [f"{code},{many},{costs[code]}\n" for code, many in pieces.items()]
    target.write_text("code,quantity,unit_cost\n" + "".join(lines), encoding="utf-8")
    return {"opening_stock_items": len(pieces), "opening_stock_pieces": sum(pieces.values(), ZERO)}


def in_months(told: dict[str, Any], kind: str) -> dict[str, tuple[int, Decimal]]:
    """Return documents and amount of a kind by month, without signs."""
    return {
        month: (int(kinds[kind]["documents"]), abs(Decimal(kinds[kind]["amount"])))
        for month, kinds in told["by_month"].items()
        if kind in kinds
    }
