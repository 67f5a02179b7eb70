"""Every module has a state, found by comparing its row with its package, and a sentence on what to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fenbu.engine import problems
from fenbu.engine.catalog.catalog import Catalog
from fenbu.engine.catalog.discovery import discover
from fenbu.engine.catalog.loading import LoadedModule, load
from fenbu.engine.catalog.modules import Module, Modules
from fenbu.engine.catalog.snapshot import from_json, take
from fenbu.engine.catalog.states import TABLE, ModuleState
from fenbu.engine.states import rows
from fenbu.engine.store.database import Database
from fenbu.engine.store.tables import enterprise
from fenbu.testing.dummies import DummyModule, DummyModules, broken, many, sources
from fenbu.values import from_microseconds

S = ModuleState
AT = 1_700_000_000_000_000
TEA = DummyModule(
    name="tea",
    tables=("pot",),
    provides=("hot.drinks",),
    plugin="@hookimpl\ndef module_in_flight(work, module): return []",
    flows="def brew(work, event): ...",
    manifest={
        "subscriptions": "(Subscription('tea.orders', on={'erp.order-placed/1': 'fenbu_tea.flows:brew'}),)",
        "actions": "(Action(name='tea.pot.warm', title='', input='a:B', run='a:b'),)",
    },
)

Look = Callable[..., Modules]


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.create(database_url)
    with opened.write() as connection:
        row = {"id": 1, "name": "Harbour Tea", "currency": "EUR", "timezone": "UTC", "created_at": AT}
        connection.execute(enterprise.insert(), row)
    yield opened
    opened.dispose()


@pytest.fixture
def look(database: Database) -> Look:
    def read(catalog: Catalog | None = None, **options: bool) -> Modules:
        with database.read() as connection:
            return (catalog or Catalog()).read(connection, **options)

    return read


def enabled(database: Database, name: str, state: ModuleState = S.ENABLED) -> None:
    """Write what enabling a module stores."""
    loaded = load(discover().modules[name])
    assert isinstance(loaded, LoadedModule)
    with database.write() as connection:
        rows.keep(
            connection,
            take(loaded, {"module_in_flight": "gather", "erp_order_requirements": "all"}),
            state,
            AT,
        )


def tea(modules: Modules) -> Module:
    return modules.by_name["tea"]


def test_an_installed_module_is_discovered_and_says_how_to_enable_it(
    dummy_modules: DummyModules, look: Look
) -> None:
    dummy_modules.install(TEA)
    found = tea(look())
    assert (found.state, found.advice) == (S.DISCOVERED, "enable it: fenbu enable tea")
    assert dummy_modules.imported("tea") == []
    assert tea(look(look_at_all=True)).title == "Tea"


def test_an_enabled_module_runs_and_its_code_is_not_imported_by_looking(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA)
    enabled(database, "tea")
    dummy_modules.forget("tea")
    modules = look()
    assert tea(modules).state is S.ENABLED
    assert [module.name for module in modules.running] == ["tea"]
    assert dummy_modules.imported("tea") == ["fenbu_tea", "fenbu_tea.manifest"]


def test_what_was_enabled_is_stored_and_read_back_whole(
    dummy_modules: DummyModules, database: Database
) -> None:
    dummy_modules.install(TEA)
    loaded = load(discover().modules["tea"])
    assert isinstance(loaded, LoadedModule)
    snapshot = take(loaded, {"module_in_flight": "gather"})
    assert snapshot.tables == ("tea_pot",)
    assert snapshot.migrations == ("0001_tables",)
    assert snapshot.provides == ("hot.drinks",)
    assert snapshot.permissions == ("tea.pot.warm",)
    assert snapshot.subscriptions["tea.orders"].topics == {"erp.order-placed/1": None}
    assert from_json(snapshot.to_json()) == snapshot


def test_a_module_whose_package_is_gone_is_missing_and_its_hooks_are_unavailable(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA)
    enabled(database, "tea")
    dummy_modules.uninstall("tea")
    modules = look()
    assert tea(modules).state is S.MISSING
    assert tea(modules).advice == "reinstall dummy-tea 1.0, or disable it: fenbu disable tea"
    assert modules.unavailable == {"tea": ("module_in_flight", "erp_order_requirements")}
    assert modules.running == ()
    assert modules.offers["tea"].provides == ("hot.drinks",)  # others still rely on it


def test_a_disabled_module_whose_package_is_gone_is_missing_but_nobody_waits_for_its_answer(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA)
    enabled(database, "tea", S.DISABLED)
    assert tea(look()).state is S.DISABLED
    dummy_modules.uninstall("tea")
    assert tea(look()).state is S.MISSING
    assert look().unavailable == {}


def test_an_enabled_module_that_cannot_be_imported_is_quarantined_and_the_others_run(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA, DummyModule(name="cups"))
    enabled(database, "tea")
    enabled(database, "cups")
    dummy_modules.forget("tea")
    dummy_modules.write("tea", "manifest.py", "raise RuntimeError('no kettle')\n")
    modules = look()
    assert tea(modules).state is S.QUARANTINED
    assert "no kettle" in tea(modules).reason
    assert "dummy-tea" in tea(modules).advice
    assert "fenbu disable tea" in tea(modules).advice
    assert set(modules.unavailable) == {"tea"}
    assert [module.name for module in modules.running] == ["cups"]


def test_a_mended_module_is_seen_by_the_same_process_when_it_looks_afresh(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA)
    enabled(database, "tea")
    dummy_modules.forget("tea")
    dummy_modules.write("tea", "manifest.py", "raise RuntimeError('no kettle')\n")
    catalog = Catalog()
    assert tea(look(catalog)).state is S.QUARANTINED
    dummy_modules.write("tea", "manifest.py", sources(TEA)["manifest.py"])
    assert tea(look(catalog)).state is S.QUARANTINED
    assert tea(look(catalog, fresh=True)).state is S.ENABLED


def test_code_whose_plugin_raised_is_set_aside_until_somebody_looks_afresh(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA)
    enabled(database, "tea")
    catalog = Catalog()
    catalog.use(look(catalog))
    catalog.set_aside("tea", "plugin.py raised")
    assert (tea(look(catalog)).state, tea(look(catalog)).reason) == (S.QUARANTINED, "plugin.py raised")
    assert set(look(catalog).unavailable) == {"tea"}
    assert tea(look(catalog, fresh=True)).state is S.ENABLED


@pytest.mark.parametrize(
    ("newer", "told"),
    [
        (DummyModule(name="tea", version="1.1", tables=("pot",)), "its code is 1.1, its data 1.0"),
        (
            DummyModule(
                name="tea",
                provides=("hot.drinks",),
                tables=("pot",),
                files={"migrations/0002_cup.py": ""},
            ),
            "its migrations have changed (0002_cup)",
        ),
        (DummyModule(name="tea", tables=("pot",)), "its declarations have changed"),
    ],
)
def test_newer_code_waits_for_its_data_and_its_hooks_are_unavailable(
    newer: DummyModule, told: str, dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA)
    enabled(database, "tea")
    dummy_modules.install(newer)
    dummy_modules.forget("tea")
    found = tea(look())
    assert (found.state, found.reason) == (S.UPGRADE_PENDING, told)
    assert found.advice == "bring its data up to date: fenbu upgrade tea"
    assert not found.runs
    assert set(found.unavailable_hooks) == {"module_in_flight", "erp_order_requirements"}


def test_code_exchanged_under_a_running_process_asks_for_a_new_one(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA)
    enabled(database, "tea")
    catalog = Catalog()
    catalog.use(look(catalog))
    dummy_modules.install(DummyModule(name="tea", version="1.1"))
    found = tea(look(catalog))
    assert found.state is S.UPGRADE_PENDING
    assert "start fenbu again" in found.reason


def test_code_older_than_its_data_is_incompatible(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(
        DummyModule(name="tea", version="2.0", tables=("pot",), files={"migrations/0002_cup.py": ""})
    )
    enabled(database, "tea")
    dummy_modules.install(DummyModule(name="tea", version="1.0", tables=("pot",)))
    dummy_modules.forget("tea")
    found = tea(look())
    assert (found.state, found.reason) == (S.INCOMPATIBLE, "its data are of 2.0, and 1.0 is older")


def test_a_module_for_another_api_or_without_what_it_needs_is_incompatible(
    dummy_modules: DummyModules, look: Look
) -> None:
    dummy_modules.install(
        DummyModule(name="future", requires=("fenbu>=9",)),
        DummyModule(name="lonely", requires=("capability:moon.phase",)),
        DummyModule(name="cups", requires=("capability:hot.drinks",)),
        TEA,
    )
    modules = look(look_at_all=True)
    assert modules.by_name["future"].state is S.INCOMPATIBLE
    assert "API version" in modules.by_name["future"].reason
    assert modules.by_name["lonely"].state is S.INCOMPATIBLE
    assert modules.by_name["lonely"].reason.endswith("which no installed module provides")
    assert modules.by_name["cups"].state is S.DISCOVERED  # it can be enabled together with tea
    assert modules.by_name["cups"].reason.endswith("tea would")


def test_a_module_whose_enabling_failed_is_quarantined_with_what_went_wrong(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA)
    with database.write() as connection:
        problems.record(
            connection, "tea", problems.MIGRATION, "0001", "no such column", "mend", at=from_microseconds(AT)
        )
    found = tea(look())
    assert (found.state, found.reason, found.problems) == (S.QUARANTINED, "no such column", 1)
    assert found.advice == "mend or reinstall dummy-tea, then: fenbu enable tea"


def test_an_enabled_module_with_a_problem_runs_and_says_which_and_what_to_do(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA)
    enabled(database, "tea")
    with database.write() as connection:
        at = from_microseconds(AT)
        problems.record(connection, "tea", problems.HOOK, "erp_line_price", "KeyError: 1", "mend tea", at=at)
    found = tea(look())
    assert (found.state, found.reason, found.advice) == (S.ENABLED, "erp_line_price: KeyError: 1", "mend tea")
    assert found.runs


def test_every_broken_package_is_named_with_what_to_do(dummy_modules: DummyModules, look: Look) -> None:
    dummy_modules.install(*broken(), TEA)
    modules = look(look_at_all=True)
    for module in broken():
        found = modules.by_name[module.name]
        assert found.state is S.QUARANTINED
        assert found.reason
        assert module.distribution in found.advice
    assert tea(modules).state is S.DISCOVERED


def test_safe_mode_loads_no_code_and_knows_what_is_enabled(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA)
    enabled(database, "tea")
    dummy_modules.forget("tea")
    modules = look(Catalog(safe=True), look_at_all=True)
    assert tea(modules).state is S.ENABLED
    assert tea(modules).title == "Tea"
    assert modules.running == ()
    assert set(modules.unavailable) == {"tea"}
    assert dummy_modules.imported("tea") == []


def test_modules_run_in_the_order_in_which_they_were_enabled(
    dummy_modules: DummyModules, database: Database, look: Look
) -> None:
    dummy_modules.install(TEA, DummyModule(name="cups"), DummyModule(name="zest"))
    for name in ("zest", "tea", "cups"):
        enabled(database, name)
    assert [module.name for module in look().running] == ["zest", "tea", "cups"]


def test_two_hundred_modules_are_looked_at_in_less_than_a_second_and_no_tables_are_imported(
    dummy_modules: DummyModules, look: Look
) -> None:
    dummy_modules.install(*many(200))
    began = time.process_time()
    modules = look(look_at_all=True, fresh=True)
    took = time.process_time() - began
    dummies = [name for name in modules.by_name if name.startswith("dummy")]
    assert len(dummies) == 200
    assert all(modules.by_name[name].title for name in dummies)
    assert not [known for name in dummies for known in dummy_modules.imported(name) if "tables" in known]
    assert took < 1


def test_every_state_says_what_it_means_and_what_the_operator_can_do() -> None:
    assert set(TABLE) == set(ModuleState)
    for row in TABLE.values():
        assert row.means
        assert row.advice
        assert row.stored or not row.runs  # what is only found by comparing never runs
        assert not row.hooks or row.runs


def test_a_record_of_problems_counts_repetitions_and_can_be_cleared(
    database: Database, tmp_path: Path
) -> None:
    at = from_microseconds(AT)
    with database.write() as connection:
        for text in ("first", "second"):
            problems.record(connection, "tea", problems.HOOK, "erp_line_price", text, "mend it", at=at)
        problems.record(connection, "tea", problems.IMPORT, "plugin", "no kettle", "mend it", at=at)
        kept = {one.kind: one for one in problems.open_problems(connection, "tea")}
        assert (kept["hook"].count, kept["hook"].detail, kept["hook"].first_at) == (2, "second", at)
        assert problems.clear(connection, "tea", problems.HOOK) == 1
        assert [one.kind for one in problems.open_problems(connection)] == [problems.IMPORT]
        assert problems.clear(connection, "tea") == 1
