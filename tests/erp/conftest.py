"""The shops in which ERP's stories happen; each test has its own, on both databases."""

from __future__ import annotations

import pytest

from fenbu.testing.enterprises import Enterprises
from tests.erp.shop import Shop


@pytest.fixture
def shop(enterprise: Enterprises) -> Shop:
    """A tea shop in London with three items, two customers and nothing sold yet."""
    opened = Shop(enterprise("erp"))
    opened.item("TEA", "2.50", title="Green tea", tax_category="standard")
    opened.item("POT", "12.99", title="Teapot", tax_category="standard")
    opened.item("POST", "3.50", title="Postage", kind="service")
    opened.account("C1", name="Ann Lee", kind="person")
    opened.account("C2", name="Bo Ltd")
    return opened
