"""The shops in which ERP's stories happen; each test has its own, on both databases."""

from __future__ import annotations

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.enterprises import Enterprises
from tests.erp.shop import Shop


@pytest.fixture
def shop(enterprise: Enterprises) -> Shop:
    """A tea shop in London with three items, two customers and nothing sold yet."""
    return Shop(enterprise("erp", furnished=opened))


def opened(kernel: Kernel) -> None:
    shop = Shop(kernel)
    shop.item("TEA", "2.50", title="Green tea", tax_category="standard")
    shop.item("POT", "12.99", title="Teapot", tax_category="standard")
    shop.item("POST", "3.50", title="Postage", kind="service")
    shop.account("C1", name="Ann Lee", kind="person")
    shop.account("C2", name="Bo Ltd")
