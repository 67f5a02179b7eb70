"""ERP holds to the rules of the house, as every module's author can ask of theirs."""

from __future__ import annotations

from fenbu.engine.kernel import Kernel
from fenbu.testing.conformance import Conformance
from tests.erp.shop import Shop


class TestErp(Conformance):
    module = "erp"

    def use(self, kernel: Kernel) -> None:
        shop = Shop(kernel)
        shop.item("TEA", "3.50")
        shop.item("CUP", "7.25")
        for account in ("A-1", "A-2"):
            shop.account(account)
            shop.sold(("TEA", 3), ("CUP", 1), account=account)
        shop.order(("CUP", 2), account="A-1")
