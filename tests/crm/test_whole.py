"""All orders of a real shop: CRM that comes last is CRM that came first, and its segments are what pandas computes.

Proofs, for a quarter of an hour and more: the whole file is imported twice, once with CRM listening.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from attrs import frozen

from fenbu.engine.flows import history
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.databases import Databases, Kind
from fenbu.testing.enterprises import OWNER
from tests.crm import catching
from tests.crm.bureau import Bureau
from tests.flows import retail

DATA = retail.real_data()
SEGMENTS = {
    "[12][12]": "hibernating",
    "[12][34]": "at_risk",
    "[12]5": "cannot_lose",
    "3[12]": "about_to_sleep",
    "33": "need_attention",
    "[34][45]": "loyal",
    "41": "promising",
    "51": "new",
    "[45][23]": "potential_loyalists",
    "5[45]": "champions",
}
"""Scores of recency and frequency to segments, as they are usually written down."""

pytestmark = [
    pytest.mark.proof,
    pytest.mark.timeout(7200),
    pytest.mark.skipif(DATA is None, reason="the real orders are not here; FENBU_DATA names their folder"),
]


@frozen
class Houses:
    """One shop twice: CRM was there from the first order, or is still to come."""

    first: str
    late: Callable[[], str]
    """Gives a copy without CRM."""


@pytest.fixture(scope="module")
def houses(databases: Databases, database_kind: Kind) -> Iterator[Houses]:
    server = databases.server(database_kind)
    first = server.copy("whole with crm", build_first)
    yield Houses(first, lambda: server.copy("whole without crm", build_late))
    server.drop(first)


def build_first(url: str) -> None:
    """Import everything with CRM listening."""
    _build(url, ("crm",))


def build_late(url: str) -> None:
    """Import everything without CRM."""
    _build(url, ())


def _build(url: str, modules: tuple[str, ...]) -> None:
    retail.build(url)
    assert DATA is not None
    with Kernel.open(url, actor=OWNER) as kernel:
        if modules:
            kernel.perform("fenbu.module.enable", {"modules": modules})
            kernel.worker().drain()
        rejects = Path(f"{url.rpartition('/')[2]}-rejects.csv")
        report = retail.run(kernel, DATA / "orders.csv.gz", rejects=rejects)
        rejects.unlink(missing_ok=True)
        assert report.waiting == 0


def enable(url: str) -> int:
    """Enable CRM; return how many events it will read."""
    with Kernel.open(url, actor=OWNER) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["crm"]})
        return max(one.end for one in progress(kernel))


def progress(kernel: Kernel) -> list[history.Progress]:
    with kernel.read() as work:
        return history.progress(work.connection)


def facts(url: str) -> str:
    """Return the canonical export of CRM, which must be in good health."""
    with Kernel.open(url, actor=OWNER) as kernel:
        shop = Bureau(kernel, Clock())
        assert shop.ill() == {}
        return shop.facts()


def test_enabled_last_through_many_deaths_crm_is_what_it_is_enabled_first(houses: Houses) -> None:
    last_is_first(houses.first, houses.late())


def last_is_first(first: str, late: str) -> None:
    """Catch up, killed again and again, and compare."""
    events = enable(late)
    started, shares = time.monotonic(), []
    for life in range(8):
        ended = catching.catch_up(late, kill_at=4000 + 900 * life)
        with Kernel.open(late, actor=OWNER) as kernel:
            shares.append(min((one.share for one in progress(kernel)), default=1.0))
        if ended:
            break
    while not catching.catch_up(late):
        pass
    print(f"{events} events in {time.monotonic() - started:.0f} s; how far each life came: {shares}")
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1]
    assert facts(late) == facts(first)


def test_people_work_while_crm_reads_the_whole_history(houses: Houses) -> None:
    work_goes_on(houses.late())


def work_goes_on(late: str) -> None:
    """Place orders while a worker of its own catches up; times are reported, the orders must all be told."""
    enable(late)
    with Kernel.open(late, actor=OWNER) as kernel:
        shop = Bureau(kernel, Clock())
        shop.item("TEA", "2.50")
        quiet, _placed = _placing(shop, 60)
        with catching.catching_up(late):
            time.sleep(3)
            shares = [min((one.share for one in progress(kernel)), default=1.0)]
            busy, placed = _placing(shop, 60)
            shares.append(min((one.share for one in progress(kernel)), default=1.0))
        print(
            f"placing an order: {quiet:.1f} ms in quiet, {busy:.1f} ms while CRM catches up "
            f"(ratio {busy / quiet:.2f}; from {shares[0]:.0%} to {shares[1]:.0%} meanwhile)"
        )
        assert shares[0] < shares[1]
        assert shares[0] < 1
        while not catching.catch_up(late):
            pass
        told = {row["order"] for row in shop.look("timeline", customer="CA-17850", topic="erp.order-placed")}
        assert placed <= told
        assert shop.ill() == {}


def _placing(shop: Bureau, count: int) -> tuple[float, set[str]]:
    """Place orders one after another; return the median in milliseconds, and their numbers."""
    taken, placed = [], set()
    for _number in range(count):
        started = time.perf_counter()
        placed.add(shop.order(("TEA", 1), account="17850"))
        taken.append(1000 * (time.perf_counter() - started))
        time.sleep(0.02)
    return median(taken), placed


def test_segments_are_what_pandas_computes_from_the_file(houses: Houses) -> None:
    segments_agree(houses.first)


def segments_agree(url: str) -> None:
    """Compare every known customer."""
    assert DATA is not None
    expected = computed(DATA / "orders.csv.gz")
    with Kernel.open(url, actor=OWNER) as kernel:
        shop = Bureau(kernel, Clock())
        found = {
            str(row["customer"]).removeprefix("CA-"): (
                str(row["last_day"]),
                row["orders"],
                row["value"],
                row["recency"],
                row["frequency"],
                row["monetary"],
                row["segment"],
            )
            for row in shop.look("segments")
        }
    assert len(found) > 3000
    assert found == expected


def computed(file: Path) -> dict[str, tuple[Any, ...]]:
    """Compute recency, frequency and value of every known customer from the file, by another way than ours."""
    pd = pytest.importorskip("pandas")
    lines = pd.read_csv(file, dtype=str, keep_default_na=False)
    cent = Decimal("0.01")
    lines["amount"] = [
        (Decimal(quantity) * Decimal(price)).quantize(cent, ROUND_HALF_UP)
        for quantity, price in zip(lines["Quantity"], lines["UnitPrice"], strict=True)
    ]
    lines["priced"] = [Decimal(price) > 0 for price in lines["UnitPrice"]]
    lines["sale"] = lines["InvoiceNo"].str.isdigit() & lines.groupby("InvoiceNo")["priced"].transform("any")
    lines["customer"] = lines["CustomerID"].str.removesuffix(".0")
    lines["day"] = lines["InvoiceDate"].str.slice(0, 10)
    sold = lines[lines["sale"] & (lines["customer"] != "")]
    orders = sold.groupby("InvoiceNo").agg(
        customer=("customer", "first"), day=("day", "first"), total=("amount", "sum")
    )
    buyers = orders.groupby("customer").agg(
        last=("day", "max"), orders=("day", "count"), value=("total", "sum")
    )
    pence = (buyers["value"] * 100).astype("int64")
    days = pd.to_datetime(buyers["last"])
    for name, column in (("r", days), ("f", buyers["orders"]), ("m", pence)):
        buyers[name] = 1 + 5 * (column.rank(method="min").astype(int) - 1) // len(buyers)
    pair = buyers["r"].astype(str) + buyers["f"].astype(str)
    buyers["segment"] = pair.replace({f"^{scores}$": name for scores, name in SEGMENTS.items()}, regex=True)
    return {
        str(row.Index): (row.last, row.orders, row.value, row.r, row.f, row.m, row.segment)
        for row in buyers.itertuples()
    }
