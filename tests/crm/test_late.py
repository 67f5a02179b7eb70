"""CRM that comes late: it reads what it missed, in any order, through any death, and is what it would have been."""

from __future__ import annotations

from pathlib import Path

import pytest

from fenbu.engine.flows import history
from fenbu.engine.importing.report import Report
from fenbu.engine.kernel import Kernel
from fenbu.testing.clock import Clock
from fenbu.testing.databases import DatabaseCopy
from fenbu.testing.enterprises import OWNER, drain
from tests.crm import catching
from tests.crm.bureau import Bureau
from tests.crm.test_timeline import trade
from tests.flows import retail

DATA = retail.real_data()


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("first", ["crm.accounts", "crm.timeline", "crm.modules"])
def test_whichever_subscription_hears_first_the_end_is_the_same(
    shop: Bureau, plain: Bureau, first: str
) -> None:
    """Each is paused while business goes on, and hears of it after the one before has heard all."""
    names = [first, *({"crm.accounts", "crm.timeline", "crm.modules"} - {first})]
    for name in names:
        shop.kernel.perform("fenbu.flow.pause", {"subscription": name, "reason": "test"})
    for house in (shop, plain):
        house.account("A7", kind="person")
        house.bought("A7")
        trade(house)
    for name in names:
        shop.kernel.perform("fenbu.flow.resume", {"subscription": name})
        shop.deliver()
    plain.enable("crm")
    assert shop.ill() == {}
    assert shop.facts() == plain.facts()


@pytest.mark.databases("sqlite")
def test_catching_up_says_how_far_it_has_come(plain: Bureau) -> None:
    for _number in range(3):
        trade(plain)
    plain.kernel.perform("fenbu.module.enable", {"modules": ["crm"]})
    shares = []
    worker = plain.kernel.worker()
    while True:
        with plain.kernel.read() as work:
            found = {one.subscription: one.share for one in history.progress(work.connection)}
        shares.append(found.get("crm.timeline", 1.0))
        if not worker.turn():
            break
    worker.close()
    assert shares[0] < 0.2
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    rows = {row["subscription"]: row for row in _subscriptions(plain)}
    assert rows["crm.timeline"]["history_end"] == 0


def test_people_work_while_crm_catches_up(plain: Bureau) -> None:
    """Orders go on, and those placed meanwhile are in the timeline behind what was before."""
    trade(plain)
    plain.kernel.perform("fenbu.module.enable", {"modules": ["crm"]})
    order = plain.order(("TEA", 1), account="A1")
    customer = plain.crm("customer.register", name="Acme")["customer"]
    plain.deliver()
    plain.crm("customer.link", customer=customer, account="A1")
    assert ("erp.order-placed", order) in plain.story(customer)
    assert plain.ill() == {}


@pytest.mark.slow
def test_a_catching_up_that_is_killed_goes_on_where_it_was(plain: Bureau) -> None:
    """Deaths before any statement or commit; nothing is told twice or not at all."""
    for _number in range(6):
        trade(plain)
    plain.kernel.perform("fenbu.module.enable", {"modules": ["crm"]})
    died = catching.catch_up_dying(str(plain.kernel.database.url), times=6, seed=7, spread=80)
    assert died >= 3
    facts = plain.facts()
    assert plain.ill() == {}
    plain.replay()
    assert plain.facts() == facts
    assert len(plain.look("timeline", topic="erp.order-placed")) == 24


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    DATA is None, reason="the real orders are not here; FENBU_DATA names the folder that holds them"
)
def test_the_first_days_of_a_real_shop_read_late_are_what_they_were_live(
    database_copy: DatabaseCopy, tmp_path: Path
) -> None:
    told = []
    for modules in (("crm",), ()):
        with Kernel.open(database_copy("retail", retail.build), actor=OWNER) as kernel:
            if modules:
                kernel.perform("fenbu.module.enable", {"modules": modules})
            report = first_documents(kernel, tmp_path, 30)
            if not modules:
                kernel.perform("fenbu.module.enable", {"modules": ["crm"]})
                drain(kernel, timeout=300)
            assert report.waiting == 0
            shop = Bureau(kernel, Clock())
            assert shop.ill() == {}
            told.append(shop.facts())
    assert told[0] == told[1]


def first_documents(kernel: Kernel, folder: Path, count: int) -> Report:
    """Import the first documents of the real file."""
    assert DATA is not None
    file = retail.first_documents(DATA / "small" / "orders.csv.gz", count, folder / "first.csv")
    return retail.run(kernel, file, rejects=folder / "rejects.csv")


def _subscriptions(shop: Bureau) -> list[dict[str, object]]:
    from fenbu.engine.reading import page

    with shop.kernel.read() as work:
        view = shop.kernel.assembly.view("fenbu.subscriptions")
        return [dict(row) for row in page(work, view, limit=100).rows]
