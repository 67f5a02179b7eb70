"""A worker that is killed at any moment posts each payroll once, and pays it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.databases import Databases, Kind
from fenbu.testing.enterprises import OWNER
from tests.faults import killing
from tests.hrm.conftest import furnished
from tests.hrm.firm import BO, NET, WAGES, Firm
from tests.hrm.worker import lived

MONTHS = ("2026-01", "2026-02", "2026-03")
DEATHS = 6


def build(url: str) -> None:
    """Found a firm with three payrolls that are approved, and nobody has heard of it."""
    told = {"name": "Tea house", "currency": "GBP", "time_zone": "Europe/London"}
    clock = Clock()
    with Kernel.init(url, **told, os_user=OWNER.name, clock=clock) as kernel:
        kernel.perform("fenbu.module.enable", {"modules": ["erp", "payments", "hrm"]})
        firm = furnished(Firm(kernel, clock))
        firm.withheld()
        firm.hire("E1")
        firm.hire("E2", "5000", department="SHOP")
        for period in MONTHS:
            firm.hr("payroll.approve", run=firm.reviewed(period), by=BO)


@pytest.fixture
def url(databases: Databases, database_kind: Kind) -> Iterator[str]:
    server = databases.server(database_kind)
    made = server.copy("approved payrolls", build)
    yield made
    server.drop(made)


@pytest.mark.slow
def test_a_worker_that_is_killed_posts_and_pays_each_payroll_once(url: str) -> None:
    died = sum(killing.killed(lived, url, kill=kill) for kill in killing.kills(7, DEATHS, total=180))
    killing.killed(lived, url)
    assert died >= 2
    clock = Clock()
    with Kernel.open(url, actor=OWNER, clock=clock) as kernel:
        firm = Firm(kernel, clock, known=True)
        runs = sorted(row["run"] for row in firm.look("payrolls"))
        assert sorted(row["document"] for row in firm.entries()) == runs
        assert [firm.balance(WAGES), firm.balance(NET)] == [24_000, -17_100]
        assert Counter(event["document"] for event in firm.events("payments.payout-requested")) == Counter(
            runs
        )
        assert {row["payment"] for row in firm.look("payrolls")} == {"requested"}
        assert firm.ill() == {}
