"""ERP as a module: what a new enterprise has, and what stays when ERP goes and comes back."""

from __future__ import annotations

from fenbu.engine.catalog.reference import resolve
from fenbu.testing.enterprises import Enterprises
from fenbu_erp.manifest import MANIFEST
from tests.erp.shop import Shop


def test_every_action_says_what_its_input_is_and_which_document_it_is_about() -> None:
    for action in MANIFEST.actions:
        schema = resolve(action.input).model_json_schema()
        assert schema["description"], action.name
        if action.subject:
            assert action.subject in schema["properties"], action.name


def test_what_a_new_enterprise_has(enterprise: Enterprises) -> None:
    shop = Shop(enterprise("erp"))
    assert [row["account"] for row in shop.rows("accounts")] == ["WALK-IN"]
    assert {row["category"]: str(row["rate"].normalize()) for row in shop.rows("taxes")} == {
        "none": "0",
        "standard": "0.2",
    }
    assert len(shop.rows("chart")) == 26
    assert shop.unhealthy() == {}


def test_data_stays_when_the_module_goes_and_comes_back(shop: Shop) -> None:
    order = shop.sold(("TEA", 2), account="C1")
    shop.kernel.perform("fenbu.module.disable", {"module": "erp", "how": "drain"})
    shop.kernel.perform("fenbu.module.enable", {"modules": ["erp"]})
    assert shop.axes(order) == ("done", "done", "open")
    assert len(shop.rows("chart")) == 26
    assert shop.sold(("TEA", 1), account="C1") == "SO-00000002"
    assert shop.unhealthy() == {}
