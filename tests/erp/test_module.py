"""ERP as a module: its manifest loads alone, its migrations make what its tables declare."""

from __future__ import annotations

import subprocess
import sys

from sqlalchemy import inspect

from fenbu.engine.catalog.reference import resolve
from fenbu.engine.store.migrations import differences, downgrade, pending, upgrade
from fenbu.testing.enterprises import Enterprises
from fenbu_erp.manifest import MANIFEST
from tests.erp.shop import Shop


def test_the_manifest_loads_without_its_tables() -> None:
    code = "import sys; import fenbu_erp.manifest; print(*(m for m in sys.modules if m.startswith('sqlalchemy')))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == ""


def test_everything_the_manifest_names_is_there() -> None:
    for reference in MANIFEST.references():
        assert resolve(reference) is not None, reference


def test_every_action_has_words_for_its_fields() -> None:
    for action in MANIFEST.actions:
        schema = resolve(action.input).model_json_schema()
        assert schema["description"], action.name
        if action.subject:
            assert action.subject in schema["properties"], action.name


def test_migrations_make_what_the_tables_declare(enterprise: Enterprises) -> None:
    from pathlib import Path

    import fenbu_erp.migrations as history
    from fenbu_erp.tables import ORDER

    kernel = enterprise("erp")
    folder = Path(str(history.__file__)).parent
    with kernel.database.migrate() as connection:
        assert pending(connection, "erp", folder) == ()
        assert differences(connection, ORDER.metadata, "erp") == []


def test_migrations_go_back_and_forth(enterprise: Enterprises) -> None:
    from pathlib import Path

    import fenbu_erp.migrations as history

    folder = Path(str(history.__file__)).parent
    kernel = enterprise("erp")
    with kernel.database.migrate() as connection:
        downgrade(connection, "erp", folder)
        assert [name for name in inspect(connection).get_table_names() if name.startswith("erp_")] == []
        upgrade(connection, "erp", folder)
        assert "erp_posting" in inspect(connection).get_table_names()


def test_what_a_new_enterprise_has(enterprise: Enterprises) -> None:
    shop = Shop(enterprise("erp"))
    assert [row["account"] for row in shop.rows("accounts")] == ["WALK-IN"]
    assert {row["category"]: str(row["rate"].normalize()) for row in shop.rows("taxes")} == {
        "none": "0",
        "standard": "0.2",
    }
    assert len(shop.rows("chart")) == 20
    assert shop.unhealthy() == {}


def test_data_stays_when_the_module_goes_and_comes_back(shop: Shop) -> None:
    order = shop.sold(("TEA", 2), account="C1")
    shop.kernel.perform("fenbu.module.disable", {"module": "erp", "how": "drain"})
    shop.kernel.perform("fenbu.module.enable", {"modules": ["erp"]})
    assert shop.axes(order) == ("done", "done", "open")
    assert len(shop.rows("chart")) == 20
    assert shop.sold(("TEA", 1), account="C1") == "SO-000002"
    assert shop.unhealthy() == {}
