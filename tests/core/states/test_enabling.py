"""Enabling is one transaction: all of a module is there, or nothing of it."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text

from fenbu.engine import problems
from fenbu.engine.catalog.errors import (
    EnablingFailed,
    ModuleBroken,
    RequirementsUnmet,
    SafeMode,
    StateRefused,
)
from fenbu.engine.catalog.modules import Module
from fenbu.engine.catalog.states import ModuleState
from fenbu.engine.kernel import Kernel
from fenbu.engine.store.errors import MigrationFailed
from fenbu.errors import FenbuError, HookInvalid, Unknown
from fenbu.testing.dummies import DummyModule, DummyModules, migration, sources
from fenbu.work import Actor

S = ModuleState

SEED = """
from sqlalchemy import text

from fenbu.contracts.erp import OrderCancelled


def seed(work):
    work.execute(text("INSERT INTO tea_pot (id, label) VALUES (1, 'brown')"))


def cancelled(work, event: OrderCancelled) -> None:
    work.execute(text("INSERT INTO tea_pot (label) VALUES (:label)"), {"label": event.order})
"""
SUBSCRIPTION = "(Subscription('tea.orders', on={'erp.order-cancelled/1': 'fenbu_tea.flows:cancelled'}),)"
TEA = DummyModule(
    name="tea",
    tables=("pot",),
    provides=("hot.drinks",),
    plugin="@hookimpl\ndef erp_order_requirements(work, order): return []",
    flows=SEED,
    settings="cups: int = 6",
    manifest={"seed": "'fenbu_tea.flows:seed'", "subscriptions": SUBSCRIPTION},
)
HALF_WAY = migration(
    "0001",
    None,
    '    op.create_table("tea_pot", sa.Column("id", sa.Integer, primary_key=True))\n'
    '    op.execute("INSERT INTO nowhere VALUES (1)")\n',
)
LID = '    op.add_column("tea_pot", sa.Column("lid", sa.Text))\n'


def enable(kernel: Kernel, *names: str, **more: object) -> dict[str, object]:
    return dict(kernel.perform("fenbu.module.enable", {"modules": names, **more}).answer)


def found(kernel: Kernel, name: str) -> Module:
    return kernel.modules().by_name[name]


def tables(kernel: Kernel) -> list[str]:
    with kernel.database.read() as connection:
        names = inspect(connection).get_table_names()
    return sorted(name for name in names if not name.startswith("fenbu_") or "version_tea" in name)


def rows(kernel: Kernel, statement: str) -> list[tuple[object, ...]]:
    with kernel.database.read() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_an_enabled_module_has_tables_seed_subscriptions_and_runs_at_once(
    kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TEA)
    assert enable(kernel, "tea")["enabled"] == ["tea"]
    assert "tea_pot" in tables(kernel)
    assert rows(kernel, "SELECT label FROM tea_pot") == [("brown",)]
    assert rows(kernel, "SELECT name, state, history FROM fenbu_subscription") == [
        ("tea.orders", "active", "from_now")
    ]
    assert found(kernel, "tea").state is S.ENABLED
    assert kernel.assembly.dispatcher.order("erp_order_requirements") == ("tea",)
    assert rows(kernel, "SELECT topic, key FROM fenbu_event") == [("module.enabled", "tea")]


def test_the_snapshot_says_what_was_enabled(kernel: Kernel, dummy_modules: DummyModules) -> None:
    dummy_modules.install(TEA)
    enable(kernel, "tea")
    row = found(kernel, "tea").row
    assert row is not None
    assert row.snapshot is not None
    assert row.snapshot.hooks == {"erp_order_requirements": "all"}
    assert row.snapshot.tables == ("tea_pot",)
    assert list(row.snapshot.subscriptions) == ["tea.orders"]


def test_another_process_takes_the_module_in_without_a_restart(
    kernel: Kernel, new_kernel: object, house_url: str, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TEA)
    with Kernel.open(house_url, actor=Actor("ada")) as other:
        enable(kernel, "tea")
        with other.read() as work:
            assert work.enabled("hot.drinks")


def test_modules_are_enabled_together_in_the_order_of_their_needs(
    kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TEA, DummyModule(name="cups", requires=("capability:hot.drinks",)))
    assert enable(kernel, "cups", "tea")["enabled"] == ["tea", "cups"]
    assert [module.name for module in kernel.modules().running] == ["tea", "cups"]


def test_a_module_that_needs_what_is_not_enabled_says_what_would_do(
    kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(
        TEA,
        DummyModule(name="cups", requires=("capability:hot.drinks",)),
        DummyModule(name="lonely", requires=("capability:moon.phase",)),
    )
    with pytest.raises(RequirementsUnmet) as caught:
        enable(kernel, "cups")
    assert caught.value.hint == "fenbu enable tea cups"
    with pytest.raises(RequirementsUnmet, match=r"moon\.phase, which no installed module provides"):
        enable(kernel, "lonely")
    assert found(kernel, "lonely").state is S.INCOMPATIBLE
    assert kernel.modules().running == ()


def test_enabling_twice_changes_nothing(kernel: Kernel, dummy_modules: DummyModules) -> None:
    dummy_modules.install(TEA)
    enable(kernel, "tea")
    generation = kernel.assembly.generation
    again = enable(kernel, "tea")
    assert (again["enabled"], again["already"]) == ([], ["tea"])
    assert kernel.assembly.generation == generation
    assert rows(kernel, "SELECT count(*) FROM tea_pot") == [(1,)]


def test_a_module_that_nobody_installed_is_unknown_and_the_nearest_is_named(
    kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TEA)
    with pytest.raises(Unknown) as caught:
        enable(kernel, "tee")
    assert caught.value.nearest == "tea"


def test_a_migration_that_fails_half_way_leaves_nothing_behind_and_a_mended_one_runs_in_the_same_process(
    kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TEA)
    dummy_modules.write("tea", "migrations/0001_tables.py", HALF_WAY)
    before = tables(kernel)
    with pytest.raises(MigrationFailed):
        enable(kernel, "tea")
    assert tables(kernel) == before
    assert rows(kernel, "SELECT * FROM fenbu_module") == []
    assert rows(kernel, "SELECT * FROM fenbu_subscription") == []
    module = found(kernel, "tea")
    assert module.state is S.QUARANTINED
    assert "nowhere" in module.reason
    assert module.advice == "mend or reinstall dummy-tea, then: fenbu enable tea"
    with kernel.database.read() as connection:
        assert [one.kind for one in problems.open_problems(connection, "tea")] == [problems.MIGRATION]

    dummy_modules.write("tea", "migrations/0001_tables.py", sources(TEA)["migrations/0001_tables.py"])
    enable(kernel, "tea")
    assert found(kernel, "tea").state is S.ENABLED
    assert found(kernel, "tea").problems == 0


def test_one_module_that_fails_takes_the_others_of_its_command_back(
    kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TEA, DummyModule(name="cups", tables=("cup",)))
    dummy_modules.write("tea", "migrations/0001_tables.py", HALF_WAY)
    with pytest.raises(MigrationFailed):
        enable(kernel, "cups", "tea")
    assert "cups_cup" not in tables(kernel)
    assert found(kernel, "cups").state is S.DISCOVERED


@pytest.mark.parametrize(
    ("broken", "error", "told"),
    [
        (
            {"flows.py": "def seed(work): raise KeyError('leaves')\n\ndef cancelled(work, event): ...\n"},
            EnablingFailed,
            "its seed failed: KeyError",
        ),
        ({"flows.py": "def sed(work): ..."}, FenbuError, "has no seed; nearest is 'fenbu_tea.flows:sed'"),
        ({"plugin.py": "1/0"}, FenbuError, "ZeroDivisionError: division by zero (fenbu_tea/plugin.py:1)"),
        (
            {"plugin.py": "from fenbu import hookimpl\n@hookimpl\ndef erp_order_requirement(work): ..."},
            HookInvalid,
            "erp_order_requirement is wrong: no contract declares it; did you mean erp_order_requirements?",
        ),
        (
            {"plugin.py": "from fenbu import hookimpl\n@hookimpl\ndef erp_line_price(work, moon): ..."},
            HookInvalid,
            "moon",
        ),
        ({"settings.py": "OwnSettings = 1/0"}, FenbuError, "ZeroDivisionError"),
        ({"tables.py": "BASE = boiler"}, FenbuError, "NameError: name 'boiler' is not defined"),
    ],
)
def test_code_that_fails_while_it_is_enabled_is_named_quarantined_and_can_be_mended(
    broken: dict[str, str], error: type[Exception], told: str, kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TEA)
    for path, source in broken.items():
        dummy_modules.write("tea", path, source)
    with pytest.raises(error) as caught:
        enable(kernel, "tea")
    assert told in str(caught.value)
    assert found(kernel, "tea").state is S.QUARANTINED
    assert told in found(kernel, "tea").reason
    assert "tea_pot" not in tables(kernel)
    dummy_modules.install(TEA)
    assert enable(kernel, "tea")["enabled"] == ["tea"]
    assert found(kernel, "tea").problems == 0


def test_a_manifest_that_raises_is_refused_with_the_remedy(
    kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(DummyModule(name="tea", files={"manifest.py": "raise RuntimeError('no kettle')"}))
    with pytest.raises(ModuleBroken, match="no kettle") as caught:
        enable(kernel, "tea")
    assert "dummy-tea" in caught.value.hint


def test_a_seed_runs_once_however_often_its_module_comes_and_goes(
    kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TEA)
    enable(kernel, "tea")
    kernel.perform("fenbu.module.disable", {"modules": ["tea"], "how": "waive"})
    enable(kernel, "tea")
    assert rows(kernel, "SELECT count(*) FROM tea_pot") == [(1,)]


def test_a_seed_may_write_its_own_tables_only(kernel: Kernel, dummy_modules: DummyModules) -> None:
    dummy_modules.install(TEA)
    dummy_modules.write(
        "tea",
        "flows.py",
        "from sqlalchemy import text\n"
        "def seed(work): work.execute(text(\"UPDATE fenbu_enterprise SET name = 'Tea'\"))\n"
        "def cancelled(work, event): ...\n",
    )
    with pytest.raises(EnablingFailed, match="may write its own tables only"):
        enable(kernel, "tea")


def test_settings_stored_before_must_fit_the_code_that_is_enabled(
    kernel: Kernel, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TEA)
    kernel.perform("fenbu.setting.set", {"module": "tea", "name": "cups", "value": 4})
    dummy_modules.write(
        "tea", "settings.py", "from fenbu import Settings\nclass OwnSettings(Settings):\n    pot: int = 1\n"
    )
    dummy_modules.forget("tea")
    with pytest.raises(EnablingFailed, match=r"tea\.cups is wrong: there is no such field"):
        enable(kernel, "tea")


def test_in_safe_mode_nothing_is_enabled(house_url: str, dummy_modules: DummyModules) -> None:
    dummy_modules.install(TEA)
    with Kernel.open(house_url, actor=Actor("ada"), safe=True) as kernel, pytest.raises(SafeMode):
        enable(kernel, "tea")


def test_newer_code_is_upgraded_with_its_migrations_and_then_runs(
    house_url: str, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TEA)
    with Kernel.open(house_url, actor=Actor("ada")) as kernel:
        enable(kernel, "tea")
    newer = DummyModule(
        name="tea",
        version="1.1",
        tables=("pot",),
        provides=("hot.drinks",),
        files={
            "migrations/0002_lid.py": migration(
                "0002", "0001", '    op.add_column("tea_pot", sa.Column("lid", sa.Text))\n'
            )
        },
    )
    dummy_modules.install(newer)
    dummy_modules.forget("tea")
    with Kernel.open(house_url, actor=Actor("ada")) as kernel:
        assert found(kernel, "tea").state is S.UPGRADE_PENDING
        with pytest.raises(StateRefused, match="upgrade pending") as caught:
            enable(kernel, "tea")
        assert caught.value.hint == "bring its data up to date: fenbu upgrade tea"
        assert kernel.perform("fenbu.module.upgrade", {}).answer == {"upgraded": ["tea"]}
        assert found(kernel, "tea").state is S.ENABLED
        assert rows(kernel, "SELECT label, lid FROM tea_pot") == [("brown", None)]
        assert rows(kernel, "SELECT name, state FROM fenbu_subscription") == [("tea.orders", "dropped")]
        assert kernel.perform("fenbu.module.upgrade", {"modules": "tea"}).answer == {"upgraded": []}


def test_an_upgrade_that_fails_leaves_the_old_data_and_says_why(
    house_url: str, dummy_modules: DummyModules
) -> None:
    dummy_modules.install(TEA)
    with Kernel.open(house_url, actor=Actor("ada")) as kernel:
        enable(kernel, "tea")
    broken = migration("0002", "0001", f"{LID}    1 / 0\n")
    dummy_modules.write("tea", "migrations/0002_lid.py", broken)
    dummy_modules.forget("tea")
    with Kernel.open(house_url, actor=Actor("ada")) as kernel:
        with pytest.raises(MigrationFailed, match="0002"):
            kernel.perform("fenbu.module.upgrade", {})
        assert rows(kernel, "SELECT * FROM tea_pot") == [(1, "brown")]
        assert found(kernel, "tea").problems == 1
    with Kernel.open(house_url, actor=Actor("ada")) as kernel:
        assert found(kernel, "tea").state is S.UPGRADE_PENDING
