"""The firms in which human resources' stories happen; each test has its own, on both databases."""

from __future__ import annotations

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import Enterprises
from tests.hrm.firm import Firm


@pytest.fixture
def firm(enterprise: Enterprises, clock: Clock) -> Firm:
    """A kitchen and a shop that is a part of sales; cooks and sellers are wanted, nobody is hired yet."""
    return Firm(enterprise("hrm", furnished=staffable), clock, known=True)


@pytest.fixture
def books(enterprise: Enterprises, clock: Clock) -> Firm:
    """The same, where books are kept."""
    return Firm(enterprise("erp", "hrm", furnished=staffable), clock, known=True)


def staffable(kernel: Kernel) -> None:
    furnished(Firm(kernel, Clock()))


def furnished(firm: Firm) -> Firm:
    departments = [
        {"department": "KITCHEN", "cost_centre": "K1"},
        {"department": "SALES", "cost_centre": "S1"},
        {"department": "SHOP", "parent": "SALES"},
    ]
    firm.hr("department.register", departments=departments)
    firm.hr("position.register", positions=[{"position": "COOK"}, {"position": "SELLER"}])
    firm.deliver()
    return firm
