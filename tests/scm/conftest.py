"""The shops in which the supply chain's stories happen; each test has its own, on both databases."""

from __future__ import annotations

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.enterprises import Enterprises
from tests.scm.depot import Depot


@pytest.fixture
def depot(enterprise: Enterprises) -> Depot:
    """A tea shop with a warehouse: 10 teas at 1.00, 3 pots at 4.00, two customers, nothing sold yet."""
    return Depot(enterprise("erp", "scm", furnished=stocked))


@pytest.fixture
def swift(enterprise: Enterprises) -> Depot:
    """The same, where shipments leave as soon as they are opened."""
    return Depot(enterprise("erp", "scm", settings={"scm": {"dispatch": "auto"}}, furnished=stocked))


def stocked(kernel: Kernel) -> None:
    furnished(Depot(kernel))


def furnished(depot: Depot) -> Depot:
    depot.item("TEA", "2.50", title="Green tea", tax_category="standard")
    depot.item("POT", "12.99", title="Teapot", tax_category="standard")
    depot.item("POST", "3.50", title="Postage", kind="service")
    depot.account("C1")
    depot.account("C2")
    depot.receive(("TEA", 10, "1.00"), ("POT", 3, "4.00"), source="opening")
    depot.deliver()
    return depot
