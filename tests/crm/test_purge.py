"""CRM is purged, its package removed and installed again, and everything is as it was before."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fenbu.engine import canonical
from fenbu.engine.catalog.discovery import discover
from fenbu.engine.catalog.errors import ArchiveUnfit
from fenbu.engine.doctor import examine
from fenbu.errors import Refused
from tests.crm.bureau import Bureau
from tests.crm.test_timeline import trade


@contextmanager
def without(package: str) -> Iterator[None]:
    """While the body runs, a package is not installed, as far as anybody can see who looks for packages."""
    finder = importlib.metadata.MetadataPathFinder
    found = finder.find_distributions

    def others(*arguments: Any, **options: Any) -> Iterator[importlib.metadata.Distribution]:
        return (one for one in found(*arguments, **options) if one.name != package)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(finder, "find_distributions", others)
        discover(fresh=True)
        yield
    discover(fresh=True)


def lively(shop: Bureau) -> Bureau:
    """Let CRM have something of everything: customers, cases with a timer, consent, limits, what may be bought."""
    trade(shop)
    customer = shop.customer("Acme 有限公司")
    shop.crm("case.open", customer=customer, title="Late", text="Where is my tea?")
    shop.crm(
        "opportunity.open", customer="CA-A1", title="A year of tea", amount="99.95", close_on="2026-06-01"
    )
    shop.crm("credit.set", customer="CA-A2", amount="500")
    return shop


def books(shop: Bureau) -> str:
    return canonical.text(shop.kernel, ["crm", "erp"])


def purge(shop: Bureau, file: Path) -> dict[str, Any]:
    return dict(shop.kernel.perform("fenbu.module.purge", {"module": "crm", "archive": file}).answer)


def unarchive(shop: Bureau, file: Path) -> dict[str, Any]:
    return dict(shop.kernel.perform("fenbu.module.unarchive", {"archive": file}).answer)


def state(shop: Bureau) -> str:
    return str(shop.kernel.modules(fresh=True).by_name["crm"].state)


def crm_tables(shop: Bureau) -> list[str]:
    from sqlalchemy import inspect

    with shop.kernel.database.read() as connection:
        return [name for name in inspect(connection).get_table_names() if "crm" in name]


@pytest.mark.parametrize("how", ["park", "waive"])
def test_purged_removed_installed_brought_back_and_enabled_crm_is_what_it_was(
    shop: Bureau, tmp_path: Path, how: str
) -> None:
    before = books(lively(shop))
    shop.disable(how)
    with without("fenbu-crm"):
        assert state(shop) == "missing"
        assert "fenbu purge crm" in shop.kernel.modules().by_name["crm"].advice
        purged = purge(shop, tmp_path / "crm.gz")
        assert (state(shop), crm_tables(shop)) == ("purged", [])
        with pytest.raises(ArchiveUnfit, match="its package is not installed") as refused:
            unarchive(shop, tmp_path / "crm.gz")
        assert refused.value.hint == "install fenbu-crm 0.1.0, then try again"
    assert unarchive(shop, tmp_path / "crm.gz")["rows"] == purged["rows"]
    assert state(shop) == "disabled"
    shop.enable("crm")
    assert books(shop) == before
    assert {one.check.name for one in examine(shop.kernel) if one.finding.health != "ok"} == set()


def test_what_happened_while_crm_was_in_its_archive_is_caught_up_with(
    shop: Bureau, plain: Bureau, tmp_path: Path
) -> None:
    """Like in a shop that enables CRM at the very end."""
    for house in (shop, plain):
        trade(house)
    shop.disable("waive")
    purge(shop, tmp_path / "crm.gz")
    for house in (shop, plain):
        house.account("A7", kind="person")
        house.bought("A7", 3)
        trade(house)
    unarchive(shop, tmp_path / "crm.gz")
    shop.enable("crm")
    plain.enable("crm")
    assert shop.facts() == plain.facts()
    assert shop.ill() == {}


def test_started_anew_after_purging_crm_reads_everything_from_the_beginning(
    shop: Bureau, plain: Bureau, tmp_path: Path
) -> None:
    for house in (shop, plain):
        trade(house)
    shop.disable("waive")
    purge(shop, tmp_path / "crm.gz")
    shop.enable("crm")
    plain.enable("crm")
    assert set(plain.facts().splitlines()) <= set(shop.facts().splitlines())
    assert shop.ill() == {}
    with pytest.raises(Refused, match="crm has data here"):
        unarchive(shop, tmp_path / "crm.gz")
