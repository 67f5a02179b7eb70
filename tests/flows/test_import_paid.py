"""With payments and without a warehouse, what a file says was sold leaves when it is paid, and not before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.errors import Refused
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.enterprises import drain
from fenbu.work import Actor
from tests.flows import retail
from tests.flows.retail import line, rows, run, total, write

SALE = line() + line(item="POST", quantity="1", price="18.00", title="POSTAGE")


def build(url: str) -> None:
    retail.build(url)
    with Kernel.open(url, actor=Actor(retail.OWNER)) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["payments"]})


@pytest.fixture
def shop(database_copy: DatabaseCopy) -> Iterator[Kernel]:
    with Kernel.open(database_copy("retail and payments", build), actor=Actor(retail.OWNER)) as kernel:
        yield kernel


def test_an_order_that_waits_for_its_payment_is_fulfilled_when_that_comes(
    shop: Kernel, tmp_path: Path
) -> None:
    report = run(shop, write(tmp_path, SALE))
    assert (report.imported["sale"].documents, report.rejected.documents) == (1, 0)
    [order] = rows(shop, "erp.orders")
    assert rows(shop, "erp.invoices") == []
    [payment] = rows(shop, "payments.payments")
    assert payment["state"] == "requested"

    shop.perform("payments.payment.confirm", {"payment": payment["payment"]})
    drain(shop)
    assert total(rows(shop, "erp.invoices"), "total") == order["total"]
    by = sorted(row["fulfiller"] for row in rows(shop, "erp.fulfilments"))
    assert by == ["erp", "online_retail"], "the postage when it was released, the goods after it"


def test_an_order_on_account_is_fulfilled_and_invoiced_on_its_day(shop: Kernel, tmp_path: Path) -> None:
    shop.perform("fenbu.setting.set", {"module": "payments", "name": "orders", "value": "on_account"})
    run(shop, write(tmp_path, SALE))
    assert {str(row["day"]) for row in rows(shop, "erp.invoices")} == {"2010-12-01"}


def test_what_was_paid_and_is_being_handed_over_cannot_be_cancelled(shop: Kernel, tmp_path: Path) -> None:
    run(shop, write(tmp_path, SALE))
    shop.perform("fenbu.flow.pause", {"subscription": "online_retail.released"})
    shop.perform("payments.payment.confirm", {"payment": "PAY-00000001"})
    drain(shop)
    [order] = rows(shop, "erp.orders")
    with pytest.raises(Refused, match="handed over when it was paid"):
        shop.perform("erp.order.cancel", {"order": order["order"], "reason": "changed my mind"})
