"""The houses in which the stories of CRM happen; each test has its own, on both databases."""

from __future__ import annotations

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.enterprises import Enterprises
from tests.crm.bureau import Bureau, furnished


@pytest.fixture
def bureau(enterprise: Enterprises, clock: Clock) -> Bureau:
    """CRM alone."""
    return Bureau(enterprise("crm"), clock)


@pytest.fixture
def shop(enterprise: Enterprises, clock: Clock) -> Bureau:
    """A tea shop with ERP and CRM from the first day: tea at 3.00 with tax, accounts A1 and A2."""
    return Bureau(enterprise("erp", "crm", furnished=trading), clock)


@pytest.fixture
def plain(enterprise: Enterprises, clock: Clock) -> Bureau:
    """The same shop before it has CRM."""
    return Bureau(enterprise("erp", furnished=trading), clock)


def trading(kernel: Kernel) -> None:
    furnished(Bureau(kernel, Clock()))
