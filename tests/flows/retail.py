"""A gift shop with ERP and its importer, and invoice lines as its till writes them."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from fenbu.engine.importing import profiles
from fenbu.engine.importing.report import Report
from fenbu.engine.importing.run import Options, import_file
from fenbu.engine.kernel import Kernel
from fenbu.engine.reading import page
from fenbu.work import Actor
from tools.constraints import ROOT

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
OWNER = "ada"


def build(url: str) -> None:
    """Found the shop, with nothing sold yet."""
    with Kernel.init(
        url, name="Gift shop", currency="GBP", time_zone="Europe/London", os_user=OWNER
    ) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["erp", "online_retail"]})
        kernel.worker().drain()


def line(
    invoice: str = "536365",
    item: str = "85123A",
    quantity: str = "6",
    price: str = "2.55",
    customer: str = "17850.0",
    *,
    title: str = "WHITE HANGING HEART",
    sold: str = "2010-12-01 08:26:00",
    country: str = "United Kingdom",
) -> str:
    return f"{invoice},{item},{title},{quantity},{sold},{price},{customer},{country}\n"


def write(folder: Path, *lines: str, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_text(HEADER + "".join(lines), encoding="utf-8")
    return path


def run(kernel: Kernel, path: Path, **options: Any) -> Report:
    """Import a file, and deliver what it sets going."""
    return import_file(
        kernel, profiles.find(kernel, "online_retail"), path, Options(**{"deliver": True, **options})
    )


def imported(url: str, path: Path) -> None:
    """Import a file in a process that may be killed and started again."""
    with Kernel.open(url, actor=Actor(OWNER)) as kernel:
        run(kernel, path, rejects=path.with_name("rejects.csv"))


def rows(kernel: Kernel, view: str) -> list[dict[str, Any]]:
    """Return all rows of a view."""
    found: list[dict[str, Any]] = []
    after = ""
    with kernel.read(view.partition(".")[0]) as work:
        while True:
            part = page(work, kernel.assembly.view(view), after=after, limit=500)
            found += [dict(row) for row in part.rows]
            if part.next is None:
                return found
            after = part.next


def total(found: Iterable[dict[str, Any]], column: str) -> Decimal:
    return sum((row[column] for row in found), Decimal(0))


def real_data() -> Path | None:
    """Return the folder of the real orders, or None where there is none."""
    folder = Path(os.environ.get("FENBU_DATA") or ROOT.parent / "shared" / "data") / "online_retail"
    return folder if (folder / "small" / "orders.csv.gz").is_file() else None


def first_documents(path: Path, count: int, target: Path) -> Path:
    """Write the first documents of a gzipped file into another, plain."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as source:
        header = next(source)
        kept: list[str] = [header]
        seen: set[str] = set()
        for text in source:
            reference = text.partition(",")[0]
            if reference not in seen and len(seen) == count:
                break
            seen.add(reference)
            kept.append(text)
    target.write_text("".join(kept), encoding="utf-8")
    return target
